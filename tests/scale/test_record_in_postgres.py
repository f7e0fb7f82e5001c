"""The record in PostgreSQL: what every record does, and what happens to its copy."""

from datetime import date
from functools import cache

import polars as pl
import pytest

from tests.builders import at, run
from tests.pulled_histories import check_history
from tests.record_contract import *  # noqa: F403
from tests.record_contract import rows
from velocity.record import Record
from velocity.records import Rejected, run_frame
from velocity.settings import Settings, Store


@pytest.fixture
def settings_of(new_database):
    """The record of every store is in a database of its own."""
    return cache(lambda _: Settings(store=Store(record=new_database())))


@pytest.mark.fault
def test_after_any_history_the_record_equals_one_in_a_file(monkeypatch, tmp_path, settings_of):
    check_history(monkeypatch, tmp_path, 1, settings_of("kept"))


def test_a_nul_which_postgres_refuses_is_left_out(store):
    store.record.merge_runs(run_frame([run("r1", "09:00", notes="a\0b", tags=["c\0"])]))
    rejected = [Rejected("e", "p", None, "why")]
    store.record.merge_project("e", "p", rejected=rejected, as_of=at("12:00"), app_url="x\0y")
    assert rows(store, "SELECT notes FROM raw_run") == [("ab",)]
    assert rows(store, "SELECT app_url FROM project") == [("xy",)]


def test_weeks_of_groups_that_were_not_sent_before_a_stop_are_sent_next(opened, tmp_path):
    week = {"week_start": date(2026, 1, 5), "group_id": "s", "group_name": "S", "position": None}
    people = [{"scholar": "ada", "streams": ["s", "*"]}]
    names = ["experiments_started", "experiments_concluded", "runs_ended", "runs_failed"]
    counts = dict.fromkeys([*names, "busy_hours", "serial_hours", "gpu_hours"], 5)
    weeks = pl.DataFrame([week | {"people": people} | counts | {"published_at": at("12:00")}])
    with opened() as store:
        store.record.catch_up()
        Record.keep_group_weeks(store.record, weeks)  # only in the copy
        store.record.catch_up()
    (tmp_path / "one" / "record.duckdb").unlink()
    with opened() as store:
        assert rows(store, "SELECT people, gpu_hours FROM group_week") == [(people, 5)]
