"""Streams in words: whom to ask, the stream's figures, and one fact about everybody else."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from tests.plain_sentences import plain
from tests.read_schemas import READ_SCHEMAS
from tests.sentence_frames import NAMES, WEEK, series, weekly
from velocity.reading.periods import Window
from velocity.reading.series import Ranges
from velocity.sentences import streams as words
from velocity.sentences.answer import LONGEST_SENTENCE
from velocity.sentences.compared import Compared, Days
from velocity.sentences.queue import nothing_near

DAYS = Days(
    Window(date(2026, 11, 23), date(2026, 11, 28)), Window(date(2026, 11, 16), date(2026, 11, 21))
)
DAY = date(2026, 11, 28)
WEEK_LONG = timedelta(weeks=1)


RESULT = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


def decision(scholar="heron", **more):
    return {
        "scholar": scholar,
        "name": scholar.capitalize(),
        "stream_name": "Basalt",
        "entity": "e",
        "project": "probe",
        "label": "high-heath-1",
        "kind": "result",
        "result_at": RESULT,
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


def unknown(scholar="heron", kind="result", **more):
    """A line with too few waits for a usual."""
    blank = {"usual_working_hours": None, "usual_of": None, "needs_decision": False}
    return decision(scholar, kind=kind, usual_n=2) | blank | more


CALM = decision("calm", needs_decision=False, waited_working_hours=3.0)


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


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            (CALM, unknown("al"), unknown("ben", "failure"), unknown("cy")),
            "no Basalt line waits longer than usual; three lines have too few waits to judge.",
        ),
        (
            (unknown("al"), unknown("ben"), unknown("cy")),
            "three Basalt lines wait; too few waits so far to say what is usual.",
        ),
        ((unknown(),), "one Basalt line waits; too few waits so far to say what is usual."),
        (
            (unknown("field", "failure"), unknown("ovenb", "failure"), unknown("cy")),
            "two Basalt failures have had no launch after them: ask Field and Ovenb.",
        ),
        (
            (unknown("field", "failure"), unknown("cy")),
            "one Basalt failure has had no launch after it: ask Field.",
        ),
        (
            tuple(unknown(f"a-scholar-with-{at}", "failure") for at in range(4)),
            "four Basalt failures have had no launch after them: ask A-scholar-with-0 first.",
        ),
        (
            (unknown("field", "failure", named=False, name=None),),
            "one Basalt line waits; too few waits so far to say what is usual.",
        ),
        (
            (unknown("field", "failure", parked=True), unknown("cy", "failure", away=True)),
            "no Basalt line waits longer than usual.",
        ),
        (
            (decision("al"), unknown("ben")),
            "one Basalt line waits longer than usual: ask Al; one line has too few waits to judge.",
        ),
        (
            (decision(named=False), unknown("ben")),
            "one Basalt line waits longer than usual; its scholar sees it first.",
        ),
    ],
)
def test_the_headline_judges_no_line_against_a_usual_that_does_not_exist(rows, said):
    told = plain(words.headline(queue(*rows), DAY, stream="Basalt"))
    assert told == f"On Sat 28 Nov {said}"
    assert len(told) <= LONGEST_SENTENCE


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((), "Nothing needs a decision"),
        ((CALM,), "Nothing needs a decision"),
        ((unknown(),), "Cannot be judged yet: too few waits for a usual"),
        ((CALM, unknown()), "Nothing needs a decision; one line has too few waits to judge"),
        (
            (decision(), unknown("al"), unknown("ben")),
            "One line needs a decision; two lines have too few waits to judge",
        ),
    ],
)
def test_the_title_of_the_queue_says_what_cannot_be_judged(rows, said):
    assert words.queue_title(queue(*rows)) == said


@pytest.mark.parametrize(
    ("ranges", "title", "near"),
    [
        (
            Ranges(0, 12),
            "The three scholars, without a usual range yet",
            "No usual range yet: it needs eight whole weeks.",
        ),
        (
            Ranges(11, 1),
            "The three scholars, each against their own usual range",
            "No series is near the edge of its usual range; one series has no usual range yet.",
        ),
        (
            Ranges(12, 0),
            "The three scholars, each against their own usual range",
            "No series is near the edge of its usual range.",
        ),
    ],
)
def test_no_series_is_near_a_range_that_does_not_exist(ranges, title, near):
    assert words.people_title(3, ranges) == title
    assert nothing_near(ranges) == near


def test_a_series_has_a_range_if_its_latest_week_with_a_value_has_one():
    known = weekly(
        series("aurora", "serial_share", 2.0),
        series("basalt", "serial_share", 2.0, limits=None),
        series("cirrus", "serial_share", None, limits=None, weeks=1),
        series("other", "serial_share", 2.0),
    )
    assert Ranges.of(known, NAMES, ["serial_share"]) == Ranges(1, 1)
    assert Ranges.of(known.clear(), NAMES, ["serial_share"]) == Ranges(0, 0)
    # After the phase changed, the range of the weeks before is not that of the new ones.
    later = series("aurora", "serial_share", 2.0, limits=None, weeks=1, week=WEEK + WEEK_LONG)
    again = pl.concat([weekly(later), known])
    assert Ranges.of(again, ["aurora"], ["serial_share"]) == Ranges(0, 1)


def test_the_headline_of_several_streams_has_no_name_of_a_stream():
    assert plain(words.headline(queue(decision()), DAY)) == (
        "On Sat 28 Nov one line waits longer than usual: ask Heron."
    )


def test_if_nobody_waits_the_headline_says_what_went_well():
    good = words.good(Compared(DAYS, figures(), figures(experiments_concluded=7)))
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
    assert plain(words.good(Compared(DAYS, now, before))) == said


def test_the_line_below_has_each_figure_with_the_one_before():
    before = figures(experiments_concluded=8, reaction_working_hours_median=3.2)
    assert plain(words.support(Compared(DAYS, figures(), before))) == (
        "From Mon 23 Nov the stream concluded 10 experiments, from 8; 10 % of runs failed, as "
        "before; a result led to the next launch in 1 h 42 m of working hours, from 3 h 12 m."
    )
    alone = figures(runs_finished=1, reaction_working_hours_median=None)
    assert plain(words.support(Compared(DAYS, alone, None))) == (
        "From Mon 23 Nov the stream concluded 10 experiments."
    )
    assert plain(words.support(Compared(DAYS, None, None))) == (
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
        (
            figures(),
            figures(),
            [(DAY, "result"), (date(2026, 11, 27), "failure")],
            "10 concluded, as before; failure not recovered since Fri 27 Nov.",
        ),
        (
            None,
            None,
            [(DAY, "result")],
            "Nothing launched from Mon 23 to Sat 28 Nov; fresh result Sat 28 Nov.",
        ),
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
    assert plain(words.quiet_fact(Compared(DAYS, now, before), fresh)) == said


def test_a_failure_is_named_without_its_day_if_nobody_may_see_the_day():
    fact = words.quiet_fact(Compared(DAYS, figures(), None), [(DAY, "result")], failed=True)
    assert plain(fact) == "10 concluded; a failure is not recovered."


@pytest.mark.parametrize(
    ("waiting", "said"),
    [
        (None, "Result waiting"),
        (decision(), "Needs a decision: 12 h of working hours since Sat 28 Nov"),
        (decision(named=False), "Result waiting"),
        (decision(needs_decision=False, parked=True), "Parked: launched on another line since"),
        (decision(needs_decision=False, marked_read=True), "Marked as read"),
        (
            decision(needs_decision=False, usual_working_hours=None),
            "Waits: 12 h of working hours since Sat 28 Nov; too few waits for a usual",
        ),
        (
            decision(needs_decision=False, waited_working_hours=7.5),
            "Waits: 7 h 30 m of working hours since Sat 28 Nov, within its usual",
        ),
        (
            decision(needs_decision=False, waited_working_hours=0.0),
            "Waits: no working hours since Sat 28 Nov, within its usual",
        ),
        (
            decision(needs_decision=False),
            "Waits: 12 h of working hours since Sat 28 Nov, longer than usual",
        ),
    ],
)
def test_the_state_of_a_line_has_its_wait_in_working_hours(waiting, said):
    assert plain(words.line_state({"state": "result waiting"}, waiting, "UTC")) == said


def test_a_line_in_which_something_runs_is_running():
    waiting = decision(needs_decision=False)
    assert words.line_state({"state": "running"}, waiting, "UTC") == "Running"


def test_a_line_that_is_not_named_yet_is_not_the_only_one_without_its_wait():
    hidden = decision("jackdaw", needs_decision=True, named=False)
    within = decision("ibis", needs_decision=False)
    late = decision("heron", needs_decision=True)
    shown = words.shown_waits(queue(hidden, within, late))
    assert "ibis" not in shown["scholar"]
    assert words.shown_waits(queue(within, late)).height == 2
    seen = words.fresh(queue(within | {"result_at": RESULT}, late), "ibis", "UTC")
    assert seen == [(RESULT.date(), "result")]
    assert words.fresh(queue(hidden, within | {"result_at": RESULT}), "ibis", "UTC") == []


def test_the_caption_of_weeks_explains_only_the_marks_that_are_drawn():
    weeks = pl.DataFrame({"running": [False, True], "signal": [True, False]})
    assert words.weeks_caption(weeks, DAYS).endswith(
        "; grey: the scholar's own usual range; times on a log scale; open point: so far; "
        "diamond: a whole week beyond it."
    )
    whole = weeks.with_columns(running=False, signal=False)
    assert words.weeks_caption(whole, DAYS).endswith("range; times on a log scale.")
