"""Weekly series of `reads.weekly`, as trends and small multiples draw them, and their words."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.charts import Measure
from velocity.reading.definitions import definition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from velocity.queries import Metric

TREND_WEEKS = 12
_WEEK = timedelta(weeks=1)
#: What is followed of a stream. Failures stand beside throughput wherever it is shown.
STREAM_MEASURES = (
    Measure("experiments_concluded", "Concluded experiments a week", "count"),
    Measure("failure_share", "Share of runs failed", "share"),
    Measure("serial_share", "Serial share of busy hours", "share"),
    Measure("reaction_hours_median", "Reaction, median", "hours"),
)
#: What is followed of the programme.
PROGRAMME_MEASURES = (
    "experiments_concluded",
    "failure_share",
    "serial_share",
    "machine_hours_median",
    "reaction_hours_median",
)


def last_complete_week(last_day: date) -> date:
    """Monday of the latest week that is over at the end of `last_day`."""
    return last_day + timedelta(days=1) - timedelta(days=(last_day.weekday() + 1) % 7) - _WEEK


def recent(weekly: pl.DataFrame, week: date, measures: Iterable[str]) -> pl.DataFrame:
    """The last complete weeks of some measures; while there is none, the weeks that there are.

    Args:
        weekly: `reads.weekly`.
        week: Monday of the latest complete week to show.
        measures: metric ids.
    """
    shown = weekly.filter(pl.col("measure").is_in(list(measures)))
    over = ~pl.col("running") & (pl.col("week_start") <= week)
    complete = shown.filter(over & (pl.col("week_start") > week - TREND_WEEKS * _WEEK))
    if not complete.is_empty():
        shown = complete
    return shown


def window_words(weekly: pl.DataFrame) -> str:
    """How many weeks there are and which is the last: "12 weeks to 22 Nov"."""
    if weekly.is_empty():
        return "no week yet"
    weeks = weekly["week_start"].sort()
    first, last = weeks[0], weeks[-1]
    count = (last - first).days // 7 + 1
    until = "so far" if weekly["running"].all() else f"to {formats.day(last + timedelta(days=6))}"
    return f"{formats.plural(count, 'week')} {until}"


def trend(weekly: pl.DataFrame, measure: str) -> pl.DataFrame:
    """One measure, in order."""
    return weekly.filter(pl.col("measure") == measure).sort("week_start")


def split(weekly: pl.DataFrame) -> pl.DataFrame:
    """Machine and reaction medians side by side."""
    return pl.concat(
        trend(weekly, f"{part}_hours_median").with_columns(part=pl.lit(part))
        for part in ("machine", "reaction")
    )


def panels(weekly: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """The series of some groups by their names; `names` is group -> name."""
    return weekly.filter(pl.col("group_id").is_in(list(names))).with_columns(
        group=pl.col("group_id").replace(names)
    )


def week_notes(weekly: pl.DataFrame, week: date, names: Mapping[str, str]) -> dict[str, str]:
    """Name of each group -> how many loops began in the week: "n = 42"."""
    rows = weekly.filter(
        (pl.col("measure") == "reaction_hours_median") & (pl.col("week_start") == week)
    )
    loops = dict(rows.select("group_id", "n").iter_rows())
    return {name: formats.sample(loops[group]) for group, name in names.items() if group in loops}


def signals(
    weekly: Sequence[pl.DataFrame], week: date, names: Mapping[str, str]
) -> tuple[list[str], int]:
    """The signals of a week as Markdown, and how many series have limits; see `signal_rows`."""
    found, checked = signal_rows(weekly, week, names)
    return [signal_words(row, names) for row in found], checked


def signal_rows(
    weekly: Sequence[pl.DataFrame], week: date, names: Mapping[str, str]
) -> tuple[list[dict[str, Any]], int]:
    """The signals of a week, streams in roster order, and how many series have limits.

    Args:
        weekly: frames as `recent` gives them.
        week: Monday of the complete week that is looked at.
        names: stream -> name, in roster order; who is not in it comes last.
    """
    here = pl.concat(weekly).filter(
        (pl.col("week_start") == week) & ~pl.col("running") & pl.col("limit_low").is_not_null()
    )
    order = list(names)
    found = sorted(
        here.filter("signal").iter_rows(named=True),
        key=lambda row: order.index(row["group_id"]) if row["group_id"] in names else len(order),
    )
    return found, here.height


def no_signal_words(checked: int) -> str:
    """What stands in place of signals."""
    return "No signal this week." if checked else "No series has a usual range yet."


def checked_words(checked: int) -> str:
    """How many series were looked at: the more there are, the more chance alone will move."""
    if not checked:
        return "Usual ranges start at 8 complete weeks."
    return f"{formats.count(checked)} series were checked; everything else is ordinary variation."


def signal_words(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """A signal of `reads.weekly` as Markdown: whose, what, how far beyond the usual range."""
    meaning = definition(row["measure"])
    group = formats.markdown(formats.label(names.get(row["group_id"], "Programme")))
    value, usual = signal_figures(row)
    return f"**{group}, {meaning.title[:1].lower()}{meaning.title[1:]}: {value}.** {usual}"


def signal_figures(row: Mapping[str, Any]) -> tuple[str, str]:
    """The value of a signal, and the usual range that it is beyond, with n."""
    unit = definition(row["measure"]).unit
    low, high = (written(row[limit], unit) for limit in ("limit_low", "limit_high"))
    loops = f"; {formats.sample(row['n'], 'loop')}" if unit == "hours" else ""
    return written(row["value"], unit), f"Usual range {low} to {high}{loops}."


def restated(rows: pl.DataFrame) -> list[str]:
    """`reads.restated` as Markdown, a line each: what a past week's figure was and is.

    What still reads as it did is left out; what is followed of the programme comes first.
    """
    lines = []
    followed = pl.col("measure").is_in(PROGRAMME_MEASURES)
    for row in rows.sort(~followed, maintain_order=True).iter_rows(named=True):
        meaning = definition(row["measure"])
        before, after = (_figure(row[f"value_{it}"], meaning) for it in ("before", "after"))
        why = " Settings or the roster changed." if row["by_configuration"] else ""
        if before != after:
            week = formats.week(row["week_start"])
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
