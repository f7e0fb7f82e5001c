"""When a person sits down to launch something: windows of work in their own time zone."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import random
    from collections.abc import Container

MINUTE = 60
HOUR = 3600
DAY = 24 * HOUR
WEEK = 7 * DAY

#: First day of the weekend; Monday is 0.
_SATURDAY = 5


@dataclass(frozen=True)
class Hours:
    """When a person may launch something; hours are local and fractional (9.5 = 09:30).

    Args:
        begins: usual first look at results.
        ends: usual last one; above 24 it is after midnight.
        days: how many days of the week have any; the others go into reading and writing.
        varies: standard deviation of begin and end.
    """

    begins: float = 8.4
    ends: float = 23.2
    days: int = 3
    varies: float = 0.9


#: Most people's.
USUAL_HOURS = Hours()


class Windows:
    """Half-open [start, end) windows in order, in whole seconds since the epoch."""

    def __init__(self, windows: list[tuple[int, int]]) -> None:
        self._windows = windows
        self._ends = [end for _, end in windows]

    def after(self, instant: int, hours: float) -> int:
        """The instant by which `hours` of these windows have passed since `instant`.

        Past the last window time runs on as if it had no end.
        """
        left = round(hours * HOUR)
        for start, end in self._windows[bisect_right(self._ends, instant) :]:
            begin = max(start, instant)
            if left < end - begin:
                return begin + left
            left -= end - begin
        return max(instant, self._ends[-1]) + left

    def last_before(self, instant: int) -> int:
        """The latest instant within a window that is at or before `instant`.

        Args:
            instant: later than the start of the first window.
        """
        start, end = max(window for window in self._windows if window[0] <= instant)
        return min(end - 1, max(start, instant))

    def holds(self, instant: int) -> bool:
        """Whether the instant lies in a window."""
        index = bisect_right(self._ends, instant)
        return index < len(self._windows) and self._windows[index][0] <= instant


def work_windows(
    rng: random.Random,
    zone: str,
    hours: Hours,
    *,
    start: int,
    weeks: int,
    idle_weeks: Container[int] = (),
) -> Windows:
    """Draw a person's working windows.

    Args:
        rng: drawn from for every day, idle or not, so that an idle week shifts no other.
        zone: IANA name.
        hours: habits of the day.
        start: Monday of week 0, seconds since the epoch.
        weeks: how many weeks to draw, beside the one before week 0.
        idle_weeks: 0-based weeks without any window.
    """
    found: list[tuple[int, int]] = []
    days = _days(rng, hours.days)
    for index in range(-7, weeks * 7):
        day = datetime.fromtimestamp(start, UTC) + timedelta(days=index)
        begins = rng.gauss(hours.begins, hours.varies)
        ends = rng.gauss(hours.ends, hours.varies)
        if index // 7 not in idle_weeks and index % 7 in days:
            found.append((_local(day, begins, zone), _local(day, ends, zone)))
    return Windows(found)


def _days(rng: random.Random, count: int) -> list[int]:
    """Days of the week, Monday 0, on which a person launches; the same every week."""
    liking = {day: rng.random() - (day >= _SATURDAY) * 0.5 for day in range(7)}
    return sorted(liking, key=lambda day: -liking[day])[:count]


def daily_windows(zone: str, begins: int, ends: int, *, start: int, weeks: int) -> Windows:
    """The same local hours every day; `ends` at or before `begins` falls on the next day."""
    span = ends - begins if ends > begins else ends + 24 - begins
    days = [datetime.fromtimestamp(start, UTC) + timedelta(days=day) for day in range(weeks * 7)]
    return Windows([(_local(day, begins, zone), _local(day, begins + span, zone)) for day in days])


def _local(day: datetime, hour: float, zone: str) -> int:
    midnight = day.replace(tzinfo=None)
    moment = midnight + timedelta(seconds=round(hour * HOUR))
    return round(moment.replace(tzinfo=ZoneInfo(zone)).timestamp())
