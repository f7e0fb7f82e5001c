"""Reads times in tables: ISO 8601, the formats of spreadsheets, and numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import polars as pl

from velocity.errors import SourceError
from velocity.records import UTC

#: Which of two numbers before the year is the day: the first one, or the second one.
DayOrder = Literal["day first", "month first"]

#: Hours and minutes, seconds to the microsecond, AM or PM, offset; each may be absent.
_CLOCK = (
    r"(?:(?:T|,?\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,6})\d*)?)?"
    r"\s*(?:(?P<half>[AaPp])\.?[Mm]\.?)?)?"
    r"\s*(?P<offset>[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$"
)
_YEAR_FIRST = r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2}|[A-Za-z]{3})[-/.](?P<day>\d{1,2})" + _CLOCK
_YEAR_LAST = r"^(?P<one>\d{1,2})(?P<mark>[-/.])(?P<two>\d{1,2})[-/.]\d{4}" + _CLOCK
_CLEAR_MONTH_FIRST = r"^(\d{1,2})[-/](1[3-9]|[2-9]\d)[-/.]"
_MONTH_FIRST = r"^(0?\d|1[0-2])[-/](\d{1,2})[-/.]"
_DAY_FIRST = r"^(\d{1,2})[-/.](\d{1,2})[-/.]"
_DAY_AND_NAME = r"^(\d{1,2})[ -]([A-Za-z]{3})[a-z]*\.?,?[ -]"
_NAME_AND_DAY = r"^([A-Za-z]{3})[a-z]*\.? (\d{1,2}),? "
_YEAR_AND_REST = r"(\d{4})(\D.*|)$"
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: str(number) for number, name in enumerate(_MONTH_NAMES, start=1)}
_MOST_MONTHS = 12
_DAY_S = 86400
#: Clocks skip an hour, half an hour (Lord Howe), or at the date line a day.
_BEFORE_A_SKIP = 25
#: Days from day 0 of spreadsheets (1899-12-30) to 1970.
_DAYS_TO_1970 = 25569
#: Spreadsheets' days, and seconds since 1970 (or parts of them), from 1985 to 2100 or so. The size
#: of a number shows which one it is.
_SERIAL_DAYS = (31000, 75000)
_SECONDS = (0.4e9, 4.2e9)
_PARTS_OF_A_SECOND = (1, 1e3, 1e6, 1e9)
#: Where the decimals do not reach the end of a whole number (1.78E+12), it ends in zeros, or a
#: program has left digits out. Those that do leave at most six; 1.7778852E9 is a whole number.
_EXPONENT = r"^\+?(?P<whole>\d*)\.?(?P<decimals>\d*)[eE]\+?(?P<exponent>\d+)$"
_ENOUGH_DIGITS = 8


def day_order(path: Path, columns: Mapping[str, pl.Series]) -> DayOrder:
    """Whether the day or the month comes first, judging by all dates in a table's text columns.

    Raises:
        SourceError: some dates could be read either way, and no other date decides.
    """
    text = pl.col("text").cast(pl.String).str.strip_chars()  # without columns, it has no type
    local = (
        pl.DataFrame(columns)
        .unpivot(variable_name="column", value_name="text")
        .with_columns(text.str.extract_groups(_YEAR_LAST).alias("it"))
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
        date, column = unclear["text"][0], unclear["column"][0]
        raise SourceError(
            f'{path} has "{date}" in its column "{column}", and it is not clear which number is'
            " the day and which the month.",
            "Write times as in 2026-05-04T09:00:00Z, or import W&B's file as it was downloaded,"
            " before a spreadsheet saved it.",
        )
    return "month first" if is_month_first else "day first"


def instants(text: pl.Expr, order: DayOrder, zone: str) -> pl.Expr:
    """The instants in text without spaces around it; null for text that cannot be read.

    They are local times of the zone unless the text names an offset.
    """
    month_first, day_first = "${3}-${1}-${2}${4}", "${3}-${2}-${1}${4}"
    year_first = text
    for date, order_of_it in (
        (_CLEAR_MONTH_FIRST, month_first),
        (_MONTH_FIRST, month_first if order == "month first" else day_first),
        (_DAY_FIRST, day_first),
        (_DAY_AND_NAME, day_first),
        (_NAME_AND_DAY, month_first),
    ):
        year_first = year_first.str.replace(date + _YEAR_AND_REST, order_of_it)
    written = text.str.extract_groups(_EXPONENT).struct
    places = written.field("exponent").cast(pl.Int64, strict=False)
    decimals = written.field("decimals").str.len_chars()
    digits = written.field("whole").str.len_chars() + decimals
    has_lost = ((decimals < places) & (digits < _ENOUGH_DIGITS)).fill_null(value=False)
    return pl.coalesce(
        _instant(year_first.str.extract_groups(_YEAR_FIRST), zone),
        instants_of_numbers(pl.when(~has_lost).then(text).cast(pl.Float64, strict=False), zone),
    )


def instants_of_numbers(number: pl.Expr, zone: str) -> pl.Expr:
    """The instants of numbers; null for a number of any other size.

    Spreadsheets' days are read to the millisecond, which is what their decimals hold. They are
    local times of the zone.
    """
    days = ((number - _DAYS_TO_1970) * _DAY_S).round(3)
    seconds = pl.coalesce(
        pl.when((number / parts).is_between(*_SECONDS)).then(number / parts)
        for parts in _PARTS_OF_A_SECOND
    )
    local = pl.when(number.is_between(*_SERIAL_DAYS)).then(_of_seconds(days))
    return pl.coalesce(instants_of_local(local, zone), _of_seconds(seconds))


def instants_of_local(local: pl.Expr, zone: str) -> pl.Expr:
    """The instants of local times of a zone.

    Of an hour that its clocks repeat, the earlier one. A time that they skip is read as if they had
    not changed yet.
    """
    wall = local.dt.replace_time_zone(None)
    if zone == "UTC":
        return wall.dt.replace_time_zone("UTC")
    before = pl.duration(hours=_BEFORE_A_SKIP)
    found, unchanged = (
        it.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        for it in (wall, wall - before)
    )
    return pl.coalesce(found, unchanged + before).dt.convert_time_zone("UTC")


def _of_seconds(seconds: pl.Expr) -> pl.Expr:
    return (seconds * 1e6).round().cast(pl.Int64, strict=False).cast(UTC)


def _instant(parts: pl.Expr, zone: str) -> pl.Expr:
    """The instant of a date and a clock time; null if there is no such instant."""

    def part(name: str) -> pl.Expr:
        return parts.struct.field(name)

    half = part("half").str.to_lowercase()
    hour = part("hour").cast(pl.Int64)
    hour = (
        pl.when(half.is_null())
        .then(hour)
        .when(hour.is_between(1, 12))
        .then(hour % 12 + 12 * (half == "p").cast(pl.Int64))
    )
    # An impossible hour is null here, and makes the whole text unreadable.
    clock_hour = pl.when(part("hour").is_null()).then(pl.lit("00")).otherwise(hour.cast(pl.String))
    offset = part("offset").str.replace(r"^(?:[Zz]|UTC|GMT)$", "+00:00")
    iso = pl.format(
        "{}-{}-{}T{}:{}:{}.{}{}",
        part("year"),
        part("month").str.to_lowercase().replace(_MONTHS).str.zfill(2),
        part("day").str.zfill(2),
        clock_hour.str.zfill(2),
        part("minute").fill_null("00"),
        part("second").fill_null("00"),
        part("fraction").fill_null("0"),
        offset.str.replace(r"^([+-]\d{2})$", "${1}:00").fill_null("+00:00"),
    )
    instant = iso.str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", time_zone="UTC", strict=False
    )
    return pl.when(offset.is_null()).then(instants_of_local(instant, zone)).otherwise(instant)
