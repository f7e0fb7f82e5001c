"""Edge cases of the rules that drawn cases meet too rarely."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import at, run, store_of
from velocity.reading import reads
from velocity.reading.access import Scope
from velocity.roster.models import Roster, Scholar

pytestmark = pytest.mark.thorough


def figures(snapshot) -> dict:
    return reads.metrics(snapshot, by="scholar").row(0, named=True)


def test_nodes_that_call_themselves_localhost_are_not_one_host():
    for host, hours in (("localhost", 16), ("node1", 8)):
        both = [run(name, "09:00", "10:00", host=host, gpu_count=8) for name in ("r1", "r2")]
        assert figures(store_of(both, "20:00"))["gpu_hours"] == pytest.approx(hours)


def test_only_experiment_tags_make_an_experiment():
    tagged = [
        run("r1", "09:00", "10:00", tags=["baseline"]),
        run("r2", "12:00", "13:00", tags=["baseline"]),
    ]
    assert reads.experiments(store_of(tagged, "20:00")).height == 2


@pytest.mark.parametrize(("beyond", "flagged"), [(0, False), (1, True)])
def test_an_end_more_than_fifteen_minutes_after_as_of_is_a_bad_clock(beyond, flagged):
    end = at("20:15") + timedelta(microseconds=beyond)
    found = reads.runs(store_of([run("r1", "19:00", end)], "20:00")).row(0, named=True)
    assert found["ended_at"] == at("20:00")
    assert ("clock" in found["flags"]) == flagged


def test_a_run_that_begins_as_the_data_ends_joins_one_in_flight():
    going = [run(f"r{n}", f"19:{58 + n}", "20:00", state="running") for n in range(2)]
    going.append(run("r2", "20:00", "20:00", state="running"))
    found = reads.runs(store_of(going, "20:00"))
    assert set(found["experiment_id"]) == {"e/p/r0"}


def test_touching_runs_are_one_stretch():
    halves = [run("r1", "09:00", "10:00"), run("r2", "10:00", "11:00")]
    (stretch,) = store_of(halves, "20:00").frame("FROM segment").to_dicts()
    assert stretch["end_us"] - stretch["start_us"] == 2 * 3_600_000_000


def test_a_twin_launched_at_the_instant_of_the_result_answers_it():
    twins = [run(name, "09:00", "09:00", group_name=name) for name in ("a", "b")]
    loops = reads.loops(store_of(twins, "20:00"))
    assert loops["status"].to_list() == ["closed", "closed"]
    assert loops["reaction_hours"].to_list() == [0, 0]


def test_a_run_that_starts_at_the_failures_result_recovers_it():
    rows = [
        run("r1", "09:00", "10:00", state="failed", group_name="a"),
        run("r2", "10:00", "11:00", group_name="b"),
    ]
    found = figures(store_of(rows, "20:00"))
    assert (found["recovery_hours_events"], found["recovery_hours_largest"]) == (1, 1)


@pytest.mark.parametrize(
    ("seconds", "heartbeat", "ended_at", "flag"),
    [
        (1e300, None, "20:00", "clock"),
        (1e300, "10:00", "10:00", "runtime_refuted"),
        (-1e300, "10:00", "10:00", "runtime_refuted"),
    ],
)
def test_an_impossible_runtime_is_flagged_and_breaks_nothing(seconds, heartbeat, ended_at, flag):
    absurd = run("r1", "09:00", "10:00", runtime_s=seconds, heartbeat_at=heartbeat)
    found = reads.runs(store_of([absurd, run("r2", "11:00", "12:00")], "20:00"))
    row = found.filter(run_id="r1").row(0, named=True)
    assert row["ended_at"] == at(ended_at)
    assert row["flags"] == f"{flag} unmapped"
    assert found.filter(run_id="r2")["flags"].item() == "unmapped"


def test_a_negative_gpu_count_is_not_known():
    """A table may contain them; they must not reduce the charges of others on the host."""
    rows = [run(f"r{n}", "09:00", "10:00", host="node1", gpu_count=n) for n in (-1, 8)]
    found = figures(store_of(rows, "20:00"))
    assert found["gpu_hours"] == pytest.approx(8)
    assert found["unpriced_run_hours"] == pytest.approx(1)


def test_a_user_missing_from_the_roster_is_not_the_scholar_with_that_id():
    """W&B's ada is not the scholar ada, who has another username."""
    roster = Roster(scholars=(Scholar(id="ada", name="Ada", usernames=("lovelace",)),))
    rows = [run("r1", "09:00", "10:00", username="lovelace"), run("r2", "11:00", username="ada")]
    snapshot = store_of(rows, "20:00", roster=roster)
    own = {"scope": Scope(scholars=("ada",), hours=("ada",))}
    assert reads.runs(snapshot, **own, scholars=["ada"])["run_id"].to_list() == ["r1"]
    found = reads.experiments(snapshot, **own, scholar="ada")
    assert found["experiment_id"].to_list() == ["e/p/r1"]
    assert reads.trust(snapshot, scope=own["scope"])["runs"].item() == 1
    assert reads.unattributed(snapshot)["username"].to_list() == ["ada"]
    assert figures(snapshot)["runs_started"] == 1
    assert reads.metrics(snapshot, by="programme")["runs_started"].item() == 2
