"""What compute bought, by example."""

from functools import cache

import pytest

from tests.builders import run, store_of
from tests.roster_texts import parsed, rate
from velocity.reading import reads

pytestmark = pytest.mark.sampled(6)

ROSTER = parsed(rate("*", "2026-01-01", 2))


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


@pytest.mark.parametrize(
    ("scholar", "expected"),
    [
        # Compute after the next launch is charged after the decision.
        ("decided", {"after_decision_gpu_hours": 2 * 6}),
        ("undecided", {"after_decision_gpu_hours": 0}),
        # A launch after five days is no decision.
        ("too_late", {"after_decision_gpu_hours": 0}),
        ("in_time", {"after_decision_gpu_hours": 2 * 26}),
        # A failure is late after half an hour.
        ("fails", {"late_failure_gpu_hours": 2 * 1801 / 3600, "killed_gpu_hours": 2}),
        # Each conclusion costs its part of all runs.
        ("concludes", {"gpu_hours_per_concluded": 4, "credits_per_concluded": 8}),
        ("concludes_nothing", {"gpu_hours_per_concluded": None, "credits_per_concluded": None}),
    ],
)
def test_compute_is_counted_by_what_it_bought(scholar, expected):
    figures = reads.metrics(snapshot(), by="scholar", groups=[scholar]).row(0, named=True)
    assert {name: figures[name] for name in expected} == pytest.approx(expected)


def test_conclusions_on_a_day_without_charges_cost_nothing():
    asked = {"by": "scholar", "period": "day", "groups": ["overnight"]}
    days = reads.metrics(snapshot(), **asked).select(
        "gpu_hours", "experiments_concluded", "gpu_hours_per_concluded"
    )
    assert days.rows()[:3] == [(30, 0, None), (0, 1, 0), (0, 0, None)]
