"""Edge cases of the rules that drawn cases meet too rarely."""

from datetime import timedelta
from functools import cache

import pytest

from tests.builders import apart, at, run, store_of
from velocity.reading import reads
from velocity.reading.access import Scope
from velocity.roster.models import Roster, Scholar

pytestmark = pytest.mark.thorough


BEYOND = {f"{beyond} beyond": timedelta(microseconds=beyond) for beyond in (0, 1)}
ABSURD = {
    "too long": (1e300, None, "20:00", "clock"),
    "too long, heard of": (1e300, "10:00", "10:00", "runtime_refuted"),
    "below zero": (-1e300, "10:00", "10:00", "runtime_refuted"),
}
CASES = {
    **{
        host: [run(name, "09:00", "10:00", host=host, gpu_count=8) for name in ("r1", "r2")]
        for host in ("localhost", "node1")
    },
    "tags": [
        run("r1", "09:00", "10:00", tags=["baseline"]),
        run("r2", "12:00", "13:00", tags=["baseline"]),
    ],
    **{case: [run("r1", "19:00", at("20:15") + it)] for case, it in BEYOND.items()},
    "in flight": [
        *(run(f"r{n}", f"19:{58 + n}", "20:00", state="running") for n in range(2)),
        run("r2", "20:00", "20:00", state="running"),
    ],
    "touching": [run("r1", "09:00", "10:00"), run("r2", "10:00", "11:00")],
    "twins": [run(name, "09:00", "09:00", group_name=name) for name in ("a", "b")],
    "failure": [
        run("r1", "09:00", "10:00", state="failed", group_name="a"),
        run("r2", "10:00", "11:00", group_name="b"),
    ],
    **{
        case: [
            run("r1", "09:00", "10:00", runtime_s=seconds, heartbeat_at=heartbeat),
            run("r2", "11:00", "12:00"),
        ]
        for case, (seconds, heartbeat, _, _) in ABSURD.items()
    },
    "below zero GPUs": [run(f"r{n}", "09:00", "10:00", host="node1", gpu_count=n) for n in (-1, 8)],
}


@cache
def together():
    return store_of([row for case, rows in CASES.items() for row in apart(case, rows)], "20:00")


def runs(case):
    return reads.runs(together(), scholars=[case])


@pytest.mark.parametrize(
    ("case", "expected"),
    {
        # Nodes that call themselves localhost are not one host.
        "localhost": {"gpu_hours": 16},
        "node1": {"gpu_hours": 8},
        # A run that starts at the instant of a failure's result recovers it.
        "failure": {"recovery_hours_events": 1, "recovery_hours_largest": 1},
        # A table may contain them; they do not reduce the charges of others on the host.
        "below zero GPUs": {"gpu_hours": 8, "unpriced_run_hours": 1},
    }.items(),
)
def test_figures_of_a_scholar(case, expected):
    found = reads.metrics(together(), by="scholar", groups=[case]).row(0, named=True)
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_experiments_are_made_of_tags_and_of_what_is_in_flight():
    assert reads.experiments(together(), scholar="tags").height == 2
    assert runs("in flight")["experiment_id"].to_list() == ["e in flight/p/in flight/r0"] * 3


@pytest.mark.parametrize("case", BEYOND)
def test_an_end_more_than_fifteen_minutes_after_as_of_is_a_bad_clock(case):
    found = runs(case).row(0, named=True)
    assert found["ended_at"] == at("20:00")
    assert ("clock" in found["flags"]) == bool(BEYOND[case])


def test_touching_runs_are_one_stretch():
    sql = "SELECT end_us - start_us FROM segment JOIN scholar USING (scholar_key) WHERE scholar = $"
    assert together().frame(f"{sql}it", {"it": "touching"}).rows() == [(2 * 3_600_000_000,)]


def test_a_twin_launched_at_the_instant_of_the_result_answers_it():
    loops = reads.loops(together(), scholar="twins")
    assert loops["status"].to_list() == ["closed", "closed"]
    assert loops["reaction_hours"].to_list() == [0, 0]


@pytest.mark.parametrize("case", ABSURD)
def test_an_impossible_runtime_is_flagged_and_breaks_nothing(case):
    _, _, ended_at, flag = ABSURD[case]
    later, absurd = runs(case).sort("started_at", descending=True).to_dicts()
    assert absurd["ended_at"] == at(ended_at)
    assert absurd["flags"] == f"{flag} unmapped"
    assert later["flags"] == "unmapped"


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
    assert reads.metrics(snapshot, by="scholar")["runs_started"].to_list() == [1]
    assert reads.metrics(snapshot, by="programme")["runs_started"].item() == 2
