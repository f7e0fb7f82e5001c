"""Which cases make a message, at the thresholds, and how many of them a person hears about."""

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


#: Rule -> the rows it is about, a row at its threshold, and changes with which it is no case.
AT_THRESHOLD = {
    "result_waiting": (
        "decisions",
        RESULT,
        [{"needs_decision": False}, {"scholar": "ben"}, {"kind": "failure", "parked": True}],
    ),
    "run_died": (
        "decisions",
        FAILURE,
        [
            {"waited_working_hours": 0.99},
            {"parked": True},
            {"away": True},
            {"marked_read": True},
            {"scholar": "ben"},
            {"kind": "result"},
        ],
    ),
    "older_than_usual": ("open_work", OLD, [{"older_than_usual": False}, {"scholar": "ben"}]),
    "host_idle": ("hosts", IDLE, [{"idle_for_hours": 1.99}, {"idle_now": False}]),
}


def due(decisions=(), open_work=(), hosts=()):
    """The cases of ada."""
    frames = [
        pl.DataFrame([*rows], schema=pl.DataFrame([like]).schema, orient="row")
        for rows, like in ((decisions, RESULT), (open_work, OLD), (hosts, IDLE))
    ]
    return Evidence(*frames).due("ada")


@pytest.mark.parametrize("rule", AT_THRESHOLD)
def test_a_row_makes_a_case_from_its_threshold_on(rule):
    kind, row, changes = AT_THRESHOLD[rule]
    assert [it.rule for it in due(**{kind: [row]})] == [rule]
    for change in changes:
        assert due(**{kind: [row | change]}) == [], change


def test_work_furthest_beyond_its_usual_comes_first():
    further = OLD | {"experiment_id": "e/p/r3", "usual_hours": 1.0}
    assert [it.subject for it in due(open_work=[OLD, further])] == ["e/p/r3", "e/p/r2"]


@pytest.mark.parametrize(("left", "limit"), [(6, 7), (3, 7), (2, 3), (-1, 3)])
def test_credits_make_a_case_below_seven_days_and_below_three(left, limit):
    assert rules._limit({"days_left": left}) == limit


def case(rule, subject):
    return Nudge("ada", rule, subject, {})


def heard(cases, told=(), among=RULES):
    """The subjects that ada hears about on Friday."""
    return [it.subject for it in picked(cases, told, FRIDAY, among)]


def test_of_several_cases_the_first_and_every_failure_are_sent():
    failures = [case("run_died", "c"), case("run_died", "d")]
    cases = [case("result_waiting", "a"), case("host_idle", "b"), *failures]
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
