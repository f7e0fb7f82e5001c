"""Every figure of the worked example of the definitions."""

from datetime import date

import pytest

from tests.builders import DAY, at, run, store_of
from velocity.reading import reads

pytestmark = pytest.mark.sampled(4)


def worked(r4_end: str = "11:35"):
    return store_of(
        [
            run("r1", "09:00", "10:00"),
            run("r2", "09:01", "10:30"),
            run("r3", "11:00", "12:00"),
            run("r4", "11:30", r4_end, state="failed"),
            run("r5", "11:40", "13:00"),
            run("r6", "13:00:30", "14:00"),
        ],
        "20:00",
    )


@pytest.fixture(scope="module")
def example():
    return worked()


def by_run(frame, column):
    """First run of the experiment -> value."""
    return {row["experiment_id"].split("/")[-1]: row[column] for row in frame.to_dicts()}


def test_six_runs_are_four_experiments(example):
    runs = {row["run_id"]: row for row in reads.runs(example).to_dicts()}
    assert {name: row["experiment_id"].split("/")[-1] for name, row in runs.items()} == {
        "r1": "r1",
        "r2": "r1",
        "r3": "r3",
        "r4": "r4",
        "r5": "r5",
        "r6": "r5",
    }
    assert runs["r2"]["joined_by"] == "together"
    assert runs["r6"]["joined_by"] == "script"
    assert {runs[name]["joined_by"] for name in ("r1", "r3", "r4", "r5")} == {"first"}


def test_a_result_is_the_instant_when_half_of_the_runs_have_finished(example):
    experiments = reads.experiments(example)
    assert by_run(experiments, "result_at") == {
        "r1": at("10:00"),
        "r3": at("12:00"),
        "r4": at("11:35"),
        "r5": at("13:00"),
    }
    assert by_run(experiments, "outcome") == {
        "r1": "success",
        "r3": "success",
        "r4": "failure",
        "r5": "success",
    }


def test_loops_match_the_text(example):
    loops = reads.loops(example)
    assert by_run(loops, "status") == {
        "r1": "closed",
        "r3": "awaiting",
        "r4": "closed",
        "r5": "awaiting",
    }
    machine, reaction = by_run(loops, "machine_hours"), by_run(loops, "reaction_hours")
    assert (machine["r1"], reaction["r1"]) == (1, 1)
    assert (machine["r4"], reaction["r4"]) == pytest.approx((5 / 60, 5 / 60))
    assert by_run(loops, "next_at")["r1"] == at("11:00")
    assert by_run(loops, "next_at")["r4"] == at("11:40")
    assert by_run(loops, "next_at")["r3"] is None


@pytest.mark.parametrize("by", ["scholar", "programme"])
@pytest.mark.parametrize(
    "window",
    [
        {},
        {"period": "day"},
        {"period": "week"},
        {"period": "month"},
        {"from_day": DAY, "to_day": date(2026, 1, 6)},
    ],
)
def test_figures_match_the_text(example, by, window):
    frame = reads.metrics(example, by=by, **window)
    (figures,) = frame.to_dicts()
    expected = {
        "busy_hours": 4.491667,
        "parallel_hours": 0.416667,
        "serial_hours": 4.075,
        "serial_share": 0.907236,
        "serial_parallel_ratio": 9.78,
        "experiment_hours": 4.908333,
        "experiment_parallelism": 1.092764,
        "run_hours": 5.891667,
        "sweep_width": 1.200340,
        "run_concurrency": 353.5 / 269.5,
        "overlap_launch_share": 0.5,
        "peak_runs": 2,
        "peak_experiments": 2,
        "experiments_started": 4,
        "experiments_concluded": 3,
        "runs_started": 6,
        "runs_finished": 5,
        "runs_failed": 1,
        "failure_share": 1 / 6,
        "early_failures": 0,
        "false_starts": 0,
        "loops_closed": 2,
        "loops_awaiting": 2,
        "loops_abandoned": 0,
        "loops_open": 0,
        "machine_hours_n": 4,
        "reaction_hours_n": 4,
        "reaction_hours_events": 2,
    }
    assert {name: figures[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    assert figures["machine_hours_median"] is None


def test_a_failure_within_two_minutes_is_a_false_start_without_its_own_loop():
    example = worked("11:31")
    assert by_run(reads.experiments(example), "outcome")["r4"] == "false_start"
    assert "r4" not in by_run(reads.loops(example), "status")
    (figures,) = reads.metrics(example, by="scholar").to_dicts()
    assert (figures["false_starts"], figures["early_failures"]) == (1, 1)
    assert figures["loops_closed"] == 1
