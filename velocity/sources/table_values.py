"""How the cells of a run table become values of `RUN_SCHEMA`, whatever they were written as."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from velocity.records import RUN_SCHEMA, UTC, WRITER, config_text

if TYPE_CHECKING:
    from collections.abc import Callable

#: Date; hours and minutes; seconds, to the microsecond; offset.
_ISO_TIME = (
    r"^(\d{4}-\d{2}-\d{2})"
    r"(?:[T ](\d{2}:\d{2})(?::(\d{2}(?:\.\d{1,6})?)\d*)?)?"
    r"\s*([Zz]|[+-]\d{2}(?::?\d{2})?)?$"
)
_SOME_TIME = "2026-05-04T09:00:00Z"

#: Columns that a table may have: the run's writers and their machine are columns of their own.
TABLE_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    **{column: kind for column, kind in RUN_SCHEMA.items() if column != "writers"},
    "started_at": UTC,
    "writer_starts": pl.List(UTC),
    "host": pl.String,
    "gpu_type": pl.String,
    "gpu_count": pl.Int64,
}


@dataclass(frozen=True)
class Reading:
    """How one column is read, in two steps.

    Attributes:
        known: what is written, null where nothing is.
        value: of that, the values, of the column's type in `RUN_SCHEMA`. Null where something is
            written that cannot be read.
        wanted: what can be read, in words.
    """

    known: pl.Expr
    value: pl.Expr
    wanted: str


def writers_of_columns(values: pl.DataFrame) -> pl.DataFrame:
    """The table with the column `writers` for `started_at`, `writer_starts` and the machine."""
    machine = ("host", "gpu_type", "gpu_count")
    told = pl.coalesce(
        pl.when(pl.col("writer_starts").list.len() > 0).then(pl.col("writer_starts").list.sort()),
        pl.when(
            pl.any_horizontal(pl.col("started_at", *machine).is_not_null()),
        ).then(pl.concat_list("started_at")),
    )
    wide = values.with_row_index("_run").with_columns(start=told)
    rows = (
        wide.select("_run", "start", *machine)
        .explode("start")
        .join(wide.filter(told.is_not_null()).select("_run"), on="_run", how="semi")
    )
    writer = pl.struct(
        pl.col(name) if name in rows.columns else pl.lit(None, kind).alias(name)
        for name, kind in WRITER.to_schema().items()
    )
    writers = rows.group_by("_run").agg(writers=writer)
    joined = wide.join(writers, on="_run", how="left", maintain_order="left")
    return joined.drop("_run", "start", "started_at", "writer_starts", *machine)


class UnreadableColumnError(Exception):
    """A column's type holds nothing that could be such a value; the text says what, as what."""


class _WrongTypeError(Exception):
    """What is read here is not written in such a type."""


def reading_of(column: str, written: pl.DataType, *, separator: str) -> Reading:
    """How to read `column` of `TABLE_SCHEMA`, which the table has as type `written`.

    Text is read leniently: spaces around it do not count, and empty is not known. Times are ISO
    8601, in UTC where they name no offset. Lists are JSON arrays or items between separators.

    Raises:
        UnreadableColumnError: the type will not do, whatever the values.
    """
    cell, kind = pl.col(column), TABLE_SCHEMA[column]
    if written == pl.Null:  # Parquet's type of a column without any value
        return Reading(cell, cell.cast(kind), "")
    known = _trimmed(cell) if written == pl.String else cell
    wanted = _wanted(column, separator)
    try:
        if column == "config":
            _expect(written == pl.String)
            value = cell.map_elements(_readable_config, return_dtype=pl.String)
        elif kind == UTC:
            value = _time(cell, written)
        elif kind in (pl.Float64, pl.Int64):
            known = _without_nan(known, written)
            value = _number(cell, written, whole=kind == pl.Int64)
        elif isinstance(kind, pl.List):
            value = _list(cell, written, kind, separator)
        else:
            _expect(not written.is_nested())
            value = _trimmed(cell.cast(pl.String, strict=False))
    except _WrongTypeError as error:
        raise UnreadableColumnError(f"{written}, which cannot be read as {wanted}") from error
    return Reading(known, value.cast(kind, strict=False), wanted)


def _wanted(column: str, separator: str) -> str:
    a_list = f'a JSON array, or items with "{separator}" between them'
    words = {
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
    try:
        value = json.loads(text, parse_constant=str)  # NaN, which Python writes but JSON lacks
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _without_nan(cell: pl.Expr, written: pl.DataType) -> pl.Expr:
    """The cell without NaN, which is how pandas writes "not known"."""
    if written == pl.String:
        return pl.when(cell.str.to_lowercase() != "nan").then(cell)
    return cell.fill_nan(None) if written.is_float() else cell


def _number(cell: pl.Expr, written: pl.DataType, *, whole: bool) -> pl.Expr:
    _expect(written == pl.String or written.is_numeric())
    number = cell.cast(pl.Float64, strict=False)
    fits = number.is_finite() & (number == number.round()) if whole else number.is_finite()
    return pl.when(fits).then(number)


def _time(cell: pl.Expr, written: pl.DataType) -> pl.Expr:
    if written == pl.String:
        parts = cell.str.extract_groups(_ISO_TIME).struct
        offset = parts[3].str.replace(r"^[Zz]$", "+00:00").str.replace(r"^([+-]\d{2})$", "${1}:00")
        iso = pl.concat_str(
            parts[0],
            pl.lit("T"),
            parts[1].fill_null("00:00"),
            pl.lit(":"),
            parts[2].fill_null("00"),
            offset.fill_null("+00:00"),
        )
        return iso.str.to_datetime(
            "%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", time_zone="UTC", strict=False
        )
    if written == pl.Date:
        return cell.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    _expect(isinstance(written, pl.Datetime))
    if isinstance(written, pl.Datetime) and written.time_zone is None:
        return cell.dt.replace_time_zone("UTC").cast(UTC)
    return cell.dt.convert_time_zone("UTC").cast(UTC)


def _list(cell: pl.Expr, written: pl.DataType, kind: pl.List, separator: str) -> pl.Expr:
    if isinstance(written, pl.List):
        items, inner = cell, pl.Series(dtype=written.inner).dtype
    else:
        _expect(written == pl.String)
        texts = pl.List(pl.String)
        items, inner = cell.map_elements(_splitter(separator), return_dtype=texts), pl.String()
    if kind.inner != UTC:
        _expect(not inner.is_nested())
        return items
    element = _trimmed(pl.element()) if inner == pl.String else pl.element()
    times = items.list.eval(_time(element, inner))
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


def _trimmed(text: pl.Expr) -> pl.Expr:
    return text.str.strip_chars().replace("", None)


def _expect(fits: bool) -> None:
    if not fits:
        raise _WrongTypeError
