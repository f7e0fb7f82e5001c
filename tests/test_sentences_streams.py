"""Streams in words: whom to ask, the stream's figures, and one fact about everybody else."""

from datetime import date

import polars as pl
import pytest

from tests.plain_sentences import plain
from tests.read_schemas import READ_SCHEMAS
from velocity.reading.periods import Window
from velocity.sentences import streams as words
from velocity.sentences.compared import Days

DAYS = Days(
    Window(date(2026, 11, 23), date(2026, 11, 28)), Window(date(2026, 11, 16), date(2026, 11, 21))
)
DAY = date(2026, 11, 28)


def decision(scholar="heron", **more):
    return {
        "scholar": scholar,
        "name": scholar.capitalize(),
        "stream_name": "Basalt",
        "entity": "e",
        "project": "probe",
        "label": "high-heath-1",
        "kind": "result",
        "waited_working_hours": 12.0,
        "usual_working_hours": 7.5,
        "usual_n": 168,
        "usual_of": "line",
        "parked": False,
        "away": False,
        "marked_read": False,
        "needs_decision": True,
        "named": True,
    } | more


def queue(*rows):
    schema = pl.Schema(READ_SCHEMAS["needs_decision"])
    return pl.DataFrame([dict.fromkeys(schema) | it for it in rows], schema=schema)


def figures(**more):
    return {
        "experiments_started": 12,
        "experiments_concluded": 10,
        "runs_finished": 36,
        "runs_failed": 4,
        "runs_killed": 0,
        "runs_preempted": 0,
        "failure_share": 0.1,
        "reaction_working_hours_median": 1.7,
    } | more


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((), "On Sat 28 Nov no Basalt line waits longer than usual."),
        (
            (decision(),),
            "On Sat 28 Nov one Basalt line waits longer than usual: ask Heron.",
        ),
        (
            (decision("al"), decision("ben")),
            "On Sat 28 Nov two Basalt lines wait longer than usual: ask Al and Ben about one each.",
        ),
        (
            (decision("gannet"), decision("gannet", project="q")),
            "On Sat 28 Nov two Basalt lines wait longer than usual: ask Gannet.",
        ),
        (
            (decision("gannet"), decision("heron", named=False)),
            "On Sat 28 Nov two Basalt lines wait longer than usual: ask Gannet.",
        ),
        (
            (decision(named=False),),
            "On Sat 28 Nov one Basalt line waits longer than usual; its scholar sees it first.",
        ),
        (
            tuple(decision(f"a-scholar-with-{at}") for at in range(5)),
            "On Sat 28 Nov five Basalt lines wait longer than usual: ask A-scholar-with-0 first.",
        ),
    ],
)
def test_the_headline_has_the_date_the_stream_and_whom_to_ask(rows, said):
    assert plain(words.headline(queue(*rows), DAY, stream="Basalt")) == said


def test_the_headline_of_several_streams_has_no_name_of_a_stream():
    assert plain(words.headline(queue(decision()), DAY)) == (
        "On Sat 28 Nov one line waits longer than usual: ask Heron."
    )


def test_if_nobody_waits_the_headline_says_what_went_well():
    good = words.good(figures(), figures(experiments_concluded=7), DAYS)
    assert plain(words.headline(queue(), DAY, stream="Basalt", good=good)) == (
        "On Sat 28 Nov no Basalt line waits longer than usual; it concluded 10, 3 more than on the "
        "same days before."
    )


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (figures(), figures(failure_share=0.2), "10 % of its runs failed, from 20 %"),
        (figures(failure_share=0.3), figures(experiments_concluded=2), ""),
        (figures(), figures(), ""),
        (figures(), None, ""),
        (None, figures(), ""),
    ],
)
def test_only_what_got_better_at_no_larger_failed_share_is_good(now, before, said):
    assert plain(words.good(now, before, DAYS)) == said


def test_the_line_below_has_each_figure_with_the_one_before():
    before = figures(experiments_concluded=8, reaction_working_hours_median=3.2)
    assert plain(words.support(figures(), before, DAYS)) == (
        "From Mon 23 Nov the stream concluded 10 experiments, from 8; 10 % of runs failed, as "
        "before; a result led to the next launch in 1 h 42 m of working hours, from 3 h 12 m."
    )
    alone = figures(runs_finished=1, reaction_working_hours_median=None)
    assert plain(words.support(alone, None, DAYS)) == (
        "From Mon 23 Nov the stream concluded 10 experiments."
    )
    assert plain(words.support(None, None, DAYS)) == (
        "Nothing was launched from Mon 23 to Sat 28 Nov."
    )


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("result", "What did **high-heath-1** show, and what is next?"),
        ("failure", "What stopped **high-heath-1**, and is it worth a retry?"),
    ],
)
def test_the_question_is_one_of_a_fixed_list(kind, said):
    assert plain(words.question(decision(kind=kind))) == said


def test_lines_that_others_may_not_see_yet_are_counted():
    assert words.hidden(queue(decision())) == ""
    assert plain(words.hidden(queue(decision(named=False)))).startswith("One line passed its usual")
    two = queue(decision(named=False), decision("ibis", named=False))
    assert plain(words.hidden(two)).startswith("Two lines passed their usual")


@pytest.mark.parametrize(
    ("now", "before", "fresh", "said"),
    [
        (figures(), None, [], "10 concluded."),
        (figures(), figures(), [DAY], "10 concluded, as before; fresh result Sat 28 Nov."),
        (
            figures(),
            figures(failure_share=0.2),
            [],
            "10 concluded, as before; 10 % of runs failed, from 20 %.",
        ),
        (
            figures(),
            figures(experiments_concluded=12, reaction_working_hours_median=4.0),
            [],
            "10 concluded, from 12; result to next launch 1 h 42 m, from 4 h.",
        ),
        (None, figures(), [], "Nothing launched from Mon 23 to Sat 28 Nov."),
    ],
)
def test_everybody_else_has_a_good_or_neutral_fact(now, before, fresh, said):
    assert plain(words.quiet_fact(now, before, DAYS, fresh)) == said


@pytest.mark.parametrize(
    ("waiting", "said"),
    [
        (None, "Result waiting"),
        (decision(), "Needs a decision: 12 h of working hours"),
        (decision(named=False), "Result waiting"),
        (decision(needs_decision=False, parked=True), "Parked: launched on another line since"),
        (decision(needs_decision=False, marked_read=True), "Marked as read"),
        (
            decision(needs_decision=False, usual_working_hours=None),
            "Waits 12 h of working hours; too few waits for a usual",
        ),
        (
            decision(needs_decision=False, waited_working_hours=7.5),
            "Waits 7 h 30 m of working hours, within its usual",
        ),
        (
            decision(needs_decision=False),
            "Waits 12 h of working hours, longer than usual",
        ),
    ],
)
def test_the_state_of_a_line_has_its_wait_in_working_hours(waiting, said):
    assert plain(words.line_state({"state": "result waiting"}, waiting)) == said


def test_a_line_in_which_something_runs_is_running():
    assert words.line_state({"state": "running"}, decision(needs_decision=False)) == "Running"


def test_a_line_that_is_not_named_yet_is_not_the_only_one_without_its_wait():
    hidden = decision("jackdaw", needs_decision=True, named=False)
    within = decision("ibis", needs_decision=False)
    late = decision("heron", needs_decision=True)
    shown = words.shown_waits(queue(hidden, within, late))
    assert "ibis" not in shown["scholar"]
    assert words.shown_waits(queue(within, late)).height == 2
