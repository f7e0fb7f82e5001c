"""An explanation's rows add up to the headline, and its steps say how."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import run, store_of
from tests.explained_stores import MONDAY, only, rich, same, weeks, without_ben, worked
from tests.read_schemas import READ_SCHEMAS
from velocity.explain import MEANINGS, WAYS, explain, explained
from velocity.explain.catalogue import NOT_OF_A_SCHOLAR
from velocity.queries import list_queries
from velocity.reading import reads

COLUMNS = [name for name in READ_SCHEMAS["metrics"] if name not in {"scholar", "period_start"}]
AWAKE = (
    "1.083333 hours (from 2 rows) from signal to next launch inside the awake window, closed loops"
)


def test_every_metric_has_its_arithmetic_or_is_none_of_a_scholar():
    ids = {metric.id for query in list_queries("metrics") for metric in query.metrics}
    assert {*explained(), *NOT_OF_A_SCHOLAR} == ids
    assert not {*explained()} & {*NOT_OF_A_SCHOLAR}
    assert set(WAYS) - ids == set(COLUMNS) - ids


@pytest.mark.parametrize("metric", COLUMNS)
def test_the_rows_add_up_to_the_headline(metric: str):
    for scholar in ("ada", "ben"):
        for week in (None, *weeks()):
            told = only(explain(rich(), scholar=scholar, metric=metric, week=week))
            assert same(told.value, told.headline), (scholar, week, told.value, told.headline)
            figures = reads.metrics(
                rich(),
                by="scholar",
                period="all" if week is None else "week",
                from_day=week,
                to_day=week and week + timedelta(weeks=1),
                groups=[scholar],
            )
            assert same(told.headline, figures[metric][0])


def test_the_store_of_these_tests_says_something_of_every_figure():
    ada = reads.metrics(rich(), by="scholar", groups=["ada"]).row(0, named=True)
    assert {name for name in COLUMNS if ada[name] is None} == set()
    assert {name for name in COLUMNS if ada[name] == 0} <= {"reaction_awake_hours_low"}
    runs = explain(rich(), scholar="ada", metric="busy_hours").runs
    assert set(runs["joined_by"].drop_nulls()) == set(MEANINGS["joined_by"])
    assert {"pending", "after_as_of"} <= set(runs["excluded"].drop_nulls())
    sessions = explain(rich(), scholar="ada", metric="busy_hours").sessions
    assert {*runs["start_source"], *sessions["end_source"]} == set(MEANINGS["end_source"])


@pytest.mark.parametrize("metric", sorted(set(WAYS) - set(COLUMNS)))
def test_figures_of_lines_credits_weeks_and_open_work_end_in_their_headline(metric: str):
    windows = WAYS[metric].windows
    asked = [None] * (windows != "week") + [*weeks()] * (windows != "end")
    results = [
        result
        for scholar in ("ada", "ben")
        for week in asked
        for result in explain(rich(), scholar=scholar, metric=metric, week=week).results
    ]
    assert results
    assert all(same(it.value, it.headline) for it in results), results


@pytest.mark.parametrize("metric", COLUMNS)
def test_a_scholar_without_runs_has_an_explanation_of_a_week(metric: str):
    told = only(explain(without_ben(), scholar="ben", metric=metric, week=MONDAY))
    assert same(told.value, told.headline)


@pytest.mark.parametrize(
    ("metric", "steps"),
    [
        (
            "serial_share",
            (
                "4.075 hours (from 7 rows) with exactly one experiment in flight",
                "4.491667 hours (from 9 rows) with anything in flight",
                "0.907236 = 4.075 / 4.491667",
            ),
        ),
        (
            "failure_share",
            (
                "1 run (from 1 row) of failed compute that ended in the window",
                "6 runs (from 6 rows) ended in the window",
                "0.166667 = 1 / 6",
            ),
        ),
        (
            "reaction_share",
            (
                "1.083333 hours (from 2 rows) from signal to next launch, closed loops",
                "2.166667 hours (from 2 rows) from launch to next launch, closed loops",
                "0.5 = 1.083333 / 2.166667",
            ),
        ),
        (
            "reaction_off_share",
            (
                AWAKE,
                "1.083333 hours (from 2 rows) from signal to next launch, closed loops",
                "0 = 1 - 1.083333 / 1.083333",
            ),
        ),
        (
            "peak_experiments",
            ("2 experiments (the largest of 9 rows) in flight at once, the most",),
        ),
        (
            "rework_share",
            (
                "0 runs (from 0 rows) of them with a config that had failed before",
                "0 runs (from 0 rows) started in the window with a known config",
                "not known: 0 / 0",
            ),
        ),
        (
            "machine_hours_median",
            (
                "4 experiments, shortest first; 4 of them ended, 0 only seen so far",
                "not known: medians start at 6 events",
            ),
        ),
    ],
)
def test_the_steps_say_how_the_value_comes_about(metric: str, steps: tuple[str, ...]):
    assert only(explain(worked(), scholar="ada", metric=metric)).steps == steps


def test_limits_of_throughput_come_from_the_count():
    told = only(explain(worked(), scholar="ada", metric="throughput_per_week_high"))
    count, weeks = told.totals
    assert (count.value, weeks.value) == (3, pytest.approx(20 / 24 / 7))
    assert told.steps[-2] == "8.767273 = upper exact Poisson 95 % limit of 3"


def test_a_median_is_read_off_the_survival_curve():
    rows = [run(f"r{hour}", f"{hour:02}:00", f"{hour:02}:{hour:02}") for hour in range(1, 8)]
    told = only(explain(store_of(rows, "20:00"), scholar="ada", metric="machine_hours_median"))
    assert told.latencies is not None
    assert told.latencies["hours"].to_list() == pytest.approx(
        [minute / 60 for minute in range(1, 8)]
    )
    assert told.latencies["survival"].to_list() == pytest.approx([n / 7 for n in range(6, -1, -1)])
    assert told.value == pytest.approx(4 / 60)
    assert told.steps[-1] == (
        "0.066667 hours = the smallest length at which survival is at most one half "
        "(0.428571, 4 at risk)"
    )


def test_a_median_that_is_never_reached_says_so():
    rows = [run(f"r{hour}", f"{hour:02}:00", f"{hour:02}:10") for hour in range(1, 7)]
    rows += [run(f"s{n}", "07:00", "07:30", state="killed", project=f"p{n}") for n in range(8)]
    told = only(explain(store_of(rows, "20:00"), scholar="ada", metric="machine_hours_median"))
    assert told.value is told.headline is None
    assert told.steps[-1] == (
        "not known: survival never comes down to one half; the largest is 0.5 hours"
    )


@pytest.mark.parametrize("metric", ["busy_hours", "weeks", "throughput_per_week", "credits"])
def test_a_scholar_without_runs_has_the_zeros_of_all_the_data(metric: str):
    (result,) = explain(without_ben(), scholar="ben", metric=metric).results
    assert result.value == result.headline
    assert result.headline == (None if metric == "throughput_per_week" else 0)
