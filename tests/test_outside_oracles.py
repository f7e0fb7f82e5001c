"""The product's SQL against independent libraries, on thousands of random cases.

lifelines for survival limits, exact fractions for medians, SciPy for Poisson limits and quantiles,
portion for unions of intervals. The tests run the same queries that make the figures.
"""

import random
import warnings
from datetime import timedelta
from fractions import Fraction
from itertools import combinations

import numpy as np
import polars as pl
import portion
import pytest
from lifelines import KaplanMeierFitter
from scipy import stats

from tests.builders import at, run, store_of
from velocity.reading import reads
from velocity.store import Snapshot, open_live

pytestmark = pytest.mark.thorough

_HOUR_US = 3_600_000_000
_MIN_EVENTS = 6
_HALF = Fraction(1, 2)


def drawn_lengths(chance: random.Random, count: int) -> list[tuple[int, bool]]:
    """Lengths in µs, with many ties or none, and few or many censored."""
    longest = chance.choice((5, 20, 10**6, 10**11))
    ended = chance.choice((0.3, 0.6, 0.9, 1.0))
    return [(chance.randint(0, longest), chance.random() < ended) for _ in range(count)]


def exact_median(pairs):
    """The smallest length with survival at most one half, in exact fractions."""
    survival, at_risk = Fraction(1), len(pairs)
    for length in sorted({length for length, _ in pairs}):
        here = [event for other, event in pairs if other == length]
        survival *= 1 - Fraction(sum(here), at_risk)
        if survival <= _HALF:
            return length
        at_risk -= len(here)
    return None


