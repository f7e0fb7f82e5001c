"""Windows: local days, weeks and months, and how many weeks one holds."""

from datetime import date, timedelta
from fractions import Fraction
from functools import cache

from tests.oracles.model import Interval, day_start, local_date


def windows(start: int, end: int, period: str, zone: str = "UTC") -> list[tuple[date, Interval]]:
    """(first local date, [from, to)) of each day, ISO week or month that touches [start, end].

    Whole periods, in order and without holes; `period` is "day", "week" or "month".
    """
    first, last = local_date(start, zone), local_date(end, zone)
    if period == "week":
        first -= timedelta(days=first.weekday())
    elif period == "month":
        first = first.replace(day=1)
    found = []
    while first <= last:
        following = _next(first, period)
        found.append((first, (day_start(first, zone), day_start(following, zone))))
        first = following
    return found


@cache
def weeks(window: Interval, zone: str = "UTC") -> Fraction:
    """Local days in the window / 7.

    Choice: part of a day counts as its share of *that day's* length, so every whole day is one
    day, with 23, 24 or 25 hours.
    """
    start, end = window
    if end <= start:
        return Fraction(0)
    days = Fraction(0)
    for _, (opens, closes) in windows(start, end, "day", zone):
        inside = min(end, closes) - max(start, opens)
        if inside > 0:
            days += Fraction(inside, closes - opens)
    return days / 7


def _next(first: date, period: str) -> date:
    if period == "day":
        return first + timedelta(days=1)
    if period == "week":
        return first + timedelta(days=7)
    assert period == "month", f"no such period: {period}"
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)
