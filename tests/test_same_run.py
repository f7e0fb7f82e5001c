"""A run read under two keys counts once: the row read last, but W&B before directories."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import pytest

from tests.builders import at, run, without_runs
from tests.stores import copied
from velocity.records import run_frame
from velocity.settings import Settings
from velocity.store.derive import derive
from velocity.store.live import open_live

pytestmark = pytest.mark.sampled(3)

LOCAL = {"entity": "local", "project": "uncategorized", "source": "files", "username": None}
MOVED = {"project": "q", "source": "api"}
PULLED = {"source": "api"}

ON_DISK, OF_W_AND_B, ELSEWHERE = (run("r", "09:00", "10:00", **it) for it in (LOCAL, PULLED, MOVED))
LATER = ["09:00", "09:02", "08:58"]
OTHERS = [
    run("r", "09:03", "10:00", **MOVED),  # another start
    run("s", "09:00", "10:00", **MOVED),  # another id
    run("r@home", "09:00", "10:00", **MOVED),  # an id with an @ of its own
]
FIRST = run("r", "09:00", "09:10", **LOCAL)
AGAIN = run("r@2026-01-05T13:00:00Z", "13:00", "14:00", **LOCAL)
START = at("13:00:00.123456")
#: Case -> the rows that each sync brings.
CASES = {
    **{it: [[ON_DISK], [run("r", it, "10:00", **PULLED)]] for it in LATER},
    "directory last": [[OF_W_AND_B], [ON_DISK]],
    "moved": [[OF_W_AND_B], [ELSEWHERE], [OF_W_AND_B | {"notes": "edited"}]],
    "gone": [[ON_DISK], [OF_W_AND_B]],
    **{f"other {number}": [[OF_W_AND_B, it]] for number, it in enumerate(OTHERS)},
    "separated": [
        [FIRST, AGAIN | {"relaunched": True}],
        [run("r", "13:00", "14:00", **PULLED, created_at="09:00")],
    ],
    "fraction": [
        [
            run(f"r@{START.isoformat().replace('+00:00', 'Z')}", START, "14:00", **LOCAL),
            run("r", START, "14:00", **PULLED),
        ]
    ],
    "in succession": [
        [
            run("r", "09:00", "09:00:30", **LOCAL),
            run("r@2026-01-05T09:01:00Z", "09:01", "10:00", **LOCAL),
        ]
    ],
    "both names": [[FIRST, AGAIN], [run("r", "13:00", "14:00", **LOCAL)]],
    "three rows": [[ON_DISK, OF_W_AND_B, ELSEWHERE]],
}


@cache
def history():
    """After each sync, why each run of "case:entity/project/run" is excluded (None: it counts)."""
    found = []
    with (
        tempfile.TemporaryDirectory() as folder,
        open_live(copied(without_runs, Path(folder))) as store,
    ):
        for number in range(3):
            rows = [
                row | {"entity": f"{case}:{row['entity']}", "run_id": f"{case}|{row['run_id']}"}
                for case, syncs in CASES.items()
                for row in (syncs[number] if number < len(syncs) else ())
            ]
            runs = run_frame(rows)
            store.record.merge_runs(runs)
            if number == 2:
                store.record.mark_deleted("gone:e", "p", ["gone|r"], at=at("22:00"))
            for entity, project in runs.select("entity", "project").unique().iter_rows():
                store.record.merge_project(entity, project, rejected=(), as_of=at("23:00"))
            derive(store, Settings(), None)
            sql = (
                "SELECT concat_ws('/', entity, project, split_part(run_id, '|', 2)), excluded "
                "FROM derived.run JOIN project USING (project_key)"
            )
            with store.reading_record():
                found.append(dict(store.run(sql)))
    return found


def counted(case, sync=2):
    """The runs of a case that count after a sync."""
    start = f"{case}:"
    excluded = {
        key.removeprefix(start): why
        for key, why in history()[sync].items()
        if key.startswith(start)
    }
    assert set(excluded.values()) <= {None, "same_run"}
    return {key for key, why in excluded.items() if why is None}


@pytest.mark.parametrize("later", LATER)
def test_a_run_of_w_and_b_replaces_its_directory(later):
    assert counted(later, 0) == {"local/uncategorized/r"}
    assert counted(later, 1) == {"e/p/r"}


def test_a_directory_read_after_w_and_b_does_not_count():
    assert counted("directory last") == {"e/p/r"}


def test_the_last_row_of_a_moved_run_counts():
    assert [counted("moved", it) for it in range(3)] == [{"e/p/r"}, {"e/q/r"}, {"e/p/r"}]


def test_a_run_counts_again_once_the_other_is_gone():
    assert counted("gone") == {"local/uncategorized/r"}


@pytest.mark.parametrize("number", range(len(OTHERS)))
def test_a_different_run_counts_too(number):
    assert len(counted(f"other {number}")) == 2


def test_a_launch_separated_locally_is_the_run_of_w_and_b():
    assert counted("separated", 0) == {
        "local/uncategorized/r",
        "local/uncategorized/r@2026-01-05T13:00:00Z",
    }
    assert counted("separated", 1) == {"e/p/r", "local/uncategorized/r"}


def test_a_launch_with_a_fraction_of_a_second_is_recognised():
    assert counted("fraction") == {"e/p/r"}


def test_launches_in_quick_succession_in_one_project_are_two_runs():
    assert len(counted("in succession")) == 2


def test_a_launch_under_both_its_names_is_one_run():
    """The directory of the earlier launch is gone, and the later one was read again without it."""
    assert len(counted("both names")) == 1


def test_three_rows_of_one_run_are_one_run():
    assert len(counted("three rows")) == 1
