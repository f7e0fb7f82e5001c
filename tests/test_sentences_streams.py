"""Streams in words: whom to ask, the stream's figures, and one fact about everybody else."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from tests.plain_sentences import plain
from tests.sentence_frames import (
    NAMES,
    SO_FAR as DAYS,
    WEEK,
    decision,
    queue,
    series,
    waiting,
    weekly,
)
from velocity.reading.series import Ranges
from velocity.sentences import streams as words
from velocity.sentences.answer import LONGEST_SENTENCE
from velocity.sentences.compared import Compared
from velocity.sentences.queue import nothing_near

DAY = date(2026, 11, 28)
RESULT, FAILURE = (DAY, "result"), (date(2026, 11, 27), "failure")
NONE_NEAR = "No series is near the edge of its usual range"


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
    ("lines", "said"),
    [
        ("", "no Basalt line waits longer than usual."),
        ("heron", "one Basalt line waits longer than usual: ask Heron."),
        ("al ben", "two Basalt lines wait longer than usual: ask Al and Ben about one each."),
        ("gannet gannet", "two Basalt lines wait longer than usual: ask Gannet."),
        ("gannet (heron)", "two Basalt lines wait longer than usual: ask Gannet."),
        ("(heron)", "one Basalt line waits longer than usual; its scholar sees it first."),
        (
            "a-scholar-with-0 a-scholar-with-1 a-scholar-with-2 a-scholar-with-3 a-scholar-with-4",
            "five Basalt lines wait longer than usual: ask A-scholar-with-0 first.",
        ),
        # None is judged against a usual that does not exist.
        (
            "calm~ al? ben!? cy?",
            "no Basalt line waits longer than usual; three lines have too few waits to judge.",
        ),
        ("al? ben? cy?", "three Basalt lines wait; too few waits so far to say what is usual."),
        ("heron?", "one Basalt line waits; too few waits so far to say what is usual."),
        (
            "ed!? ovenb!? cy?",
            "two Basalt failures have had no launch after them: ask Ed and Ovenb.",
        ),
        ("field!? cy?", "one Basalt failure has had no launch after it: ask Field."),
        (
            "a-scholar-with-0!? a-scholar-with-1!? a-scholar-with-2!? a-scholar-with-3!?",
            "four Basalt failures have had no launch after them: ask A-scholar-with-0 first.",
        ),
        ("()!?", "one Basalt line waits; too few waits so far to say what is usual."),
        (
            "al ben?",
            "one Basalt line waits longer than usual: ask Al; one line has too few waits to judge.",
        ),
        ("(heron) ben?", "one Basalt line waits longer than usual; its scholar sees it first."),
    ],
)
def test_the_headline_has_the_date_the_stream_and_whom_to_ask(lines, said):
    told = plain(words.headline(waiting(lines), DAY, stream="Basalt"))
    assert told == f"On Sat 28 Nov {said}"
    assert len(told) <= LONGEST_SENTENCE


@pytest.mark.parametrize("why", ["parked", "away"])
def test_the_headline_does_not_count_failures_that_nobody_has_to_follow_now(why):
    lines = waiting("cy!?").with_columns(**{why: True})
    assert plain(words.headline(lines, DAY, stream="Basalt")) == (
        "On Sat 28 Nov no Basalt line waits longer than usual."
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "Nothing needs a decision"),
        ("calm~", "Nothing needs a decision"),
        ("heron?", "Cannot be judged yet: too few waits for a usual"),
        ("calm~ al?", "Nothing needs a decision; one line has too few waits to judge"),
        ("heron al? ben?", "One line needs a decision; two lines have too few waits to judge"),
    ],
)
def test_the_title_of_the_queue_says_what_cannot_be_judged(lines, said):
    assert words.queue_title(waiting(lines)) == said


@pytest.mark.parametrize(
    ("known", "near"),
    [
        (0, "No usual range yet: it needs eight whole weeks."),
        (11, f"{NONE_NEAR}; one series has no usual range yet."),
        (12, f"{NONE_NEAR}."),
    ],
)
def test_no_series_is_near_a_range_that_does_not_exist(known, near):
    ranges = Ranges(known, 12 - known)
    against = "each against their own usual range" if known else "without a usual range yet"
    assert words.people_title(3, ranges) == f"The three scholars, {against}"
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
    next_week = WEEK + timedelta(weeks=1)
    later = series("aurora", "serial_share", 2.0, limits=None, weeks=1, week=next_week)
    again = pl.concat([weekly(later), known])
    assert Ranges.of(again, ["aurora"], ["serial_share"]) == Ranges(0, 1)


def test_the_headline_has_no_name_of_several_streams_and_says_what_went_well_if_nobody_waits():
    assert plain(words.headline(queue(decision()), DAY)) == (
        "On Sat 28 Nov one line waits longer than usual: ask Heron."
    )
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
    one = figures(runs_finished=1, failure_share=0.8, reaction_working_hours_median=None)
    alone = plain(words.support(Compared(DAYS, one, None)))
    assert alone == "From Mon 23 Nov the stream concluded 10 experiments."
    then = figures(loop_hours_median=8.0, serial_share=0.39)
    now = figures(loop_hours_median=11.25, serial_share=0.61)
    assert plain(words.loop(Compared(DAYS, now, then))) == (
        "A loop took 11 h 15 m, from 8 h; one experiment ran at a time for 61 % of busy hours, "
        "from 39 %."
    )
    assert words.loop(Compared(DAYS, None, then)) == ""
    nothing = plain(words.support(Compared(DAYS, None, None)))
    assert nothing == "Nothing was launched from Mon 23 to Sat 28 Nov."


def test_the_question_is_one_of_a_fixed_list():
    assert plain(words.question(decision())) == "What did **high-heath-1** show, and what is next?"
    failed = plain(words.question(decision(kind="failure")))
    assert failed == "What stopped **high-heath-1**, and is it worth a retry?"


def test_lines_that_others_may_not_see_yet_are_counted_and_have_no_day():
    fact = plain(words.quiet_fact(Compared(DAYS, figures(), None), [RESULT], failed=True))
    assert fact == "10 concluded; a failure is not recovered."
    assert words.hidden(waiting("heron")) == ""
    assert plain(words.hidden(waiting("(heron)"))).startswith("One line passed its usual")
    assert plain(words.hidden(waiting("(heron) (ibis)"))).startswith("Two lines passed their usual")


def quiet_fact(now, before, *fresh, **more):
    figures_of = (it if it is None else figures(**it) for it in (now, before))
    return plain(words.quiet_fact(Compared(DAYS, *figures_of), fresh, **more))


def test_everybody_else_has_a_good_or_neutral_fact():
    assert quiet_fact({}, None) == "10 concluded."
    assert quiet_fact({}, {}, RESULT, FAILURE) == (
        "10 concluded, as before; failure not recovered since Fri 27 Nov."
    )
    assert quiet_fact(None, {}) == "Nothing launched from Mon 23 to Sat 28 Nov."
    assert quiet_fact(None, None, RESULT) == (
        "Nothing launched from Mon 23 to Sat 28 Nov; a result since Sat 28 Nov."
    )
    assert quiet_fact({}, {"failure_share": 0.2}) == (
        "10 concluded, as before; 10 % of runs failed, from 20 %."
    )
    before = {"experiments_concluded": 12, "reaction_working_hours_median": 4.0}
    assert quiet_fact({}, before) == (
        "10 concluded, from 12; result to next launch 1 h 42 m, from 4 h."
    )
    assert quiet_fact({}, None, RESULT, silent=2) == (
        "10 concluded; two runs are silent; a result since Sat 28 Nov."
    )


def waits(hours, **more):
    return decision(needs_decision=False, waited_working_hours=hours, **more)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (None, "Result waiting"),
        (decision(), "Needs a decision: 12 h of working hours since Sat 28 Nov"),
        (decision(named=False), "Result waiting"),
        (waits(12.0, parked=True), "Parked: launched on another line since"),
        (waits(12.0, marked_read=True), "Marked as read"),
        (
            waits(12.0, usual_working_hours=None),
            "Waits: 12 h of working hours since Sat 28 Nov; too few waits for a usual",
        ),
        (waits(7.5), "Waits: 7 h 30 m of working hours since Sat 28 Nov, within its usual"),
        (waits(0.0), "Waits: no working hours since Sat 28 Nov, within its usual"),
        (waits(12.0), "Waits: 12 h of working hours since Sat 28 Nov, longer than usual"),
    ],
)
def test_the_state_of_a_line_has_its_wait_in_working_hours_unless_something_runs(line, said):
    assert plain(words.line_state({"state": "result waiting"}, line, "UTC")) == said
    assert words.line_state({"state": "running"}, line, "UTC") == "Running"
    silent = words.line_state({"state": "result waiting"}, line, "UTC", silent=1)
    assert plain(silent) == f"{said}; one run is silent"
    assert words.line_state({"state": "stale run"}, None, "UTC", silent=1) == "One run is silent"


def test_a_line_that_is_not_named_yet_is_not_the_only_one_without_its_wait():
    hidden = decision("jackdaw", named=False, stream="basalt")
    within = waits(12.0) | {"scholar": "ibis", "result_at": datetime(2026, 11, 28, 9, tzinfo=UTC)}
    within |= {"stream": "basalt"}
    elsewhere = within | {"scholar": "knot", "stream": "aurora"}
    late = decision("heron")
    shown = words.shown_waits(queue(hidden, within, elsewhere, late))
    assert "ibis" not in shown["scholar"]
    assert "knot" in shown["scholar"], "as the page of its stream tells"
    assert words.shown_waits(queue(within, late)).height == 2
    assert words.fresh(queue(within, late), "ibis", "UTC") == [RESULT]
    assert words.fresh(queue(hidden, within), "ibis", "UTC") == []


def test_the_caption_of_weeks_explains_only_the_marks_that_are_drawn():
    mondays = [date(2026, 11, 16), date(2026, 11, 23)]
    marks = {"running": [False, True], "signal": [True, False]}
    weeks = pl.DataFrame({"week_start": mondays, **marks})
    assert plain(words.weeks_caption(weeks, DAYS)).endswith(
        "of 2 weeks; grey: the scholar's own usual range; times on a log scale; open point: so "
        "far; diamond: a whole week beyond it."
    )
    whole = weeks.with_columns(running=False, signal=False)
    assert words.weeks_caption(whole, DAYS).endswith("range; times on a log scale.")
