"""Turns the cells of a run table into values, in all common formats."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import polars as pl

from velocity.errors import SourceError
from velocity.records import UTC, config_text
from velocity.sources.table_kinds import NUMBERS, TABLE_SCHEMA
from velocity.sources.table_times import (
    DayOrder,
    instants,
    instants_of_local,
    instants_of_numbers,
)
from velocity.sources.values import EARLIEST, LATEST, MOST_GPUS, read_object

_PLAIN_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
#: "1.234,5" or "1234,5".
_DECIMAL_COMMA = r"^[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+(?:[eE][+-]?\d+)?$"
#: Those in which the comma cannot be between thousands.
_CLEAR_DECIMAL_COMMA = (
    r"^[+-]?(?:(?:\d{1,3}(?:\.\d{3})+|\d+),(?:\d{1,2}|\d{4,})|(?:\d{4,}|0\d*),\d+)$"
)
#: "1,234,567" or "1,234.5": commas that can only be between thousands; and points that can.
_CLEAR_THOUSANDS = r"^[+-]?\d{1,3}(?:(?:,\d{3})+\.\d+|(?:,\d{3}){2,})$"
_CLEAR_POINTS = r"^[+-]?\d{1,3}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})$"
#: "3,600" or "3.600": the sign may be before decimals or between thousands.
_UNCLEAR_COMMA = r"^[+-]?[1-9]\d{0,2},\d{3}$"
_UNCLEAR_POINT = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"
#: Those in which the point cannot be between thousands.
_CLEAR_FRACTION = r"^[+-]?(?:\d+\.(?:\d{0,2}|\d{4,})|(?:\d{4,}|0\d*)?\.\d+|\d*\.\d*[eE][+-]?\d+)$"
#: "3 600,5" or "3'600".
_SPACES = "[ '\u2019\u00a0\u202f]"
_SPACED = rf"^[+-]?\d{{1,3}}(?:{_SPACES}\d{{3}})+(?:[.,]\d+)?$"
#: Columns of numbers -> their possible values. A runtime is held against the clocks elsewhere.
_POSSIBLE = {"gpu_count": (0, MOST_GPUS), "gpu_utilisation": (0, 1)}
#: What programs write for an id that looks like a large number: the digits are lost.
_LOST_DIGITS = r"^\d(?:[.,]\d+)?[Ee]\+\d+$"
_EXACT_FLOAT = 2.0**53
#: Words for "not known", in lower case. Runs that share such a sweep, hash or host would count as
#: one idea or one machine.
_NOT_KNOWN = ("nan", "nat", "null", "none", "<na>", "unknown", "n/a", "#n/a", "-")
#: Columns in which these may be words of people.
_ANY_TEXT = {"entity", "project", "username", "display_name", "state", "notes"}


class Signs(NamedTuple):
    """What clear numbers show about commas and points in the others."""

    points_divide: bool  # thousands
    comma_told: bool  # before decimals
    point_told: bool  # before decimals


def signs_of(*columns: pl.Series) -> Signs:
    """What the numbers in columns show; other columns than those of text show nothing."""
    texts = [
        cells.str.strip_chars().str.replace_all(_SPACES, "")
        for cells in columns
        if cells.dtype == pl.String
    ]

    def have(pattern: str) -> bool:
        return any(it.str.contains(pattern).any() for it in texts)

    points_divide = have(_CLEAR_POINTS)
    return Signs(
        points_divide,
        points_divide or have(_CLEAR_DECIMAL_COMMA),
        have(_CLEAR_THOUSANDS) or have(_CLEAR_FRACTION),
    )


@dataclass(frozen=True)
class Dialect:
    """The number and list formats of a table."""

    list_separator: str
    signs: Signs  # in numbers of a column that does not tell
    decimal_comma: bool  # in numbers of a table that does not tell
    day_order: DayOrder
    zone: str  # IANA zone of times without an offset


class Reading(NamedTuple):
    """A column as it was read."""

    known: pl.Series  # the cells as they are, null if they say "not known"
    values: pl.Series  # of the type in `TABLE_SCHEMA`; null if unreadable
    wanted: str  # the readable values, in words


def read_cells(cells: pl.Series, dialect: Dialect, shown: str) -> Reading:
    """The values of a column of `TABLE_SCHEMA`, which has its name and any type.

    Surrounding spaces are ignored, and empty text means "not known".

    Raises:
        SourceError: the column's type cannot hold such values; it begins with the words `shown`.
    """
    column, written, kind = cells.name, cells.dtype, TABLE_SCHEMA[cells.name]
    if written == pl.Null:  # Parquet's type for a column without values
        return Reading(cells, cells.cast(kind), "")
    wanted = _wanted(column, dialect)
    if kind in NUMBERS and any(own := signs_of(cells)):
        dialect = replace(dialect, signs=own)
    known = cells.to_frame().select(_known(column, written)).to_series()
    parsed = known
    if written == pl.String and isinstance(kind, pl.List):
        split = partial(_split, separator=dialect.list_separator)
        parsed = _parsed(known, split, pl.List(pl.String))
    elif written == pl.String and column == "config":
        parsed = _parsed(known, _readable_config, pl.String())
    # Bytes need not be text, and a length never is.
    is_unfit = written == pl.Binary or (written == pl.Duration and column != "runtime_s")
    value = None if is_unfit else _value(column, parsed.dtype, dialect)
    if value is None:
        raise SourceError(
            f"{shown} has the type {written}, which cannot be read as {wanted}.",
            "Change its type, or leave the column out.",
        )
    values = parsed.to_frame().select(value.cast(kind, strict=False).alias(column))
    return Reading(known, values.to_series(), wanted)


def _parsed(known: pl.Series, parse: Callable[[str], object], kind: pl.DataType) -> pl.Series:
    # Not in an expression: `reading.frames.worded` says why.
    return pl.Series(known.name, [None if it is None else parse(it) for it in known], kind)


def _value(column: str, written: pl.DataType, dialect: Dialect) -> pl.Expr | None:
    """The values of a column; None if its type cannot hold any."""
    cell, kind = pl.col(column), TABLE_SCHEMA[column]
    if column == "config":
        return cell if written == pl.String else None
    if column == "run_id":
        return _run_id(cell, written, dialect)
    if kind == UTC:
        return _time(cell, written, dialect)
    if kind in NUMBERS:
        return _number(column, written, dialect)
    if isinstance(kind, pl.List):
        return _list(cell, written, kind, dialect)
    return None if written.is_nested() else trimmed(cell.cast(pl.String, strict=False))


def trimmed(text: pl.Expr) -> pl.Expr:
    """The text without surrounding spaces; null if nothing is left."""
    return text.str.strip_chars().replace("", None)


def _wanted(column: str, dialect: Dialect) -> str:
    a_list = f'a JSON array, or items with "{dialect.list_separator}" between them'
    a_time = "a time such as 2026-05-04T09:00:00Z"
    words = {
        "run_id": "an id: a program turned it into a number and lost digits",
        "config": "a JSON object",
        "writer_starts": f"{a_list}, each {a_time}",
        "tags": a_list,
        "gpu_count": "a whole number of GPUs",
        "gpu_utilisation": "a share from 0 to 1",
    }
    kinds = {UTC: a_time, pl.Float64: "a number", pl.Int64: "a whole number"}
    return words.get(column) or kinds.get(TABLE_SCHEMA[column], "text")


def _readable_config(text: str) -> str | None:
    try:
        config = read_object(text)
    except ValueError:
        return None
    return None if config is None else config_text(config)


def _known(column: str, written: pl.DataType) -> pl.Expr:
    """The cells of a column; null if a program wrote "not known" in its own way."""
    cell = pl.col(column)
    if written.is_float():
        return cell.fill_nan(None)
    if written != pl.String:
        return cell
    cell = trimmed(cell)
    if column in _ANY_TEXT:
        return cell
    return pl.when(~cell.str.to_lowercase().is_in(_NOT_KNOWN)).then(cell)


def _run_id(cell: pl.Expr, written: pl.DataType, dialect: Dialect) -> pl.Expr | None:
    """Ids as text. Ids that a program turned into floats (12.0) become whole numbers again."""
    if written.is_nested():
        return None
    if written.is_float():
        whole_text = cell.cast(pl.Int64, strict=False).cast(pl.String)
        written_id = pl.when(cell == cell.round()).then(whole_text).otherwise(cell.cast(pl.String))
        return pl.when(cell.abs() < _EXACT_FLOAT).then(written_id)
    whole = r"^(-?\d+)[.,]0$" if dialect.decimal_comma else r"^(-?\d+)\.0$"
    written_id = trimmed(cell.cast(pl.String, strict=False)).str.replace(whole, "${1}")
    return pl.when(~written_id.str.contains(_LOST_DIGITS)).then(written_id)


def _number(column: str, written: pl.DataType, dialect: Dialect) -> pl.Expr | None:
    cell = pl.col(column)
    if written == pl.Duration:
        return cell.dt.total_microseconds() / 1e6
    if written != pl.String and not written.is_numeric():
        return None
    text = _number_text(cell, dialect) if written == pl.String else cell
    number = text.cast(pl.Float64, strict=False)
    fits = number.is_finite()
    if TABLE_SCHEMA[column] == pl.Int64:
        fits &= number == number.round()
    if column in _POSSIBLE:
        fits &= number.is_between(*_POSSIBLE[column])
    return pl.when(fits).then(number)


def _number_text(cell: pl.Expr, dialect: Dialect) -> pl.Expr:
    """Numbers in plain form; null for ambiguous numbers: "3,600" may be 3.6 or 3600."""
    points_divide, comma_told, point_told = dialect.signs
    is_spaced = cell.str.contains(_SPACED)
    cell = pl.when(is_spaced).then(cell.str.replace_all(_SPACES, "")).otherwise(cell)
    without_points = cell.str.replace_all(".", "", literal=True)
    with_point = without_points.str.replace(",", ".", literal=True)
    without_commas = cell.str.replace_all(",", "", literal=True)
    comma = point = pl.lit(None, pl.String)
    if point_told and not comma_told:
        comma = without_commas
    elif not point_told and (comma_told or dialect.decimal_comma):
        comma = with_point
    if points_divide and not point_told:
        point = without_points
    elif not comma_told:
        point = cell
    return (
        pl.when(cell.str.contains(_UNCLEAR_COMMA))
        .then(comma)
        .when(cell.str.contains(_UNCLEAR_POINT))
        .then(point)
        .when(cell.str.contains(_PLAIN_NUMBER))
        .then(cell)
        .when(cell.str.contains(_CLEAR_THOUSANDS))
        .then(without_commas)
        .when(cell.str.contains(_CLEAR_POINTS) | cell.str.contains(_DECIMAL_COMMA))
        .then(with_point)
    )


def _time(cell: pl.Expr, written: pl.DataType, dialect: Dialect) -> pl.Expr | None:
    if written == pl.String:
        point = cell.str.replace(r"^(\d+),(\d+(?:[eE]\+?\d+)?)$", "${1}.${2}")  # of a number
        time = instants(point, dialect.day_order, dialect.zone)
    elif written.is_numeric():
        time = instants_of_numbers(cell.cast(pl.Float64), dialect.zone)
    elif written == pl.Date or (isinstance(written, pl.Datetime) and written.time_zone is None):
        time = instants_of_local(cell.cast(pl.Datetime("us")), dialect.zone)
    elif isinstance(written, pl.Datetime):
        time = cell.dt.convert_time_zone("UTC").cast(UTC)
    else:
        return None
    return pl.when(time >= EARLIEST, time < LATEST).then(time)


def _list(cell: pl.Expr, written: pl.DataType, kind: pl.List, dialect: Dialect) -> pl.Expr | None:
    if not isinstance(written, pl.List):
        return None
    inner = pl.Series(dtype=written.inner).dtype
    if kind.inner != UTC:
        return None if inner.is_nested() else cell
    item = pl.element()
    time = _time(trimmed(item) if inner == pl.String else item, inner, dialect)
    if time is None:
        return None
    times = cell.list.eval(time)
    return pl.when(~times.list.eval(item.is_null()).list.any()).then(times)


def _split(text: str, separator: str) -> list[str] | None:
    if not text.startswith("["):
        return [item.strip() for item in text.split(separator) if item.strip()]
    try:
        return [str(item) for item in json.loads(text)]
    except ValueError:
        return None
