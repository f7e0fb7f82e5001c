"""Rented hosts without a run: the gaps between runs, and the hosts that are idle now."""

import random
from datetime import date, timedelta
from itertools import pairwise

import pytest

from tests.builders import at, run, store_of
from velocity.reading import reads
from velocity.reading.access import Scope
from velocity.roster.models import Roster
from velocity.settings import Compute, Settings

pytestmark = pytest.mark.sampled(8)

ROSTER = Roster(rented=("pod-*",))


def on(host, *columns, gpus=4, **more):
    return run(*columns, host=host, gpu_count=gpus, **more)


def hosts(rows, as_of="2026-01-08 00:00", *, roster=ROSTER, settings=None, **options):
    snapshot = store_of(rows, as_of, roster=roster, settings=settings)
    return {it["host"]: it for it in reads.idle_hosts(snapshot, **options).to_dicts()}


#: One hour idle, then two runs at once, then two days without a run, and a short run.
ROWS = [
    on("pod-1", "r1", "09:00", "10:00"),
    on("pod-1", "r2", "11:00", "14:00"),
    on("pod-1", "r3", "12:00", "13:00", username="ben"),
    on("pod-1", "r4", "2026-01-07 14:00", "2026-01-07 15:00", gpus=8),
]


def test_gaps_between_runs_are_idle_for_at_most_twelve_hours():
    (host,) = hosts(ROWS).values()
    assert (host["gpus"], host["idle_hours"], host["idle_gpu_hours"]) == (8, 13, 8 * 13)
    assert (host["first_at"], host["idle_since"]) == (at("09:00"), at("2026-01-07 15:00"))
    assert (host["idle_now"], host["idle_for_hours"]) == (True, 9)
    longer = Settings(compute=Compute(rented_gap_hours=24))
    assert hosts(ROWS, settings=longer)["pod-1"]["idle_hours"] == 25


def test_only_hosts_of_the_roster_are_listed():
    rows = [on("gpu7", "x", "09:00", "10:00"), on("localhost", "y", "09:00", "10:00"), *ROWS]
    assert hosts(rows, roster=Roster()) == hosts(rows, roster=None) == {}
    assert [*hosts(rows, roster=Roster(rented=("gpu?", "localhost")))] == ["gpu7"]


def test_a_host_with_a_run_is_not_idle_now():
    still = on("pod-1", "still", "2026-01-07 23:00", "2026-01-08 00:00", state="running")
    host = hosts([*ROWS, still])["pod-1"]
    assert (host["idle_now"], host["idle_since"], host["idle_for_hours"]) == (False, None, None)
    assert host["idle_hours"] == 13 + 8


def test_hosts_that_are_idle_now_come_first_and_the_rest_was_returned():
    ends = {"a": "2026-01-07 11:00", "b": "2026-01-07 12:00", "c": "2026-01-07 13:00"}
    rows = [on(f"pod-{it}", it, "2026-01-06 00:00", end) for it, end in ends.items()]
    still = on("pod-d", "d", "2026-01-06 00:00", "2026-01-08 00:00", state="running")
    found = hosts([*rows, still])
    assert [*found] == ["pod-c", "pod-b", "pod-a", "pod-d"]
    assert [it["idle_now"] for it in found.values()] == [True, True, False, False]


def test_a_host_without_a_gpu_count_has_hours_only_and_a_configured_one_does_not_hide_it():
    rows = [it | {"writers": [it["writers"][0] | {"gpu_count": None}]} for it in ROWS]
    host = hosts(rows)["pod-1"]
    assert (host["gpus"], host["idle_hours"], host["idle_gpu_hours"]) == (None, 13, None)
    configured = [it | {"config": '{"n":1}'} for it in ROWS]
    settings = Settings(compute=Compute(gpu_count_key="n"))
    assert hosts(configured, settings=settings)["pod-1"]["idle_gpu_hours"] == 8 * 13


def test_windows_add_up():
    days = [date(2026, 1, day) for day in (5, 6, 7, 8)]
    parts = [hosts(ROWS, from_day=it, to_day=end)["pod-1"] for it, end in pairwise(days)]
    assert [it["idle_hours"] for it in parts] == [1 + 10, 2, 0]


def test_a_run_on_several_hosts_is_on_each_of_them_in_turn():
    machines = [("pod-1", "A", 4), ("pod-2", "A", 4)]
    sessions = {"writer_starts": [at("09:00"), at("18:00")], "machines": machines}
    resumed = run("moved", "09:00", "20:00", runtime_s=3 * 3600, **sessions)
    found = hosts([resumed, on("pod-1", "later", "15:00", "16:00")])
    assert (found["pod-1"]["idle_since"], found["pod-1"]["idle_hours"]) == (at("16:00"), 5)
    assert found["pod-2"]["first_at"] == at("18:00")


def test_a_host_is_shown_to_those_who_may_see_all_of_its_runs():
    own = on("pod-2", "own", "09:00", "10:00")
    assert [*hosts([*ROWS, own], scope=Scope(scholars=("ada",)))] == ["pod-2"]
    assert [*hosts([*ROWS, own], scope=Scope(scholars=("ada", "ben")))] == ["pod-1", "pod-2"]


@pytest.mark.thorough
def test_drawn_hosts_agree_with_a_plain_count_of_minutes():
    chance = random.Random(0)  # noqa: S311 - nothing secret
    busy: dict[str, list[tuple[int, int]]] = {}
    rows = []
    for number in range(240):
        host, begin = f"pod-{chance.randrange(16)}", chance.randrange(0, 6000, 15)
        length = chance.choice((0, 15, 60, 400))
        busy.setdefault(host, []).append((begin, begin + length))
        start = at("00:00") + timedelta(minutes=begin)
        rows.append(on(host, f"r{number}", start, start + timedelta(minutes=length), gpus=2))
    found = hosts(rows, "2026-01-12 00:00")
    for host, stays in busy.items():
        idle, free_for = 0, 0
        for minute in range(min(start for start, _ in stays), max(end for _, end in stays)):
            is_free = not any(start <= minute < end for start, end in stays)
            # A run of no length ends a gap too.
            is_met = any(start == minute for start, _ in stays)
            free_for = (0 if is_met else free_for) + 1 if is_free else 0
            idle += is_free and free_for <= 12 * 60
        assert found[host]["idle_gpu_hours"] == pytest.approx(2 * idle / 60), host
