"""Small tables that unpack to large ones, and files that never end."""

import os
import resource
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.tables import read_run_table
from tests.test_run_table import ROW, csv_of, refusal
from velocity.sources import parquet_file, table_file

MIB = 2**20
_LIMIT_BYTES = 2 * 2**30
#: Imports a table with as much memory for data as a small machine has.
_WITHIN = """
import resource, sys
from velocity.errors import SourceError
from velocity.sources.base import Asked
from velocity.sources.run_table import TableSource
hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[2]), hard))
try:
    TableSource().read(Asked([sys.argv[1]]))
except SourceError as error:
    sys.exit(f"refused: {error.message}")
"""


def table_of(rows, **columns):
    """A table of runs with additional columns."""
    own = {name: pa.array([value] * rows) for name, value in ROW.items()}
    own["run_id"] = pa.array([f"r{n}" for n in range(rows)])
    return pa.table(own | columns)


def repeated(text, rows):
    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([text]))


def within_limit(path):
    command = [sys.executable, "-c", _WITHIN, path, str(_LIMIT_BYTES)]
    done = subprocess.run(command, check=False, capture_output=True)
    return done.stderr.decode() if done.returncode else "read"


@pytest.mark.fault
@pytest.mark.skipif(sys.platform != "linux", reason="the limit is one of Linux")
@pytest.mark.parametrize("nested", [False, True])
def test_a_small_parquet_file_that_unpacks_to_gigabytes_is_refused(tmp_path, nested):
    assert resource.getrlimit(resource.RLIMIT_DATA)[1] == resource.RLIM_INFINITY
    rows = 7_000
    column = repeated("x" * MIB, rows)
    if nested:
        column = pa.ListArray.from_arrays(pa.array([*range(rows), rows], pa.int32()), column)
    path = tmp_path / "t.parquet"
    pq.write_table(table_of(rows, **{"tags" if nested else "notes": column}), path)
    assert path.stat().st_size < MIB
    told = within_limit(path)
    assert told.startswith(f"refused: {path} unpacks to more than 1,024 MiB"), told[-2000:]


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is one of Linux")
def test_columns_that_are_not_needed_are_not_read(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(table_of(7_000, other=repeated("x" * MIB, 7_000)), path)
    assert within_limit(path) == "read"
    assert "skipped: other." in read_run_table(path).notes[0]


def test_more_rows_or_bytes_than_the_limits_are_refused(tmp_path, monkeypatch):
    pq.write_table(table_of(50), tmp_path / "t.parquet")
    csv_of(tmp_path / "t.csv", *(ROW | {"run_id": f"r{n}"} for n in range(50)))
    for module in (parquet_file, table_file):
        monkeypatch.setattr(module, "MOST_ROWS", 49)
    for name in ("t.parquet", "t.csv"):
        error = refusal(tmp_path / name)
        assert "has more than" in error.message
        assert error.hint == "Split it, and import its parts one by one."
    monkeypatch.undo()
    monkeypatch.setattr(parquet_file, "LARGEST", 50 * 8 * len(ROW) - 1)
    assert "unpacks to more than" in refusal(tmp_path / "t.parquet").message
    monkeypatch.setattr(table_file, "_LONGEST_FILE", 20)
    assert "larger than" in refusal(tmp_path / "t.csv").message


def test_dictionary_text_is_read_like_other_text(tmp_path):
    tags = pa.ListArray.from_arrays(pa.array([0, 2, 3], pa.int32()), repeated("a", 3))
    table = table_of(2, tags=tags, notes=repeated("n", 2), username=pa.nulls(2))
    pq.write_table(table, tmp_path / "t.parquet")
    rows = read_run_table(tmp_path / "t.parquet").runs
    found = rows.select("tags", "notes", "username").rows()
    assert found == [(["a", "a"], "n", None), (["a"], "n", None)]


def test_a_table_that_never_ends_or_never_begins_is_refused(tmp_path):
    os.mkfifo(tmp_path / "fifo.csv")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    for name in ("fifo.csv", "zero.csv"):
        assert "not a regular file" in refusal(tmp_path / name).message
    (tmp_path / "z.csv").write_bytes(b"\x28\xb5\x2f\xfd and so on")
    assert "a compressed file" in refusal(tmp_path / "z.csv").message
