"""Weekly series in words: which weeks are shown, and which past ones changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.reading.definitions import definition
from velocity.reading.series import PROGRAMME_MEASURES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from typing import Any


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


def coverage(
    counts: pl.DataFrame, trust: Mapping[str, Any], scholars: pl.DataFrame, on: str
) -> str:
    """How much of what is known launched something in the days; only W&B runs count.

    Args:
        counts: `reads.run_counts` of the days.
        trust: the row of `reads.trust`.
        scholars: `reads.scholars`.
        on: the days in words: "from Mon 23 to Sat 28 Nov".
    """
    known = scholars["scholar"].implode()
    people = counts.filter(pl.col("scholar").is_in(known))["scholar"].n_unique()
    projects = formats.plural(trust["projects"], "project")
    return (
        f"Counts W&B runs only: {counts['project'].n_unique()} of {projects} and {people} of "
        f"{formats.plural(trust['scholars'], 'scholar')} launched something {on}"
    )


def not_tracked() -> str:
    """What no figure of the page can see."""
    return (
        "Not tracked: reading, writing, analysis in notebooks, runs with W&B off, and how much one "
        "experiment is worth. Splitting a sweep in ten would raise the count, so read it with the "
        "failed share and the cost."
    )


def restated_clause(rows: pl.DataFrame, since: date) -> str:
    """How many figures of past weeks changed, and the largest change; "" without any.

    Args:
        rows: `reads.restated` of the programme.
        since: the day from which on changes count.
    """
    if rows.is_empty():
        return ""
    count = formats.plural(rows.height, "figure")
    verb = "was" if rows.height == 1 else "were"
    known = rows.filter(pl.col("value_before").is_not_null() & (pl.col("value_before") != 0))
    part = ((known["value_after"] - known["value_before"]) / known["value_before"]).abs().max()
    largest = f", the largest by {formats.share_exact(part)}" if isinstance(part, float) else ""
    return f"Since {formats.day(since)} {count} of past weeks {verb} restated{largest}."
