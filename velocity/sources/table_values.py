"""Turns the cells of a run table into values, in all common formats."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import polars as pl

from velocity.errors import SourceError
from velocity.records import UTC, config_text
from velocity.sources.table_kinds import TABLE_SCHEMA
from velocity.sources.table_times import (
    DayOrder,
    instants,
    instants_of_local,
    instants_of_numbers,
)
from velocity.sources.values import EARLIEST, LATEST, MOST_GPUS, read_object

_PLAIN_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
#: "1.234,5" or "1234,5".
_DECIMAL_COMMA = r"^[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+$"
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
#: Columns of numbers -> their possible values. A runtime is held against the clocks elsewhere.
_POSSIBLE = {"gpu_count": (0, MOST_GPUS), "gpu_utilisation": (0, 1)}
#: What programs write for an id that looks like a large number: the digits are lost.
_LOST_DIGITS = r"^\d(?:[.,]\d+)?[Ee]\+\d+$"
_EXACT_FLOAT = 2.0**53
#: Words for "not known" where a number, a time, a list or an object is wanted, in lower case.
_NOT_KNOWN = ("nan", "nat", "null", "none", "<na>", "unknown", "n/a", "-")
#: What programs write for "not known" among texts, in lower case. Runs that share such a sweep,
#: hash or host would count as one idea or one machine.
_NO_TEXT = ("nan", "null", "none", "<na>")
#: Columns in which these may be words of people.
_ANY_TEXT = {"entity", "project", "username", "display_name", "state", "notes"}


@dataclass(frozen=True)
class Dialect:
    """The number and list formats of a table."""

    list_separator: str
    decimal_comma: bool  # in numbers of a column that does not tell
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
    known = cells.to_frame().select(_known(column, written)).to_series()
    parsed = known
    if written == pl.String and isinstance(kind, pl.List):
        split = partial(_split, separator=dialect.list_separator)
        parsed = _parsed(known, split, pl.List(pl.String))
    elif written == pl.String and column == "config":
        parsed = _parsed(known, _readable_config, pl.String())
    # Bytes need not be text.
    value = None if written == pl.Binary else _value(column, parsed.dtype, dialect)
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
    if kind in (pl.Float64, pl.Int64):
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
    is_text = TABLE_SCHEMA[column] == pl.String and column != "config"
    words = _NO_TEXT if is_text else _NOT_KNOWN
    return pl.when(~cell.str.to_lowercase().is_in(words)).then(cell)


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
    if written != pl.String and not written.is_numeric():
        return None
    cell = pl.col(column)
    text = _number_text(cell, dialect) if written == pl.String else cell
    number = text.cast(pl.Float64, strict=False)
    fits = number.is_finite()
    if TABLE_SCHEMA[column] == pl.Int64:
        fits &= number == number.round()
    if column in _POSSIBLE:
        fits &= number.is_between(*_POSSIBLE[column])
    return pl.when(fits).then(number)


def _number_text(cell: pl.Expr, dialect: Dialect) -> pl.Expr:
    """Numbers in plain form; null for ambiguous numbers: "3,600" may be 3.6 or 3600.

    The clear numbers of the column show how to read them.
    """
    is_plain, is_points, is_commas, unclear_comma, unclear_point = map(
        cell.str.contains,
        (_PLAIN_NUMBER, _CLEAR_POINTS, _CLEAR_THOUSANDS, _UNCLEAR_COMMA, _UNCLEAR_POINT),
    )
    points_divide = is_points.any()
    comma_told = points_divide | cell.str.contains(_CLEAR_DECIMAL_COMMA).any()
    fraction = is_plain & cell.str.contains(".", literal=True) & ~unclear_point
    point_told = is_commas.any() | fraction.any()
    without_points = cell.str.replace_all(".", "", literal=True)
    with_point = without_points.str.replace(",", ".", literal=True)
    without_commas = cell.str.replace_all(",", "", literal=True)
    return (
        pl.when(unclear_comma)
        .then(
            pl.when(point_told & ~comma_told)
            .then(without_commas)
            .when(~point_told & (comma_told | dialect.decimal_comma))
            .then(with_point)
        )
        .when(unclear_point)
        .then(
            pl.when(points_divide & ~point_told).then(without_points).when(~comma_told).then(cell)
        )
        .when(is_plain)
        .then(cell)
        .when(is_commas)
        .then(without_commas)
        .when(is_points | cell.str.contains(_DECIMAL_COMMA))
        .then(with_point)
    )


def _time(cell: pl.Expr, written: pl.DataType, dialect: Dialect) -> pl.Expr | None:
    if written == pl.String:
        point = cell.str.replace(r"^(\d+),(\d+)$", "${1}.${2}")  # a spreadsheet's day
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
