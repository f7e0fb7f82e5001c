"""Weekly series in words: which weeks are shown, which past ones changed, values in their unit."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.reading.definitions import definition
from velocity.reading.series import PROGRAMME_MEASURES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from velocity.queries.metric import Metric


def window_words(weekly: pl.DataFrame) -> str:
    """How many weeks there are and which is the last: "12 weeks to 22 Nov"."""
    if weekly.is_empty():
        return "no week yet"
    weeks = weekly["week_start"].sort()
    first, last = weeks[0], weeks[-1]
    count = (last - first).days // 7 + 1
    until = "so far" if weekly["running"].all() else f"to {formats.day(last + timedelta(days=6))}"
    return f"{formats.plural(count, 'week')} {until}"


def week_notes(weekly: pl.DataFrame, week: date, names: Mapping[str, str]) -> dict[str, str]:
    """Name of each group -> how many loops began in the week: "n = 42"."""
    rows = weekly.filter(
        (pl.col("measure") == "reaction_hours_median") & (pl.col("week_start") == week)
    )
    loops = dict(rows.select("group_id", "n").iter_rows())
    return {name: formats.sample(loops[group]) for group, name in names.items() if group in loops}


def restated(rows: pl.DataFrame) -> list[str]:
    """`reads.restated` as Markdown, a line each: what a past week's figure was and is.

    What still reads as it did is left out; what is followed of the programme comes first.
    """
    lines = []
    followed = pl.col("measure").is_in(PROGRAMME_MEASURES)
    for row in rows.sort(~followed, maintain_order=True).iter_rows(named=True):
        meaning = definition(row["measure"])
        before, after = (_figure(row[f"value_{it}"], meaning) for it in ("before", "after"))
        week = formats.week(row["week_start"])
        if row["by_people"]:
            lines.append(
                f"{meaning.title}, {week}: changed with the roster or an erasure; its values are "
                "not kept."
            )
            continue
        why = " Settings or definitions changed." if row["by_configuration"] else ""
        if before != after:
            lines.append(f"{meaning.title}, {week}: {before} → {after}.{why}")
    return lines


def _figure(value: float | None, meaning: Metric) -> str:
    is_sum = meaning.unit == "hours" and not meaning.id.endswith("_median")
    return formats.hours_in_all(value) if is_sum else written(value, meaning.unit)


def written(value: float | None, unit: str) -> str:
    """A figure as its unit is written."""
    if value is None:
        return formats.NOT_KNOWN
    if unit == "share":
        return formats.share(value)
    return formats.duration(value) if unit == "hours" else formats.rate(value)
