"""Days and instants as people read them."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from velocity.formats.text import MINUS, NBSP, NOT_KNOWN

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(value: date) -> str:
    """A day: "16 Nov"."""
    return f"{value.day}{NBSP}{_MONTHS[value.month - 1]}"


def weekday(value: date) -> str:
    """A day of the week and month: "Mon 16"."""
    return f"{_WEEKDAYS[value.weekday()]}{NBSP}{value.day}"


def dated(value: date) -> str:
    """A day with its weekday and month: "Mon 16 Nov"."""
    return f"{weekday(value)}{NBSP}{_MONTHS[value.month - 1]}"


def ahead(value: date, today: date) -> str:
    """A day to come, with its year if that is not this one: "Mon 15 Feb 2027"."""
    return dated(value) if value.year == today.year else f"{dated(value)} {value.year}"


def day_ahead(value: date, today: date) -> str:
    """The same without the weekday: "15 Feb 2027"."""
    return day(value) if value.year == today.year else f"{day(value)} {value.year}"


def dates(first: date, last: date) -> str:
    """The days from `first` to `last`, both included: "Mon 23 to Sat 28 Nov"."""
    if first == last:
        return dated(last)
    same = (first.year, first.month) == (last.year, last.month)
    return f"{weekday(first) if same else dated(first)} to {dated(last)}"


def short_dates(first: date, last: date) -> str:
    """The same in little room: "23\u201328 Nov", "26 Oct\u201322 Nov"."""
    if first == last:
        return day(last)
    same = (first.year, first.month) == (last.year, last.month)
    return f"{first.day if same else day(first)}\u2013{day(last)}"


def week(monday: date) -> str:
    """A week by its Monday: "week of 16 Nov"."""
    return f"week of {day(monday)}"


def span(first: date, last: date) -> str:
    """The days from `first` to `last`, both included: "26 Oct to 22 Nov 2026"."""
    end = f"{day(last)} {last.year}"
    if first == last:
        return end
    if first.year != last.year:
        return f"{day(first)} {first.year} to {end}"
    if first.month != last.month:
        return f"{day(first)} to {end}"
    return f"{first.day} to {end}"


def instant(moment: datetime | None, zone: str) -> str:
    """An instant (aware) in a time zone (IANA name): "Mon 23 Nov, 06:00 UTC"."""
    if moment is None:
        return NOT_KNOWN
    local = moment.astimezone(ZoneInfo(zone))
    name = local.tzname() or zone
    if name.startswith(("+", "-")):
        name = f"UTC{name.replace('-', MINUS)}"
    return f"{weekday(local)}{NBSP}{_MONTHS[local.month - 1]}, {clock(local)}{NBSP}{name}"


def clock(moment: datetime) -> str:
    """The time of day of a local moment: "06:00"."""
    return f"{moment.hour:02}:{moment.minute:02}"


def age(of: timedelta) -> str:
    """How long ago something was, in one unit: "42 min", "9 h", "3 d"."""
    minutes = max(0, int(of.total_seconds() // 60))
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes}{NBSP}min"
    hours = minutes // 60
    return f"{hours}{NBSP}h" if hours < 48 else f"{hours // 24}{NBSP}d"  # noqa: PLR2004