def their_curve(number, pairs):
    """The survival and both limits at every length, as lifelines has them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter = KaplanMeierFitter().fit([t for t, _ in pairs], [e for _, e in pairs])
    survival = fitter.survival_function_
    limits = fitter.confidence_interval_survival_function_.to_numpy()
    columns = (survival.index.to_numpy().astype(np.int64), survival.to_numpy()[:, 0], *limits.T)
    names = ("length_us", "survival", "lower", "upper")
    curve = pl.DataFrame(dict(zip(names, columns, strict=True)))
    return curve.select(pl.lit(number).alias("group_id"), pl.all())


def their_limit(curve: pl.DataFrame, name: str) -> set[int | None]:
    """The limits that lifelines allows: one length, or two if its curve equals one half.

    Where survival reaches 0 the limits are undefined; lifelines calls them 0, which would make the
    last length a limit of every sample, so those points are left out.
    """
    curve = curve.filter(pl.col("survival") > 1e-12)
    return {
        curve.filter(pl.col(name) <= 0.5 + nudge)["length_us"].min() for nudge in (-1e-12, 1e-12)
    }


@pytest.fixture(scope="module")
def samples() -> list[list[tuple[int, bool]]]:
    """Samples mostly as large as a scholar's week, some as large as a programme's year."""
    chance = random.Random("lengths")  # noqa: S311 - nothing secret
    counts = [chance.randint(1, 1500 if number % 250 == 0 else 60) for number in range(2500)]
    return [drawn_lengths(chance, count) for count in counts]


@pytest.fixture(scope="module")
def observed(samples, tmp_path_factory):
    """A store with a table of the samples for queries/macros/kaplan_meier.sql."""
    rows = [(number, *pair) for number, pairs in enumerate(samples) for pair in pairs]
    frame = pl.DataFrame(rows, ["group_id", "length_us", "event"], orient="row")
    with open_live(tmp_path_factory.mktemp("curves")) as store:
        store.load("observation", frame)
        store.run("ALTER TABLE observation ADD COLUMN period_start DATE DEFAULT 'epoch'")
        store.run("ALTER TABLE observation ADD COLUMN measure VARCHAR DEFAULT 'machine'")
        yield store


@pytest.fixture(scope="module")
def estimates(samples, observed) -> list[dict]:
    """One row per sample."""
    found = observed.frame("FROM kaplan_meier('observation')").sort("group_id")
    assert found.height == len(samples)
    return found.to_dicts()


@pytest.fixture(scope="module")
def their_curves(samples) -> list[pl.DataFrame]:
    """Curves of the first samples only, because lifelines takes long for each."""
    return [their_curve(number, pairs) for number, pairs in enumerate(samples[:300])]


def test_curves_match_lifelines(observed, their_curves, tell):
    """Survival at every length, and its limits where they are defined: not at 0 or 1.

    Before the first length lifelines adds a point at 0, which a sample may not have.
    """
    observed.run("CREATE OR REPLACE TEMP TABLE sample AS FROM each_sample('observation')")
    observed.run("CREATE OR REPLACE TEMP TABLE ranked AS FROM in_order('observation', 'sample')")
    ours = observed.frame("FROM curve_of('ranked') JOIN sample USING (sample, n)")
    ours = ours.filter(pl.col("group_id") < len(their_curves))
    both = ours.join(pl.concat(their_curves), on=["group_id", "length_us"], suffix="_theirs")
    assert both.height == ours.height
    defined = pl.col("survival").is_between(1e-12, 1, closed="none")
    for name in ("survival", "lower", "upper"):
        points = both if name == "survival" else both.filter(defined)
        expected = points[f"{name}_theirs"].to_numpy()
        np.testing.assert_allclose(points[name].to_numpy(), expected, rtol=1e-9, atol=1e-9)
    undefined = both.filter(~defined)
    assert undefined["lower"].null_count() == undefined["upper"].null_count() == undefined.height
    tell(f"curves: {both.height:,} points of {len(their_curves):,} samples against lifelines")
    assert both.height > 3_000


def in_us(value: float | None) -> int | None:
    return None if value is None else round(value * _HOUR_US)


def test_medians_match_exact_fractions(samples, estimates, tell):
    medians = 0
    for pairs, row in zip(samples, estimates, strict=True):
        events = sum(event for _, event in pairs)
        assert (row["n"], row["events"]) == (len(pairs), events)
        expected = exact_median(pairs) if events >= _MIN_EVENTS else None
        assert in_us(row["median"]) == expected, pairs
        medians += expected is not None
    tell(f"medians: {medians:,} of {len(samples):,} samples against exact fractions")
    assert medians > 1500


def test_limits_match_lifelines(estimates, their_curves, tell):
    """At exactly one half, floating point decides in lifelines too: both results are right."""
    compared = 0
    for curve, row in zip(their_curves, estimates, strict=False):
        if row["events"] < _MIN_EVENTS:
            assert row["low"] is row["high"] is None
            continue
        assert in_us(row["low"]) in their_limit(curve, "lower"), row
        assert in_us(row["high"]) in their_limit(curve, "upper"), row
        compared += 1
    tell(f"limits: {compared:,} samples against lifelines")
    assert compared > 200


def test_poisson_limits_match_scipy(tmp_path, tell):
    chance = random.Random("counts")  # noqa: S311 - nothing secret
    counts = [*range(1500), *(chance.randint(1500, 20_000) for _ in range(500))]
    with open_live(tmp_path) as store:
        store.load("counted", pl.DataFrame({"n": counts}))
        found = store.frame("SELECT n, poisson_low(n) AS low, poisson_high(n) AS high FROM counted")
    n = found["n"].to_numpy()
    low = np.where(n == 0, 0.0, stats.chi2.ppf(0.025, 2 * np.maximum(n, 1)) / 2)
    high = stats.chi2.ppf(0.975, 2 * n + 2) / 2
    np.testing.assert_allclose(found["low"].to_numpy(), low, rtol=1e-9)
    np.testing.assert_allclose(found["high"].to_numpy(), high, rtol=1e-9)
    tell(f"Poisson limits: {len(n):,} counts against SciPy")


def test_the_usual_age_of_a_line_matches_scipys_quantile(tell):
    """Linear between order statistics, from 19 concluded experiments on."""
    chance = random.Random("ages")  # noqa: S311 - nothing secret
    start = at("00:00")
    ages, rows = {}, []
    for number in range(500):
        user, project = line = f"u{number % 100}", f"p{number // 100}"
        ages[line] = [chance.randint(1, 200) for _ in range(chance.randint(15, 30))]
        own = {"username": user, "project": project}
        for place, minutes in enumerate(ages[line]):
            begun = start + timedelta(hours=6 * place)
            rows.append(run(f"{line}-{place}", begun, begun + timedelta(minutes=minutes), **own))
        still = {"state": "running", **own}
        rows.append(run(f"{line}-open", "2026-02-01 10:00", "2026-02-01 12:00", **still))
    found = reads.open_work(store_of(rows, "2026-02-01 12:00"))
    assert found.height == len(ages)
    compared = 0
    for row in found.iter_rows(named=True):
        known = ages[row["scholar"], row["project"]]
        if len(known) < 19:
            assert row["usual_hours"] is None
            continue
        expected = stats.mstats.mquantiles(known, 0.85, alphap=1, betap=1)[0] / 60
        assert row["usual_hours"] == pytest.approx(expected, rel=1e-9)
        compared += 1
    tell(f"usual ages: {compared:,} of {len(ages):,} lines against SciPy")
    assert compared > 250


@pytest.fixture(scope="module")
def busy_people() -> tuple[Snapshot, dict[str, dict[str, list[portion.Interval]]]]:
    """A store of 500 scholars, and scholar -> experiment -> intervals of its runs in minutes."""
    chance = random.Random("intervals")  # noqa: S311 - nothing secret
    rows, people = [], {}
    for number in range(500):
        experiments: dict[str, list[portion.Interval]] = {}
        for place in range(chance.randint(1, 12)):
            tag = f"exp:{chance.randint(1, 6)}"
            start = chance.randint(0, 600)
            minutes = chance.choice((0, 1, 5, 30, 60, 240))
            experiments.setdefault(tag, []).append(portion.closedopen(start, start + minutes))
            begun = at("00:00") + timedelta(minutes=start)
            end, own = begun + timedelta(minutes=minutes), {"username": f"u{number}", "tags": [tag]}
            rows.append(run(f"r{number}-{place}", begun, end, **own))
        people[f"u{number}"] = experiments
    return store_of(rows, "2026-01-06 00:00"), people


def measure(intervals: portion.Interval) -> float:
    """Length in hours."""
    return sum(it.upper - it.lower for it in intervals if not it.empty) / 60


def test_hours_match_the_unions_of_portion(busy_people, tell):
    snapshot, people = busy_people
    found = reads.metrics(snapshot, by="scholar")
    assert found.height == len(people)
    for row in found.iter_rows(named=True):
        unions = [portion.Interval(*runs) for runs in people[row["scholar"]].values()]
        busy = portion.Interval(*unions)
        twice = portion.Interval(*(one & other for one, other in combinations(unions, 2)))
        expected = {"busy_hours": measure(busy), "experiment_hours": sum(map(measure, unions))}
        expected |= {"parallel_hours": measure(twice), "serial_hours": measure(busy - twice)}
        for name, value in expected.items():
            assert row[name] == pytest.approx(value, abs=1e-9), (row["scholar"], name)
    unions = sum(map(len, people.values()))
    tell(f"unions: {unions:,} experiments of {len(people):,} scholars against portion")
