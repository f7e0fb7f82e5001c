"""The windows of whole local days that a page can cover, and instants cut to their local day."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import polars as pl
from polars import selectors

from velocity import formats

#: The texts of the choice.
Period = Literal["This week", "Last week", "4 weeks", "Programme", "Custom"]
PERIODS: tuple[Period, ...] = get_args(Period)
_WEEK = timedelta(weeks=1)
_DAY = timedelta(days=1)
_BETWEEN = ".."


@dataclass(frozen=True)
class Window:
    """The local days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def end(self) -> date:
        """The day after the last."""
        return self.last + _DAY

    @property
    def days(self) -> int:
        """The number of days."""
        return (self.end - self.first).days

    @property
    def is_week(self) -> bool:
        """Whether these are the days of a week, from Monday to Sunday."""
        return not self.first.weekday() and self.end - self.first == _WEEK

    @property
    def words(self) -> str:
        """The window in words: "26 Oct to 22 Nov 2026"."""
        return formats.span(self.first, self.last)

    @property
    def written(self) -> str:
        """The window in an address: "2026-10-26..2026-11-22"."""
        return f"{self.first.isoformat()}{_BETWEEN}{self.last.isoformat()}"


@dataclass(frozen=True)
class Chosen:
    """A chosen period and its days."""

    period: Period
    window: Window
    cut: bool = False  # whether an address asks for more days than there are


def last_whole_day(as_of: datetime, zone: str) -> date:
    """Returns the last day in `zone` that had ended at `as_of` (aware)."""
    return as_of.astimezone(ZoneInfo(zone)).date() - _DAY


def day_after(instant: datetime, days: float, zone: str) -> date:
    """Returns the day in `zone` on which `days` of 24 hours after an instant (aware) are over."""
    return (instant + timedelta(days=days)).astimezone(ZoneInfo(zone)).date()


def local_midnight(day: date, zone: str) -> datetime:
    """Returns the start of a day in a time zone."""
    return datetime.combine(day, time(), ZoneInfo(zone))


def monday_of(day: date) -> date:
    """Returns the Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def whole_week(day: date) -> Window:
    """Returns the days of the week of `day`, from Monday to Sunday."""
    monday = monday_of(day)
    return Window(monday, monday + timedelta(days=6))


def week_of(moment: datetime, zone: str) -> str:
    """Returns the week of `moment` (aware) in `zone`, as written in addresses."""
    return whole_week(moment.astimezone(ZoneInfo(zone)).date()).written


def last_four_weeks(last_day: date) -> Window:
    """The four latest weeks, from Monday to Sunday, that are over at the end of `last_day`."""
    sunday = monday_of(last_day + _DAY) - _DAY
    return Window(sunday - 4 * _WEEK + _DAY, sunday)


def only_days(frame: pl.DataFrame, visible: Collection[str], zone: str) -> pl.DataFrame:
    """Returns the rows with other people's instants cut to the beginning of their local day.

    Times of day are for the scholar alone: everybody else gets days. The ids of scholars whose
    hours may be seen are `visible`; the column with the id is `scholar`.
    """
    own = pl.col("scholar").is_in(visible)
    # When a project's data ends says nothing about a person.
    instants = selectors.datetime(time_zone="*") - selectors.by_name("as_of", require_all=False)
    return frame.with_columns(pl.when(own).then(instants).otherwise(day_of(instants, zone)))


def day_of(instants: pl.Expr, zone: str) -> pl.Expr:
    """The beginning of the local day of instants, as instants in UTC."""
    days = instants.dt.convert_time_zone(zone).dt.truncate("1d")
    return days.dt.convert_time_zone("UTC")


def presets(first_day: date, last_day: date) -> dict[Period, Window]:
    """Returns the periods that can be chosen by name, and their windows.

    The running week ends with its last whole day and cannot be chosen before it has one. Full
    weeks cannot be chosen before the first one with data is over. `first_day` is the first day with
    data, `last_day` the last whole day.
    """
    four_weeks = last_four_weeks(last_day)
    this_monday = four_weeks.end
    found: dict[Period, Window] = {}
    if this_monday <= last_day:
        found["This week"] = Window(this_monday, last_day)
    if first_day <= four_weeks.last:
        found["Last week"] = Window(this_monday - _WEEK, four_weeks.last)
        found["4 weeks"] = four_weeks
    found["Programme"] = Window(min(first_day, last_day), last_day)
    return found


def opening(asked: Period, offered: Mapping[Period, Window]) -> Period:
    """Returns the period that a page opens with.

    A page that asks for "4 weeks" opens with this one until there is a whole week of data. If a
    period is not offered yet, the page opens with the nearest one that is.
    """
    four_weeks = offered.get("4 weeks")
    if asked == "4 weeks" and "This week" in offered and four_weeks is not None:
        begins = offered["Programme"].first
        if begins > four_weeks.end - _WEEK:
            return "This week"
    order: tuple[Period, ...] = (asked, "Last week", "This week", "Programme")
    return next(period for period in order if period in offered)


def limited(window: Window, first_day: date, last_day: date) -> Window:
    """Returns the part of a window, given in any order of its days, that lies within the data.

    Without such a part, that is the day of the data that is nearest.
    """
    days = (min(max(day, first_day), last_day) for day in (window.first, window.last))
    return Window(*sorted(days))


def asked_for(text: str, offered: Mapping[Period, Window]) -> Chosen | None:
    """Returns what an address asks for: "2026-11-23..2026-11-28", or a period such as "4 weeks".

    None if it cannot be read or has no day of the data. An address that the app writes has days, so
    a link shows the same days later.
    """
    for period, window in offered.items():
        if text in {period, window.written}:
            return Chosen(period, window)
    data = offered["Programme"]
    with suppress(ValueError):
        first, last = sorted(date.fromisoformat(day) for day in text.split(_BETWEEN))
        # The running week may be asked for as a whole.
        cut = first < data.first or last > whole_week(data.end).last
        if first <= data.last and last >= data.first:
            return Chosen("Custom", limited(Window(first, last), data.first, data.last), cut)
    return None


def before(chosen: Chosen, first_day: date) -> Window | None:
    """Returns the days that a period is compared with; None if there are none with data.

    A week is compared with the same days of the week before, other periods with as many days just
    before them. The whole programme has nothing to compare it with.
    """
    window = chosen.window
    back = _WEEK if chosen.period == "This week" else timedelta(days=window.days)
    earlier = Window(window.first - back, window.last - back)
    return None if chosen.period == "Programme" or earlier.first < first_day else earlier
