"""The term, and when a person sits down to launch something, in their own time zone."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from velocity.demo.stories import WEEKS, Story

MINUTE = 60
HOUR = 3600
DAY = 24 * HOUR
WEEK = 7 * DAY

_SATURDAY = 5  # Monday is 0


@dataclass(frozen=True)
class Term:
    """Twelve complete weeks and the current one, in seconds since the epoch."""

    start: int  # first Monday 00:00 UTC
    as_of: int

    @classmethod
    def until(cls, as_of: datetime) -> Term:
        """The term whose current week contains `as_of` (aware)."""
        now = as_of.astimezone(UTC)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        monday = midnight - timedelta(days=now.weekday())
        return cls(int(monday.timestamp()) - WEEKS * WEEK, int(now.timestamp()))

    def week(self, index: int) -> int:
        """First instant of a week; weeks count from 0."""
        return self.start + index * WEEK

    def before(self, story: Story) -> int:
        """The instant of a story that is placed backwards from as_of."""
        return self.as_of - round(story.ago.total_seconds())


@dataclass(frozen=True)
class Hours:
    """When a person may launch something; hours are local and fractional (9.5 = 09:30)."""

    begins: float = 8.4  # usual first look at results
    ends: float = 23.2  # usual last look; above 24 it is after midnight
    days: int = 3  # of the week; the others are for reading and writing
    varies: float = 0.9  # standard deviation of begin and end


USUAL_HOURS = Hours()


class Windows:
    """Ordered half-open windows [start, end), in whole seconds since the epoch."""

    def __init__(self, windows: list[tuple[int, int]]) -> None:
        self._windows = windows
        self._ends = [end for _, end in windows]

    def after(self, instant: int, hours: float) -> int:
        """The instant when `hours` of these windows have passed since `instant`.

        Time after the last window counts in full.
        """
        left = round(hours * HOUR)
        for start, end in self._windows[bisect_right(self._ends, instant) :]:
            begin = max(start, instant)
            if left < end - begin:
                return begin + left
            left -= end - begin
        return max(instant, self._ends[-1]) + left

    def last_before(self, instant: int) -> int:
        """The latest instant in a window at or before `instant`; a window begins before it."""
        start, end = max(window for window in self._windows if window[0] <= instant)
        return min(end - 1, max(start, instant))

    def holds(self, instant: int) -> bool:
        """Whether the instant is in a window."""
        index = bisect_right(self._ends, instant)
        return index < len(self._windows) and self._windows[index][0] <= instant


def work_windows(
    rng: random.Random, zone: str, hours: Hours, term: Term, idle_weeks: Container[int] = ()
) -> Windows:
    """Draw a person's working windows, from a week before the term to a week after it.

    Every day is drawn, idle or not, so that an idle week does not change the others.
    """
    liking = {day: rng.random() - (day >= _SATURDAY) * 0.5 for day in range(7)}
    days = sorted(liking, key=lambda day: -liking[day])[: hours.days]
    found: list[tuple[int, int]] = []
    for index in range(-7, (WEEKS + 2) * 7):
        begins = rng.gauss(hours.begins, hours.varies)
        ends = rng.gauss(hours.ends, hours.varies)
        if index // 7 not in idle_weeks and index % 7 in days:
            found.append((_local(term, index, begins, zone), _local(term, index, ends, zone)))
    return Windows(found)


def awake_windows(zone: str, awake: tuple[int, int], term: Term) -> Windows:
    """The same local hours every day; an end at or before the begin is on the next day."""
    begins, ends = awake
    if ends <= begins:
        ends += 24
    days = range((WEEKS + 2) * 7)
    return Windows([(_local(term, it, begins, zone), _local(term, it, ends, zone)) for it in days])


def _local(term: Term, day: int, hour: float, zone: str) -> int:
    """An hour by the clocks of a zone, on a day of the term counted from 0."""
    midnight = datetime.fromtimestamp(term.start + day * DAY, UTC).replace(tzinfo=ZoneInfo(zone))
    return round((midnight + timedelta(seconds=round(hour * HOUR))).timestamp())
