"""What each page says first: its rules, its thresholds, its length, and that names stay inert."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import run, store_of
from velocity import sentences
from velocity.explain import explain
from velocity.read_schemas import READ_SCHEMAS
from velocity.sentences.answer import LONGEST_SENTENCE, LONGEST_SUPPORT, as_read
from velocity.sentences.signals import WORDS
from velocity.sql import load_query

WEEK = date(2026, 11, 16)
XMR = load_query("metrics/xmr").body
NAMES = {"aurora": "Aurora", "basalt": "Basalt", "cirrus": "Cirrus"}
#: Marks that mean something in Markdown and that our own words do not use.
MARKUP = re.compile(r"(?<!\\)[\[\]*_`$~|#\\](?![!-/:-@\[-`{-~])")


def plain(text):
    return as_read(text).replace("\u00a0", " ")


def frame(read, rows=()):
    schema = pl.Schema(READ_SCHEMAS[read])
    blank = dict.fromkeys(schema)
    return pl.DataFrame([{**blank, **row} for row in rows], schema=schema)


def figures(**values):
    return {**dict.fromkeys(READ_SCHEMAS["metrics"], 0), "reaction_share": None, **values}


def series(group, measure, value, *, limits=(1.0, 3.0), weeks=12, week=WEEK, running=False):
    """Ordinary complete weeks up to `week`, whose value this is."""
    low, high = limits or (None, None)
    return [
        {
            "group_id": group,
            "measure": measure,
            "week_start": week - timedelta(weeks=back),
            "running": running and not back,
            "value": 2.0 if back else value,
            "limit_low": low,
            "limit_high": high,
            "signal": bool(limits) and not back and not running and not low <= value <= high,
        }
        for back in range(weeks)
    ]


def weekly(*parts):
    return frame("weekly", [row for part in parts for row in part])


def quiet(*groups):
    return [row for group in groups for row in series(group, "serial_share", 2.0)]


def stand_up(streams=(), programme=(), *, stuck=(), row=None, names=NAMES):
    return sentences.stand_up(
        figures=row,
        weekly=weekly(*streams),
        programme=weekly(*programme),
        stuck=frame("stuck", stuck),
        names=names,
        week=WEEK,
    )


def stuck_row(scholar, hours, stream="Basalt", project="p"):
    return {
        "scholar": scholar,
        "entity": "e",
        "project": project,
        "stream_name": stream,
        "what": "result waiting",
        "waited_hours": float(hours),
    }


@pytest.mark.parametrize(
    ("moved", "said"),
    [
        (
            series("basalt", "reaction_hours_median", 9.0),
            (
                "Basalt took longer than usual to react to its results; "
                "the other two streams stayed in their usual range."
            ),
        ),
        (
            series("basalt", "experiments_concluded", 0.0),
            (
                "Basalt concluded fewer experiments than usual; "
                "the other two streams stayed in their usual range."
            ),
        ),
        (
            [
                *series("basalt", "loop_hours_median", 9.0),
                *series("basalt", "failure_share", 9.0),
                *series("basalt", "machine_hours_median", 9.0),
            ],
            "Basalt waited longer than usual for its results (and two more signals).",
        ),
        (
            [*series("basalt", "serial_share", 9.0), *series("cirrus", "failure_share", 9.0)],
            (
                "Basalt and Cirrus moved beyond their usual range; "
                "the other stream stayed in its usual range."
            ),
        ),
        ([], "No stream moved beyond its usual range this week."),
    ],
)
def test_stand_up_says_which_stream_moved_and_how(moved, said):
    assert plain(stand_up([quiet(*NAMES), moved]).sentence) == said


def test_every_weekly_measure_has_words_for_both_directions():
    measures = set(re.findall(r"\w+", XMR.split("FROM weekly")[0])) & READ_SCHEMAS["metrics"].keys()
    assert measures == WORDS.keys()
    assert all(above != below for above, below in WORDS.values())


def test_stand_up_falls_back_to_the_programme_where_no_stream_moved():
    moved = series("programme", "experiments_concluded", 9.0)
    told = stand_up([quiet(*NAMES)], [moved])
    assert plain(told.sentence) == (
        "The programme concluded more experiments than usual; "
        "no stream moved beyond its usual range."
    )
    assert plain(stand_up([], [moved], names={}).sentence) == (
        "The programme concluded more experiments than usual."
    )
    assert plain(stand_up([], [quiet("programme")], names={}).sentence) == (
        "The programme stayed in its usual range this week."
    )


def test_stand_up_has_no_usual_range_under_eight_weeks():
    young = series("basalt", "serial_share", 9.0, limits=None, weeks=5)
    assert plain(stand_up([young]).sentence) == (
        "Five complete weeks so far; usual ranges start at 8 weeks."
    )
    assert plain(stand_up().sentence) == "No experiment has been launched yet."


def test_the_running_week_moves_nothing():
    running = series("basalt", "serial_share", 9.0, running=True)
    assert plain(stand_up([quiet("aurora"), running]).sentence) == (
        "No stream moved beyond its usual range this week."
    )


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "Nothing is stuck."),
        ([stuck_row("heron", 51)], "One line is stuck; it has waited 2 d 3 h."),
        (
            [stuck_row("heron", 51), stuck_row("heron", 30), stuck_row("tern", 40, "Ember")],
            "Two lines are stuck; the oldest has waited 2 d 3 h.",
        ),
        (
            [stuck_row("a", 51), stuck_row("b", 30), stuck_row("c", 26, "Ember")],
            "Three lines are stuck, two of them in Basalt; the oldest has waited 2 d 3 h.",
        ),
        (
            [stuck_row("a", 51), stuck_row("b", 30)],
            "Two lines are stuck, all of them in Basalt; the oldest has waited 2 d 3 h.",
        ),
        ([stuck_row("a", 30, None), stuck_row("b", 30, None)], "Two lines are stuck; the oldest"),
    ],
)
def test_stand_up_counts_stuck_lines_not_rows(rows, said):
    assert plain(stand_up(stuck=rows).support).startswith(said)


def test_stand_up_says_what_the_compute_bought_and_shares_only_of_enough_runs():
    row = figures(gpu_hours=3120.4, experiments_concluded=223, productive_share=0.71)
    assert plain(stand_up(row={**row, "runs_finished": 6}).support) == (
        "Nothing is stuck. 3,120 GPU-hours bought 223 concluded experiments; "
        "71 % of them went to runs that finished."
    )
    assert plain(stand_up(row={**row, "runs_finished": 5}).support) == (
        "Nothing is stuck. 3,120 GPU-hours bought 223 concluded experiments."
    )


def mine(lines=(), awake=(540, 1260), own=True, **values):
    return sentences.my_velocity(
        figures=figures(**values), lines=frame("lines", lines), awake=awake, own=own
    )


def line(ratio, loops):
    return {"scholar": "ada", "project": "p", "loops": loops, "blind_ratio": ratio}


LOOPS = {"loops_closed": 47, "busy_hours": 60.0}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"reaction_share": 0.82, "reaction_off_share": 0.58},
            (
                "Waiting for your next launch is 82 % of your loop (n = 47): "
                "58 % of that waiting is outside 09:00 to 21:00."
            ),
        ),
        (
            {"reaction_share": 0.6, "reaction_off_share": 0.3},
            (
                "Waiting for your next launch is 60 % of your loop (n = 47): "
                "70 % of that waiting is inside 09:00 to 21:00."
            ),
        ),
        (
            {"reaction_share": 0.19},
            "Waiting for results is 81 % of your loop (n = 47): a smaller pilot would shorten it.",
        ),
        (
            {"reaction_share": 0.5},
            "Neither half dominates your loop (n = 47): results take 50 %, the next launch 50 %.",
        ),
    ],
)
def test_my_velocity_says_which_half_dominates(values, said):
    assert plain(mine(**LOOPS, **values).sentence) == said


def test_my_velocity_says_nothing_of_an_awake_window_without_an_end():
    told = mine(**LOOPS, awake=(0, 1440), reaction_share=0.9, reaction_off_share=0.0)
    assert plain(told.sentence) == "Waiting for your next launch is 90 % of your loop (n = 47)."


def test_my_velocity_read_by_somebody_else_says_the_loop():
    told = mine(**LOOPS, own=False, reaction_share=0.82, reaction_off_share=0.58)
    assert "your" not in plain(told.sentence)
    assert plain(mine(own=False).sentence) == (
        "Nothing of this scholar was in flight in this window."
    )


@pytest.mark.parametrize(
    ("values", "sentence", "support"),
    [
        ({}, "Nothing of yours was in flight in this window.", "A longer window"),
        (
            {"loops_open": 1},
            "One experiment is in flight and it has no signal yet.",
            "One experiment is in flight.",
        ),
        (
            {"loops_open": 3},
            "Three experiments are in flight and none has a signal yet.",
            "Three experiments are in flight.",
        ),
        (
            {"loops_awaiting": 2, "loops_open": 1},
            "No closed loop so far; medians start at 6 events.",
            "Two results wait for your next launch and one experiment is in flight.",
        ),
        (
            {"loops_closed": 5, "reaction_share": 0.9},
            "5 loops so far; medians start at 6 events.",
            "",
        ),
        ({"loops_closed": 6, "reaction_share": 0.1}, "Waiting for results is 90 %", ""),
    ],
)
def test_my_velocity_says_what_is_missing(values, sentence, support):
    told = mine(**values)
    assert plain(told.sentence).startswith(sentence)
    assert plain(told.support).startswith(support)


@pytest.mark.parametrize(
    ("lines", "unrelated"),
    [
        ([line(1.0, 40)], True),
        ([line(0.8, 40)], True),
        ([line(1.25, 40)], True),
        ([line(0.79, 40)], False),
        ([line(1.26, 40)], False),
        ([line(1.0, 29)], False),
        ([line(1.0, 40), line(0.3, 40)], True),
        ([line(1.0, 40), line(0.3, 41)], False),
        ([line(None, 40)], False),
        ([], False),
    ],
)
def test_launches_look_unrelated_where_most_loops_have_a_ratio_near_one(lines, unrelated):
    assert sentences.launches_look_unrelated(frame("lines", lines)) is unrelated
    told = mine(lines, **LOOPS, reaction_share=0.9, reaction_off_share=0.5)
    assert plain(told.sentence).startswith("Your launches look unrelated") is unrelated


def test_a_median_of_fewer_than_six_events_is_not_told():
    known = {"machine_hours_median": 1.5, "machine_hours_n": 6}
    assert "median" in mine(**LOOPS, reaction_share=0.1, **known, machine_hours_events=6).support
    assert (
        "median" not in mine(**LOOPS, reaction_share=0.1, **known, machine_hours_events=5).support
    )


def line_state(state, hours, scholar="heron", project="probe-sweep", stream="Basalt"):
    return {
        "scholar": scholar,
        "entity": "e",
        "project": project,
        "stream_name": stream,
        "state": state,
        "waited_hours": hours,
    }


def streams(rows, parts=()):
    return sentences.streams(
        lines=frame("line_states", rows), weekly=weekly(*parts), names=NAMES, week=WEEK
    )


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            [line_state("result waiting", 51.0)],
            "Ask about heron / probe-sweep first: its result has waited for 2 d 3 h.",
        ),
        (
            [line_state("failure not recovered", 43.0)],
            "Ask about heron / probe-sweep first: its failure has not been recovered for 43 h.",
        ),
        (
            [line_state("running", 99.0), line_state("stale run", 25.0)],
            "Ask about heron / probe-sweep first: its run has shown no heartbeat for 25 h.",
        ),
        (
            [line_state("result waiting", 24.0)],
            "No line has waited longer than a day (n = 1 line).",
        ),
        ([line_state("running", 99.0)], "No line has waited longer than a day (n = 1 line)."),
        ([], "No line of these streams has an experiment in this window."),
    ],
)
def test_streams_names_the_line_to_ask_about_first(rows, said):
    assert plain(streams(rows).sentence) == said


def test_streams_counts_what_has_waited_and_says_which_stream_moved():
    rows = [
        line_state("result waiting", 51.0, "a"),
        line_state("result waiting", 40.0, "b"),
        line_state("failure not recovered", 30.0, "c", stream="Aurora"),
        line_state("running", 3.0, "d"),
    ]
    moved = series("basalt", "reaction_hours_median", 9.0)
    assert plain(streams(rows, [quiet(*NAMES), moved]).support) == (
        "Three of 4 lines have waited longer than a day, two of them in Basalt. "
        "Basalt took longer than usual to react to its results."
    )
    assert plain(streams(rows, [quiet(*NAMES)]).support).endswith(
        "No stream moved beyond its usual range."
    )


@pytest.mark.parametrize(
    ("ledger", "said"),
    [
        (
            (68000, 53332, 14668, 605.4, 24.2, date(2026, 12, 18)),
            "14.7 k credits last 24 days at the pace of the last 14 days, to 18 Dec 2026.",
        ),
        (
            (100, 90, 10, 20, 0.5, date(2026, 11, 24)),
            "10 credits last for less than a day at the pace of the last 14 days, to 24 Nov 2026.",
        ),
        ((100, 90, 10, 0, None, None), "10 credits are left; none were spent in the last 14 days."),
        (
            (100, 130, -30, 5, -6.0, None),
            "The credits are used up: 30 more are spent than granted.",
        ),
        ((100, 0, 100, 0.001, 1e5, None), "100 credits are left, enough for more than ten years"),
        (
            (0, 0, 0, 0, None, None),
            "12 GPU-hours in this window; no credits are granted or priced.",
        ),
    ],
)
def test_compute_tells_the_runway(ledger, said):
    columns = ("granted", "spent", "left")
    row = dict(zip([f"credits_{it}" for it in columns], ledger[:3], strict=True))
    row |= dict(zip(("burn_per_day", "runway_days", "exhausted_on"), ledger[3:], strict=True))
    told = sentences.compute(ledger=row, figures=figures(gpu_hours=12.0))
    assert plain(told.sentence).startswith(said)
    assert "Allocation, not utilisation" in told.support


def test_compute_without_gpu_counts_says_so():
    told = sentences.compute(ledger=None, figures=figures(unpriced_run_hours=120.0))
    assert plain(told.sentence).startswith("No GPU-hours in this window")
    assert plain(told.support).startswith("GPU counts are not known for 120 h of runs.")


def test_runs_tells_what_became_of_them_and_shares_of_enough_only():
    row = figures(runs_started=214, runs_finished=171, runs_failed=18, runs_killed=9)
    told = sentences.runs(figures={**row, "failure_share": 0.09, "early_failures": 3}, started=214)
    assert plain(told.sentence) == (
        "214 runs start in this window: 171 finish, 18 fail, 9 are killed."
    )
    assert plain(told.support) == "9 % of the runs that ended failed, 3 of them within 2 minutes."
    few = figures(runs_started=1, runs_failed=5, failure_share=1.0, rework_share=1.0)
    assert sentences.runs(figures=few, started=1).support == ""
    none = "No run starts or ends in this window."
    assert sentences.runs(figures=None, started=0).sentence == none


@pytest.mark.parametrize(("started", "said"), [(1, "1 run starts"), (415, "415 runs start")])
def test_runs_that_no_one_figure_is_about_are_counted(started, said):
    told = sentences.runs(figures=None, started=started)
    assert plain(told.sentence) == f"{said} in this window."


def health(users=0, ambiguous=0, residual=0.0, failed=(), **trust):
    return sentences.data_health(
        trust={"runs": 1904, **trust},
        unattributed=frame("unattributed", [{"username": "x", "runs": users}] if users else []),
        ambiguous=frame("ambiguous", [{"experiments": ambiguous}] if ambiguous else []),
        syncs=frame(
            "sync_log", [{"entity": "e", "project": name, "error": "no"} for name in failed]
        ),
        residual_hours=residual,
    )


@pytest.mark.parametrize(
    ("doubts", "sentence", "support"),
    [
        (
            {},
            (
                "Nothing is doubtful: all 1,904 runs have a known scholar, a sound clock and a "
                "known end."
            ),
            "",
        ),
        ({"clock_runs": 1}, "1 run has a doubtful clock (n = 1,904 runs).", ""),
        (
            {"clock_runs": 5, "users": 27, "ambiguous": 2, "stale_runs": 1},
            (
                "27 runs belong to no known scholar, and 5 runs have a doubtful clock "
                "(n = 1,904 runs)."
            ),
            "Also 2 experiments belong to no stream; 1 run is presumed dead.",
        ),
        (
            {"failed": ("p",), "clock_runs": 5},
            "The last sync of e / p failed; its figures end earlier.",
            "5 runs have a doubtful clock.",
        ),
        (
            {"failed": ("p", "q")},
            "The last sync of 2 projects failed; their figures end earlier.",
            "",
        ),
        (
            {"residual": 0.5, "failed": ("p",)},
            "Daily figures and runs do not add up: a fault of ours, please report it.",
            "They differ by 30 m.",
        ),
        ({"runs": 0}, "There are no runs yet.", ""),
    ],
)
def test_data_health_tells_what_is_doubtful(doubts, sentence, support):
    told = health(**doubts)
    assert (plain(told.sentence), plain(told.support)) == (sentence, support)


def test_a_sync_that_worked_after_one_that_failed_is_no_doubt():
    log = frame(
        "sync_log",
        [{"entity": "e", "project": "p"}, {"entity": "e", "project": "p", "error": "no"}],
    )
    told = sentences.data_health(
        trust={"runs": 2},
        unattributed=frame("unattributed"),
        ambiguous=frame("ambiguous"),
        syncs=log,
        residual_hours=0.0,
    )
    assert told.sentence.startswith("Nothing is doubtful")


hostile = st.one_of(
    st.sampled_from(
        [
            "",
            "   ",
            "[x](javascript:alert(1))",
            "**bold** :red[x] $\\frac{1}{2}$",
            "![i](http://a.b/c.png)",
            "# title\n- item",
            "`code` ~~s~~ | a | b |",
            "x" * 10_000,
            "\u202eevil",
            "\\[a](b)",
        ]
    ),
    st.text(max_size=60),
)
whole = st.integers(0, 10**9)
hours = st.floats(0, 1e6)
share = st.none() | st.floats(0, 1)


def assert_fits(told):
    assert 0 < len(as_read(told.sentence)) <= LONGEST_SENTENCE
    assert len(as_read(told.support)) <= LONGEST_SUPPORT
    for text in (told.sentence, told.support):
        assert MARKUP.search(text) is None, text
        assert re.search(r"(?<!\\)<(?!\u00a0)", text) is None, text
        assert "\n" not in text
        assert text == "" or (text == text.strip() and text.endswith("."))


@st.composite
def metric_rows(draw):
    row = {}
    for column, kind in READ_SCHEMAS["metrics"].items():
        if column.endswith("_share"):
            row[column] = draw(share)
        elif kind == pl.Int64:
            row[column] = draw(whole)
        elif kind == pl.Float64:
            row[column] = draw(st.none() | hours)
    return row


@given(
    row=metric_rows(),
    names=st.dictionaries(st.sampled_from("abcdefgh"), hostile, min_size=1),
    above=st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(list(WORDS)))),
    stuck=st.lists(st.tuples(hostile, hostile, hours), max_size=15),
)
def test_stand_up_fits_and_is_inert_whatever_the_names(row, names, above, stuck):
    groups = [quiet(*names), *(series(group, measure, 9.0) for group, measure in above)]
    rows = [stuck_row(scholar, hours, stream) for scholar, stream, hours in stuck]
    assert_fits(stand_up(groups, stuck=rows, row=row, names=names))


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["result waiting", "failure not recovered", "stale run", "running"]),
            hours,
            hostile,
            hostile,
            st.none() | hostile,
        )
    )
)
def test_streams_fits_and_is_inert_whatever_the_names(rows):
    assert_fits(streams([line_state(*row) for row in rows], [quiet(*NAMES)]))


@given(
    row=metric_rows(),
    lines=st.lists(st.tuples(st.none() | st.floats(0, 5), whole), max_size=3),
    awake=st.tuples(st.integers(0, 1440), st.integers(0, 1440)),
    own=st.booleans(),
)
def test_my_velocity_and_runs_fit_whatever_the_figures(row, lines, awake, own):
    told = sentences.my_velocity(
        figures=row, lines=frame("lines", [line(*it) for it in lines]), awake=awake, own=own
    )
    assert_fits(told)
    assert_fits(sentences.runs(figures=row, started=10**9))


@given(
    row=metric_rows(),
    ledger=st.fixed_dictionaries(
        {
            "credits_granted": hours,
            "credits_spent": hours,
            "credits_left": st.floats(-1e9, 1e9),
            "burn_per_day": hours,
            "runway_days": st.none() | st.floats(-1e9, 1e9),
            "exhausted_on": st.none() | st.dates(),
        }
    ),
)
def test_compute_fits_whatever_the_figures(row, ledger):
    assert_fits(sentences.compute(ledger=ledger, figures=row))


@given(
    counts=st.fixed_dictionaries(
        {
            name: whole
            for name in READ_SCHEMAS["trust"]
            if name.endswith(("_runs", "_rows")) or name == "runs"
        }
    ),
    users=whole,
    ambiguous=whole,
    residual=st.floats(-1e6, 1e6),
    failed=st.lists(hostile, max_size=3),
)
def test_data_health_fits_and_is_inert_whatever_the_names(
    counts, users, ambiguous, residual, failed
):
    assert_fits(health(users, ambiguous, residual, failed, **counts))


WORKED = [
    run("r1", "09:00", "10:00"),
    run("r3", "11:00", "12:00"),
    run("r4", "11:30", "11:35", state="failed"),
]


@cache
def worked():
    return store_of(WORKED, "20:00")


@cache
def explained(metric, week=None):
    return explain(worked(), scholar="ada", metric=metric, week=week)


def told_why(found):
    return sentences.why_this_number(found, found.results[0], "Ada")


P_SAID = (
    "Lines of thought in flight (P): 1.04 experiments (n = 3 experiments) for Ada in all the data."
)


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        (
            "serial_share",
            "Serial share of busy hours: 96 % (n = 3 experiments) for Ada in all the data.",
        ),
        ("busy_hours", "Busy hours: 2 h for Ada in all the data."),
        ("runs_failed", "Runs failed: 1 run for Ada in all the data."),
        ("peak_experiments", "Peak experiments: 2 experiments for Ada in all the data."),
        (
            "experiment_parallelism",
            P_SAID,
        ),
        (
            "serial_parallel_ratio",
            "Serial-to-parallel ratio: 23.00 (n = 3 experiments) for Ada in all the data.",
        ),
        ("rework_share", "Rework: not known for Ada in all the data."),
        ("loop_hours_median", "1 loop so far; medians start at 6 events."),
        ("recovery_hours_median", "0 recovered failures so far; medians start at 6 events."),
        (
            "loop_hours_largest",
            "Feedback loop, median: largest observed: 9 h (n = 3 loops) for Ada in all the data.",
        ),
        ("gpu_hours", "GPU-hours: 0 GPU-hours for Ada in all the data."),
        ("blind_ratio", "1 loop so far; medians start at 6 events."),
    ],
)
def test_why_this_number_tells_the_headline_in_its_unit(metric, said):
    assert plain(told_why(explained(metric)).sentence) == said


def test_why_this_number_tells_the_week_and_what_it_rests_on():
    told = told_why(explained("serial_share", date(2026, 1, 5)))
    assert plain(told.sentence) == (
        "Serial share of busy hours: 96 % (n = 3 experiments) for Ada in the week of 5 Jan."
    )
    assert told.support == (
        "From 3 runs, 3 experiments and 3 loops. Nothing is excluded, imputed or flagged."
    )


def test_why_this_number_says_that_a_median_is_never_reached():
    found = explained("loop_hours_median")
    never = replace(found.results[0], latencies=pl.DataFrame({"event": [True] * 6}))
    assert plain(sentences.why_this_number(found, never, "Ada").sentence) == (
        "Feedback loop, median: never reached for Ada in all the data."
    )


@pytest.mark.parametrize(
    ("metric", "lengths"),
    [
        ("machine_hours_largest", "3 experiments"),
        ("reaction_hours_largest", "3 waits"),
        ("recovery_hours_largest", "1 failure"),
    ],
)
def test_why_this_number_says_what_its_lengths_are_of(metric, lengths):
    assert f"(n = {lengths})" in plain(told_why(explained(metric)).sentence)


def test_why_this_number_says_that_there_is_none():
    told = sentences.why_this_number(explained("wip_age_hours"), None, "Ada")
    assert told.sentence == "No experiment is in flight."


@given(
    scholar=hostile,
    of=st.just("") | hostile,
    metric=st.sampled_from(["serial_share", "rework_share", "weeks", "blind_ratio"]),
)
def test_why_this_number_fits_and_is_inert_whatever_the_name(scholar, of, metric):
    found = explained(metric)
    assert_fits(sentences.why_this_number(found, replace(found.results[0], of=of), scholar))
