"""The first sentence of Data health: the worst doubt, or that nothing is doubtful."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, strategies as st

from tests.plain_sentences import assert_fits, hostile, plain, whole
from tests.read_schemas import READ_SCHEMAS
from tests.sentence_frames import frame
from velocity.sentences.health import data_health, restated_rows


def health(users=0, ambiguous=0, residual=0.0, failed=(), **trust):
    return data_health(
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
            ("27 runs have no known scholar, and 5 runs have a doubtful clock (n = 1,904 runs)."),
            "Also 2 experiments have no stream; 1 run is presumed dead.",
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
            "Daily figures and runs do not add up: a bug in this tool; please report it.",
            "They differ by 30 m.",
        ),
        ({"runs": 0}, "There are no runs yet.", ""),
    ],
)
def test_data_health_names_what_is_doubtful(doubts, sentence, support):
    told = health(**doubts)
    assert (plain(told.sentence), plain(told.support)) == (sentence, support)


def test_a_successful_sync_after_a_failed_one_is_not_a_doubt():
    log = frame(
        "sync_log",
        [{"entity": "e", "project": "p"}, {"entity": "e", "project": "p", "error": "no"}],
    )
    told = data_health(
        trust={"runs": 2},
        unattributed=frame("unattributed"),
        ambiguous=frame("ambiguous"),
        syncs=log,
        residual_hours=0.0,
    )
    assert told.sentence.startswith("Nothing is doubtful")


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
def test_data_health_fits_and_is_inert_for_any_names(counts, users, ambiguous, residual, failed):
    assert_fits(health(users, ambiguous, residual, failed, **counts))


def test_restated_measures_have_their_titles_and_values_in_their_units():
    rows = pl.DataFrame(
        {
            "measure": ["failure_share", "loop_hours_median", "experiments_concluded"],
            "value_before": [0.091, 13.0, 252.0],
            "value_after": [0.094, None, 253.0],
        }
    )
    told = restated_rows(rows)
    assert [tuple(map(plain, row)) for row in told.rows()] == [
        ("Share of runs failed", "9.1 %", "9.4 %"),
        ("Feedback loop, median", "13 h", "not known"),
        ("Experiments concluded", "252", "253"),
    ]
