"""Frames as files that a person downloads: CSV that no spreadsheet executes, and Parquet."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import polars as pl
import polars.selectors as cs

if TYPE_CHECKING:
    from polars import DataFrame

#: A spreadsheet runs a cell that begins with one of these; a run may well be called "=cmd|...".
#: So it does with the wide forms of these, where text is East Asian.
_FORMULA = r"^[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"
_ISO = "%Y-%m-%dT%H:%M:%S%.fZ"


def csv_bytes(frame: DataFrame) -> bytes:
    """`frame` as UTF-8 CSV with a header; text that looks like a formula gets a leading quote.

    Lists become text joined by "; ". Times are written in ISO 8601, in UTC.
    """
    texts = frame.with_columns(
        cs.list().cast(pl.List(pl.String)).list.join("; "),
        cs.datetime(time_zone="*").dt.convert_time_zone("UTC").dt.to_string(_ISO),
    )
    safe = texts.with_columns(
        pl.when(cs.string().str.contains(_FORMULA))
        .then(pl.lit("'") + cs.string())
        .otherwise(cs.string())
        .name.keep()
    )
    return safe.write_csv().encode()


def parquet_bytes(frame: DataFrame) -> bytes:
    """`frame` as Parquet, types kept."""
    target = io.BytesIO()
    frame.write_parquet(target)
    return target.getvalue()
