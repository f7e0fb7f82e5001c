"""The first sentence of Streams: the line to ask about, waiting lines, and moved streams."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plain_sentences import assert_fits, hostile, hours, plain
from tests.sentence_frames import NAMES, WEEK, frame, quiet, series, weekly
from velocity import sentences


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


def test_streams_counts_waiting_lines_and_says_which_stream_moved():
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
def test_streams_fits_and_is_inert_for_any_names(rows):
    assert_fits(streams([line_state(*row) for row in rows], [quiet(*NAMES)]))
