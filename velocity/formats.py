"""Formats values for pages, charts, reports and the command line.

Spaces inside a value are no-break spaces, so that "3 h 20 m" stays on one line. Unknown values are
"not known".
"""

from __future__ import annotations

import difflib
import math
import re
import string
import unicodedata
from datetime import date
from typing import TYPE_CHECKING, Any, TypeGuard
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

NBSP = "\u00a0"
MINUS = "\u2212"
NOT_KNOWN = "not known"
#: With fewer events there is no median: the dots are shown instead.
MEDIAN_EVENTS = 6

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: From here on, hours are shown without minutes.
_LONG_HOURS = 48
_DECIMALS = 2
_SPARE_DECIMALS = 4
_K_FROM = 10_000
#: A smaller share is rounding in a division.
_NO_SHARE = 1e-9
_M_FROM = 1_000_000
#: Has no width and does not break a line.
_JOINER = "\u2060"
_WWW = re.compile(r"www(?=\.)", re.IGNORECASE)
#: Characters that reorder the text around them.
_BIDI = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def duration(hours: float | None) -> str:
    """Hours as at most two units: "< 1 m", "42 m", "7 h 05 m", from 48 h "2 d 3 h".

    Negative hours carry a true minus.
    """
    if not _known(hours):
        return NOT_KNOWN
    if hours < 0:
        return MINUS + duration(-hours)
    exact = hours * 60
    if 0 < exact < 1:
        return f"<{NBSP}1{NBSP}m"
    minutes = round(exact)
    if minutes >= _LONG_HOURS * 60:
        days, rest = divmod(round(minutes / 60), 24)
        return f"{days:,}{NBSP}d" + (f"{NBSP}{rest}{NBSP}h" if rest else "")
    whole, rest = divmod(minutes, 60)
    if not whole:
        return f"{rest}{NBSP}m"
    return f"{whole}{NBSP}h" + (f"{NBSP}{rest:02}{NBSP}m" if rest else "")


