"""The term: twelve complete weeks and the one that is running at as_of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from velocity.demo.stories import WEEKS
from velocity.demo.workdays import WEEK


@dataclass(frozen=True)
class Term:
    """Seconds since the epoch of the first Monday 00:00 UTC and of as_of; complete weeks."""

    start: int
    as_of: int
    weeks: int = WEEKS

    @classmethod
    def until(cls, as_of: datetime) -> Term:
        """The term whose running week holds `as_of` (aware)."""
        now = as_of.astimezone(UTC)
        monday = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(
            days=now.weekday()
        )
        return cls(int(monday.timestamp()) - WEEKS * WEEK, int(now.timestamp()))

    def week(self, index: int) -> int:
        """First instant of a week, counted from 0."""
        return self.start + index * WEEK
