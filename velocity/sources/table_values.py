"""How the cells of a run table become values, whatever they were written as."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from velocity.records import UTC, config_text
from velocity.sources.lenient_json import read_json
from velocity.sources.table_times import DayOrder, instants, instants_of_numbers

if TYPE_CHECKING:
    from collections.abc import Callable

#: Columns that a run table may have -> their types.
TABLE_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "entity": pl.String,
    "project": pl.String,
    "run_id": pl.String,
    "username": pl.String,
    "display_name": pl.String,
    "state": pl.String,
    "created_at": UTC,
    "started_at": UTC,
    "writer_starts": pl.List(UTC),
    "ended_at": UTC,
    "heartbeat_at": UTC,
    "runtime_s": pl.Float64,
    "first_metric_at": UTC,
    "last_metric_at": UTC,
    "group_name": pl.String,
    "job_type": pl.String,
    "sweep": pl.String,
    "tags": pl.List(pl.String),
    "config": pl.String,
    "config_hash": pl.String,
    "commit": pl.String,
    "host": pl.String,
    "gpu_type": pl.String,
    "gpu_count": pl.Int64,
    "gpu_utilisation": pl.Float64,
    "notes": pl.String,
    "url": pl.String,
}

_SOME_TIME = "2026-05-04T09:00:00Z"
_PLAIN_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
#: "1.234,5" or "1234,5"; and those of them that cannot have a comma between thousands.
_DECIMAL_COMMA = r"^[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+$"
_CLEAR_DECIMAL_COMMA = (
    r"^[+-]?(?:(?:\d{1,3}(?:\.\d{3})+|\d+),(?:\d{1,2}|\d{4,})|(?:\d{4,}|0\d*),\d+)$"
)
#: "1,234,567" or "1,234.5": a comma that can only be between thousands.
_CLEAR_THOUSANDS = r"^[+-]?\d{1,3}(?:(?:,\d{3})+\.\d+|(?:,\d{3}){2,})$"
#: What a spreadsheet saves for an id that looks like a large number: the digits are lost.
_LOST_DIGITS = r"^\d(?:[.,]\d+)?E\+\d+$"
_EXACT_FLOAT = 2.0**53
#: Words for "not known" where a number, a time, a list or an object is wanted, in lower case.
_NOT_KNOWN = ("nan", "nat", "null", "none", "unknown", "n/a", "-")


@dataclass(frozen=True)
class Dialect:
    """How a table writes its values.

    Attributes:
        list_separator: between the items of a list.
        decimal_comma: a comma in a number stands before decimals.
        day_order: which comes first in dates that end with the year.
    """

    list_separator: str
    decimal_comma: bool
    day_order: DayOrder


@dataclass(frozen=True)
class Reading:
    """How one column is read, in two steps.

    Attributes:
        known: what is written, null where nothing is.
        value: of that, the values, of the column's type in `TABLE_SCHEMA`. Null where something is
            written that cannot be read.
        wanted: what can be read, in words.
    """

    known: pl.Expr
    value: pl.Expr
    wanted: str


class UnreadableColumnError(Exception):
    """A column's type holds nothing that could be such a value; the text says what, as what."""


class _WrongTypeError(Exception):
    """What is read here is not written in such a type."""


def reading_of(column: str, written: pl.DataType, dialect: Dialect) -> Reading:
    """How to read `column` of `TABLE_SCHEMA`, which the table has as type `written`.

    Text is read leniently: spaces around it do not count, and empty is not known.

    Raises:
        UnreadableColumnError: the type will not do, whatever the values.
    """
    cell, kind = pl.col(column), TABLE_SCHEMA[column]
    if written == pl.Null:  # Parquet's type of a column without any value
        return Reading(cell, cell.cast(kind), "")
    known, wanted = _known(column, written), _wanted(column, dialect)
    try:
        if column == "config":
            _expect(written == pl.String)
            value = cell.map_elements(_readable_config, return_dtype=pl.String)
        elif column == "run_id":
            value = _run_id(cell, written)
        elif kind == UTC:
            value = _time(cell, written, dialect)
        elif kind in (pl.Float64, pl.Int64):
            value = _number(cell, written, dialect, whole=kind == pl.Int64)
        elif isinstance(kind, pl.List):
            value = _list(cell, written, kind, dialect)
        else:
            _expect(not written.is_nested())
            value = trimmed(cell.cast(pl.String, strict=False))
    except _WrongTypeError as error:
        raise UnreadableColumnError(f"{written}, which cannot be read as {wanted}") from error
    return Reading(known, value.cast(kind, strict=False), wanted)


def trimmed(text: pl.Expr) -> pl.Expr:
    """The text without spaces around it; null where nothing is left."""
    return text.str.strip_chars().replace("", None)


