"""The words for series that are beyond their usual range in a week."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity import formats
from velocity.reading.definitions import definition, metrics
from velocity.sentences.answer import few_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from velocity.reading.series import Shifts


def moved(shifts: Shifts, group: str) -> str:
    """What a group that moved did: its first shift, and how many more there are."""
    row, *more = [it for it in shifts.rows if it["group_id"] == group]
    metric = metrics()[row["measure"]]
    said = metric.above if row["value"] > row["limit_high"] else metric.below
    return f"{said} (and {few_of(len(more), 'more shift')})" if more else said


def no_shift_words(shifts: Shifts) -> str:
    """The sentence for a week without a shift."""
    return "No shift this week." if shifts.series else "No series has a usual range yet."


def checked_words(shifts: Shifts) -> str:
    """How many series were checked: the more there are, the more will move by chance alone."""
    if not shifts.series:
        return "Usual ranges start at 8 complete weeks."
    checked = formats.count(shifts.series)
    return f"{checked} series were checked; everything else is ordinary variation."


def shift_figures(row: Mapping[str, Any]) -> tuple[str, str]:
    """The value of a shift, and its usual range with n."""
    unit = definition(row["measure"]).unit
    low, high = (formats.figure(row[limit], unit) for limit in ("limit_low", "limit_high"))
    loops = f"; {formats.sample(row['n'], 'loop')}" if unit == "hours" else ""
    return formats.figure(row["value"], unit), f"Usual range {low} to {high}{loops}."
