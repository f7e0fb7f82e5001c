"""Readers and the writer do not wait for each other, and the last three snapshots are kept."""

import duckdb
import pytest

from tests.builders import one_run, run, store_of
from tests.stores import copied
from velocity.errors import StoreError
from velocity.reading import reads
from velocity.store import Snapshot, latest_snapshot, open_live, snapshot
from velocity.store.publish import publish


def test_reads_work_during_writes_and_publishing(tmp_path):
    copied(one_run, tmp_path)
    reader = latest_snapshot(tmp_path)
    # Two sessions may start at once, or one may return to an older snapshot.
    again = Snapshot(tmp_path / "snapshots" / f"{reader.name}.duckdb")
    with open_live(tmp_path):  # a writer holds the live file
        assert reads.runs(reader).height == 1
    store_of([run("r2", "09:00", "10:00")], "11:00", data=tmp_path)
    for opened in (reader, again):
        assert reads.runs(opened).height == 1  # an open snapshot does not change
    assert reads.runs(latest_snapshot(tmp_path)).height == 2


@pytest.mark.thorough
def test_three_snapshots_are_kept(tmp_path):
    with open_live(copied(one_run, tmp_path)) as store:
        for _ in range(4):
            publish(store)
    kept = sorted(path.stem for path in (tmp_path / "snapshots").iterdir())
    assert kept == ["00000003", "00000004", "00000005"]


@pytest.mark.parametrize("error", [duckdb.IOException, duckdb.OutOfMemoryException])
def test_a_snapshot_that_cannot_be_read_says_what_to_do(tmp_path, monkeypatch, error):
    opened = latest_snapshot(copied(one_run, tmp_path))

    def refuse(*_):
        raise error("cannot allocate\nmore")

    monkeypatch.setattr(snapshot, "execute", refuse)
    with pytest.raises(StoreError, match="could not be read: cannot allocate") as told:
        opened.frame("SELECT 1")
    assert "more" not in told.value.message
    assert "velocity sync" in told.value.hint


def test_joins_as_of_an_instant_are_sorted_however_few_rows_are_expected(tmp_path):
    """With nested loops, deriving would take time in proportion to the square of the runs."""
    join = "EXPLAIN FROM range(9) AS a ASOF JOIN range(9) AS b ON a.range >= b.range"
    with open_live(copied(one_run, tmp_path)) as store:
        plans = [str(it.frame(join).rows()).lower() for it in (store, latest_snapshot(tmp_path))]
    for plan in plans:
        assert "asof join" in plan
        assert "nested" not in plan
