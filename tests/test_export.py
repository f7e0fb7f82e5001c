"""Parquet for BI tools: every frame, changed all at once; and the link to the current snapshot."""

import re
import resource
import stat
import subprocess
import sys

import duckdb
import pandas as pd
import polars as pl
import pytest

import velocity
from tests.builders import run, store_of
from tests.commands import velocity as command
from tests.conftest import ROOT
from velocity.api import exported
from velocity.errors import VelocityError
from velocity.store import open_live
from velocity.store.publish import publish
from velocity.store.snapshot import STABLE_NAME

pytestmark = pytest.mark.sampled(6)

#: Prints the number of runs in the snapshot: through a connection that it keeps, then through a new
#: one, once per line that it reads.
_READER = """
import sys, duckdb
kept = duckdb.connect(sys.argv[1], read_only=True)
for _ in sys.stdin:
    with duckdb.connect(sys.argv[1], read_only=True) as opened:
        counts = [it.execute("SELECT count(*) FROM run").fetchone()[0] for it in (kept, opened)]
    print(*counts, flush=True)
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "data"
    rows = [
        run("r1", "09:00", "10:00", gpu_count=1, gpu_type="A", tags=["a", "b"]),
        run("r2", "11:00", "12:00"),
        run("g1", "2026-01-06 09:00", "2026-01-06 11:00", username="grace"),
    ]
    store_of(rows, "2026-01-06 12:00", data=folder)
    return folder


@pytest.fixture(scope="module")
def v(data):
    with velocity.open(data) as opened:
        yield opened


@pytest.fixture
def small(monkeypatch):
    """One small frame instead of those of every read."""
    monkeypatch.setattr(exported, "frames", lambda _: [("snapshot", pl.DataFrame({"a": [1]}))])


@pytest.fixture(scope="module")
def reports():
    """The progress of `written`."""
    return []


@pytest.fixture(scope="module")
def written(v, reports, tmp_path_factory):
    folder = tmp_path_factory.mktemp("written") / "out"
    return exported.write_parquet(v, folder, on_file=lambda *it: reports.append(it))


@pytest.mark.thorough
def test_there_is_a_file_for_every_frame_and_the_progress_counts_them(v, written, reports):
    expected = dict(exported.frames(v))
    count = len(expected)
    assert [(done, total) for _, done, total in reports] == [(n + 1, count) for n in range(count)]
    assert {path.stem for path in written.iterdir()} == set(expected)
    for name, frame in expected.items():
        found = pl.read_parquet(written / f"{name}.parquet")
        assert found.schema == frame.schema, name
        assert found.equals(frame, null_equal=True), name


@pytest.mark.thorough
def test_duckdb_polars_and_pandas_read_the_same_rows(written):
    for path in written.iterdir():
        frame = pl.read_parquet(path)
        seen = duckdb.read_parquet(str(path))
        assert (seen.columns, len(seen)) == (frame.columns, frame.height)
        table = pd.read_parquet(path)
        assert (list(table.columns), len(table)) == (frame.columns, frame.height)
    runs = pd.read_parquet(written / "runs.parquet").set_index("run_id")
    assert runs.loc["r1", "started_at"] == pd.Timestamp("2026-01-05T09:00:00Z")
    hours = duckdb.read_parquet(str(written / "runs.parquet")).aggregate("sum(active_hours)")
    assert hours.fetchall() == [(4.0,)]


def names_in(folder):
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(("mode", "of_files"), [(None, 0o600), (0o2750, 0o640)])
@pytest.mark.usefixtures("small")
def test_files_have_the_permissions_of_the_folder(v, tmp_path, mode, of_files):
    folder = tmp_path / "out"
    if mode is not None:
        folder.mkdir()
        folder.chmod(mode)
    latest = exported.write_parquet(v, folder)
    for paths, expected in (([folder, latest], mode or 0o700), (latest.iterdir(), of_files)):
        assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {expected}


@pytest.mark.usefixtures("small")
def test_an_export_that_fails_leaves_the_previous_one(v, tmp_path, monkeypatch):
    latest = exported.write_parquet(v, tmp_path)
    before = latest.resolve()

    def fail(_):
        yield "snapshot", pl.DataFrame({"a": [1]})
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exported, "frames", fail)
    with pytest.raises(velocity.VelocityError, match="No space left on device"):
        exported.write_parquet(v, tmp_path)
    assert latest.resolve() == before
    assert names_in(tmp_path) == {"latest", before.name}


@pytest.mark.usefixtures("small")
def test_two_exports_are_kept_and_other_files_are_left_alone(v, tmp_path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    for _ in range(4):
        latest = exported.write_parquet(v, tmp_path)
    assert names_in(tmp_path) == {"latest", "00000003", "00000004", "notes.txt"}
    assert latest.resolve().name == "00000004"


@pytest.mark.usefixtures("small")
def test_a_full_disk_leaves_the_earlier_export(v, tmp_path):
    latest = exported.write_parquet(v, tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(VelocityError, match="cannot be written: File too large"):
            exported.write_parquet(v, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert latest.resolve().name == "00000001"
    assert names_in(tmp_path) == {"latest", "00000001"}


def test_the_command_exports_the_data_folder(data, tmp_path):
    done = command("export", "--data", data, "--parquet", "out", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"")
    runs = pl.read_parquet(tmp_path / "out" / "latest" / "runs.parquet")
    assert set(runs["run_id"]) == {"r1", "r2", "g1"}
    (tmp_path / "file").touch()
    refused = command("export", "--data", data, "--parquet", "file", cwd=tmp_path)
    assert refused.returncode == 1
    assert b"The export to file cannot be written" in b" ".join(refused.stderr.split())


BI = (ROOT / "docs" / "bi.md").read_text(encoding="utf-8")


def test_bi_md_lists_every_file(written):
    table = BI.partition("| file | holds |")[2].partition("\n\n")[0]
    listed = set(re.findall(r"`(\w+)\.parquet`", table))
    kinds = [re.sub("^(weekly|credits)_.*", r"\1_BY", path.stem) for path in written.iterdir()]
    names = {re.sub("^metrics_[a-z]+_[a-z]+$", "metrics_BY_PERIOD", it) for it in kinds}
    assert listed == names


def test_the_queries_of_bi_md_run_on_an_export(written):
    queries = re.findall(r"```sql\n(.*?)```", BI, re.DOTALL)
    assert len(queries) == 3
    for query in queries:
        found = duckdb.sql(query.replace("/srv/velocity/latest", str(written)))
        found.fetchall()
        assert len(found.columns) == 3
    named = set(re.findall(r"latest/(\w+\.parquet)", BI))
    assert len(named) == 2
    assert named <= names_in(written)


@pytest.mark.thorough
def test_a_reader_of_the_snapshot_never_meets_a_lock(tmp_path):
    store_of([run("r1", "09:00", "10:00")], "20:00", data=tmp_path)
    command = [sys.executable, "-c", _READER, str(tmp_path / STABLE_NAME)]
    pipes = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
    reader = subprocess.Popen(command, text=True, **pipes)
    with reader, open_live(tmp_path) as store:
        for _ in range(10):
            reader.stdin.write("\n")
            reader.stdin.flush()
            name = publish(store)
            assert reader.stdout.readline() == "1 1\n"
        reader.stdin.close()
    assert reader.returncode == 0
    assert (tmp_path / STABLE_NAME).resolve() == tmp_path / "snapshots" / f"{name}.duckdb"


def test_the_link_leads_to_the_newest_snapshot_even_after_the_folder_moved(tmp_path):
    before, after = tmp_path / "before", tmp_path / "after"
    store_of([run("r1", "09:00", "10:00")], "20:00", data=before)
    store_of([run("r2", "11:00", "12:00")], "20:00", data=before)
    before.rename(after)
    with duckdb.connect(after / STABLE_NAME, read_only=True) as opened:
        assert opened.execute("SELECT count(*) FROM run").fetchone() == (2,)
