"""The publisher's copy of a record in PostgreSQL takes in every change, however it comes about."""

import shutil
from contextlib import contextmanager

import psycopg
import pytest

from tests.builders import at, run
from tests.derived_tables import assert_tables_agree, derived_tables
from tests.record_contract import bring, derived, rows
from velocity.errors import StoreBusyError, StoreError
from velocity.record.postgres import Server
from velocity.record.postgres_intake import PostgresIntake
from velocity.records import run_frame
from velocity.settings import Settings, Store
from velocity.store import LiveStore, open_live
from velocity.store.live import move
from velocity.store.publish import publish
from velocity.sync.forget import forget_person, look_up

PERSON = "zebrafinch"


def settings_with(database: str) -> Settings:
    return Settings(store=Store(record=database))


@pytest.fixture
def store(tmp_path, database):
    with open_live(tmp_path / "publisher", settings_with(database)) as opened:
        yield opened


@pytest.fixture
def worker(tmp_path, database):
    (tmp_path / "worker").mkdir()
    intake = PostgresIntake(tmp_path / "worker", database)
    yield intake
    intake.close()


def runs_of(*people: str):
    return run_frame([run(f"run of {it}", "09:00", "10:00", username=it) for it in people])


def names_in(store: LiveStore) -> set[str]:
    return {name for (name,) in rows(store, "SELECT username FROM raw_run")}


def test_what_commits_during_a_publish_is_in_the_next_one(store, worker, monkeypatch):
    bring(store, [])
    worker.merge_runs(runs_of("ada"))
    real = Server.reading

    @contextmanager
    def reading(server):
        with real(server) as read:
            worker.merge_runs(runs_of("bob"))
            worker.merge_project("e", "later", rejected=(), as_of=at("12:00"))
            yield read

    with monkeypatch.context() as patched:
        patched.setattr(Server, "reading", reading)
        assert derived(store) == 1
    with store.reading_record():
        assert store.run("SELECT DISTINCT username FROM raw_run") == [("ada",)]
        assert store.run("SELECT project FROM project") == [("p",)]
    assert derived(store) == 1
    assert names_in(store) == {"ada", "bob"}


def test_a_change_that_commits_late_is_not_missed(store, worker, tmp_path, database):
    """Its number is smaller than one that was taken in already."""
    bring(store, [])
    (tmp_path / "other").mkdir()
    other = PostgresIntake(tmp_path / "other", database)
    with worker._session.transaction():
        worker.merge_runs(runs_of("early"))
        other.merge_runs(run_frame([run("r", "09:00", project="q", username="late")]))
        other.close()
        assert derived(store) == 1
    assert derived(store) == 1
    assert names_in(store) == {"early", "late"}


def test_a_copy_that_missed_changes_is_made_anew(tmp_path, database):
    """A copy of another machine, or from a backup."""
    settings = settings_with(database)
    with open_live(tmp_path / "first", settings) as store:
        bring(store, [run("r1", "09:00", "10:00"), run("gone", "09:00", username="bob")])
        derived(store)
    shutil.copytree(tmp_path / "first", tmp_path / "backup")
    with open_live(tmp_path / "second", settings) as store:
        derived(store)
        store.record.mark_deleted("e", "p", ["gone"], at=at("12:00"))
        bring(store, [run("r1", "09:00", "11:00")])
        derived(store)
        expected = derived_tables(store)
    for folder in ("first", "backup"):
        with open_live(tmp_path / folder, settings) as store:
            assert derived(store) == 2
            assert derived(store) == 0
            assert_tables_agree(derived_tables(store), expected)


def test_only_one_process_publishes(store, tmp_path, database):
    assert store.record.count_runs(["ada"]) == {}
    with pytest.raises(StoreBusyError), open_live(tmp_path / "two", settings_with(database)):
        pass


def test_a_record_moves_to_a_server_and_back_and_nothing_is_derived_again(tmp_path, database):
    there, here = settings_with(database), Settings()
    first = [run("r1", "09:00", "10:00", tags=["a"], config='{"lr": 0.1}')]
    later = [run("r2", "12:00", "13:00", config='{"lr": 0.1}'), first[0] | {"tags": ["b"]}]
    last = [run("r3", "14:00", "15:00", config='{"lr": 0.1}')]
    data = tmp_path / "moved"
    with open_live(data) as store:
        bring(store, first)
        derived(store)
    with pytest.raises(StoreError, match="of its own"), open_live(data, there):
        pass
    move(data, there, "server")
    with pytest.raises(StoreError, match="on a server"), open_live(data):
        pass
    with open_live(data, there) as store:
        assert derived(store) == 0
        bring(store, later)
        assert derived(store) == 1
    move(data, there, "file")
    with open_live(data) as store:
        assert derived(store) == 0
        bring(store, last)
        derived(store)
        found = derived_tables(store)
        assert [number for (number,) in rows(store, "SELECT run_key FROM raw_run")] == [1, 2, 3]
    with open_live(tmp_path / "never", here) as store:
        for runs in (first, later, last):
            bring(store, runs)
            derived(store)
        assert_tables_agree(found, derived_tables(store))
    assert texts_in(database).isdisjoint({"r1", "ada"})


def test_a_server_with_another_record_is_refused(tmp_path, database, store):
    bring(store, [run("r1", "09:00")])
    with open_live(tmp_path / "own") as own:
        bring(own, [run("r2", "09:00")])
    with pytest.raises(StoreError, match=r"config\.salt|already"):
        move(tmp_path / "own", settings_with(database), "server")


def test_no_worker_brings_a_forgotten_person_back(tmp_path, database, worker, postgres_files):
    settings = Settings(store=Store(record=database), roster=tmp_path / "none.toml")
    data = tmp_path / "publisher"
    with open_live(data, settings) as store:
        bring(store, [])
        worker.merge_runs(runs_of("ada", PERSON))
        derived(store)
        publish(store)
    with psycopg.connect(database) as connection:
        connection.execute("ANALYZE")  # as the server does by itself
    assert postgres_files(PERSON.encode())
    gone = forget_person(data, settings, look_up(data, settings, PERSON))
    assert gone.runs == 1
    assert not postgres_files(PERSON.encode())
    assert worker.merge_runs(runs_of("ada", PERSON)).new == 0
    files = [path for path in data.rglob("*") if path.is_file()]
    assert not [path for path in files if PERSON.encode() in path.read_bytes()]


def texts_in(database: str) -> set[str]:
    """Every value in every table of a database, as text."""
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'velocity_record'"
    with psycopg.connect(database) as connection:
        names = [name for (name,) in connection.execute(tables).fetchall()]
        every = [f'SELECT * FROM velocity_record."{name}"' for name in names]  # noqa: S608
        rows_of_all = [row for sql in every for row in connection.execute(sql).fetchall()]
    return {str(value) for row in rows_of_all for value in row}
