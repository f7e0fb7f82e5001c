"""Which of several rows about one run the store keeps."""

from __future__ import annotations

import pytest

from tests.builders import run
from velocity.records import run_frame
from velocity.store import open_live


@pytest.fixture
def store(tmp_path):
    with open_live(tmp_path) as live:
        yield live


def states(store) -> list[str]:
    return [
        state
        for (state,) in store.record.connection.run("SELECT state FROM raw_run ORDER BY run_id")
    ]


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_several_rows_in_a_batch_the_one_with_the_latest_heartbeat_counts(store, newest_first):
    rows = [
        run("r1", "09:00", "11:00", state="finished"),
        run("r1", "09:00", "10:00", state="running"),
        run("r1", "09:00", None, state="pending"),
    ]
    store.record.merge_runs(run_frame(rows if newest_first else rows[::-1]))
    assert states(store) == ["finished"]


@pytest.mark.parametrize(
    ("held", "comes", "kept"),
    [(3, 2, True), (2, 1, True), (1, None, True), (2, 3, False), (2, 2, False), (None, 1, False)],
)
def test_a_row_is_replaced_only_by_a_source_with_the_same_trust_or_more(store, held, comes, kept):
    store.record.merge_runs(run_frame([run("r1", "09:00", state="running", trust=held)]))
    store.record.merge_runs(run_frame([run("r1", "09:00", "10:00", trust=comes)]))
    assert states(store) == ["running" if kept else "finished"]


def held(store) -> dict[str, bool | None]:
    sql = "SELECT run_id, relaunched FROM raw_run ORDER BY run_id"
    return dict(store.record.connection.run(sql))


def launch(start: str, **columns):
    return run_frame([run("r", start, **{"source": "files", "resumed": False} | columns)])


def test_launches_with_the_same_id_read_one_by_one_are_separate_runs(store):
    for start in ("09:00", "13:00", "13:00", "09:00", "11:00:00.000250"):
        store.record.merge_runs(launch(start))
    assert held(store) == {
        "r": None,
        "r@2026-01-05T11:00:00.000250Z": True,
        "r@2026-01-05T13:00:00Z": True,
    }


def test_a_launch_read_again_changes_nothing(store):
    outcomes = [
        store.record.merge_runs(launch(start)) for start in ("09:00", "13:00", "13:00", "09:00")
    ]
    assert [(it.new, it.unchanged) for it in outcomes] == [(1, 0), (1, 0), (0, 1), (0, 1)]


@pytest.mark.parametrize(
    ("start", "columns"),
    [
        ("09:02", {}),  # the same start, reported differently
        ("13:00", {"resumed": True}),
        ("13:00", {"resumed": None}),  # no log to tell
        ("13:00", {"source": "api"}),
        ("13:00", {"source": "table"}),
    ],
)
def test_a_run_with_the_id_of_a_stored_launch_may_be_the_same_run(store, start, columns):
    store.record.merge_runs(launch("09:00"))
    store.record.merge_runs(launch(start, **columns))
    assert held(store) == {"r": None}
