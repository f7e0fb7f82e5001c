"""Formats values for pages, charts, reports and the command line.

Spaces inside a value are no-break spaces, so that "3 h 20 m" stays on one line. Unknown values are
"not known".
"""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeGuard

from velocity.formats.days import (
    age as age,
    ahead as ahead,
    clock as clock,
    dated as dated,
    dates as dates,
    day as day,
    day_ahead as day_ahead,
    instant as instant,
    short_dates as short_dates,
    span as span,
    week as week,
    weekday as weekday,
)
from velocity.formats.text import (
    MINUS as MINUS,
    NBSP as NBSP,
    NOT_KNOWN as NOT_KNOWN,
    capitalised as capitalised,
    did_you_mean as did_you_mean,
    label as label,
    markdown as markdown,
    mid_sentence as mid_sentence,
    plain as plain,
    possessive as possessive,
)

#: With fewer events, medians and shares are not shown.
MEDIAN_EVENTS = 6

#: From here on, hours are shown without minutes.
LONG_HOURS = 48
_DECIMALS = 2
_SPARE_DECIMALS = 4
_K_FROM = 10_000
#: A smaller share is rounding in a division.
_NO_SHARE = 1e-9
_M_FROM = 1_000_000


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
    if minutes >= LONG_HOURS * 60:
        days, rest = divmod(round(minutes / 60), 24)
        return f"{days:,}{NBSP}d" + (f"{NBSP}{rest}{NBSP}h" if rest else "")
    whole, rest = divmod(minutes, 60)
    if not whole:
        return f"{rest}{NBSP}m"
    return f"{whole}{NBSP}h" + (f"{NBSP}{rest:02}{NBSP}m" if rest else "")


def hours_sum(hours: float | None) -> str:
    """A sum of hours, whole: "432 h", "under 1 h"; never days, so that sums can be compared."""
    if not _known(hours):
        return NOT_KNOWN
    return f"{f'under{NBSP}1' if 0 < hours <= 0.5 else count(hours)}{NBSP}h"  # noqa: PLR2004


def hours_in_all(hours: float | None) -> str:
    """A sum of hours beside durations: "7 h 05 m", from 48 h whole hours, "1,209 h"; never days."""
    is_long = _known(hours) and round(hours * 60) >= LONG_HOURS * 60
    return hours_sum(hours) if is_long else duration(hours)


def working_hours(hours: float) -> str:
    """A wait in working hours: "7 h 05 m of working hours", "no working hours"."""
    return f"{duration(hours)} of working hours" if hours else "no working hours"


def median(value: float | None, largest: float | None = None) -> str:
    """A median in hours, "4 h 43 m"; "> 31 h" if the curve does not reach it, by the largest."""
    reached = value is not None or largest is None
    return duration(value) if reached else f">{NBSP}{duration(largest)}"


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


def rate(value: float | None, noun: str = "") -> str:
    """A figure with one decimal below 10, whole above: "8.3", "12", with a noun "1 loop".

    Only 0 is "0": less than "0.1" is "under 0.1".
    """
    if not _known(value):
        return NOT_KNOWN
    small = abs(round(value, 1)) < 10  # noqa: PLR2004
    text = _one_decimal(value).replace("-", MINUS) if small else count(value)
    text = f"under{NBSP}0.1" if text == "0" and value > 0 else text
    return f"{text} {noun}{'' if text == '1' else 's'}" if noun else text


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


def share_exact(value: float | None) -> str:
    """A share with one decimal: "98.6 %"; 100.0 % only if it is exactly 1."""
    if not _known(value):
        return NOT_KNOWN
    shown = round(value * 100, 1)
    if value < 1:
        shown = min(shown, 99.9)
    return f"{shown:.1f}{NBSP}%"


def figure(value: float | None, unit: str) -> str:
    """A value as its unit is written: "count", "share" or "hours"; any other unit as a rate."""
    return _WRITERS.get(unit, rate)(value)


def ends(low: float, high: float, unit: str) -> tuple[str, str]:
    """The ends of a usual range, as values of its unit are written.

    Of counts, they are the whole numbers inside it, so that none of them is beyond.
    """
    if unit == "count":
        least, most = math.ceil(round(low, 6)), math.floor(round(high, 6))
        low, high, unit = (least, most, unit) if least <= most else (low, high, "rate")
    return figure(low, unit), figure(high, unit)


def adding_up(values: Sequence[float], total: float | None = None) -> list[int]:
    """Whole numbers near the values that add up to their rounded sum, by largest remainder.

    Each value is rounded up or down, zero stays zero, and the first of equal remainders is rounded
    up. Print them with `written`: `count` would round large ones again. `total` is the sum of the
    result instead, at most one away from the sum of the values.
    """
    whole = [math.floor(value) for value in values]
    missing = round(math.fsum(values) if total is None else total) - sum(whole)
    for place in sorted(range(len(whole)), key=lambda it: whole[it] - values[it])[:missing]:
        whole[place] += 1
    return whole


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


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and not math.isnan(value)


def _one_decimal(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
