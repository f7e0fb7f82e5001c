"""Times as tables hold them: ISO 8601, the forms that spreadsheets save, and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import polars as pl

from velocity.records import UTC

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Which of two numbers before the year is the day: the first one, or the second one.
DayOrder = Literal["day first", "month first"]

#: Hours and minutes, seconds to the microsecond, AM or PM, offset; each may be absent.
_CLOCK = (
    r"(?:(?:T|,?\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,6})\d*)?)?"
    r"\s*(?:(?P<half>[AaPp])\.?[Mm]\.?)?)?"
    r"\s*(?P<offset>[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$"
)
_YEAR_FIRST = r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})" + _CLOCK
_YEAR_LAST = r"^(?P<one>\d{1,2})(?P<mark>[-/.])(?P<two>\d{1,2})[-/.](?P<year>\d{4})" + _CLOCK
_NAMED_MONTHS = (
    r"^(?P<day>\d{1,2})[ -](?P<month>[A-Za-z]{3})[a-z]*\.?,?[ -](?P<year>\d{4})" + _CLOCK,
    r"^(?P<month>[A-Za-z]{3})[a-z]*\.? (?P<day>\d{1,2}),? (?P<year>\d{4})" + _CLOCK,
)
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: str(number) for number, name in enumerate(_MONTH_NAMES, start=1)}
_MOST_MONTHS = 12
_DAY_S = 86400
#: Days from the day 0 of spreadsheets, 1899-12-30, to 1970.
_DAYS_TO_1970 = 25569
#: Spreadsheets' days, seconds since 1970 and milliseconds since 1970, from 1985 to 2100 or so:
#: numbers of such different sizes that each tells what it is.
_SERIAL_DAYS = (31000, 75000)
_SECONDS = (0.4e9, 4.2e9)
_MILLISECONDS = (0.4e12, 4.2e12)


class AmbiguousDateError(Exception):
    """A date whose day and month cannot be told apart; the text is that date."""


def day_order(columns: Iterable[pl.Series]) -> DayOrder:
    """Which comes first in the dates of a table, judged by all of them together.

    Args:
        columns: text columns with times in any form.

    Raises:
        AmbiguousDateError: some dates could be read either way, and no other date decides.
    """
    parts = pl.concat(
        [pl.Series("text", [], dtype=pl.String), *(column.rename("text") for column in columns)]
    )
    local = (
        parts.to_frame()
        .with_columns(pl.col("text").str.strip_chars().str.extract_groups(_YEAR_LAST).alias("it"))
        .unnest("it")
        .filter(pl.col("mark") != ".")  # between dots, the day always comes first
        .with_columns(pl.col("one", "two").cast(pl.Int64))
    )
    is_day_first = (local["one"] > _MOST_MONTHS).any()
    is_month_first = (local["two"] > _MOST_MONTHS).any()
    unclear = local.filter(
        (pl.col("one") != pl.col("two")) & (pl.max_horizontal("one", "two") <= _MOST_MONTHS)
    )
    if is_day_first == is_month_first and unclear.height:
        raise AmbiguousDateError(unclear["text"][0])
    return "month first" if is_month_first else "day first"


def instants(text: pl.Expr, order: DayOrder) -> pl.Expr:
    """The instants written in text without spaces around it; null where it cannot be read.

    UTC unless the text names an offset.
    """
    return pl.coalesce(
        _year_first(text),
        _year_last(text, order),
        *(_named_month(text, form) for form in _NAMED_MONTHS),
        instants_of_numbers(text.cast(pl.Float64, strict=False)),
    )


def instants_of_numbers(number: pl.Expr) -> pl.Expr:
    """The instants that numbers stand for; null where the size of one tells nothing.

    Spreadsheets' days are read to the millisecond, which is what their decimals hold.
    """
    days = ((number - _DAYS_TO_1970) * _DAY_S).round(3)
    seconds = (
        pl.when(number.is_between(*_SERIAL_DAYS))
        .then(days)
        .when(number.is_between(*_SECONDS))
        .then(number)
        .when(number.is_between(*_MILLISECONDS))
        .then(number / 1000)
    )
    return (seconds * 1e6).round().cast(pl.Int64, strict=False).cast(UTC)


def _year_first(text: pl.Expr) -> pl.Expr:
    parts = text.str.extract_groups(_YEAR_FIRST)
    return _instant(parts, _part(parts, "month"), _part(parts, "day"))


def _year_last(text: pl.Expr, order: DayOrder) -> pl.Expr:
    parts = text.str.extract_groups(_YEAR_LAST)
    one, two = _part(parts, "one"), _part(parts, "two")
    is_month_first = (_part(parts, "mark") != ".") & (
        (two.cast(pl.Int64) > _MOST_MONTHS)
        | ((one.cast(pl.Int64) <= _MOST_MONTHS) & (order == "month first"))
    )
    month = pl.when(is_month_first).then(one).otherwise(two)
    day = pl.when(is_month_first).then(two).otherwise(one)
    return _instant(parts, month, day)


def _named_month(text: pl.Expr, form: str) -> pl.Expr:
    parts = text.str.extract_groups(form)
    month = _part(parts, "month").str.to_lowercase().replace_strict(_MONTHS, default=None)
    return _instant(parts, month, _part(parts, "day"))


def _part(parts: pl.Expr, name: str) -> pl.Expr:
    return parts.struct.field(name)


def _instant(parts: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    """The instant of a year, month and day, and a clock time; null for none, or none such."""
    hour = _part(parts, "hour").cast(pl.Int64)
    half = _part(parts, "half").str.to_lowercase()
    hour = (
        pl.when(half.is_null())
        .then(hour)
        .when(hour.is_between(1, 12))
        .then(hour % 12 + 12 * (half == "p").cast(pl.Int64))
    )
    # An hour that is written but cannot be is null here, and makes the whole text unreadable.
    hour = (
        pl.when(_part(parts, "hour").is_null()).then(pl.lit("00")).otherwise(hour.cast(pl.String))
    )
    offset = _part(parts, "offset").str.replace(r"^(?:[Zz]|UTC|GMT)$", "+00:00")
    iso = pl.concat_str(
        _part(parts, "year"),
        pl.lit("-"),
        month.str.zfill(2),
        pl.lit("-"),
        day.str.zfill(2),
        pl.lit("T"),
        hour.str.zfill(2),
        pl.lit(":"),
        _part(parts, "minute").fill_null("00"),
        pl.lit(":"),
        _part(parts, "second").fill_null("00"),
        pl.lit("."),
        _part(parts, "fraction").fill_null("0"),
        offset.str.replace(r"^([+-]\d{2})$", "${1}:00").fill_null("+00:00"),
    )
    return iso.str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", time_zone="UTC", strict=False
    )
