"""Weeks that were over and changed are told, with what they were and what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders import at, run
from velocity import reads
from velocity.records import run_frame
from velocity.settings import Experiments, Settings
from velocity.shapes.weeks import restated_words
from velocity.store import Snapshot, open_live
from velocity.store.derive import derive
from velocity.store.merge import merge_project, merge_runs
from velocity.store.publish import publish

if TYPE_CHECKING:
    from pathlib import Path

DEFAULTS = Settings()
ON_TIME = [run("r1", "09:00", "10:00")]
LATE = [run("late", "12:00", "13:00")]
NEXT_WEEK = [run("r2", "2026-01-12 09:00", "2026-01-12 10:00")]


def sync(data: Path, rows: list, as_of: str, settings: Settings = DEFAULTS) -> Snapshot:
    with open_live(data) as store:
        merge_runs(store, run_frame(rows))
        merge_project(store, "e", "p", as_of=at(as_of))
        derive(store, settings, None)
        name = publish(store)
    return Snapshot(data / "snapshots" / f"{name}.duckdb")


def told(snapshot: Snapshot) -> dict[str, tuple[float, float]]:
    frame = reads.restated(snapshot, by="programme")
    return {row["measure"]: (row["value_before"], row["value_after"]) for row in frame.to_dicts()}


def test_a_run_that_arrives_late_restates_its_week(tmp_path):
    sync(tmp_path, ON_TIME, "2026-01-12 08:00")
    snapshot = sync(tmp_path, LATE, "2026-01-13 08:00")
    assert told(snapshot) == {
        "experiments_started": (1, 2),
        "experiments_concluded": (1, 2),
        "runs_started": (1, 2),
        "busy_hours": (1, pytest.approx(2)),
    }


def test_new_weeks_and_the_running_week_are_no_restatement(tmp_path):
    sync(tmp_path, ON_TIME, "10:30")
    sync(tmp_path, LATE, "2026-01-12 08:00")
    snapshot = sync(tmp_path, NEXT_WEEK, "2026-01-13 08:00")
    assert told(snapshot) == {}


def test_a_change_taken_back_is_no_longer_told(tmp_path):
    sync(tmp_path, ON_TIME, "2026-01-12 08:00")
    sync(tmp_path, [run("r1", "09:00", "10:00", state="failed")], "2026-01-13 08:00")
    snapshot = sync(tmp_path, ON_TIME, "2026-01-14 08:00")
    assert told(snapshot) == {}


def test_other_settings_restate_by_configuration(tmp_path):
    pair = [run("r1", "09:00", "10:00"), run("r2", "09:01", "10:00")]
    sync(tmp_path, pair, "2026-01-12 08:00")
    apart = Settings(experiments=Experiments(together_minutes=0))
    snapshot = sync(tmp_path, pair, "2026-01-12 08:00", apart)
    assert told(snapshot) == {
        "experiments_started": (1, 2),
        "experiments_concluded": (1, 2),
        "serial_share": (1, pytest.approx(1 / 60)),
        "experiment_parallelism": (1, pytest.approx(119 / 60)),
    }
    assert reads.restated(snapshot, by="programme")["by_configuration"].all()


def test_a_share_or_median_that_was_not_known_was_not_0(tmp_path):
    """Of one loop a week has no median; of ten it has."""
    sync(tmp_path, ON_TIME, "2026-01-12 08:00")
    late = [run(f"r{hour}", f"{hour}:00", f"{hour}:30") for hour in range(10, 20)]
    snapshot = sync(tmp_path, late, "2026-01-13 08:00")
    assert told(snapshot)["loop_hours_median"] == (None, pytest.approx(1))
    rows = reads.restated(snapshot, by="programme").rows_by_key("measure", named=True, unique=True)
    words = restated_words(rows["loop_hours_median"] | {"measure": "loop_hours_median"})
    assert words.replace("\xa0", " ") == ("Feedback loop, median, week of 5 Jan: not known → 1 h.")


def test_a_change_by_steps_is_told_from_its_first_to_its_last_figure(tmp_path):
    """Also where several syncs are of one instant, as when settings are tried out."""
    sync(tmp_path, ON_TIME, "2026-01-12 08:00")
    sync(tmp_path, LATE, "2026-01-13 08:00")
    snapshot = sync(tmp_path, [run("later", "15:00", "16:00")], "2026-01-13 08:00")
    assert told(snapshot)["runs_started"] == (1, 3)
