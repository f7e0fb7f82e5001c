"""A run of the first version, with one machine per run, gets writers from its columns."""

from datetime import timedelta

import duckdb
import pytest

from tests.builders import at
from tests.conftest import ROOT
from velocity.reading import reads
from velocity.records import run_frame
from velocity.settings import Settings
from velocity.store import open_live
from velocity.store.derive import derive
from velocity.store.publish import publish
from velocity.store.snapshot import latest_snapshot

pytestmark = pytest.mark.sampled(3)

NINE = at("09:00")
_OLD = """
INSERT INTO raw_run BY NAME SELECT
  'e' AS entity, 'p' AS project, unnest(['one', 'two', 'none', 'host']) AS run_id,
  'ada' AS username,
  'finished' AS state, $nine AS created_at, unnest([$nine, $nine, NULL, NULL]) AS started_at,
  unnest([NULL, [$ten, $nine], [], NULL]) AS writer_starts, $noon AS heartbeat_at,
  7200 AS runtime_s, unnest(['n1', 'n2', NULL, 'n3']) AS host,
  unnest([8, NULL, NULL, 4]) AS gpu_count, 'api' AS source;
"""


@pytest.fixture
def data(tmp_path):
    """A data folder of the first version, with runs of all kinds of writers."""
    with duckdb.connect(tmp_path / "live.duckdb") as old:
        old.execute((ROOT / "tests" / "data" / "one_file_store.sql").read_text())
        old.execute(_OLD, {"nine": NINE, "ten": at("10:00"), "noon": at("12:00")})
        old.execute(
            "INSERT INTO project VALUES (1, 'e', 'p', NULL, $as_of, $as_of, $as_of, true)",
            {"as_of": at("20:00")},
        )
    return tmp_path


def test_writers_are_built_from_the_earlier_columns(data):
    with open_live(data) as store:
        rows = store.record.connection.frame("SELECT run_id, writers FROM raw_run").rows()
    names = ("start", "host", "gpu_count")
    assert {
        run_id: writers and [tuple(it[name] for name in names) for it in writers]
        for run_id, writers in rows
    } == {
        "one": [(NINE, "n1", 8)],
        "two": [(NINE, "n2", None), (at("10:00"), "n2", None)],
        "none": None,
        "host": [(None, "n3", 4)],
    }


def test_the_figures_of_a_migrated_store_are_derived_again(data):
    with open_live(data) as store:
        derive(store, Settings(), None)
        publish(store)
    runs = reads.runs(latest_snapshot(data)).sort("run_id")
    assert runs["active_hours"].to_list() == pytest.approx([2, 2, 2, 2])
    assert runs.filter(run_id="two")["ended_at"].item() == at("12:00")


def test_the_same_run_again_is_unchanged(data):
    with open_live(data) as store:
        rows = run_frame(store.record.connection.frame("FROM raw_run").to_dicts())
        assert store.record.merge_runs(rows).unchanged == rows.height
        moved = rows.with_columns(heartbeat_at=rows["heartbeat_at"] + timedelta(seconds=1))
        assert store.record.merge_runs(moved).changed == rows.height
