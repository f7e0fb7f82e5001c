"""A stop between the record and the derived tables loses nothing and doubles nothing."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.builders import at, run
from tests.derived_tables import assert_tables_agree, derived_tables
from velocity.record.duckdb_record import DuckDBRecord
from velocity.records import run_frame
from velocity.settings import Settings
from velocity.store import LiveStore, open_live
from velocity.store.derive import derive

if TYPE_CHECKING:
    from pathlib import Path

ON_TIME = [run("r1", "09:00", "10:00")]
LATE = [run("late", "12:00", "13:00")]


class StoppedError(Exception):
    """Raised instead of a kill."""


def bring(store, rows, as_of: str = "2026-01-13 08:00") -> None:
    store.record.merge_runs(run_frame(rows))
    store.record.merge_project("e", "p", rejected=(), as_of=at(as_of))


def derived(store) -> int:
    return derive(store, Settings(), None).scholars


def restated(store) -> list:
    columns = "derivation, kind, group_id, week_start, measure, value_before, value_after"
    sql = f"SELECT {columns} FROM restatement ORDER BY ALL"  # noqa: S608 - ours
    return store.record.connection.frame(sql).rows()


def test_changes_that_were_not_derived_are_derived_next(tmp_path):
    with open_live(tmp_path / "one") as store:
        bring(store, ON_TIME)
        derived(store)
        assert derived(store) == 0
        bring(store, LATE)
    # The command may have been stopped right after its merge.
    with open_live(tmp_path / "one") as store:
        assert derived(store) == 1
        assert derived(store) == 0
        found = derived_tables(store)
    with open_live(tmp_path / "other") as store:
        bring(store, [*ON_TIME, *LATE])
        derived(store)
        assert_tables_agree(found, derived_tables(store))


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("where", "name"), [(DuckDBRecord, "keep_restatements"), (LiveStore, "run")]
)
def test_a_restatement_is_kept_once_if_a_derivation_stops_anywhere(
    tmp_path, monkeypatch, where, name
):
    real = getattr(where, name)

    def stops(self, *words):
        if name == "run" and words[0] != "DELETE FROM restated":
            return real(self, *words)
        raise StoppedError

    found = []
    for folder, is_stopped in (("whole", False), ("stopped", True)):
        with open_live(tmp_path / folder) as store:
            bring(store, ON_TIME, "2026-01-12 08:00")
            derived(store)
            bring(store, LATE)
            if is_stopped:
                with monkeypatch.context() as patched:
                    patched.setattr(where, name, stops)
                    with pytest.raises(StoppedError):
                        derived(store)
            derived(store)
            bring(store, [run("r1", "09:00", "10:00", state="failed")])
            derived(store)
            found.append(restated(store))
    assert found[0]
    assert found[0] == found[1]


@pytest.mark.thorough
def test_derived_tables_can_be_rebuilt_from_the_record(tmp_path):
    with open_live(tmp_path) as store:
        bring(store, ON_TIME, "2026-01-12 08:00")
        derived(store)
        bring(store, LATE)
        derived(store)
        found, told = derived_tables(store), restated(store)
    (tmp_path / "derived.duckdb").unlink()
    with open_live(tmp_path) as store:
        assert derived(store) == 1
        assert_tables_agree(derived_tables(store), found)
        assert restated(store) == told != []


@pytest.mark.thorough
@pytest.mark.parametrize("later", [0, 3])
def test_tables_derived_from_another_record_are_rebuilt(tmp_path, later):
    """With any number of changes in the other record."""
    other = [run(f"other{number}", f"1{number}:00", f"1{number}:30") for number in range(1 + later)]
    with open_live(tmp_path) as store:
        bring(store, ON_TIME)
        bring(store, LATE)
        derived(store)
    (tmp_path / "record.duckdb").unlink()
    with open_live(tmp_path) as store:
        for row in other:
            bring(store, [row])
        derived(store)
        found = derived_tables(store)
    with open_live(tmp_path / "fresh") as store:
        bring(store, other)
        derived(store)
        assert_tables_agree(found, derived_tables(store))


@pytest.mark.thorough
def test_runs_missing_from_an_earlier_copy_of_the_record_are_not_shown(tmp_path):
    with open_live(tmp_path) as store:
        bring(store, ON_TIME)
        derived(store)
    copy = shutil.copy(tmp_path / "record.duckdb", tmp_path / "copy")
    with open_live(tmp_path) as store:
        bring(store, LATE)
        derived(store)
    shutil.move(copy, tmp_path / "record.duckdb")
    with open_live(tmp_path) as store:
        derived(store)
        found = derived_tables(store)
    with open_live(tmp_path / "fresh") as store:
        bring(store, ON_TIME)
        derived(store)
        assert_tables_agree(found, derived_tables(store))


def test_the_record_cannot_be_written_while_it_is_derived(tmp_path: Path):
    with open_live(tmp_path) as store:
        bring(store, ON_TIME)
        with store.reading_record(), pytest.raises(Exception, match="read-only mode"):
            store.run("DELETE FROM raw_run")
        assert store.record.count_runs(["ada"]) == {"ada": 1}
