"""An explanation's rows add up to the headline, and its steps say how."""

from datetime import timedelta
from functools import cache

import pytest

from tests.builders import run, store_of
from tests.explained_stores import (
    MONDAY,
    figures,
    only,
    results,
    rich,
    same,
    weeks,
    without_ben,
    worked,
)
from tests.sampling import one_in
from velocity.explain import explain, explained, meanings, ways
from velocity.explain.made import group_of
from velocity.queries import list_metric_queries, list_queries
from velocity.reading import reads
from velocity.reading.periods import Window, whole_week

pytestmark = pytest.mark.sampled(6)

COLUMNS = [
    column
    for query in list_metric_queries()
    if query.key
    for metric in query.metrics
    for column in metric.columns
]
#: Keywords of `explain` for two scholars, two streams and the programme.
GROUPS = [{"scholar": "ada"}, {"scholar": "ben"}, {"stream": "vision"}, {"stream": "language"}, {}]


def test_every_metric_has_arithmetic_unless_it_compares_or_checks():
    ids = {metric.id for query in list_queries("metrics") for metric in query.metrics}
    assert ids - {*explained()} == {"p50", "littles_law_residual_hours"}
    assert set(ways()) - ids == set(COLUMNS) - ids


@pytest.mark.parametrize("metric", one_in(100, COLUMNS))
def test_the_rows_add_up_to_the_headline(metric: str):
    # A part of two weeks, as in the address of a page.
    odd = Window(weeks()[0] + timedelta(days=3), weeks()[0] + timedelta(days=8))
    for whose in GROUPS:
        for window in (None, *map(whole_week, weeks()), odd):
            (told,) = results(metric, window, **whose)
            assert same(told.value, told.headline), (whose, window, told.value, told.headline)
            assert same(told.headline, figures(group_of(**whose), window)[metric])
    assert same(told.value, only(explain(rich(), window=window, metric=metric)).value)


@pytest.mark.parametrize("group", [{"stream": "vision"}, {}])
def test_streams_and_the_programme_add_up_their_scholars(group):
    told = only(explain(rich(), **group, metric="run_hours"))
    assert len({it.split(":")[0] for it in told.totals[0].addends["what"]}) > 1


def test_the_store_of_these_tests_has_every_figure():
    ada = reads.metrics(rich(), by="scholar", groups=["ada"]).row(0, named=True)
    assert {name for name in COLUMNS if ada[name] is None} == set()
    assert {name for name in COLUMNS if ada[name] == 0} <= {
        *("reaction_awake_hours_low", "reaction_working_hours_low"),
        # test_actors.py has a store with automation.
        *("automated_started", "automated_concluded"),
        # test_jobs.py has one with jobs of a scheduler.
        "allocated_idle_gpu_hours",
        # test_tokens.py has one with evaluations.
        *("tokens", "token_dollars", "unpriced_tokens"),
    }
    told = explain(rich(), scholar="ada", metric="busy_hours")
    assert {"pending", "after_as_of"} <= set(told.runs["excluded"].drop_nulls())
    assert {*told.runs["joined_by"].drop_nulls()} == set(meanings()["joined_by"])
    assert {*told.runs["start_source"]} == set(meanings()["start_source"])
    assert {*told.sessions["end_source"]} == set(meanings()["end_source"])


@pytest.mark.parametrize("metric", one_in(8, sorted(set(ways()) - set(COLUMNS))))
def test_lines_credits_weeks_and_open_work_end_with_their_headline(metric: str):
    way = ways()[metric]
    asked = [None] * (way.windows != "week") + [*weeks()] * (way.windows != "end")
    told = [
        result
        for whose in GROUPS
        if group_of(**whose).by in way.kinds
        for week in asked
        for result in results(metric, week and whole_week(week), **whose)
    ]
    assert told
    assert all(same(it.value, it.headline) for it in told), told


