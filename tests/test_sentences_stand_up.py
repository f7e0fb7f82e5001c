"""The first sentence of Stand-up: which stream moved, stuck lines, and results per compute."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plain_sentences import assert_fits, hostile, hours, metric_rows, plain
from tests.sentence_frames import NAMES, WEEK, figures, frame, quiet, series, weekly
from velocity import sentences
from velocity.reading.definitions import metrics

WEEKLY = [it for it in metrics().values() if it.weekly]


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
            "Basalt waited longer than usual for its results (and two more shifts).",
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
    assert all(it.below and it.above != it.below for it in WEEKLY)
    assert len({it.rank for it in WEEKLY}) == len(WEEKLY)


def test_stand_up_describes_the_programme_if_no_stream_moved():
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


def test_the_running_week_is_ignored():
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


def test_stand_up_shows_results_per_compute_and_shares_only_of_enough_runs():
    row = figures(gpu_hours=3120.4, experiments_concluded=223, productive_share=0.71)
    assert plain(stand_up(row={**row, "runs_finished": 6}).support) == (
        "Nothing is stuck. 3,120 GPU-hours bought 223 concluded experiments; "
        "71 % of them went to runs that finished."
    )
    assert plain(stand_up(row={**row, "runs_finished": 5}).support) == (
        "Nothing is stuck. 3,120 GPU-hours bought 223 concluded experiments."
    )


@given(
    row=metric_rows(),
    names=st.dictionaries(st.sampled_from("abcdefgh"), hostile, min_size=1),
    above=st.lists(
        st.tuples(st.sampled_from("abcdefgh"), st.sampled_from([it.id for it in WEEKLY]))
    ),
    stuck=st.lists(st.tuples(hostile, hostile, hours), max_size=15),
)
def test_stand_up_fits_and_is_inert_for_any_names(row, names, above, stuck):
    groups = [quiet(*names), *(series(group, measure, 9.0) for group, measure in above)]
    rows = [stuck_row(scholar, hours, stream) for scholar, stream, hours in stuck]
    assert_fits(stand_up(groups, stuck=rows, row=row, names=names))
