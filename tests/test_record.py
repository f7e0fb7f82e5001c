"""The record in a file: what every record does, and what happens to the file itself."""

import shutil
from contextlib import closing

import pytest

from tests.builders import run, without_runs
from tests.derived_tables import assert_tables_agree, derived_tables
from tests.record_contract import *  # noqa: F403
from tests.record_contract import LATE, ON_TIME, bring, derived
from tests.stores import copied
from velocity.record import duckdb_record
from velocity.records import run_frame
from velocity.store import open_live

pytestmark = pytest.mark.sampled(12)


@pytest.fixture
def opened(tmp_path):
    """Open the store of a name, whose record is in its folder."""

    def named(name="one"):
        folder = tmp_path / name
        return open_live(folder if folder.exists() else copied(without_runs, folder))

    return named


def on_time(folder):
    with open_live(copied(without_runs, folder)) as store:
        bring(store, ON_TIME)
        derived(store)


def late(folder):
    with open_live(copied(on_time, folder)) as store:
        bring(store, [*LATE, run("bob", "12:00", "13:00", username="bob")])
        derived(store)


@pytest.mark.thorough
@pytest.mark.parametrize("later", [0, 3])
def test_tables_derived_from_another_record_are_rebuilt(opened, tmp_path, later):
    """With any number of changes in the other record."""
    other = [
        run("other", "10:00", f"1{1 + number}:30", username="ben") for number in range(1 + later)
    ]
    (copied(late, tmp_path / "one") / "record.duckdb").unlink()
    with opened("one") as store:
        for row in other:
            bring(store, [row])
        derived(store)
        found = derived_tables(store)
    with opened("fresh") as store:
        bring(store, other[-1:])
        derived(store)
        assert_tables_agree(found, derived_tables(store))


@pytest.mark.thorough
def test_runs_missing_from_an_earlier_copy_of_the_record_are_not_shown(opened, tmp_path):
    copied(late, tmp_path / "one")
    earlier = copied(on_time, tmp_path / "earlier") / "record.duckdb"
    shutil.copy(earlier, tmp_path / "one")
    with opened("one") as store:
        derived(store)
        found = derived_tables(store)
    with opened("earlier") as store:
        assert_tables_agree(found, derived_tables(store))


def test_merging_frees_the_files_blocks_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(duckdb_record, "_MERGES_CACHED", 1)
    # Where DuckDB would move memory that is in use: a folder cannot be made there.
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".tmp").touch()
    with closing(duckdb_record.DuckDBRecord(tmp_path)) as record:
        ask = record.connection.run

        def cached():
            memory = "SELECT sum(memory_usage_bytes) FROM duckdb_memory() WHERE tag = 'BASE_TABLE'"
            return ask(memory)[0][0]

        limit = ask("SELECT current_setting('memory_limit')")
        record.merge_runs(run_frame([run(f"r{number}", "09:00", "10:00") for number in range(500)]))
        ask("CHECKPOINT record")
        ask("SELECT max(run_id), max(created_at) FROM raw_run")
        before = cached()
        # Uncommitted to the disk, so that it cannot be freed.
        ask("CREATE TEMP TABLE used AS SELECT range AS n, random() AS x FROM range(4_000_000)")
        record.merge_runs(run_frame([run("new", "09:00", "10:00")]))
        assert cached() < before
        assert ask("SELECT current_setting('memory_limit')") == limit
