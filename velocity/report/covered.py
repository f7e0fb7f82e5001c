"""What all texts and pages of some days share: the days, and the end of the data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from velocity.reading.periods import last_whole_day
from velocity.sentences.compared import Days

if TYPE_CHECKING:
    from datetime import date

    from velocity.reading.viewed import ViewedDays


@dataclass(frozen=True)
class Covered:
    """The days of a view, and those before.

    Args:
        view: whose rows are read.
    """

    view: ViewedDays

    @cached_property
    def days(self) -> Days:
        """The days, and those before."""
        return Days(self.view.window, self.view.before)

    @property
    def today(self) -> date:
        """The last whole day of the data."""
        return last_whole_day(self.view.as_of, self.view.zone)

    @property
    def known_on(self) -> date:
        """The day of the end of the data, which midnight ends: what waits, waits then."""
        last = self.view.as_of - timedelta(microseconds=1)
        return last.astimezone(ZoneInfo(self.view.zone)).date()
