"""Frames as files to download: Parquet, and CSV without formulas that a spreadsheet runs."""

import io

import polars as pl
import polars.selectors as cs
from polars import DataFrame

#: A spreadsheet runs a cell that begins with one of these characters, or with their wide forms in
#: East Asian text; a run can be called "=cmd|...".
_RUNS = r"[ \"]*[=+\-@\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"
#: A cell begins at the start of a text. With another separator than a comma it can also begin
#: inside the text, because quotes then do not protect it.
_FORMULA = rf"(^|[;|\t\r\n])({_RUNS})"
_BREAK = r"^([\t\r\n])"
_ISO = "%Y-%m-%dT%H:%M:%S%.fZ"


def csv_bytes(frame: DataFrame) -> bytes:
    """Returns `frame` as UTF-8 CSV with a header; a quote disarms text that spreadsheets run.

    Lists become text joined by "; ". Times are written in ISO 8601, in UTC.
    """
    safe = frame.with_columns(
        _harmless(cs.string()), cs.by_dtype(pl.List(pl.String)).list.eval(_harmless(pl.element()))
    )
    texts = safe.with_columns(
        cs.list().cast(pl.List(pl.String)).list.join("; "),
        cs.datetime(time_zone="*").dt.convert_time_zone("UTC").dt.to_string(_ISO),
    )
    return texts.write_csv().encode()


def _harmless(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(_FORMULA, "${1}'${2}").str.replace(_BREAK, "'${1}")


def parquet_bytes(frame: DataFrame) -> bytes:
    """Returns `frame` as Parquet with its types."""
    target = io.BytesIO()
    frame.write_parquet(target)
    return target.getvalue()
