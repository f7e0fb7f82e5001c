"""The windows of whole local days that a page can be over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from velocity import formats

#: As it is chosen, and as it stands in a page's address.
Period = Literal["This week", "14 days", "4 weeks", "Programme", "Custom"]
PERIODS: tuple[Period, ...] = get_args(Period)
_DAYS: dict[Period, int] = {"14 days": 14, "4 weeks": 28}


@dataclass(frozen=True)
class Window:
    """The local days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def end(self) -> date:
        """The day after the last."""
        return self.last + timedelta(days=1)

    @property
    def days(self) -> int:
        """How many."""
        return (self.end - self.first).days

    @property
    def before(self) -> Window:
        """The window of the same length that ends where this one begins."""
        return Window(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    @property
    def words(self) -> str:
        """The window as it stands beside a figure: "26 Oct to 22 Nov 2026"."""
        return formats.span(self.first, self.last)


def last_whole_day(as_of: datetime, zone: str) -> date:
    """The last day of `zone` that had ended at `as_of` (aware)."""
    return as_of.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)


def week_of(moment: datetime, zone: str) -> str:
    """The Monday of the week of `zone` that holds `moment` (aware), as addresses write it."""
    day = moment.astimezone(ZoneInfo(zone)).date()
    return (day - timedelta(days=day.weekday())).isoformat()


def window_of(
    period: Period,
    *,
    first_day: date,
    last_day: date,
    custom: tuple[date, date] | None = None,
) -> Window:
    """The window of `period`, never beyond the days that there is data for.

    Args:
        period: "This week" is the week (from Monday) that holds the last day.
        first_day: first day with data.
        last_day: last day to show.
        custom: first and last day of "Custom"; without them it is all days.
    """
    if period == "This week":
        first, last = last_day - timedelta(days=last_day.weekday()), last_day
    elif period in _DAYS:
        first, last = last_day - timedelta(days=_DAYS[period] - 1), last_day
    elif period == "Custom" and custom is not None:
        first, last = max(min(custom), first_day), min(max(custom), last_day)
    else:
        first, last = first_day, last_day
    return Window(min(first, last), last)
