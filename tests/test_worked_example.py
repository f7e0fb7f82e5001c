"""Every figure of the worked example of the definitions."""

from datetime import date

import pytest

from tests.builders import DAY, at, run, store_of
from tests.oracles.examples import WORKED_FIGURES
from velocity.reading import reads

pytestmark = pytest.mark.sampled(4)


def worked(r4_end: str = "11:35"):
    rows = [
        run("r1", "09:00", "10:00"),
        run("r2", "09:01", "10:30"),
        run("r3", "11:00", "12:00"),
        run("r4", "11:30", r4_end, state="failed"),
        run("r5", "11:40", "13:00"),
        run("r6", "13:00:30", "14:00"),
    ]
    return store_of(rows, "20:00")


@pytest.fixture(scope="module")
def example():
    return worked()


def test_six_runs_are_four_experiments(example):
    runs = reads.runs(example).sort("run_id")
    assert runs.select("run_id", "experiment_id", "joined_by").rows() == [
        ("r1", "e/p/r1", "first"),
        ("r2", "e/p/r1", "together"),
        ("r3", "e/p/r3", "first"),
        ("r4", "e/p/r4", "first"),
        ("r5", "e/p/r5", "first"),
        ("r6", "e/p/r5", "script"),
    ]


def test_a_result_is_the_instant_when_half_of_the_runs_have_finished(example):
    experiments = reads.experiments(example).sort("experiment_id")
    assert experiments.select("experiment_id", "result_at", "outcome").rows() == [
        ("e/p/r1", at("10:00"), "success"),
        ("e/p/r3", at("12:00"), "success"),
        ("e/p/r4", at("11:35"), "failure"),
        ("e/p/r5", at("13:00"), "success"),
    ]


def test_loops_match_the_text(example):
    loops = reads.loops(example).sort("experiment_id")
    assert loops.select("experiment_id", "status", "next_at").rows() == [
        ("e/p/r1", "closed", at("11:00")),
        ("e/p/r3", "awaiting", None),
        ("e/p/r4", "closed", at("11:40")),
        ("e/p/r5", "awaiting", None),
    ]
    closed = loops.filter(status="closed").select("machine_hours", "reaction_hours")
    assert closed.rows() == [(1, 1), pytest.approx((5 / 60, 5 / 60))]


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
    (figures,) = reads.metrics(example, by=by, **window).to_dicts()
    found = {name: figures[name] for name in WORKED_FIGURES}
    assert found == pytest.approx(WORKED_FIGURES, abs=1e-6)
    assert figures["machine_hours_median"] is None


def test_a_failure_within_two_minutes_is_a_false_start_without_its_own_loop():
    example = worked("11:31")
    experiment = reads.experiments(example).filter(experiment_id="e/p/r4")
    assert experiment["outcome"].to_list() == ["false_start"]
    assert "e/p/r4" not in reads.loops(example)["experiment_id"]
    (figures,) = reads.metrics(example, by="scholar").to_dicts()
    assert (figures["false_starts"], figures["early_failures"]) == (1, 1)
    assert figures["loops_closed"] == 1
