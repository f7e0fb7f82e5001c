"""Weekly series in words: which weeks are shown, and which past ones changed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.reading.definitions import definition
from velocity.reading.series import PROGRAMME_MEASURES

if TYPE_CHECKING:
    from datetime import date


def window_words(weekly: pl.DataFrame) -> str:
    """How many weeks there are and which is the last: "12 weeks to 22 Nov"."""
    if weekly.is_empty():
        return "no week yet"
    weeks = weekly["week_start"].sort()
    first, last = weeks[0], weeks[-1]
    count = (last - first).days // 7 + 1
    until = "so far" if weekly["running"].all() else f"to {formats.day(last + timedelta(days=6))}"
    return f"{formats.plural(count, 'week')} {until}"


def week_notes(weekly: pl.DataFrame, week: date) -> dict[str, str]:
    """Each group and how many loops began in the week: "n = 42"."""
    rows = weekly.filter(measure="reaction_hours_median", week_start=week)
    return {group: formats.sample(n) for group, n in rows.select("group_id", "n").iter_rows()}


def restated(rows: pl.DataFrame) -> list[str]:
    """The rows of `reads.restated` as Markdown, one line each: a past figure before and after.

    Figures that still read the same are left out. Measures followed of the programme come first.
    """
    lines = []
    followed = pl.col("measure").is_in(PROGRAMME_MEASURES)
    for row in rows.sort(~followed, maintain_order=True).iter_rows(named=True):
        metric = definition(row["measure"])
        is_sum = metric.unit == "hours" and not metric.id.endswith("_median")
        before, after = (
            formats.hours_in_all(value) if is_sum else formats.figure(value, metric.unit)
            for value in (row["value_before"], row["value_after"])
        )
        what = f"{metric.title}, {formats.week(row['week_start'])}:"
        if row["by_people"]:
            change = "changed by a roster edit or an erasure; the values are not stored."
            lines.append(f"{what} {change}")
        elif before != after:
            why = " Settings or definitions changed." if row["by_configuration"] else ""
            lines.append(f"{what} {before} → {after}.{why}")
    return lines
