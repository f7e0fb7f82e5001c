"""The words for series that are beyond their usual range in a week."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity.reading.definitions import metrics
from velocity.sentences.answer import few_of

if TYPE_CHECKING:
    from velocity.reading.series import Shifts


def moved(shifts: Shifts, group: str) -> str:
    """What a group that moved did: its first shift, and how many more there are."""
    row, *more = [it for it in shifts.rows if it["group_id"] == group]
    metric = metrics()[row["measure"]]
    said = metric.above if row["value"] > row["limit_high"] else metric.below
    return f"{said} (and {few_of(len(more), 'more shift')})" if more else said
