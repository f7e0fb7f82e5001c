"""The first sentence of Why this number: the headline with unit, group, period and n."""

from dataclasses import replace
from datetime import date
from functools import cache

import polars as pl
import pytest
from hypothesis import given, strategies as st

from tests.builders import run, store_of
from tests.plain_sentences import assert_fits, hostile, plain
from velocity.explain import explain
from velocity.reading.periods import Window, whole_week
from velocity.sentences.why import why_this_number

pytestmark = pytest.mark.sampled(4)


@cache
def worked():
    failed = run("r4", "11:30", "11:35", state="failed")
    return store_of([run("r1", "09:00", "10:00"), run("r3", "11:00", "12:00"), failed], "20:00")


@cache
def explained(metric, window=None):
    return explain(worked(), scholar="ada", metric=metric, window=window)


def told_why(found):
    return why_this_number(found, found.results[0], "Ada")


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("serial_share", "Serial share of busy hours: 96 % (n = 3 experiments)"),
        ("busy_hours", "Busy hours: 2 h"),
        ("runs_failed", "Runs failed: 1 run"),
        ("peak_experiments", "Peak experiments: 2 experiments"),
        ("experiment_parallelism", "Experiments at once (P): 1.04 experiments (n = 3 experiments)"),
        ("serial_parallel_ratio", "Serial-to-parallel ratio: 23.00 (n = 3 experiments)"),
        ("rework_share", "Rework: not known"),
        ("loop_hours_largest", "Feedback loop, median: largest observed: 9 h (n = 3 loops)"),
        ("loop_off_share", "Share of the loop in nights and days off: 0 % (n = 1 loop)"),
        ("gpu_hours", "GPU-hours: 0 GPU-hours"),
    ],
)
def test_why_this_number_shows_the_headline_in_its_unit(metric, said):
    assert plain(told_why(explained(metric)).sentence) == f"{said} for Ada in all the data."


@pytest.mark.parametrize(
    ("metric", "so_far"),
    [
        ("loop_hours_median", "1 loop"),
        ("recovery_hours_median", "0 recovered failures"),
        ("blind_ratio", "1 loop"),
    ],
)
def test_why_this_number_says_that_a_median_has_too_few_events(metric, so_far):
    told = plain(told_why(explained(metric)).sentence)
    assert told == f"{so_far} so far; medians start at 6 events."


@pytest.mark.parametrize(
    ("metric", "window", "end"),
    [
        ("busy_hours", Window(date(2026, 1, 5), date(2026, 1, 8)), "from 5 to 8 Jan 2026."),
        ("busy_hours", Window(date(2026, 1, 5), date(2026, 1, 5)), "on 5 Jan 2026."),
        ("balance", Window(date(2026, 1, 5), date(2026, 1, 8)), "at the end of Thu 8 Jan."),
    ],
)
def test_why_this_number_says_its_days(metric, window, end):
    any_result = explained("busy_hours").results[0]
    said = why_this_number(explained(metric, window), any_result, "Ada").sentence
    assert plain(said).endswith(f" for Ada {end}")


def test_why_this_number_shows_the_week_and_the_number_of_rows():
    told = told_why(explained("serial_share", whole_week(date(2026, 1, 5))))
    assert plain(told.sentence) == (
        "Serial share of busy hours: 96 % (n = 3 experiments) for Ada in the week of 5 Jan."
    )
    assert told.support == (
        "From 3 runs, 3 experiments and 3 loops. Nothing is excluded, imputed or flagged."
    )


def test_why_this_number_says_that_a_median_is_never_reached_or_there_is_no_value():
    told = why_this_number(explained("wip_age_hours"), None, "Ada")
    assert told.sentence == "No experiment is in flight."
    found = explained("loop_hours_median")
    never = replace(found.results[0], latencies=pl.DataFrame({"event": [True] * 6}))
    assert plain(why_this_number(found, never, "Ada").sentence) == (
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
def test_why_this_number_names_its_lengths(metric, lengths):
    assert f"(n = {lengths})" in plain(told_why(explained(metric)).sentence)


@given(
    scholar=hostile,
    of=st.just("") | hostile,
    metric=st.sampled_from(["serial_share", "rework_share", "weeks", "blind_ratio"]),
)
def test_why_this_number_fits_and_is_inert_for_any_name(scholar, of, metric):
    found = explained(metric)
    assert_fits(why_this_number(found, replace(found.results[0], of=of), scholar))
