"""The very SQL of queries/ against libraries that others wrote, on thousands of random cases."""

from __future__ import annotations

import random
import warnings
from fractions import Fraction

import duckdb
import polars as pl
import portion
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times
from scipy.stats import chi2  # type: ignore[import-untyped]

from velocity.sql import load_query

HOUR = 3_600_000_000
Observations = list[tuple[int, bool]]


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as database:
        for macro in ("curve_of", "kaplan_meier", "poisson_low", "poisson_high"):
            database.execute(load_query(f"macros/{macro}").body)
        yield database


@pytest.fixture(scope="module")
def groups() -> list[Observations]:
    """Groups of at least 6 events (fewer have no median), with many ties and censorings."""
    chance = random.Random(20260105)  # noqa: S311
    made = []
    for _ in range(2000):
        n, longest, shown = chance.randint(6, 45), chance.choice([8, 60, 10**6]), chance.random()
        group = [(chance.randint(0, longest) * HOUR, chance.random() < shown) for _ in range(n)]
        if sum(event for _, event in group) >= 6:
            made.append(group)
    return made


@pytest.fixture(scope="module")
def estimates(connection: duckdb.DuckDBPyConnection, groups: list[Observations]):
    rows = [
        (number, length, event) for number, group in enumerate(groups) for length, event in group
    ]
    given = pl.DataFrame(rows, schema=["group_id", "length_us", "event"], orient="row")
    connection.register("given", given)
    connection.execute(
        "CREATE TEMP TABLE observation AS "
        "SELECT *, 'loop' AS measure, 'epoch'::DATE AS period_start FROM given"
    )
    return connection.sql("FROM kaplan_meier('observation') ORDER BY group_id").pl()


def exact_median(group: Observations) -> float | None:
    """The smallest length at which survival, a fraction without rounding, is at most a half."""
    survival = Fraction(1)
    for length in sorted({length for length, _ in group}):
        at_risk = sum(other >= length for other, _ in group)
        events = sum(event for other, event in group if other == length)
        survival *= 1 - Fraction(events, at_risk)
        if survival <= Fraction(1, 2):
            return length / HOUR
    return None


def test_medians_are_those_of_exact_fractions(groups: list[Observations], estimates: pl.DataFrame):
    assert len(groups) > 1200
    assert estimates["median"].to_list() == [exact_median(group) for group in groups]


def test_median_limits_are_those_of_lifelines(groups: list[Observations], estimates: pl.DataFrame):
    """Equal, but where survival is 0.

    There the limits are undefined, and here a limit reached only there is null; lifelines carries
    on with a limit of 0. So its curve is read up to there. (Medians are not compared with it: it
    misses exact ties of one half, which fractions do not.)
    """
    wrong = []
    for group, low, high in zip(groups, estimates["low"], estimates["high"], strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitter = KaplanMeierFitter().fit([t / HOUR for t, _ in group], [e for _, e in group])
            curve = fitter.survival_function_.iloc[:, 0]
            limits = fitter.confidence_interval_[curve > 1e-12]
            found = median_survival_times(limits).iloc[0]
        theirs = [None if value == float("inf") else float(value) for value in found]
        if theirs != [low, high]:
            wrong.append((group, theirs, low, high))
    assert not wrong[:3]


def test_poisson_limits_are_those_of_scipy(connection: duckdb.DuckDBPyConnection):
    counts = [*range(2000), 5000, 20_000]
    connection.register("counted", pl.DataFrame({"n": counts}))
    found = connection.sql("SELECT poisson_low(n), poisson_high(n) FROM counted ORDER BY n")
    lows, highs = zip(*found.fetchall(), strict=True)
    assert list(lows) == pytest.approx([0, *chi2.ppf(0.025, [2 * n for n in counts[1:]]) / 2], 1e-9)
    assert list(highs) == pytest.approx(chi2.ppf(0.975, [2 * n + 2 for n in counts]) / 2, 1e-9)


def test_activity_is_the_union_that_portion_makes(connection: duckdb.DuckDBPyConnection):
    """The stretches of an experiment; half-open ones that touch are one, ones of no length none."""
    chance = random.Random(7)  # noqa: S311
    sessions, unions = [], {}
    for experiment in range(2000):
        union = portion.empty()
        for _ in range(chance.randint(1, 12)):
            start = chance.randint(0, 60)
            end = start + chance.randint(0, 8)
            sessions.append((len(sessions), experiment, start, end))
            union |= portion.closedopen(start, end)
        unions[experiment] = [(piece.lower, piece.upper) for piece in union if not piece.empty]
    columns = ["run_key", "experiment_key", "start_us", "end_us"]
    connection.register("sessions", pl.DataFrame(sessions, schema=columns, orient="row"))
    connection.execute(
        "CREATE TEMP TABLE session AS SELECT run_key, 1 AS scholar_key, start_us, end_us "
        "FROM sessions; CREATE TEMP TABLE link AS SELECT run_key, experiment_key FROM sessions"
    )
    found: dict[int, list[tuple[int, int]]] = {experiment: [] for experiment in unions}
    for experiment, _, start, end in sorted(
        connection.sql(load_query("derive/060_segment").body).fetchall()
    ):
        found[experiment].append((start, end))
    assert found == unions
