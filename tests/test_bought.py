"""What compute bought, by example."""

from datetime import date
from functools import cache

import pytest

from tests.builders import run, store_of
from velocity.reading import reads
from velocity.roster.credits import Credits, Rate
from velocity.roster.models import Roster

pytestmark = pytest.mark.sampled(6)

ROSTER = Roster(
    credits=Credits(
        rates=(
            Rate.model_validate({"gpu": "*", "from": date(2026, 1, 1), "credits_per_gpu_hour": 2}),
        )
    ),
)


def on_gpus(*columns, **more):
    return run(*columns, gpu_count=2, **more)


DECIDED = [
    on_gpus("r1", "09:00", "10:00"),
    on_gpus("r2", "09:00", "12:00"),
    on_gpus("r3", "09:01", "19:00", state="failed"),
]
LONG = [on_gpus("r1", "09:00", "10:00"), on_gpus("r2", "09:00", "2026-01-11 12:00")]
COSTS = [
    on_gpus("r1", "09:00", "10:00"),
    on_gpus("r2", "11:00", "13:00", state="failed"),
    on_gpus("r3", "14:00", "15:00"),
]
#: Scholar -> runs.
RUNS = {
    # Two of three have finished at 12:00; the next launch is at 13:00.
    "decided": [*DECIDED, on_gpus("next", "13:00", "14:00")],
    "undecided": DECIDED,
    "too_late": [*LONG, on_gpus("late", "2026-01-10 10:00:01", "2026-01-10 11:00")],
    "in_time": [*LONG, on_gpus("late", "2026-01-10 10:00", "2026-01-10 11:00")],
    "fails": [
        on_gpus("r1", "09:00", "09:30", state="failed"),
        on_gpus("r2", "10:00", "10:30:01", state="crashed"),
        on_gpus("r3", "11:00", "12:00", state="killed"),
    ],
    "concludes": COSTS,
    "concludes_nothing": COSTS[1:2],
    "overnight": [on_gpus("r1", "09:00", "2026-01-06 00:00")],
}


@cache
def snapshot():
    rows = [
        row | {"run_id": f"{who}-{row['run_id']}", "username": who, "entity": who}
        for who, runs in RUNS.items()
        for row in runs
    ]
    return store_of(rows, "2026-01-12 00:00", roster=ROSTER)


def of(scholar):
    return reads.metrics(snapshot(), by="scholar", groups=[scholar]).row(0, named=True)


def test_compute_after_the_next_launch_is_charged_after_the_decision():
    assert of("decided")["after_decision_gpu_hours"] == pytest.approx(2 * 6)
    assert of("undecided")["after_decision_gpu_hours"] == 0


def test_a_launch_after_five_days_is_no_decision():
    assert of("too_late")["after_decision_gpu_hours"] == 0
    assert of("in_time")["after_decision_gpu_hours"] == pytest.approx(2 * 26)


def test_failures_are_late_after_half_an_hour():
    found = of("fails")
    assert found["late_failure_gpu_hours"] == pytest.approx(2 * 1801 / 3600)
    assert found["killed_gpu_hours"] == pytest.approx(2)


def test_cost_is_that_of_all_runs_for_each_conclusion():
    found = of("concludes")
    assert found["gpu_hours_per_concluded"] == pytest.approx(4)
    assert found["credits_per_concluded"] == pytest.approx(8)
    nothing = of("concludes_nothing")
    assert (nothing["gpu_hours_per_concluded"], nothing["credits_per_concluded"]) == (None, None)


def test_conclusions_on_a_day_without_charges_cost_nothing():
    asked = {"by": "scholar", "period": "day", "groups": ["overnight"]}
    days = reads.metrics(snapshot(), **asked).select(
        "gpu_hours", "experiments_concluded", "gpu_hours_per_concluded"
    )
    assert days.rows()[:3] == [(30, 0, None), (0, 1, 0), (0, 0, None)]
