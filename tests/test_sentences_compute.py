"""The first sentence of Compute: how long the credits last, and unknown GPU counts."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plain_sentences import assert_fits, hours, metric_rows, plain
from tests.sentence_frames import figures
from velocity import sentences


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
            "The credits are used up: 30 more were spent than granted.",
        ),
        ((100, 0, 100, 0.001, 1e5, None), "100 credits are left, enough for more than ten years"),
        (
            (0, 0, 0, 0, None, None),
            "12 GPU-hours in this window; no credits are granted or priced.",
        ),
    ],
)
def test_compute_shows_the_runway(ledger, said):
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
def test_compute_fits_for_any_figures(row, ledger):
    assert_fits(sentences.compute(ledger=ledger, figures=row))
