"""The words of the blocks of Stand-up: tiles, the queue, what moved, streams, the foot."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from tests.plain_sentences import plain
from tests.sentence_frames import (
    NAMES,
    SO_FAR,
    TODAY,
    decision,
    end,
    ends,
    figures,
    frame,
    queue as queued,
    waiting,
)
from tests.test_sentences_week import ALONE, FOUR, MONDAY, WEEK, WHOLE, point
from velocity.reading.periods import Window
from velocity.reading.series import Ranges
from velocity.sentences import moved, queue, week_tiles, weeks
from velocity.sentences.compared import Compared, Days, usual
from velocity.sentences.ends import credits_end

COUNT, LOOP = "experiments_concluded", "loop_hours_median"


def tile(found):
    return {
        name: plain(getattr(found, name))
        for name in ("label", "value", "change", "before", "second", "note")
    }


def test_the_first_tile_is_its_count_with_failures_range_and_automation():
    now = figures(experiments_concluded=279, failure_share=0.094)
    before = figures(experiments_concluded=228, failure_share=0.11)
    so_far = point(279.0, 176.0, 299.0)
    found = week_tiles.concluded(Compared(SO_FAR, now, before), so_far)
    assert tile(found) == {
        "label": "Experiments concluded",
        "value": "279",
        "change": "+51",
        "before": "from 228",
        "second": "9 % of runs failed, from 11 %",
        "note": "usual by Saturday 176 to 299",
    }
    automated = now | {"automated_concluded": 6}
    found = tile(week_tiles.concluded(Compared(SO_FAR, automated, None), so_far))
    assert found["note"] == "usual by Saturday 176 to 299; automation concluded 6 more"


@pytest.mark.parametrize(
    ("days", "note"),
    [
        (SO_FAR, "no usual range yet: it starts at 8 whole weeks"),
        (FOUR, "a usual range is of single weeks"),
        (ALONE, "by week; grey is the usual range of its weeks, a diamond a week beyond it"),
    ],
)
def test_without_a_range_the_first_tile_says_why(days, note):
    now = figures(experiments_concluded=2, failure_share=None)
    found = tile(week_tiles.concluded(Compared(days, now, None), None))
    assert found["note"] == note
    assert (found["change"], found["second"]) == ("no earlier days", "no run has ended")


def test_the_parts_of_the_second_tile_add_up_to_a_hundred():
    now = figures(serial_share=0.634, busy_hours=1360.2)
    so_far = point(0.634, 0.55, 0.77, "serial_share")
    found = tile(week_tiles.serial(Compared(SO_FAR, now, figures(serial_share=0.686)), so_far))
    assert found == found | {
        "value": "63 %",
        "change": "\u22126 points",
        "before": "from 69 %",
        "second": "37 % with two or more, from 31 %",
        "note": "of 1,360 busy hours; usual by Saturday 55 to 77 %",
    }
    wide = point(0.634, 0.05, 0.95, "serial_share")
    whole = tile(week_tiles.serial(Compared(WHOLE, now, None), wide))
    assert whole["note"] == "of 1,360 busy hours"
    short = Compared(WHOLE, now | {"busy_hours": 0.3}, None)
    assert tile(week_tiles.serial(short, wide))["note"] == "of under 1 busy hour"
    nothing = tile(week_tiles.serial(Compared(SO_FAR, figures(serial_share=None), None), None))
    assert (nothing["value"], nothing["second"]) == ("none", "nothing was running")


def test_the_third_tile_has_its_median_and_how_its_hours_divide():
    parts = {"loop_machine_share": 0.355, "loop_working_wait_share": 0.252, "loop_off_share": 0.393}
    median = {"loop_hours_median": 11.97, "loop_hours_low": 8.5, "loop_hours_high": 15.2}
    now = figures(loop_hours_n=307, loop_hours_events=250, **parts, **median)
    found = tile(week_tiles.loop(Compared(SO_FAR, now, figures(loop_hours_median=12.45)), None))
    assert found == found | {
        "value": "11 h 58 m",
        "change": "\u221229 m",
        "before": "from 12 h 27 m",
        "second": (
            "Of its hours 36 % machine, 25 % waiting in working hours, 39 % nights and days off"
        ),
        "note": "median, n = 307 loops; 95 % limits 8 h 30 m to 15 h 12 m",
    }
    few = figures(loop_hours_events=5, loop_hours_n=7)
    found = tile(week_tiles.loop(Compared(SO_FAR, few, None), None))
    assert (found["value"], found["note"]) == ("no median", "n = 7 loops")
    assert found["second"] == "5 loops so far; medians start at 6 events."
    many = {"loop_hours_events": 6, "loop_hours_n": 9, "loop_hours_largest": 31}
    never = tile(
        week_tiles.loop(Compared(SO_FAR, figures(loop_hours_median=None, **many), None), None)
    )
    assert never["value"] == "> 31 h"


def test_what_a_share_leaves_adds_up_to_100_as_printed_and_a_range_begins_with_0():
    assert usual({"limit_low": 0.003, "limit_high": 0.18}, "share") == "0 to 18\u00a0%"
    assert [plain(week_tiles._left(it)) for it in (0, 0.003, 0.642, 0.997, 1)] == [
        "100 %", "over 99 %", "36 %", "under 1 %", "0 %"
    ]  # fmt: skip


def test_the_fourth_tile_is_the_day_on_which_the_first_credits_end():
    def found(*rows):
        return tile(credits_end(ends(*rows), TODAY))

    aurora = end("Aurora", 20, seen_before=TODAY + timedelta(days=21))
    assert found(end("Dune", 21, left=20.0), aurora) == {
        "label": "First credits to run out: Aurora",
        "value": "Fri 18 Dec",
        "change": "\u22121 d",
        "before": "from the forecast a week before",
        "second": "30 credits left in streams with grants",
        "note": "at the pace of the 14 days to 28 Nov; allocation, not use",
    }
    unknown = found(end("Dune", 9, or_sooner=True))["note"]
    assert unknown.startswith("or sooner: some GPU counts are not recorded; ")
    assert found()["second"] == "no grant of a stream is recorded"
    assert found(end("Dune", 9, pace_days=10))["note"] == (
        "at the pace of the 14 days to 28 Nov, of which 10 days have data; allocation, not use"
    )
    idle = found(end("Dune", None))
    assert (idle["value"], idle["change"]) == ("none", "no end at this pace")


def test_the_rows_of_a_chart_end_with_the_days_and_keep_gaps():
    now = {at: point(float(at), 1.0, 9.0, COUNT) for at in (1, 2, 3)}
    before = {at: point(2.0 * at, 1.0, 9.0, COUNT) for at in (1, 3, 4)}
    two_days = Days(Window(MONDAY, MONDAY + timedelta(days=1)), None)
    names = ("Mon", "Tue", "Wed", "Thu")
    days = week_tiles.to_date_rows(now, before, days=two_days, names=names)
    assert days["value"].to_list() == [1.0, 2.0, None, None]
    assert days["before"].to_list() == [2.0, None, 6.0, 8.0]
    assert days["low"].to_list() == [1.0] * 4


def test_a_line_of_the_queue_says_what_waits_since_which_day():
    row = decision(result_at=datetime(2026, 11, 27, 6, 40, tzinfo=UTC))
    said = plain(queue.row_words(row, "UTC"))
    assert said == "**high-heath-1** has had a result since Fri 27 Nov; nothing launched since."
    failed = plain(queue.row_words(row | {"kind": "failure"}, "Pacific/Honolulu"))
    assert "failed on Thu 26 Nov" in failed
    assert plain(queue.usual_words(row)) == "usual up to 7 h 30 m (168 waits)"
    of_all = row | {"usual_of": "scholar"}
    assert "usual of all their lines up to" in plain(queue.usual_words(of_all))


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        ("", "No line waits longer than it usually does"),
        ("a", "One line waits longer than it usually does, in Basalt"),
        ("a b", "Two lines wait longer than they usually do, both in Basalt"),
        ("x? y?", "Two lines wait; too few waits so far to say what is usual"),
        ("x?", "One line waits; too few waits so far to say what is usual"),
        (
            "a~ x? y?",
            "No line waits longer than it usually does; two lines have too few waits to judge",
        ),
    ],
)
def test_the_title_of_the_queue_counts_lines_and_names_one_stream(lines, title):
    assert queue.title(waiting(lines)) == title


def test_the_title_of_the_queue_has_its_day_on_a_slide():
    def slide(lines):
        return plain(queue.presented(lines, TODAY))

    mixed = queued(decision("a"), decision("b", stream_name="Ember"))
    assert queue.title(mixed) == "Two lines wait longer than they usually do"
    assert slide(mixed) == "Two lines wait longer than they usually do on Sat 28 Nov."
    assert slide(waiting("x? y?")) == (
        "Two lines wait on Sat 28 Nov; too few waits so far to say what is usual."
    )
    assert slide(waiting("a x? y?")) == (
        "One line waits longer than it usually does, in Basalt on Sat 28 Nov; two lines have too "
        "few waits to judge."
    )


def calm(scholar, **more):
    return decision(scholar, needs_decision=False, **more)


def test_the_rest_of_the_queue_is_counted_and_adds_up():
    lines = waiting("a b (late)")
    known = queued(
        *lines.to_dicts(),
        *waiting("fresh~ calm~ new?").to_dicts(),
        calm("p", parked=True, away=True),
        calm("w", away=True),
        calm("r", marked_read=True),
    )
    assert queue.rest(known, lines, 1) == (
        "One more waits longer than usual; one line passed its usual in the last 24 hours; the "
        "scholar sees it first; two other lines wait within their usual; one is parked: the "
        "scholar launched on another line since; one is of a scholar who is away; one is marked "
        "as read; one has too few waits for a usual."
    )
    assert queue.rest(lines, lines, 2).startswith("One line passed its usual")
    assert queue.rest(waiting(""), waiting(""), 0) == ""


def silent(runs, *scholars):
    since = datetime(2026, 11, 27, 23, 40, tzinfo=UTC)
    of_all = {"entity": "e", "project": "p", "what": "stale run", "n": 1, "since_at": since}
    stale = frame("stuck", [{"scholar": it} | of_all for it in scholars])
    return plain(queue.silent(stale, runs, "UTC"))


def test_silent_runs_are_named_as_far_as_they_are_known():
    assert silent(0) == ""
    assert silent(1, "quail") == (
        "One run is silent and may hold a GPU for nothing: **quail / p** since Fri 27 Nov."
    )
    assert silent(3, "tern", "quail").endswith(
        "**quail / p** since Fri 27 Nov, **tern / p** since Fri 27 Nov and one of users outside "
        "the roster."
    )
    assert silent(4, *"abcd").endswith("and one other run.")


def test_waits_are_multiples_of_their_own_usual():
    rows = [
        decision("a", waited_working_hours=15.0, stream="basalt"),
        calm("b", waited_working_hours=9.0, stream="basalt"),
        calm("p", parked=True, stream="basalt"),
        calm("n", usual_working_hours=None, stream="basalt"),
        decision("h", named=False, usual_working_hours=None, stream="aurora"),
    ]
    names = {"aurora": "Aurora", "basalt": "Basalt"}
    assert queue.by_stream(queued(*rows), names) == [("Aurora", [1.0]), ("Basalt", [1.0, 2.0])]


def rows_of(now, before, measure=COUNT, unit="count", names=NAMES):
    """The rows by stream of a measure, of which each group has such a value."""
    by_group = ({group: {measure: it} for group, it in values.items()} for values in (now, before))
    return moved.stream_rows(*by_group, names, measure, unit)


def in_words(rows, column="change_words"):
    return [plain(it) for it in rows[column]]


TWO = {"aurora": "Aurora", "basalt": "Basalt"}


def test_counts_by_stream_add_up_to_the_programme():
    rows = rows_of(
        {"aurora": 59, "basalt": 61, "cirrus": 39, "programme": 170},
        {"aurora": 52, "basalt": 47, "cirrus": 39, "programme": 142},
    )
    assert rows["name"].to_list() == ["Aurora", "Basalt", "Cirrus", "Unattributed", "Programme"]
    for column in ("now", "before"):
        parts = rows.filter(~pl.col("total"))[column].sum()
        assert parts == rows.filter("total")[column].item()
    assert in_words(rows) == ["+7", "+14", "±0", "+7", "+28"]
    assert moved.title(rows, COUNT, SO_FAR) == "The 28 more: most in Basalt (+14)"
    many = rows_of(
        {"aurora": 10_006, "basalt": 20_006, "programme": 30_012},
        {"aurora": 6, "basalt": 6, "programme": 12},
        names=TWO,
    )
    assert many["now_words"].to_list() == ["10,006", "20,006", "30,012"]
    assert many["change_words"].to_list() == ["+10,000", "+20,000", "+30,000"]


@pytest.mark.parametrize(
    ("aurora", "basalt", "programme", "title"),
    [
        (9, 6, 17, "The 5 more came from every stream, 4 of them from Aurora"),
        (1, 6, 9, "The 3 fewer: most in Aurora (\u22124)"),
        (5, 5, 13, "The 1 more came from outside the streams"),
        (5, 5, 12, "As many concluded as on the same days before"),
    ],
)
def test_the_title_says_where_the_change_came_from(aurora, basalt, programme, title):
    now = {"aurora": aurora, "basalt": basalt, "programme": programme}
    rows = rows_of(now, {"aurora": 5, "basalt": 5, "programme": 12}, names=TWO)
    assert plain(moved.title(rows, COUNT, SO_FAR)) == title


def test_fewer_launches_are_named_as_a_cause():
    now, before = pl.DataFrame({"experiments_started": [0, 31]}), {"experiments_started": 590}
    fewer = moved.launched(Compared(SO_FAR, {"experiments_started": 118}, before))
    assert fewer == "118 were launched, from 590"
    assert moved.launched(Compared(SO_FAR, before, None)) == "590 were launched"
    one = {"experiments_started": 1}
    assert moved.launched(Compared(SO_FAR, one, before)) == "1 was launched, from 590"
    week = pl.DataFrame({"experiments_started": [90, 60, 40]})
    told = moved.launched_by_day(now, 5, week, 5)
    assert told == "Launched: 31 on 1 of 5 days, from 190 on 3 of 5."


def test_ratios_show_both_values_and_no_sum():
    now = {"aurora": 4.0, "basalt": None, "cirrus": 2.0, "programme": 3.0}
    before = {"aurora": 5.0, "basalt": 9.0, "cirrus": 2.0, "programme": 4.0}
    rows = rows_of(now, before, LOOP, "hours")
    assert rows["name"].to_list() == ["Aurora", "Basalt", "Cirrus", "Programme"]
    assert in_words(rows) == ["\u22121 h", "\u2013", "±0 m", "\u22121 h"]
    assert plain(moved.title(rows, LOOP, SO_FAR)) == "The loop, by stream: 3 h, from 4 h"
    alone = rows_of(now, {}, LOOP, "hours")
    assert plain(moved.title(alone, LOOP, ALONE)) == "By stream from Mon 31 Aug to Sat 28 Nov"


def concluded(*rows):
    days = {"start_day": TODAY, "result_day": TODAY, "entity": "e", "project": "p"}
    return frame(
        "concluded",
        [
            {"scholar": scholar, "stream": stream, "label": label, "experiment_id": label} | days
            for scholar, stream, label in rows
        ],
    )


def test_the_lines_of_a_stream_add_up_and_name_their_latest_experiments():
    now = concluded(*(("fulmar", "basalt", label) for label in "cba"), ("heron", "aurora", "x"))
    before = concluded(("fulmar", "basalt", "z"), ("gannet", "basalt", "y"))
    rows = moved.line_rows(now, before, "basalt", lambda row: f"[{row['label']}](runs)")
    assert rows["line"].to_list() == ["fulmar / p", "gannet / p", "**All**"]
    assert rows["now"].to_list() == ["3", "0", "**3**"]
    assert rows["before"].to_list() == ["1", "1", "**2**"]
    assert in_words(rows, "change") == ["+2", "\u22121", "**+1**"]
    assert rows["experiments"][0] == "[c](runs), [b](runs) and 1 more"
    other = concluded(("stranger", None, "s"))
    rows = moved.line_rows(other, before.clear(), moved.UNATTRIBUTED, lambda row: row["label"])
    assert rows["experiments"].to_list() == ["s", ""]


def test_the_claim_above_the_streams():
    def title(days, beyond=0, *shifts):
        return plain(moved.streams_title(shifts, beyond, days, Ranges(20, 0)))

    basalt, ember = ("Basalt's loop", "week of 16 Nov"), ("Ember's loop", "week of 9 Nov")
    none = "From Mon 23 to Sat 28 Nov no stream is beyond its usual range so far"
    assert title(SO_FAR) == none
    assert title(SO_FAR, 0, basalt) == f"{none}; Basalt's loop was, in the week of 16 Nov"
    assert title(SO_FAR, 1) == (
        "From Mon 23 to Sat 28 Nov one series is beyond the usual range so far"
    )
    assert title(SO_FAR, 2) == (
        "From Mon 23 to Sat 28 Nov two series are beyond the usual range so far"
    )
    assert title(WHOLE) == (
        "No stream was beyond its usual range in a week from Mon 16 to Sun 22 Nov"
    )
    assert title(FOUR, 0, basalt, ember) == (
        "Basalt's loop was beyond its usual range in the week of 16 Nov; one other series was too"
    )


@pytest.mark.parametrize("days", [SO_FAR, WHOLE, FOUR])
def test_no_stream_is_judged_by_a_range_that_does_not_exist(days):
    none = Ranges(0, 20)
    assert moved.streams_title([], 0, days, none) == (
        "No usual range yet: it needs eight whole weeks"
    )
    some = plain(moved.streams_title([], 0, days, Ranges(17, 3)))
    assert "no stream" in some.lower()
    assert some.endswith("; three series have no usual range yet")
    shift = [("Basalt's loop", "week of 16 Nov")]
    assert "Basalt's loop was" in plain(moved.streams_title(shift, 0, days, none))


def test_the_foot_counts_restated_figures_and_what_launched_something():
    def clause(*changes, measure=COUNT):
        week = {"group_id": "programme", "week_start": MONDAY - WEEK, "measure": measure}
        rows = [
            week | {"value_before": it, "value_after": after, "by_people": it is None}
            for it, after in changes
        ]
        return plain(weeks.restated_clause(frame("restated", rows), date(2026, 11, 22)))

    assert clause() == clause((100.0, 100.001)) == ""
    # What does not show is not the largest either.
    assert clause((0.0001, 0.0004), (0.5, 0.51), measure="failure_share") == (
        "1 figure of past weeks was restated since 22 Nov, the largest by 2.0 %."
    )
    assert clause((100.0, 100.4), (50.0, 50.1)) == (
        "2 figures of past weeks were restated since 22 Nov, the largest by 0.4 %."
    )
    assert clause((None, None)) == "1 figure of past weeks was restated since 22 Nov."
    # A project of the same name in another entity is another one; a run that no figure counts
    # launched nothing.
    columns = ["scholar", "entity", "project", "counted"]
    launched = [("a", "e", "p", 2), ("a", "f", "p", 1), ("stranger", "e", "p", 1)]
    counts = pl.DataFrame([*launched, ("b", "e", "q", 0)], columns, orient="row")
    scholars = pl.DataFrame({"scholar": ["a", "b"]})
    told = weeks.coverage(counts, {"projects": 3, "scholars": 2}, scholars, SO_FAR.on)
    assert plain(told) == (
        "Counts W&B runs only: 2 of 3 projects and 1 of 2 scholars launched something from "
        "Mon 23 to Sat 28 Nov"
    )
