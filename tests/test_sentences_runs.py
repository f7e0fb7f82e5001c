"""The first sentence of Runs: how many started, and what became of them."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, strategies as st

from tests.plain_sentences import assert_fits, hostile, plain
from tests.read_schemas import READ_SCHEMAS
from velocity.reading.periods import Window
from velocity.sentences.health import runs

NOVEMBER = Window(date(2026, 11, 2), date(2026, 11, 29))
SUNDAY = Window(date(2026, 11, 29), date(2026, 11, 29))


def counts(*, early=0, rework=0, **runs):
    rows = [("ada", "p", kind, n, 0, 0) for kind, n in runs.items()]
    schema = READ_SCHEMAS["run_counts"]
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    first = pl.int_range(pl.len()) == 0
    return frame.with_columns(
        early_failures=pl.when(first).then(early).otherwise(0),
        runs_rework=pl.when(first).then(rework).otherwise(0),
    )


def test_runs_shows_outcomes_that_add_up_and_the_share_that_failed():
    told = runs(
        counts(finished=171, failed=10, crashed=6, stale=2, killed=9, running=16, early=3),
        NOVEMBER,
    )
    assert plain(told.sentence) == (
        "214 runs started from 2 to 29 Nov 2026: 171 finished, 18 failed, 9 were killed, "
        "16 are running."
    )
    assert plain(told.support) == (
        "9 % of the 198 runs that ended failed, 3 of them within 2 minutes."
    )


def test_runs_says_what_the_filters_leave():
    told = runs(
        counts(failed=6, rework=2), NOVEMBER, chosen=[("of", "Heron"), ("in", "probe-base")]
    )
    assert plain(told.sentence) == (
        "6 runs of Heron in probe-base started from 2 to 29 Nov 2026: all failed."
    )
    assert plain(told.support) == (
        "100 % of the 6 runs that ended failed. 2 runs repeat a config that had failed before."
    )


@pytest.mark.parametrize(
    ("kinds", "window", "said"),
    [
        ({}, NOVEMBER, "No run of Heron started from 2 to 29 Nov 2026."),
        ({"failed": 1}, SUNDAY, "1 run of Heron started on 29 Nov 2026: 1 failed."),
        ({"killed": 1}, SUNDAY, "1 run of Heron started on 29 Nov 2026: 1 was killed."),
    ],
)
def test_few_runs_have_no_share(kinds, window, said):
    told = runs(counts(**kinds), window, chosen=[("of", "Heron")])
    assert plain(told.sentence) == said
    assert told.support == ""


CLASSES = [
    "finished",
    "failed",
    "crashed",
    "stale",
    "killed",
    "preempted",
    "running",
    "pending",
    "unknown",
]


@given(
    kinds=st.dictionaries(st.sampled_from(CLASSES), st.integers(1, 10**9)),
    chosen=st.lists(st.tuples(st.sampled_from(["of", "in"]), hostile), max_size=3),
)
def test_any_counts_and_names_give_a_sentence(kinds, chosen):
    assert_fits(runs(counts(**kinds), NOVEMBER, chosen=chosen))
