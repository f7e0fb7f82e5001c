"""A store of the first version, which was one file, is split without loss."""

import shutil
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.conftest import ROOT
from tests.derived_tables import all_tables, assert_tables_agree
from tests.wandb_server import ProtocolServer, World
from tests.worlds import NOON, node, point_client_at
from velocity.reading import reads
from velocity.settings import Settings
from velocity.store import latest_snapshot, open_live
from velocity.sync.commands import sync_wandb

pytestmark = pytest.mark.thorough

#: Columns of a run that the one file does not have.
_NEW_FACTS = (
    *("stamp", "earlier_runtime_s", "resumed", "offline", "shared", "rewound"),
    *("history_rows", "wrote", "relaunched", "unreadable", "commit", "submitted_at"),
    *("same_as", "usage", "attempt_of", "named_values", "complete_to"),
)
#: Tables of the record, without columns that the first version did not have.
_RAW = {
    "raw_run": f"""COLUMNS(lambda name: name NOT IN (
        'trust', 'url', 'writers', 'seen_at', {", ".join(f"'{it}'" for it in _NEW_FACTS)})
        AND NOT starts_with(name, 'config_')),
      printf('{{"lr":0.1,"seed":%d}}', run_id[2:]::INTEGER) AS config,
      writers[1].start AS started_at,
      list_transform(writers, lambda it: it.start) AS writer_starts,
      writers[1].host AS host, writers[1].gpu_type AS gpu_type,
      writers[1].gpu_count AS gpu_count""",
    "project": "* EXCLUDE uncollected",
    "rejected": "*",
    "sync_log": "*",
    "restatement": "* EXCLUDE derivation",
}
_DAY = timedelta(days=1)
#: Opens a store, and is killed at the n-th call of a function.
_KILLED = """
import os, signal, sys
from pathlib import Path
from velocity.database import whole_files
from velocity.store import live
from velocity.record import duckdb_record
name, number, data = sys.argv[1:]
real, calls = getattr(whole_files, name), iter(range(1, 100))
def kill(*words):
    if next(calls) == int(number):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*words)
for module in (whole_files, live, duckdb_record):
    if hasattr(module, name):
        setattr(module, name, kill)
with live.open_live(Path(data)):
    pass
"""


def made_one_file(data: Path) -> None:
    """Turn the two files of a store into one of the first version, with a write-ahead log."""
    with duckdb.connect() as connection:
        for name, file in (("record", "record"), ("new", "derived"), ("live", "live")):
            connection.execute(f"ATTACH '{data / file}.duckdb' AS {name}")
        connection.execute("SET TimeZone = 'UTC'; PRAGMA disable_checkpoint_on_shutdown; USE live")
        connection.execute((ROOT / "tests" / "data" / "one_file_store.sql").read_text())
        for table, columns in _RAW.items():
            rows = f"SELECT {columns} FROM record.main.{table}"  # noqa: S608 - ours
            connection.execute(f"INSERT INTO {table} BY NAME {rows}")
        connection.execute("INSERT INTO changed_username VALUES ('ada')")
        connection.execute("SELECT max(nextval('run_key_sequence')) FROM record.main.raw_run")
        connection.execute(
            "INSERT INTO scholar_number SELECT * EXCLUDE actor FROM new.scholar_number"
        )
        connection.execute("INSERT INTO derived_to FROM new.main.derived_to")
        connection.execute("INSERT INTO derived_with SELECT fingerprint FROM new.main.derived_with")
        connection.execute("CREATE TABLE derived.weekly AS FROM new.derived.weekly")
        connection.execute("UPDATE derived_with SET fingerprint = 'of another version'")
    for path in [*data.glob("record.duckdb*"), *data.glob("derived.duckdb*")]:
        path.unlink()
    assert (data / "live.duckdb.wal").exists()


