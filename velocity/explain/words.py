"""How explanations write values: two decimals, dates as people write them."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

from velocity import formats

if TYPE_CHECKING:
    from velocity.explain.explanation import Total, Value

_DECIMALS = 2
_SPARE = 4


def written(value: Value) -> str:
    """A number to two decimals, or two digits where that would be 0; dates, yes and no."""
    if value is None:
        return formats.NOT_KNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return f"{formats.day(value)} {value.year}".replace(formats.NBSP, " ")
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value):
        return str(value)
    decimals = _DECIMALS
    if 0 < abs(value) < 10**-_DECIMALS:
        decimals = 1 - math.floor(math.log10(abs(value)))
    # Two sums of the same rows may differ in the last bit, which must not decide the last digit.
    text = f"{round(value, decimals + _SPARE):,.{decimals}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def with_unit(value: float, unit: str) -> str:
    """A number and its unit: "1 run", "2.5 hours"."""
    return f"{written(value)} {unit.removesuffix('s') if value == 1 else unit}"


def summed_up(total: Total) -> str:
    """A total as a step: its value, how many rows it comes from, and its title."""
    rows = formats.plural(total.addends.height, "row")
    how = "largest of" if total.largest else "sum of"
    return f"{with_unit(total.value, total.unit)} ({how} {rows}): {total.text}"
