"""Reads some columns of a Parquet file within limits: a small file can unpack to any size."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

MOST_ROWS = 5_000_000
#: Bytes of all columns that are read, unpacked.
LARGEST = 2**30
_BATCH_ROWS = 65_536
#: Bytes that a value needs in addition to its text.
_VALUE_BYTES = 8


class TooLargeError(Exception):
    """A table beyond the limits; the text continues after the name of the file."""


def too_many_rows() -> TooLargeError:
    """The error for a table with more rows than `MOST_ROWS`."""
    return TooLargeError(f"has more than {MOST_ROWS:,} rows")


def read_parquet(path: Path, is_wanted: Callable[[str], bool]) -> tuple[list[str], pl.DataFrame]:
    """The names of all columns of a Parquet file, and the wanted columns.

    Columns are read one by one, in batches, and repeated text is stored once until all of it is
    known to fit.

    Args:
        path: the file.
        is_wanted: whether to read the column with this name.

    Raises:
        TooLargeError: more rows than `MOST_ROWS`, or more than `LARGEST` bytes.
        pyarrow.ArrowException: it is damaged (or OSError).
    """
    with pq.ParquetFile(path) as file:
        names = list(file.schema_arrow.names)
        columns = [name for name in dict.fromkeys(names) if is_wanted(name)]
        texts = list(chain.from_iterable(_check_claims(file, columns)))
    left, read = LARGEST, []
    with pq.ParquetFile(path, read_dictionary=texts) as file:
        for name in columns:
            chunks = []
            for batch in file.iter_batches(_BATCH_ROWS, columns=[name], use_threads=False):
                left -= _text_bytes(batch.column(0))
                if left < 0:
                    raise TooLargeError(_unpacks_to_more())
                chunks.append(batch.column(0))
            plain = _plain(file.schema_arrow.field(name).type)
            column = pa.chunked_array([chunk.cast(plain) for chunk in chunks], plain)
            read.append(pl.Series(name, pl.from_arrow(column)))
    return names, pl.DataFrame(read)


def _check_claims(file: pq.ParquetFile, columns: list[str]) -> Iterable[list[str]]:
    """Checks the sizes that the file states against the limits; the text paths of each column."""
    metadata = file.metadata
    if metadata.num_rows > MOST_ROWS:
        raise too_many_rows()
    size = 0
    for at in range(metadata.num_columns):
        leaf = metadata.schema.column(at)
        if leaf.path.split(".")[0] not in columns and leaf.path not in columns:
            continue
        groups = [metadata.row_group(it).column(at) for it in range(metadata.num_row_groups)]
        values = sum(group.num_values for group in groups)
        width = max(leaf.length, _VALUE_BYTES)  # the length is that of fixed-length bytes
        size += max(values * width, sum(group.total_uncompressed_size for group in groups))
        yield [leaf.path] if leaf.physical_type == "BYTE_ARRAY" else []
    if size > LARGEST:
        raise TooLargeError(_unpacks_to_more())


def _unpacks_to_more() -> str:
    return f"unpacks to more than {LARGEST // 2**20:,} MiB in the columns that would be read"


def _text_bytes(values: pa.Array) -> int:
    """Bytes of the texts in a column, each counted as often as it occurs."""
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        return _text_bytes(values.flatten())
    if not pa.types.is_dictionary(values.type):
        return int(values.nbytes)
    lengths = pc.binary_length(values.dictionary).cast(pa.int64())
    return pc.sum(lengths.take(values.indices)).as_py() or 0


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type of the values, without a dictionary."""
    if pa.types.is_dictionary(kind):
        return kind.value_type
    if pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_large_list(kind):
        return pa.large_list(_plain(kind.value_type))
    return kind