def pull(days, data):
    at = NOON + timedelta(days=days)
    (result,) = sync_wandb(data, Settings(), projects=["lab/vision"], clock=lambda: at).projects
    return result


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A store of one file with restated weeks, and the server that it was pulled from."""
    data = tmp_path_factory.mktemp("one_file")
    runs = [node(n * 600, username="ada" if n % 3 else "bob") for n in range(60)]
    with ProtocolServer(World(runs)) as server, pytest.MonkeyPatch.context() as patched:
        point_client_at(server, patched)
        pull(40, data)
        for number in (3, 4, 9):
            server.world.change("lab", "vision", f"r{number * 600:04}", state="failed")
        server.world.put(node(77, username="cy", heartbeat_at=NOON + 40 * _DAY))
        pull(41, data)
        made_one_file(data)
        yield data


@pytest.fixture
def data(prepared, tmp_path) -> Path:
    """A copy of the store of one file."""
    return shutil.copytree(prepared, tmp_path / "data", symlinks=True)


def kept(data: Path) -> dict[str, pl.DataFrame]:
    """Data that cannot be derived again: numbers of runs and scholars, and restatements."""
    with open_live(data) as store:
        record = store.record.connection
        scholars = store.frame("SELECT * EXCLUDE actor FROM scholar_number")
        return {
            "runs": record.frame("SELECT run_key, run_id, url FROM raw_run").sort("run_key"),
            "restated": record.frame("FROM restatement").sort(pl.all()),
            "scholars": scholars.sort("scholar_key"),
        }


RUNS = "SELECT run_key, run_id FROM raw_run ORDER BY run_key"


def read(data: Path, *queries: str) -> list[list[tuple]]:
    """Results of queries on the one file."""
    with duckdb.connect(data / "live.duckdb") as old:
        return [old.execute(it).fetchall() for it in queries]


def test_the_store_is_split_without_another_pull(data, tmp_path):
    runs, restated = read(data, RUNS, "SELECT count(*) FROM restatement")
    shown = reads.runs(latest_snapshot(data))
    found = kept(data)
    assert found["runs"].select("run_key", "run_id").rows() == runs
    assert found["runs"]["url"].null_count() == 0
    assert [(found["restated"].height,)] == restated
    assert restated != [(0,)]
    assert not (data / "live.duckdb").exists()
    assert not (data / "live.duckdb.wal").exists()
    result = pull(41, data)
    assert (result.counts.new, result.counts.changed, result.deleted) == (0, 0, 0)
    assert result.requests <= 3
    assert_frame_equal(reads.runs(latest_snapshot(data)), shown)
    with open_live(data) as store:
        left = all_tables(store)
    pull(41, tmp_path / "clean")
    with open_live(tmp_path / "clean") as store:
        clean = all_tables(store)
    left["raw_run"], clean["raw_run"] = (it["raw_run"].drop(_NEW_FACTS) for it in (left, clean))
    assert_tables_agree(left, clean)
    assert [row for row in kept(data)["runs"].rows() if row[:2] in runs] == found["runs"].rows()
    assert_frame_equal(kept(data)["restated"], found["restated"])
    # A run after the split gets a new number.
    pull(42, data)
    keys = kept(data)["runs"]["run_key"]
    assert keys.n_unique() == keys.len()


@pytest.mark.fault
@pytest.mark.parametrize(
    ("name", "number"),
    [
        *((name, number) for number in (1, 2) for name in ("partial_of", "put_in_place")),
        *((name, 1) for name in ("remove_old_file", "write_ahead_log", "make_durable")),
    ],
)
def test_a_killed_split_is_continued(data, name, number):
    runs, scholars = read(data, RUNS, "SELECT * FROM scholar_number ORDER BY scholar_key")
    command = [sys.executable, "-c", _KILLED, name, str(number), data]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    found = kept(data)
    assert found["runs"].select("run_key", "run_id").rows() == runs
    assert found["scholars"].rows() == scholars
    files = {path.name for path in data.glob("*.duckdb*") if not path.is_symlink()}
    assert files == {"record.duckdb", "derived.duckdb"}