@pytest.mark.parametrize("metric", one_in(20, COLUMNS))
def test_a_scholar_without_runs_has_an_explanation_of_a_week(metric: str):
    told = only(explain(without_ben(), scholar="ben", metric=metric, window=whole_week(MONDAY)))
    assert same(told.value, told.headline)


STEPS = {
    "serial_share": [
        "4.08 hours (sum of 7 rows): serial hours",
        "4.49 hours (sum of 9 rows): busy hours",
        "0.91 = 4.08 / 4.49: serial share of busy hours",
    ],
    "failure_share": [
        "1 run (sum of 1 row): runs failed",
        "6 runs (sum of 6 rows): runs ended",
        "0.17 = 1 / 6: share of runs failed",
    ],
    "reaction_off_share": [
        "1.08 hours (sum of 2 rows): awake reaction hours of closed loops",
        "1.08 hours (sum of 2 rows): reaction hours of closed loops",
        "0 = 1 - 1.08 / 1.08: reaction outside the awake window",
    ],
    "peak_experiments": ["2 experiments (largest of 9 rows): peak experiments"],
    "rework_share": [
        "0 runs (sum of 0 rows): rework runs",
        "0 runs (sum of 0 rows): runs with a known config",
        "not known (0 / 0): rework",
    ],
    "machine_hours_median": [
        "4 experiments, shortest first; 4 of them ended, 0 still open",
        "not known: medians start at 6 events",
    ],
}


@pytest.mark.parametrize("metric", STEPS)
def test_the_steps_explain_the_value(metric: str):
    assert [*only(explain(worked(), scholar="ada", metric=metric)).steps] == STEPS[metric]


def test_limits_of_throughput_come_from_the_count():
    told = only(explain(worked(), scholar="ada", metric="throughput_per_week_high"))
    count, weeks = told.totals
    assert (count.value, weeks.value) == (3, pytest.approx(20 / 24 / 7))
    assert told.steps[1] == "8.77 = poisson_high(3): upper limit of conclusions"
    assert told.steps[2] == "0.12 weeks (sum of 1 row): weeks of the window"


@cache
def medians():
    """Seven different lengths of ada's, and six of ben's with more that were killed."""
    rows = [run(f"r{hour}", f"{hour:02}:00", f"{hour:02}:{hour:02}") for hour in range(1, 8)]
    ben = {"username": "ben", "entity": "f"}
    rows += [run(f"b{hour}", f"{hour:02}:00", f"{hour:02}:10", **ben) for hour in range(1, 7)]
    ben["state"] = "killed"
    rows += [run(f"s{n}", "07:00", "07:30", project=f"p{n}", **ben) for n in range(8)]
    return store_of(rows, "20:00")


def test_a_median_is_read_off_the_survival_curve_or_never_reached():
    told = only(explain(medians(), scholar="ada", metric="machine_hours_median"))
    assert told.latencies is not None
    minutes = [hours * 60 for hours in told.latencies["hours"]]
    assert minutes == pytest.approx([1, 2, 3, 4, 5, 6, 7])
    assert told.latencies["survival"].to_list() == pytest.approx([n / 7 for n in range(6, -1, -1)])
    assert told.value == pytest.approx(4 / 60)
    assert told.steps[-1] == (
        "0.07 hours = the smallest length at which survival is at most one half (0.43, 4 at risk)"
    )
    never = only(explain(medians(), scholar="ben", metric="machine_hours_median"))
    assert never.value is never.headline is None
    assert never.steps[-1] == (
        "not known: survival never comes down to one half; the largest is 0.5 hours"
    )


@pytest.mark.parametrize(
    "metric", one_in(4, ["busy_hours", "weeks", "throughput_per_week", "credits"])
)
def test_a_scholar_without_runs_has_zeros(metric: str):
    result = only(explain(without_ben(), scholar="ben", metric=metric))
    zero = None if metric == "throughput_per_week" else 0
    assert result.value == result.headline == zero
