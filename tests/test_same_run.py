"""A run read under two keys counts once: the row read last, but W&B before directories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import at, run, without_runs
from tests.sampling import one_in
from tests.stores import copied
from velocity.records import run_frame
from velocity.settings import Settings
from velocity.store.derive import derive
from velocity.store.live import open_live

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from velocity.store import LiveStore

pytestmark = pytest.mark.sampled(3)

LOCAL = {"entity": "local", "project": "uncategorized", "source": "files", "username": None}
MOVED = {"project": "q", "source": "api"}
PULLED = {"source": "api"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LiveStore]:
    with open_live(copied(without_runs, tmp_path)) as live:
        yield live


def read(store: LiveStore, *rows: dict[str, Any]) -> dict[str, str | None]:
    """Merge rows like a sync; return why each run is excluded (None: it counts)."""
    runs = run_frame(rows)
    store.record.merge_runs(runs)
    for entity, project in runs.select("entity", "project").unique().iter_rows():
        store.record.merge_project(entity, project, rejected=(), as_of=at("23:00"))
    derive(store, Settings(), None)
    sql = (
        "SELECT entity, project, run_id, excluded FROM derived.run JOIN project USING (project_key)"
    )
    with store.reading_record():
        rows = store.run(sql)
    return {f"{entity}/{project}/{run_id}": excluded for entity, project, run_id, excluded in rows}


def counted(excluded: dict[str, str | None]) -> set[str]:
    assert set(excluded.values()) <= {None, "same_run"}
    return {key for key, why in excluded.items() if why is None}


@pytest.mark.thorough
@pytest.mark.parametrize("later", one_in(3, ["09:00", "09:02", "08:58"]))
def test_a_run_of_w_and_b_replaces_its_directory(store: LiveStore, later: str) -> None:
    local, pulled = run("r", "09:00", "10:00", **LOCAL), run("r", later, "10:00", **PULLED)
    assert counted(read(store, local)) == {"local/uncategorized/r"}
    assert counted(read(store, pulled)) == {"e/p/r"}


@pytest.mark.thorough
def test_a_directory_read_after_w_and_b_does_not_count(store: LiveStore) -> None:
    read(store, run("r", "09:00", "10:00", **PULLED))
    assert counted(read(store, run("r", "09:00", "10:00", **LOCAL))) == {"e/p/r"}


@pytest.mark.thorough
def test_the_last_row_of_a_moved_run_counts(store: LiveStore) -> None:
    assert counted(read(store, run("r", "09:00", "10:00", **PULLED))) == {"e/p/r"}
    assert counted(read(store, run("r", "09:00", "10:00", **MOVED))) == {"e/q/r"}
    back = run("r", "09:00", "10:00", **PULLED, notes="edited")
    assert counted(read(store, back)) == {"e/p/r"}


@pytest.mark.thorough
def test_a_run_counts_again_once_the_other_is_gone(store: LiveStore) -> None:
    read(store, run("r", "09:00", "10:00", **LOCAL))
    read(store, run("r", "09:00", "10:00", **PULLED))
    store.record.mark_deleted("e", "p", ["r"], at=at("22:00"))
    assert counted(read(store)) == {"local/uncategorized/r"}


@pytest.mark.parametrize(
    "other",
    one_in(
        3,
        [
            run("r", "09:03", "10:00", **MOVED),  # another start
            run("s", "09:00", "10:00", **MOVED),  # another id
            run("r@home", "09:00", "10:00", **MOVED),  # an id with an @ of its own
        ],
    ),
)
def test_a_different_run_counts_too(store: LiveStore, other: dict[str, Any]) -> None:
    assert len(counted(read(store, run("r", "09:00", "10:00", **PULLED), other))) == 2


@pytest.mark.thorough
def test_a_launch_separated_locally_is_the_run_of_w_and_b(store: LiveStore) -> None:
    first = run("r", "09:00", "09:10", **LOCAL)
    again = run("r@2026-01-05T13:00:00Z", "13:00", "14:00", **LOCAL, relaunched=True)
    assert counted(read(store, first, again)) == {
        "local/uncategorized/r",
        "local/uncategorized/r@2026-01-05T13:00:00Z",
    }
    pulled = run("r", "13:00", "14:00", **PULLED, created_at="09:00")
    assert counted(read(store, pulled)) == {"e/p/r", "local/uncategorized/r"}


def test_a_launch_with_a_fraction_of_a_second_is_recognised(store: LiveStore) -> None:
    start = at("13:00:00.123456")
    again = run(f"r@{start.isoformat().replace('+00:00', 'Z')}", start, "14:00", **LOCAL)
    assert counted(read(store, again, run("r", start, "14:00", **PULLED))) == {"e/p/r"}


def test_launches_in_quick_succession_in_one_project_are_two_runs(store: LiveStore) -> None:
    rows = [
        run("r", "09:00", "09:00:30", **LOCAL),
        run("r@2026-01-05T09:01:00Z", "09:01", "10:00", **LOCAL),
    ]
    assert len(counted(read(store, *rows))) == 2


@pytest.mark.thorough
def test_a_launch_under_both_its_names_is_one_run(store: LiveStore) -> None:
    """The directory of the earlier launch is gone, and the later one was read again without it."""
    again = run("r@2026-01-05T13:00:00Z", "13:00", "14:00", **LOCAL)
    read(store, run("r", "09:00", "09:10", **LOCAL), again)
    read(store, run("r", "13:00", "14:00", **LOCAL))
    assert len(counted(read(store))) == 1


def test_three_rows_of_one_run_are_one_run(store: LiveStore) -> None:
    rows = [run("r", "09:00", "10:00", **place) for place in (LOCAL, PULLED, MOVED)]
    assert len(counted(read(store, *rows))) == 1
