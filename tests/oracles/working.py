"""Working hours of a scholar: the awake window on the days on which they usually work."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from tests.oracles.model import Interval, Person, clip, local_date, local_instant, measure, union

_DAY = timedelta(days=1)
_WEEKDAYS = (1, 2, 3, 4, 5)
#: A weekend day counts if the scholar launched on it in 4 of 8 weeks.
_LEAST, _WEEKS = 4, 8


def monday(day: date) -> date:
    """The first day of the week of a day."""
    return day - timedelta(days=day.weekday())


def is_week_away(person: Person, week: date) -> bool:
    """Whether at least 3 of 5 working days (or as large a part of them) are days off."""
    days = [week + n * _DAY for n in range(7)]
    working = [it for it in days if it.isoweekday() in (person.workdays or _WEEKDAYS)]
    return 5 * sum(it in person.days_off for it in working) >= 3 * len(working)


def usual_weekdays(
    person: Person, launches: Iterable[int], result: int, zone: str
) -> frozenset[int]:
    """ISO weekdays on which the scholar usually worked when a result came.

    `launches` are those of the scholar; `zone` is the programme's, which decides on weeks.
    Choice: a launch counts in the programme's week of its instant, and as the scholar's weekday.
    Choice: of the weeks before, weeks away are skipped, so earlier ones take their place.
    """
    if person.workdays is not None:
        return frozenset(person.workdays)
    week = monday(local_date(result, zone))
    before: list[date] = []
    while len(before) < _WEEKS:
        week -= 7 * _DAY
        if not is_week_away(person, week):
            before.append(week)
    launched = _launched(tuple(launches), person.timezone, zone)
    usual = {day for day in (6, 7) if sum((it, day) in launched for it in before) >= _LEAST}
    return frozenset(_WEEKDAYS) | usual


@lru_cache(maxsize=128)
def _launched(launches: tuple[int, ...], own: str, zone: str) -> set[tuple[date, int]]:
    """Week in the programme's zone and ISO weekday in the scholar's own, of every launch."""
    return {(monday(local_date(it, zone)), local_date(it, own).isoweekday()) for it in launches}


def working_windows(
    person: Person, weekdays: frozenset[int], start: int, end: int
) -> list[Interval]:
    """The parts of [start, end) in the awake windows that begin on working days."""
    windows: list[Interval] = []
    day = local_date(start, person.timezone) - 2 * _DAY
    while day <= local_date(end, person.timezone) + _DAY:
        if day.isoweekday() in weekdays and day not in person.days_off:
            windows.append(_window(person, day))
        day += _DAY
    return clip(union(windows), (start, end))


def working_microseconds(
    person: Person, launches: Iterable[int], start: int, end: int, zone: str
) -> int:
    """How much of [start, end) is working time, after a result at `start`."""
    weekdays = usual_weekdays(person, launches, start, zone)
    return measure(working_windows(person, weekdays, start, end))


def _window(person: Person, day: date) -> Interval:
    """Choice: a window that a clock change moves into the next one ends where that begins."""
    opens = local_instant(day, person.awake_start, person.timezone)
    following = local_instant(day + _DAY, person.awake_start, person.timezone)
    wraps = person.awake_end <= person.awake_start
    closes = local_instant(day + _DAY if wraps else day, person.awake_end, person.timezone)
    return opens, max(opens, min(closes, following))