def _wanted(column: str, dialect: Dialect) -> str:
    a_list = f'a JSON array, or items with "{dialect.list_separator}" between them'
    words = {
        "run_id": "an id: a spreadsheet made a number of it and lost digits",
        "config": "a JSON object",
        "writer_starts": f"{a_list}, each a time such as {_SOME_TIME}",
        "tags": a_list,
    }
    kinds = {
        UTC: f"a time such as {_SOME_TIME}",
        pl.Float64(): "a number",
        pl.Int64(): "a whole number",
    }
    return words.get(column) or next(
        (text for kind, text in kinds.items() if TABLE_SCHEMA[column] == kind), "text"
    )


def _readable_config(text: str) -> str | None:
    config = _object(text)
    return None if config is None else config_text(config)


def _object(text: str) -> dict[str, Any] | None:
    """The JSON object in the text, or in JSON text inside it."""
    try:
        value = read_json(text)
        if isinstance(value, str):
            value = read_json(value)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _known(column: str, written: pl.DataType) -> pl.Expr:
    """What is written in a column, without the ways in which programs write "not known"."""
    cell = pl.col(column)
    if written.is_float():
        return cell.fill_nan(None)
    if written != pl.String:
        return cell
    cell = trimmed(cell)
    if column == "run_id":
        words: tuple[str, ...] = ("nan",)
    elif TABLE_SCHEMA[column] != pl.String or column == "config":
        words = _NOT_KNOWN
    else:
        return cell
    return pl.when(~cell.str.to_lowercase().is_in(words)).then(cell)


def _run_id(cell: pl.Expr, written: pl.DataType) -> pl.Expr:
    """Ids as text. Those that were made floats on the way (12.0) are whole numbers again."""
    _expect(not written.is_nested())
    if written.is_float():
        whole = (cell == cell.round()) & (cell.abs() < _EXACT_FLOAT)
        whole_text = cell.cast(pl.Int64, strict=False).cast(pl.String)
        return pl.when(whole).then(whole_text).otherwise(cell.cast(pl.String))
    written_id = trimmed(cell.cast(pl.String, strict=False)).str.replace(r"^(-?\d+)\.0$", "${1}")
    return pl.when(~written_id.str.contains(_LOST_DIGITS)).then(written_id)


def _number(cell: pl.Expr, written: pl.DataType, dialect: Dialect, *, whole: bool) -> pl.Expr:
    _expect(written == pl.String or written.is_numeric())
    text = _number_text(cell, dialect) if written == pl.String else cell
    number = text.cast(pl.Float64, strict=False)
    fits = number.is_finite() & (number == number.round()) if whole else number.is_finite()
    return pl.when(fits).then(number)


def _number_text(cell: pl.Expr, dialect: Dialect) -> pl.Expr:
    """Numbers as programs write them; null for what may be 3.6 as well as 3600, as "3,600"."""
    is_decimal = cell.str.contains(_CLEAR_DECIMAL_COMMA).any() | dialect.decimal_comma
    with_point = cell.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    return (
        pl.when(cell.str.contains(_PLAIN_NUMBER))
        .then(cell)
        .when(cell.str.contains(_CLEAR_THOUSANDS))
        .then(cell.str.replace_all(",", "", literal=True))
        .when(is_decimal & cell.str.contains(_DECIMAL_COMMA))
        .then(with_point)
    )


def _time(cell: pl.Expr, written: pl.DataType, dialect: Dialect) -> pl.Expr:
    if written == pl.String:
        point = cell.str.replace(r"^(\d+),(\d+)$", "${1}.${2}")  # a spreadsheet's day
        return instants(point, dialect.day_order)
    if written == pl.Date:
        return cell.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if written.is_numeric():
        return instants_of_numbers(cell.cast(pl.Float64))
    _expect(isinstance(written, pl.Datetime))
    if isinstance(written, pl.Datetime) and written.time_zone is None:
        return cell.dt.replace_time_zone("UTC").cast(UTC)
    return cell.dt.convert_time_zone("UTC").cast(UTC)


def _list(cell: pl.Expr, written: pl.DataType, kind: pl.List, dialect: Dialect) -> pl.Expr:
    if isinstance(written, pl.List):
        items, inner = cell, pl.Series(dtype=written.inner).dtype
    else:
        _expect(written == pl.String)
        texts, split = pl.List(pl.String), _splitter(dialect.list_separator)
        items, inner = cell.map_elements(split, return_dtype=texts), pl.String()
    if kind.inner != UTC:
        _expect(not inner.is_nested())
        return items
    element = trimmed(pl.element()) if inner == pl.String else pl.element()
    times = items.list.eval(_time(element, inner, dialect))
    return pl.when(~times.list.eval(pl.element().is_null()).list.any()).then(times)


def _splitter(separator: str) -> Callable[[str], list[str] | None]:
    def split(text: str) -> list[str] | None:
        if not text.startswith("["):
            return [item.strip() for item in text.split(separator) if item.strip()]
        try:
            return [str(item) for item in json.loads(text)]
        except ValueError:
            return None

    return split


def _expect(fits: bool) -> None:
    if not fits:
        raise _WrongTypeError
