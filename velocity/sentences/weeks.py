"""Weeks in words: what happened in them by the roster, which launched, and which changed later."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from velocity import formats
from velocity.charts.weeks import Event
from velocity.reading.definitions import metrics
from velocity.reading.series import PROGRAMME_MEASURES

#: What a note is about -> its words.
_WORDS = {"holiday": "holiday, {}", "grant": "credits granted to {}", "move": "moved to {}"}
_MOST, _LONGEST, _LONGEST_NAME = 4, 60, 24
#: What no figure of the page can see.
NOT_TRACKED = (
    "Not tracked: reading, writing, analysis in notebooks, runs with W&B off, and how much one "
    "experiment is worth. Splitting a sweep in ten would raise the count, so read it with the "
    "failed share and the cost."
)


def restated_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """`reads.restated` with the titles of its measures and its values in words.

    Values have the decimals in which a restatement shows. Those that read the same are left out.
    """
    writers = {"share": formats.share_exact, "hours": formats.hours_in_all}
    said = []
    for before, after, measure in rows.select("value_before", "value_after", "measure").iter_rows():
        write = writers.get(metrics()[measure].unit, formats.written)
        said.append((write(before), write(after), metrics()[measure].title))
    schema = dict.fromkeys(("value_before", "value_after", "measure"), pl.String)
    told = rows.with_columns(pl.DataFrame(said, schema=schema, orient="row"))
    return told.filter(pl.col("by_people") | (pl.col("value_before") != pl.col("value_after")))


def restated(rows: pl.DataFrame) -> list[str]:
    """The rows of `reads.restated` as Markdown, one line each: a past figure before and after.

    Measures followed of the programme come first.
    """
    lines = []
    followed = pl.col("measure").is_in(PROGRAMME_MEASURES)
    for row in restated_rows(rows.sort(~followed, maintain_order=True)).iter_rows(named=True):
        change = f"{row['value_before']} → {row['value_after']}."
        if row["by_people"]:
            change = "changed by a roster edit or an erasure; the values are not stored."
        elif row["by_configuration"]:
            change += " Settings or definitions changed."
        lines.append(f"{row['measure']}, {formats.week(row['week_start'])}: {change}")
    return lines


def coverage(
    counts: pl.DataFrame, trust: Mapping[str, Any], scholars: pl.DataFrame, on: str
) -> str:
    """How much of what is known launched something in the days; only W&B runs count.

    `counts` is `reads.run_counts` of the days; `on` are the days in words: "on Mon 23 Nov".
    """
    counts, known = counts.filter(pl.col("counted") > 0), scholars["scholar"].implode()
    people = counts.filter(pl.col("scholar").is_in(known))["scholar"].n_unique()
    launched = counts.select("entity", "project").n_unique()
    projects = f"{launched} of {formats.plural(trust['projects'], 'project')}"
    return (
        f"Counts W&B runs only: {projects} and {people} of "
        f"{formats.plural(trust['scholars'], 'scholar')} launched something {on}"
    )


def restated_clause(rows: pl.DataFrame, since: date) -> str:
    """How many figures of past weeks changed since a day, and the largest change; "" without any.

    `rows` is `reads.restated` of the programme.
    """
    told = restated_rows(rows.with_columns(old="value_before", new="value_after"))
    if told.is_empty():
        return ""
    count, verb = formats.plural(told.height, "figure"), "was" if told.height == 1 else "were"
    old, new = told.filter(pl.col("old") != 0)["old", "new"]
    part = ((new - old) / old).abs().max()
    largest = f", the largest by {formats.share_exact(part)}" if isinstance(part, float) else ""
    return f"{count} of past weeks {verb} restated since {formats.day(since)}{largest}."


def events(rows: pl.DataFrame) -> tuple[Event, ...]:
    """Rows of `reads.notes` of one group as events; a holiday once a week."""
    found = [
        Event(row["week_start"], row["day"], _WORDS.get(row["about"], "{}").format(row["text"]))
        for row in rows.iter_rows(named=True)
    ]
    return tuple({(it.week, it.text): it for it in reversed(found)}.values())[::-1]


def caption(by_group: Mapping[str, Sequence[Event]], weeks: Collection[date]) -> str:
    """The events of these weeks as Markdown: "▲ 22 Sep: Cluster down"; "" without any.

    Events that do not concern every group have the name of their group, the key.
    """
    of_all = set.intersection(*(set(it) for it in by_group.values())) if by_group else set()
    told = set()
    for name, found in by_group.items():
        whose = formats.markdown(formats.label(name, _LONGEST_NAME))
        for event in found:
            text = formats.markdown(formats.label(event.text, _LONGEST))
            called = text if event in of_all or whose in text else f"{whose}, {text}"
            if event.week in weeks:
                told.add((event.day, called))
    said = [f"{formats.day(day)}: {text}" for day, text in sorted(told)]
    if (more := len(said) - _MOST) > 0:
        said = [formats.plural(more, "earlier event"), *said[more:]]
    return " · ".join(f"▲{formats.NBSP}{it}" for it in said)
