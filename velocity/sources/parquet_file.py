"""Reads some columns of a Parquet file within limits: a small file can unpack to any size."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from velocity.errors import SourceError

MOST_ROWS = 5_000_000
#: Bytes of all columns that are read, unpacked.
LARGEST = 2**30
_BATCH_ROWS = 65_536
#: Bytes that a value needs in addition to its text.
_VALUE_BYTES = 8


def too_large(path: Path, why: str) -> SourceError:
    """The error for a table beyond the limits."""
    return SourceError(f"{path} {why}.", "Split it, and import its parts one by one.")


def too_many_rows(path: Path) -> SourceError:
    """The error for a table with more rows than `MOST_ROWS`."""
    return too_large(path, f"has more than {MOST_ROWS:,} rows")


def read_parquet(path: Path, is_wanted: Callable[[str], bool]) -> tuple[list[str], pl.DataFrame]:
    """The names of all columns of a Parquet file, and the wanted columns.

    Columns are read one by one, in batches, and repeated text is stored once until all of it is
    known to fit.

    Raises:
        SourceError: more rows than `MOST_ROWS`, or more than `LARGEST` bytes.
        pyarrow.ArrowException: it is damaged (or OSError).
    """
    unpacks = too_large(
        path, f"unpacks to more than {LARGEST // 2**20:,} MiB in the columns that would be read"
    )
    with pq.ParquetFile(path) as file:
        if file.metadata.num_rows > MOST_ROWS:
            raise too_many_rows(path)
        names = list(file.schema_arrow.names)
        columns = [name for name in dict.fromkeys(names) if is_wanted(name)]
        size, texts = _claims(file, columns)
        if size > LARGEST:
            raise unpacks
    left, read = LARGEST, []
    with pq.ParquetFile(path, read_dictionary=texts) as file:
        for name in columns:
            chunks = []
            for batch in file.iter_batches(_BATCH_ROWS, columns=[name], use_threads=False):
                left -= _text_bytes(batch.column(0))
                if left < 0:
                    raise unpacks
                chunks.append(batch.column(0))
            plain = _plain(file.schema_arrow.field(name).type)
            column = pa.chunked_array([chunk.cast(plain) for chunk in chunks], plain)
            read.append(pl.Series(name, pl.from_arrow(column)))
    return names, pl.DataFrame(read)


def _claims(file: pq.ParquetFile, columns: list[str]) -> tuple[int, list[str]]:
    """The bytes of columns as the file states them, and the paths of those that are text."""
    metadata = file.metadata
    size, texts = 0, []
    for at in range(metadata.num_columns):
        leaf = metadata.schema.column(at)
        if leaf.path.split(".")[0] not in columns and leaf.path not in columns:
            continue
        groups = [metadata.row_group(it).column(at) for it in range(metadata.num_row_groups)]
        values = sum(group.num_values for group in groups)
        width = max(leaf.length, _VALUE_BYTES)  # the length is that of fixed-length bytes
        size += max(values * width, sum(group.total_uncompressed_size for group in groups))
        if leaf.physical_type == "BYTE_ARRAY":
            texts.append(leaf.path)
    return size, texts


def _text_bytes(values: pa.Array) -> int:
    """Bytes of the texts in a column, each counted as often as it occurs."""
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        return _text_bytes(values.flatten())
    if not pa.types.is_dictionary(values.type):
        return int(values.nbytes)
    lengths = pc.binary_length(values.dictionary).cast(pa.int64())
    return pc.sum(lengths.take(values.indices)).as_py() or 0


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return kind.value_type
    if pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_large_list(kind):
        return pa.large_list(_plain(kind.value_type))
    return kind
