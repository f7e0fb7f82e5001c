"""The first sentence of My velocity: the dominant half of the loop, or missing data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plain_sentences import assert_fits, metric_rows, plain, whole
from tests.sentence_frames import figures, frame
from velocity import sentences


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


def test_my_velocity_does_not_mention_an_open_awake_window():
    told = mine(**LOOPS, awake=(0, 1440), reaction_share=0.9, reaction_off_share=0.0)
    assert plain(told.sentence) == "Waiting for your next launch is 90 % of your loop (n = 47)."


def test_my_velocity_for_another_viewer_does_not_say_you():
    told = mine(**LOOPS, own=False, reaction_share=0.82, reaction_off_share=0.58)
    assert "your" not in plain(told.sentence)
    assert plain(mine(own=False).sentence) == ("This scholar had nothing in flight in this window.")


@pytest.mark.parametrize(
    ("values", "sentence", "support"),
    [
        ({}, "You had nothing in flight in this window.", "A longer window"),
        (
            {"loops_open": 1},
            "One experiment is in flight and it has no result yet.",
            "One experiment is in flight.",
        ),
        (
            {"loops_open": 3},
            "Three experiments are in flight and none has a result yet.",
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
def test_launches_look_unrelated_if_most_loops_have_a_ratio_near_one(lines, unrelated):
    assert sentences.launches_look_unrelated(frame("lines", lines)) is unrelated
    told = mine(lines, **LOOPS, reaction_share=0.9, reaction_off_share=0.5)
    assert plain(told.sentence).startswith("Your launches look unrelated") is unrelated


def test_a_median_of_fewer_than_six_events_is_not_shown():
    known = {"machine_hours_median": 1.5, "machine_hours_n": 6}
    assert "median" in mine(**LOOPS, reaction_share=0.1, **known, machine_hours_events=6).support
    assert (
        "median" not in mine(**LOOPS, reaction_share=0.1, **known, machine_hours_events=5).support
    )


@given(
    row=metric_rows(),
    lines=st.lists(st.tuples(st.none() | st.floats(0, 5), whole), max_size=3),
    awake=st.tuples(st.integers(0, 1440), st.integers(0, 1440)),
    own=st.booleans(),
)
def test_my_velocity_and_runs_fit_for_any_figures(row, lines, awake, own):
    told = sentences.my_velocity(
        figures=row, lines=frame("lines", [line(*it) for it in lines]), awake=awake, own=own
    )
    assert_fits(told)