def age(of: timedelta) -> str:
    """How long ago something was, in one unit: "42 min", "9 h", "3 d"."""
    minutes = max(0, int(of.total_seconds() // 60))
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes}{NBSP}min"
    hours = minutes // 60
    return f"{hours}{NBSP}h" if hours < 48 else f"{hours // 24}{NBSP}d"  # noqa: PLR2004


def duration_change(hours: float | None) -> str:
    """A difference of durations to the minute, with its sign: "+39 m"."""
    if not _known(hours):
        return NOT_KNOWN
    whole = round(hours * 60) / 60
    return _signed(duration(whole), whole)


def hours_sum(hours: float | None) -> str:
    """A sum of hours, whole: "432 h"; never days, so that sums can be compared."""
    return f"{count(hours)}{NBSP}h" if _known(hours) else NOT_KNOWN


def hours_in_all(hours: float | None) -> str:
    """A sum of hours beside durations: "7 h 05 m", from 48 h whole hours, "1,209 h"; never days."""
    is_long = _known(hours) and round(hours * 60) >= _LONG_HOURS * 60
    return hours_sum(hours) if is_long else duration(hours)


def working_hours(hours: float) -> str:
    """A wait in working hours: "7 h 05 m of working hours", "no working hours"."""
    return f"{duration(hours)} of working hours" if hours else "no working hours"


def median(
    value: float | None,
    low: float | None = None,
    high: float | None = None,
    *,
    largest: float | None = None,
) -> str:
    """A median in hours with its limits in words: "4 h 43 m (3 h 18 m to 6 h 22 m)".

    Args:
        value: the median; None if the curve does not reach it.
        low: lower 95 % limit, if any.
        high: upper 95 % limit, if any.
        largest: largest observed time, shown as "> 31 h" if there is no median.
    """
    if value is None:
        return NOT_KNOWN if largest is None else f">{NBSP}{duration(largest)}"
    beside = limits(low, high)
    return f"{duration(value)} ({beside})" if beside else duration(value)


def limits(low: float | None, high: float | None) -> str:
    """Limits in hours in words: "3 h 18 m to 6 h 22 m", "3 h 18 m or more"; "" without any."""
    if low is None:
        return "" if high is None else f"up to {duration(high)}"
    return f"{duration(low)} or more" if high is None else f"{duration(low)} to {duration(high)}"


def too_few(events: int, noun: str = "loop") -> str:
    """The sentence instead of a median of fewer than `MEDIAN_EVENTS` events."""
    return f"{plural(events, noun)} so far; medians start at {MEDIAN_EVENTS} events."


def count(value: float | None) -> str:
    """A count with thousands in commas, in "k" from 10,000 and "M" from a million."""
    if not _known(value):
        return NOT_KNOWN
    whole = round(value)
    sign = MINUS if whole < 0 else ""
    size = abs(whole)
    if size < _K_FROM:
        return f"{sign}{size:,}"
    if round(size / 1000, 1) < _M_FROM / 1000:
        return f"{sign}{_one_decimal(size / 1000)}{NBSP}k"
    return f"{sign}{_one_decimal(size / _M_FROM)}{NBSP}M"


def rounded_amount(value: float | None) -> str:
    """A count or hours to the nearest 5, as `reads.group_weeks` gives them: "45", "under 5"."""
    return f"under{NBSP}5" if value == 0 else count(value)


def count_change(value: float | None) -> str:
    """A difference of counts with its sign: "+8"."""
    if not _known(value):
        return NOT_KNOWN
    return _signed(count(value), round(value))


def rate(value: float | None) -> str:
    """A figure with one decimal below 10, whole above: "8.3", "12"."""
    if not _known(value):
        return NOT_KNOWN
    small = abs(round(value, 1)) < 10  # noqa: PLR2004
    return _one_decimal(value).replace("-", MINUS) if small else count(value)


def plural(number: float, noun: str) -> str:
    """A count and its noun: "1 loop", "42 loops", "3 launches"."""
    many = "es" if noun.endswith(("s", "x", "ch", "sh")) else "s"
    return f"{count(number)} {noun}" + ("" if number == 1 else many)


def set_apart(trust: Mapping[str, Any]) -> list[str]:
    """The counts of runs that rules set apart, if there are any: "412 automated runs"."""
    counts = {"automated run": trust["automated_runs"], "excluded run": trust["ignored_runs"]}
    return [plural(number, noun) for noun, number in counts.items() if number]


def sample(number: int | None, noun: str = "") -> str:
    """The sample size beside a figure: "n = 47", "n = 241 loops"."""
    if number is None:
        return f"n {NOT_KNOWN}"
    return f"n{NBSP}={NBSP}{plural(number, noun) if noun else count(number)}"


def share(value: float | None) -> str:
    """A share of 0 to 1 in whole per cent: "64 %".

    Near its ends it is "under 1 %" and "over 99 %": 0 % and 100 % are exact.
    """
    if not _known(value):
        return NOT_KNOWN
    whole = round(value * 100)
    if whole == 0 and value > _NO_SHARE:
        return f"under{NBSP}1{NBSP}%"
    if whole == 100 and value < 1 - _NO_SHARE:  # noqa: PLR2004 - all of it
        return f"over{NBSP}99{NBSP}%"
    return f"{whole}{NBSP}%"


def part(per_cent: int, amount: float) -> str:
    """One of several whole per cents that add up to 100; an amount is never 0 %."""
    return f"under{NBSP}1{NBSP}%" if not per_cent and amount > 0 else f"{per_cent}{NBSP}%"


def share_range(low: float, high: float) -> str:
    """A range of shares in whole per cent: "2 to 18 %"."""
    return f"{round(low * 100)} to {round(high * 100)}{NBSP}%"


def share_left(value: float) -> str:
    """What a share leaves: the two as printed by `share` add up to 100 %."""
    whole = round(value * 100)
    return share(1 - value if whole in {0, 100} else 1 - whole / 100)


def rounded_share(value: float | None) -> str:
    """A share to the nearest 5 points, as `reads.group_weeks` gives them; its ends in words."""
    if value in {0, 1}:
        return f"over{NBSP}95{NBSP}%" if value else f"under{NBSP}5{NBSP}%"
    return share(value)


def share_exact(value: float | None) -> str:
    """A share with one decimal: "98.6 %"; 100.0 % only if it is exactly 1."""
    if not _known(value):
        return NOT_KNOWN
    shown = round(value * 100, 1)
    if value < 1:
        shown = min(shown, 99.9)
    return f"{shown:.1f}{NBSP}%"


def points(change: float | None) -> str:
    """A difference of two shares in points, with its sign: "+2 points"."""
    if not _known(change):
        return NOT_KNOWN
    whole = round(change * 100)
    noun = "point" if abs(whole) == 1 else "points"
    return f"{_signed(count(whole), whole)}{NBSP}{noun}"


def figure(value: float | None, unit: str) -> str:
    """A value as its unit is written: "count", "share" or "hours"; any other unit as a rate."""
    return _WRITERS.get(unit, rate)(value)


def adding_up(values: Sequence[float], total: float | None = None) -> list[int]:
    """Whole numbers near the values that add up to their rounded sum, by largest remainder.

    Each value is rounded up or down, zero stays zero, and the first of equal remainders is rounded
    up. Print them with `written`: `count` would round large ones again.

    Args:
        values: the parts.
        total: the sum of the result, at most one away from the sum of the values; None rounds it.
    """
    whole = [math.floor(value) for value in values]
    missing = round(math.fsum(values) if total is None else total) - sum(whole)
    for place in sorted(range(len(whole)), key=lambda it: whole[it] - values[it])[:missing]:
        whole[place] += 1
    return whole


def table_adding_up(rows: Sequence[Sequence[float]]) -> list[list[int]]:
    """The cells of a table as whole numbers that add up, with a column and a row of totals.

    The totals of columns add up to the rounded total of everything. The total of a row is the sum
    of its cells as printed: less than one per column away from its own sum.
    """
    columns = list(zip(*rows, strict=True))
    totals = adding_up([math.fsum(column) for column in columns])
    cells = [adding_up(column, total) for column, total in zip(columns, totals, strict=True)]
    return [[*row, sum(row)] for row in [*zip(*cells, strict=True), totals]]


#: How the values of a unit are written. Hours are float hours, shares 0 to 1.
_WRITERS = {"count": count, "share": share, "hours": duration}


def written(value: float | date | None) -> str:
    """A value in a table or in arithmetic: "1,234.57", "5 Jan 2026", "yes".

    A number has two decimals, or two digits where that would be 0.
    """
    if value is None:
        return NOT_KNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return f"{value:%-d %b %Y}"
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return str(value)
    decimals = _DECIMALS
    if 0 < abs(value) < 10**-_DECIMALS:
        decimals = 1 - math.floor(math.log10(abs(value)))
    # Two sums of the same rows may differ in the last bit, which must not decide the last digit.
    text = f"{round(value, decimals + _SPARE_DECIMALS):,.{decimals}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def with_unit(value: float, unit: str) -> str:
    """A number and its unit: "1 run", "2.5 hours"."""
    return f"{written(value)} {unit.removesuffix('s') if value == 1 else unit}"


def elapsed(seconds: float) -> str:
    """How long something took, in the unit that fits: "0.3 s", "12 s", "2 min", "3.0 h"."""
    if seconds < 99.5:  # noqa: PLR2004
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"  # noqa: PLR2004
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 99.5 else f"{minutes / 60:.1f} h"  # noqa: PLR2004


def plain(text: str) -> str:
    """The text with ordinary spaces, for a terminal or a log."""
    return text.replace(NBSP, " ")


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


def mid_sentence(text: str) -> str:
    """The text inside a sentence: "busy hours", but "GPU-hours"."""
    first_word = text.split(maxsplit=1)[0] if text.strip() else ""
    return text if re.search(r"[A-Z&]", first_word[1:]) else text[:1].lower() + text[1:]


def label(text: str | None, limit: int = 40) -> str:
    """Text on one line of at most `limit` characters, without control characters."""
    if text is None:
        return NOT_KNOWN
    kept = (
        " " if unicodedata.category(character) in {"Cc", "Zl", "Zp"} else character
        for character in text
        if character not in _BIDI
    )
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def markdown(text: str) -> str:
    """Escape text for Markdown: no links, images, colours or formulas."""
    # Escaped addresses still become links, unless a joiner is inside them.
    text = text.replace("://", f":{_JOINER}//").replace("@", f"{_JOINER}@")
    text = _WWW.sub(rf"\g<0>{_JOINER}", text)
    return "".join(f"\\{part}" if part in string.punctuation else part for part in text)


def did_you_mean(asked: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """A question that offers the nearest known names; `otherwise` if none is near."""
    near = difflib.get_close_matches(asked, list(known))
    return f"Did you mean {' or '.join(map(label, near))}?" if near else otherwise


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and not math.isnan(value)


def _signed(words: str, value: float) -> str:
    return f"+{words}" if value > 0 else words


def _one_decimal(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
