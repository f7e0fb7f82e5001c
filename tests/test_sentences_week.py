"""The headline of Stand-up and its five lines: each rule, its boundary and its empty state."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, strategies as st

from tests.plain_sentences import MARKUP, hostile, metric_rows, plain
from tests.sentence_frames import NAMES, figures, frame, series, weekly
from velocity.reading.periods import Window
from velocity.sentences import compared, week
from velocity.sentences.answer import LONGEST_SENTENCE, as_read
from velocity.sentences.compared import Compared, Days
from velocity.sentences.ends import runs_out

MONDAY = date(2026, 11, 23)
TODAY = date(2026, 11, 28)
WEEK = timedelta(weeks=1)
SO_FAR = Days(Window(MONDAY, TODAY), Window(MONDAY - WEEK, TODAY - WEEK))
WHOLE = Days(
    Window(MONDAY - WEEK, MONDAY - timedelta(days=1)),
    Window(MONDAY - 2 * WEEK, MONDAY - WEEK - timedelta(days=1)),
)
FOUR = Days(
    Window(MONDAY - 4 * WEEK, MONDAY - timedelta(days=1)),
    Window(MONDAY - 8 * WEEK, MONDAY - 4 * WEEK - timedelta(days=1)),
)
ALONE = Days(Window(date(2026, 8, 31), TODAY), None)


def point(value, low=None, high=None, measure="experiments_concluded", **more):
    return {
        "group_id": "programme",
        "measure": measure,
        "value": value,
        "limit_low": low,
        "limit_high": high,
        **more,
    }


def said(line):
    return plain(line.text).replace("**", "")


@pytest.mark.parametrize(
    ("days", "earlier"),
    [
        (SO_FAR, "on the same days before"),
        (
            Days(Window(MONDAY, MONDAY), Window(MONDAY - WEEK, MONDAY - WEEK)),
            "on the same day before",
        ),
        (WHOLE, "the week before"),
        (FOUR, "in the four weeks before"),
        (Days(Window(TODAY - timedelta(days=9), TODAY), None), "in the 10 days before"),
    ],
)
def test_the_comparison_is_named_by_its_days(days, earlier):
    assert days.earlier == earlier


def test_days_are_written_with_weekday_and_month():
    assert plain(SO_FAR.on) == "from Mon 23 to Sat 28 Nov"
    assert plain(Days(Window(MONDAY, MONDAY), None).on) == "on Mon 23 Nov"
    assert plain(FOUR.kicker) == "Mon 26 Oct to Sun 22 Nov 2026, against Mon 28 Sep to Sun 25 Oct"
    assert plain(SO_FAR.these) == "23\u201328 Nov"
    assert ALONE.those == ""


@pytest.mark.parametrize(
    ("now", "before", "so_far", "days", "expected"),
    [
        (
            279,
            228,
            point(279.0, 176.4, 298.6),
            SO_FAR,
            (
                "279 experiments concluded from Mon 23 to Sat 28 Nov, 51 more than the same days "
                "before; usual is 176 to 299."
            ),
        ),
        (
            228,
            279,
            point(228.0, 176.0, 299.0),
            WHOLE,
            (
                "228 experiments concluded from Mon 16 to Sun 22 Nov, 51 fewer than the week "
                "before; usual is 176 to 299."
            ),
        ),
        (
            237,
            100,
            point(237.0, 176.0, 299.0),
            WHOLE,
            (
                "237 experiments concluded from Mon 16 to Sun 22 Nov, back from 100 the week "
                "before; usual is 176 to 299."
            ),
        ),
        (
            310,
            290,
            point(310.0, 176.0, 299.0),
            WHOLE,
            (
                "310 experiments concluded from Mon 16 to Sun 22 Nov, 20 more than the week "
                "before; above the usual 176 to 299."
            ),
        ),
        (
            9,
            9,
            None,
            SO_FAR,
            (
                "9 experiments concluded from Mon 23 to Sat 28 Nov, as many as on the same days "
                "before."
            ),
        ),
        (
            0,
            1,
            None,
            SO_FAR,
            (
                "No experiment concluded from Mon 23 to Sat 28 Nov, 1 fewer than on the same days "
                "before."
            ),
        ),
        (3349, None, None, ALONE, "3,349 experiments concluded from Mon 31 Aug to Sat 28 Nov."),
    ],
)
def test_the_headline_has_a_number_dates_and_a_comparison(now, before, so_far, days, expected):
    row = figures(experiments_concluded=now)
    earlier = None if before is None else figures(experiments_concluded=before)
    found = plain(week.headline(Compared(days, row, earlier), so_far))
    assert found == expected
    assert len(found) <= LONGEST_SENTENCE


@given(now=st.integers(0, 10**7), before=st.none() | st.integers(0, 10**7), share=st.floats(0, 2))
def test_any_headline_fits(now, before, share):
    row = point(float(now), now * share, now * share + 1)
    for days in (SO_FAR, WHOLE, FOUR, ALONE):
        earlier = None if before is None else figures(experiments_concluded=before)
        told = week.headline(Compared(days, figures(experiments_concluded=now), earlier), row)
        assert len(as_read(told)) <= LONGEST_SENTENCE
        assert plain(formats_of(days)) in plain(told)


def formats_of(days):
    return days.on


def same_days(*rows):
    schema = {"limit_low": pl.Float64, "limit_high": pl.Float64, "value": pl.Float64}
    if not rows:
        return weekly()
    return pl.DataFrame(list(rows), schema_overrides=schema)


def of_week(
    value, start=MONDAY, *, group="basalt", measure="loop_hours_median", low=3.5, high=12.5
):
    return point(value, low, high, measure, week_start=start) | {"group_id": group}


LOOP = series("basalt", "loop_hours_median", 12.9, limits=(3.5, 12.5), week=MONDAY - WEEK)


def test_changed_tells_the_return_from_a_shift_of_last_week():
    told = week.changed(weekly(LOOP), same_days(of_week(4.0)), NAMES, SO_FAR)
    assert said(told) == (
        "Basalt's loop is back to usual: 4 h from Mon 23 to Sat 28 Nov, after 12 h 54 m in the "
        "week of 16 Nov, 24 m above its usual 3 h 30 m to 12 h 30 m."
    )


def test_changed_tells_a_shift_that_goes_on_or_of_the_days_themselves():
    told = week.changed(weekly(LOOP), same_days(of_week(13.0)), NAMES, SO_FAR)
    assert said(told) == (
        "Basalt's loop was 12 h 54 m in the week of 16 Nov, 24 m above its usual 3 h 30 m to "
        "12 h 30 m; 13 h from Mon 23 to Sat 28 Nov."
    )
    told = week.changed(weekly(LOOP), same_days(), NAMES, WHOLE)
    assert said(told) == (
        "Basalt's loop was 12 h 54 m in the week of 16 Nov, 24 m above its usual 3 h 30 m to "
        "12 h 30 m."
    )


def test_changed_counts_the_other_shifts_and_knows_the_programme():
    whole = series("programme", "failure_share", 0.5, limits=(0.1, 0.3), week=MONDAY - WEEK)
    told = week.changed(weekly(LOOP, whole), same_days(), NAMES, WHOLE)
    assert said(told).endswith("One other series was beyond its usual range.")
    told = week.changed(weekly(whole), same_days(), NAMES, WHOLE)
    assert said(told) == (
        "The programme's share of failed runs was 50 % in the week of 16 Nov, 20.0 points above "
        "its usual 10 % to 30 %."
    )


def test_changed_names_the_newest_shift_of_a_longer_period():
    older = series("basalt", "serial_share", 0.9, limits=(0.1, 0.3), week=MONDAY - 3 * WEEK)
    told = week.changed(weekly(older), same_days(), NAMES, FOUR)
    assert "in the week of 2 Nov" in said(told)


def test_changed_falls_back_to_the_largest_change_for_its_own_range():
    rows = [
        of_week(5.0),
        of_week(4.0, MONDAY - WEEK),
        of_week(0.8, measure="serial_share", low=0.5, high=0.9),
        of_week(0.6, MONDAY - WEEK, measure="serial_share", low=0.5, high=0.9),
    ]
    told = week.changed(weekly(), same_days(*rows), NAMES, SO_FAR)
    assert said(told) == (
        "Basalt's time with one experiment running moved most: 80 % from Mon 23 to Sat 28 Nov, "
        "60 % on the same days before; inside its usual 50 to 90 %."
    )


def test_a_usual_share_of_nearly_everything_is_not_a_comparison():
    rows = [
        of_week(0.8, measure="serial_share", low=0.1, high=0.95),
        of_week(0.6, MONDAY - WEEK, measure="serial_share", low=0.1, high=0.95),
    ]
    told = week.changed(weekly(), same_days(*rows), NAMES, SO_FAR)
    assert said(told).endswith("inside its usual range.")
    assert compared.usual(rows[0], "share") == ""
    assert compared.usual({**rows[0], "limit_high": 0.9}, "share") != ""


def test_changed_says_how_many_weeks_are_missing():
    young = series("basalt", "loop_hours_median", 9.0, limits=None, weeks=5, week=MONDAY - WEEK)
    told = week.changed(weekly(young), same_days(), NAMES, WHOLE)
    assert said(told) == "Five whole weeks so far: usual ranges start at 8."
    quiet = series("basalt", "loop_hours_median", 2.0, week=MONDAY - WEEK)
    told = week.changed(weekly(quiet), same_days(), NAMES, WHOLE)
    assert said(told) == "Nothing was beyond its usual range from Mon 16 to Sun 22 Nov."


def row(concluded, failed, **more):
    return figures(experiments_concluded=concluded, failure_share=failed, **more)


def test_going_well_is_first_that_no_stream_concluded_fewer():
    streams = [("Aurora", 59, 52), ("Basalt", 61, 47), ("Cirrus", 30, 30)]
    told = week.going_well(Compared(SO_FAR, row(150, 0.09), row(129, 0.11)), streams)
    assert said(told) == (
        "No stream concluded fewer from Mon 23 to Sat 28 Nov than on the same days before; "
        "Basalt (+14) and Aurora (+7) rose most. The share of failed runs fell from 11 % to 9 %."
    )


def test_more_conclusions_do_not_go_well_if_more_runs_fail():
    streams = [("Aurora", 59, 52)]
    told = week.going_well(Compared(SO_FAR, row(59, 0.13), row(52, 0.11)), streams)
    assert "No stream" not in said(told)
    told = week.going_well(Compared(SO_FAR, row(59, 0.12), row(52, 0.11)), streams)
    assert "The share of failed runs rose from 11 % to 12 %." in said(told)


@pytest.mark.parametrize(("now", "holds"), [(0.09, True), (0.10, False)])
def test_going_well_is_next_a_failed_share_two_points_lower(now, holds):
    told = said(week.going_well(Compared(SO_FAR, row(5, now), row(9, 0.11)), [("Aurora", 5, 9)]))
    assert told.startswith("9 % of runs failed from Mon 23 to Sat 28 Nov, 11 %") is holds


@pytest.mark.parametrize(("spent", "holds"), [(95, True), (96, False)])
def test_going_well_is_next_a_lower_cost_at_no_fewer_conclusions(spent, holds):
    now = row(10, 0.1, credits_per_concluded=spent / 10)
    before = row(10, 0.1, credits_per_concluded=10)
    told = said(week.going_well(Compared(SO_FAR, now, before), [("Aurora", 9, 10)]))
    assert told.startswith("A conclusion took 9.5 credits from Mon 23") is holds
    fewer = said(
        week.going_well(
            Compared(SO_FAR, row(9, 0.1, credits_per_concluded=1), before), [("Aurora", 9, 10)]
        )
    )
    assert not fewer.startswith("A conclusion")


def test_going_well_is_next_hours_spared_beside_their_cost():
    now = row(9, 0.1, spared_hours=905, gpu_hours=3418)
    told = week.going_well(
        Compared(SO_FAR, now, row(10, 0.1, spared_hours=700)), [("Aurora", 9, 10)]
    )
    assert said(told) == (
        "Running experiments at once spared 905 h from Mon 23 to Sat 28 Nov, 700 h on the same "
        "days before; all runs took 3,418 GPU-hours."
    )


def test_going_well_says_so_if_nothing_does():
    told = week.going_well(Compared(SO_FAR, row(9, 0.1), row(10, 0.1)), [("Aurora", 9, 10)])
    assert said(told).startswith("Nothing stands out from Mon 23 to Sat 28 Nov:")
    told = week.going_well(Compared(ALONE, row(9, 0.1), None), [])
    assert said(told) == (
        "Nothing to compare from Mon 31 Aug to Sat 28 Nov with: there are no earlier days."
    )


def line(scholar, kind="result", *, stream="Basalt", named=True, needs=True, **more):
    return {
        "scholar": scholar if named else None,
        "name": scholar if named else None,
        "project": "probe" if named else None,
        "entity": "e",
        "stream": None if stream is None else stream.lower(),
        "stream_name": stream,
        "experiment_id": f"e/probe/{scholar}",
        "label": f"run-{scholar}",
        "kind": kind,
        "result_at": datetime(2026, 11, 27, 6, 40, tzinfo=UTC),
        "waited_working_hours": 12.0,
        "usual_working_hours": 7.5,
        "usual_median_working_hours": 2.0,
        "usual_n": 31,
        "usual_of": "line",
        "parked": False,
        "away": False,
        "marked_read": False,
        "needs_decision": needs,
        "named": named,
        **more,
    }


#: A line with too few waits for a usual.
NEW = line("new", needs=False, usual_working_hours=None)


def decisions(*rows):
    return frame("needs_decision", rows)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], "Nothing waits longer than usual on Sun 29 Nov."),
        (
            [NEW, NEW],
            "Cannot be judged yet: two lines wait on Sun 29 Nov, with too few waits for a usual.",
        ),
        (
            [NEW],
            "Cannot be judged yet: one line waits on Sun 29 Nov, with too few waits for a usual.",
        ),
        (
            [line("calm", needs=False), NEW, NEW],
            (
                "Nothing waits longer than usual on Sun 29 Nov; two lines have too few waits to "
                "judge."
            ),
        ),
        (
            [line("heron"), NEW],
            (
                "One line needs a decision on Sun 29 Nov, in Basalt: heron / probe (result). It "
                "waits longer than that line usually does; one line has too few waits to judge."
            ),
        ),
        (
            [line("a", named=False), NEW],
            (
                "One line needs a decision on Sun 29 Nov, in Basalt. It has waited longer than "
                "that line usually does; one line has too few waits to judge."
            ),
        ),
        (
            [line("heron")],
            (
                "One line needs a decision on Sun 29 Nov, in Basalt: heron / probe (result). It "
                "waits longer than that line usually does."
            ),
        ),
        (
            [line("gannet", "failure"), line("heron"), line("tern", stream="Ember")],
            (
                "Three lines need a decision on Sun 29 Nov, two of them in Basalt: gannet / "
                "probe (failure), heron / probe (result) and tern / probe (result). Each waits "
                "longer than that line usually does."
            ),
        ),
        (
            [line("gannet"), line("heron", named=False)],
            (
                "Two lines need a decision on Sun 29 Nov, all in Basalt: gannet / probe (result) "
                "and one of the last 24 hours. Each waits longer than that line usually does."
            ),
        ),
        (
            [line("a", named=False, stream=None), line("b", named=False, stream=None)],
            (
                "Two lines need a decision on Sun 29 Nov. Each has waited longer than that line "
                "usually does."
            ),
        ),
        (
            [line(it) for it in "abcd"],
            (
                "Four lines need a decision on Sun 29 Nov, all in Basalt: a / probe (result), b "
                "/ probe (result), c / probe (result) and one more. Each waits longer than that "
                "line usually does."
            ),
        ),
    ],
)
def test_stuck_counts_lines_and_names_a_few(rows, expected):
    assert said(week.stuck(decisions(*rows), date(2026, 11, 29))) == expected


def test_silent_runs_are_no_all_clear():
    stuck = week.stuck(decisions(), date(2026, 11, 29))
    assert week.with_silent(stuck, 0) == stuck
    assert said(week.with_silent(stuck, 1)).endswith(". One run is silent and may hold a GPU.")
    assert said(week.with_silent(stuck, 3)).endswith(" Three runs are silent and may hold GPUs.")


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (
            {
                "credits": 3923,
                "experiments_concluded": 285,
                "gpu_hours": 3000,
                "gpu_hours_failed": 120,
                "killed_gpu_hours": 30,
                "credits_per_concluded": 3923 / 285,
            },
            {"credits_per_concluded": 3740 / 228},
            (
                "3,923 credits bought 285 conclusions from Mon 23 to Sat 28 Nov, 13.8 each, 16.4 "
                "on the same days before. 4 % of GPU-hours went to failed runs, 1 % to killed ones."
            ),
        ),
        (
            {
                "credits": 1441,
                "experiments_concluded": 103,
                "automated_concluded": 93,
                "gpu_hours": 1287,
                "credits_per_concluded": 1441 / 196,
            },
            None,
            (
                "1,441 credits bought 103 conclusions by people and 93 by automation from Mon 23 "
                "to Sat 28 Nov, 7.4 each over both. 0 % of GPU-hours went to failed runs, 0 % "
                "to killed ones."
            ),
        ),
        (
            {"gpu_hours": 3000, "experiments_concluded": 10, "gpu_hours_per_concluded": 300},
            None,
            (
                "3,000 GPU-hours bought 10 conclusions from Mon 23 to Sat 28 Nov, 300 each. 0 % of "
                "GPU-hours went to failed runs, 0 % to killed ones."
            ),
        ),
        (
            {"gpu_hours": 30},
            {"gpu_hours_per_concluded": 30},
            (
                "30 GPU-hours from Mon 23 to Sat 28 Nov bought no conclusion. 0 % of GPU-hours "
                "went to failed runs, 0 % to killed ones."
            ),
        ),
        (
            {
                "gpu_hours": 30,
                "credits": 60,
                "experiments_concluded": 1,
                "credits_per_concluded": 60,
            },
            {"gpu_hours_per_concluded": 30},
            (
                "60 credits bought 1 conclusion from Mon 23 to Sat 28 Nov, 60.0 each. 0 % of "
                "GPU-hours went to failed runs, 0 % to killed ones."
            ),
        ),
        ({}, None, "No GPU-hours are known from Mon 23 to Sat 28 Nov."),
    ],
)
def test_compute_says_what_it_bought(now, before, expected):
    earlier = None if before is None else figures(**before)
    assert said(week.compute(Compared(SO_FAR, figures(**now), earlier))) == expected


def end(stream, on, *, fast=None, left=10.0):
    known = None if on is None else TODAY + timedelta(days=on)
    soon = known if fast is None else TODAY + timedelta(days=fast)
    return {
        "group_id": stream.lower(),
        "name": stream,
        "credits_left": left,
        "pace_days": 14,
        "runs_out_on": known,
        "runs_out_on_week_pace": soon,
        "seen_before": None,
        "or_sooner": False,
    }


def ends(*rows):
    days = ("runs_out_on", "runs_out_on_week_pace", "seen_before")
    schema = {
        "group_id": pl.String,
        "name": pl.String,
        "credits_left": pl.Float64,
        "pace_days": pl.Int32,
    }
    schema |= {**dict.fromkeys(days, pl.Date), "or_sooner": pl.Boolean}
    return pl.DataFrame(rows, schema=schema)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [end("Aurora", 20), end("Basalt", 40), end("Dune", 21)],
            (
                "Aurora's credits end first, on Fri 18 Dec; Dune's on Sat 19 Dec, at the pace of "
                "15\u201328 Nov."
            ),
        ),
        (
            [end("Aurora", 20), end("Dune", 21, fast=19)],
            (
                "Aurora's credits end first, on Fri 18 Dec; Dune's on Sat 19 Dec, at the pace of "
                "15\u201328 Nov. At the last 7 days' pace Dune ends first, on Thu 17 Dec."
            ),
        ),
        (
            [end("Aurora", 20), end("Ember", None, left=-2.0)],
            (
                "Aurora's credits end first, on Fri 18 Dec, at the pace of 15\u201328 Nov. The "
                "credits of Ember are used up."
            ),
        ),
        (
            [end("Aurora", 20), end("Basalt", 40), end("Dune", 20, fast=19)],
            (
                "Aurora's and Dune's credits end first, on Fri 18 Dec; Basalt's on Thu 7 Jan 2027, "
                "at the pace of 15\u201328 Nov."
            ),
        ),
        (
            [end("Aurora", 20) | {"or_sooner": True}],
            "Aurora's credits end first, on Fri 18 Dec or sooner, at the pace of 15\u201328 Nov.",
        ),
        (
            [end("Aurora", None)],
            "No stream's credits end at the pace to Sat 28 Nov.",
        ),
        (
            [end("Aurora", 20) | {"pace_days": 1}],
            (
                "Aurora's credits end first, on Fri 18 Dec, at the pace of 15\u201328 Nov, of "
                "which 1 day has data."
            ),
        ),
        (
            [
                end("Aurora", 20) | {"seen_before": TODAY + timedelta(days=30)},
                end("Dune", 21) | {"seen_before": TODAY + timedelta(days=19)},
            ],
            (
                "Aurora's credits end first, on Fri 18 Dec; Dune's on Sat 19 Dec, at the pace of "
                "15\u201328 Nov. A week before, Dune was to end first, on Thu 17 Dec."
            ),
        ),
        (
            [end("Aurora", 20) | {"seen_before": TODAY}, end("Dune", 21) | {"seen_before": TODAY}],
            (
                "Aurora's credits end first, on Fri 18 Dec; Dune's on Sat 19 Dec, at the pace of "
                "15\u201328 Nov."
            ),
        ),
        ([], "No grant of a stream is recorded."),
    ],
)
def test_runs_out_names_the_first_two_and_another_order_at_the_last_pace(rows, expected):
    assert said(runs_out(ends(*rows), TODAY)) == expected


@given(
    now=metric_rows(),
    before=st.none() | metric_rows(),
    names=st.dictionaries(st.sampled_from("abcdefgh"), hostile, min_size=1, max_size=4),
    lines=st.lists(st.tuples(hostile, hostile, st.booleans()), max_size=5),
)
def test_any_line_is_one_inert_sentence_with_a_start(now, before, names, lines):
    streams = [(name, at, 1) for at, name in enumerate(names.values())]
    groups = [
        row for name in names for row in series(name, "serial_share", 9.0, week=MONDAY - WEEK)
    ]
    rows = [line(scholar, stream=stream, named=named) for scholar, stream, named in lines]
    known = [end(name, 20) for name in names.values()]
    for days in (SO_FAR, WHOLE, FOUR, ALONE):
        for told in (
            week.changed(weekly(groups), same_days(), names, days),
            week.going_well(Compared(days, now, before), streams),
            week.stuck(decisions(*rows), TODAY),
            week.compute(Compared(days, now, before)),
            runs_out(ends(*known), TODAY),
        ):
            text = f"{told.start} {told.rest}".rstrip()
            assert MARKUP.search(text) is None, text
            assert re.search(r"(?<!\\)<(?!\u00a0)", text) is None, text
            assert "\n" not in text
            assert text.endswith(".")
            assert told.start


@pytest.mark.parametrize(
    ("now", "before", "unit", "words"),
    [
        (61, 47, "count", "+14"),
        (58, 58, "count", "±0"),
        (0.634, 0.686, "share", "\u22126 points"),
        (0.634, 0.6349, "share", "±0 points"),
        (0.02, 0.01, "share", "+1 point"),
        (2.0, 5.3, "count", "\u22123"),
        (11.966, 12.45, "hours", "\u221229 m"),
        (4.0, 4.001, "hours", "±0 m"),
        (None, 4.0, "hours", ""),
    ],
)
def test_a_change_is_the_difference_of_the_printed_values(now, before, unit, words):
    assert plain(compared.change(now, before, unit)) == words
