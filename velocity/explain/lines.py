"""The blind ratio of each of a scholar's lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from polars import col

from velocity import formats
from velocity.errors import VelocityError
from velocity.explain.arithmetic import exact, median_worked_out, said, total_of
from velocity.explain.explanation import Result
from velocity.explain.formulas import NOUNS, Part
from velocity.reading import reads

if TYPE_CHECKING:
    from velocity.explain.rows import Rows

_AWAKE = Part(
    "between launches at most 5 days apart, inside the awake window",
    *("hours", "gaps"),
    col("awake_hours"),
)


def blind_ratio(rows: Rows, _metric: str) -> tuple[Result, ...]:
    """The ratio of each line with loops in the window.

    Raises:
        VelocityError: the viewer may not see the scholar's hours of the day.
    """
    if not rows.scope.sees_hours(rows.scholar):
        raise VelocityError(
            f"Awake hours of {rows.scholar} are shown to {rows.scholar} alone.",
            "Choose a figure that does not rest on them.",
        )
    lines = reads.lines(
        rows.snapshot,
        from_day=rows.from_day,
        to_day=rows.to_day,
        scholar=rows.scholar,
        scope=rows.scope,
    )
    return tuple(
        _of_line(rows, f"{line['entity']}/{line['project']}", line["blind_ratio"])
        for line in lines.iter_rows(named=True)
    )


def _of_line(rows: Rows, line: str, headline: float | None) -> Result:
    latencies = rows.latencies("reaction_awake", line)
    noun = NOUNS["reaction_awake"]
    median, told = median_worked_out("median", latencies, noun)
    gaps = total_of(_AWAKE, rows.of("gaps").filter(col("line") == line))
    value, steps = _against_chance(median, gaps.addends.height, gaps.value)
    return Result(line, (*told, said(gaps), *steps), value, headline, (gaps,), latencies, noun)


def _against_chance(
    median: float | None, gaps: int, awake_hours: float
) -> tuple[float | None, list[str]]:
    """A median reaction against that of launches which know nothing of results."""
    if not awake_hours:
        return None, [
            f"{formats.NOT_KNOWN}: {formats.plural(gaps, 'launch gap')} in no awake hours"
        ]
    rate = gaps / awake_hours
    chance = math.log(2) / rate
    steps = [
        f"{exact(rate)} launches per awake hour = {gaps} / {exact(awake_hours)}",
        f"{exact(chance)} hours = ln 2 / {exact(rate)}, the median wait for any launch",
    ]
    if median is None:
        return None, [*steps, f"{formats.NOT_KNOWN}: there is no median reaction"]
    ratio = median / chance
    return ratio, [*steps, f"{exact(ratio)} = {exact(median)} / {exact(chance)}"]
