"""Which cases make a message, at the thresholds, and how many of them a person hears about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import get_args

import polars as pl
import pytest

from velocity.nudge import rules
from velocity.nudge.rules import Evidence, Nudge, picked
from velocity.settings import Rule

FRIDAY = date(2026, 1, 9)
RULES = get_args(Rule)
RESULT = {
    "scholar": "ada",
    "kind": "result",
    "needs_decision": True,
    "parked": False,
    "away": False,
    "marked_read": False,
    "waited_working_hours": 1.0,
    "experiment_id": "e/p/r1",
    "result_at": datetime(2026, 1, 9, 10, tzinfo=UTC),
}
FAILURE = RESULT | {"kind": "failure", "needs_decision": False}
OLD = {
    "scholar": "ada",
    "experiment_id": "e/p/r2",
    "older_than_usual": True,
    "wip_age_hours": 3.0,
    "usual_hours": 2.0,
}
IDLE = {
    "entity": "e",
    "host": "pod-1",
    "idle_now": True,
    "idle_since": datetime(2026, 1, 9, 10, tzinfo=UTC),
    "idle_for_hours": 2.0,
}


def due(decisions=(), open_work=(), hosts=()):
    """The rules of the cases of ada."""
    frames = [
        pl.DataFrame([*rows], schema=pl.DataFrame([like]).schema, orient="row")
        for rows, like in ((decisions, RESULT), (open_work, OLD), (hosts, IDLE))
    ]
    return [it.rule for it in Evidence(*frames).due("ada")]


def test_a_result_makes_a_case_if_it_needs_a_decision():
    assert due([RESULT]) == ["result_waiting"]
    for change in ({"needs_decision": False}, {"scholar": "ben"}, {"kind": "failure"}):
        assert "result_waiting" not in due([RESULT | {"waited_working_hours": 0.0} | change])


def test_a_failure_makes_a_case_after_a_working_hour():
    assert due([FAILURE]) == ["run_died"]
    for change in (
        {"waited_working_hours": 0.99},
        {"parked": True},
        {"away": True},
        {"marked_read": True},
        {"scholar": "ben"},
        {"kind": "result"},
    ):
        assert due([FAILURE | change]) == []


def test_only_work_older_than_usual_makes_a_case_the_furthest_beyond_it_first():
    assert due(open_work=[OLD]) == ["older_than_usual"]
    for change in ({"older_than_usual": False}, {"scholar": "ben"}):
        assert due(open_work=[OLD | change]) == []
    frame = pl.DataFrame([OLD, OLD | {"experiment_id": "e/p/r3", "usual_hours": 1.0}])
    cases = Evidence(pl.DataFrame([RESULT]).clear(), frame, pl.DataFrame([IDLE]).clear()).due("ada")
    assert [it.subject for it in cases] == ["e/p/r3", "e/p/r2"]


def test_a_host_makes_a_case_after_two_hours():
    assert due(hosts=[IDLE]) == ["host_idle"]
    for change in ({"idle_for_hours": 1.99}, {"idle_now": False}):
        assert due(hosts=[IDLE | change]) == []


@pytest.mark.parametrize(("left", "limit"), [(6, 7), (3, 7), (2, 3), (-1, 3)])
def test_credits_make_a_case_below_seven_days_and_below_three(left, limit):
    assert rules._limit({"days_left": left}) == limit


def case(rule, subject):
    return Nudge("ada", rule, subject, {})


def heard(cases, told=(), among=RULES):
    """The subjects that ada hears about on Friday."""
    return [it.subject for it in picked(cases, told, FRIDAY, among)]


def test_of_several_cases_the_first_and_every_failure_are_sent():
    cases = [
        case("result_waiting", "a"),
        case("host_idle", "b"),
        case("run_died", "c"),
        case("run_died", "d"),
    ]
    assert heard(cases) == ["a", "c", "d"]
    assert heard(cases, among=("host_idle",)) == ["b"]


def test_a_case_is_sent_once():
    cases = [case("result_waiting", "a"), case("run_died", "b")]
    told = [("result_waiting", "a", "2025-11-03"), ("run_died", "b", "2025-11-03")]
    assert heard(cases, told) == []
    # The same subject by another rule is another case.
    assert heard([case("older_than_usual", "a")], told) == ["a"]


def test_failures_and_lists_do_not_use_up_the_day_or_the_week():
    told = [("run_died", f"r{day}", f"2026-01-0{day}") for day in (7, 8, 9)]
    told += [("morning", "2026-01-09", "2026-01-09"), ("evening", "2026-01-08", "2026-01-08")]
    assert heard([case("result_waiting", "a")], told) == ["a"]


def test_leads_hear_of_each_stream_one_a_day():
    told = [("runway", f"s{day} 7 1", f"2026-01-0{day}") for day in (6, 7, 8)]
    cases = [case("runway", "s1 3 1"), case("runway", "s2 3 1")]
    assert heard(cases, told) == ["s1 3 1"]
    assert heard(cases, [*told, ("runway", "s9 7 1", "2026-01-09")]) == []
