"""The windows of whole local days that a page can cover."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from velocity import formats

#: The texts of the choice and of a page's address.
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
        """The number of days."""
        return (self.end - self.first).days

    @property
    def words(self) -> str:
        """The window in words: "26 Oct to 22 Nov 2026"."""
        return formats.span(self.first, self.last)


def last_whole_day(as_of: datetime, zone: str) -> date:
    """Returns the last day in `zone` that had ended at `as_of` (aware)."""
    return as_of.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)


def week_of(moment: datetime, zone: str) -> str:
    """Returns the Monday of the week of `moment` (aware) in `zone`, as written in addresses."""
    day = moment.astimezone(ZoneInfo(zone)).date()
    return (day - timedelta(days=day.weekday())).isoformat()


def window_of(
    period: Period,
    *,
    first_day: date,
    last_day: date,
    custom: tuple[date, date] | None = None,
) -> Window:
    """Returns the window of `period`, limited to the days with data.

    Args:
        period: "This week" is the week (from Monday) with the last day.
        first_day: first day with data.
        last_day: last day to show.
        custom: first and last day of "Custom"; None means all days.
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


def last_four_weeks(last_day: date) -> Window:
    """The four latest weeks, from Monday to Sunday, that are over at the end of `last_day`."""
    sunday = last_day - timedelta(days=(last_day.weekday() + 1) % 7)
    return Window(sunday - timedelta(days=27), sunday)
