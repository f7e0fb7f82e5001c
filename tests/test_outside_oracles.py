"""The product's SQL against libraries that nobody here wrote, on thousands of random cases.

lifelines for survival limits, exact fractions for medians, SciPy for Poisson limits and quantiles,
portion for unions of intervals. Each runs the very queries that make the figures.
"""

from __future__ import annotations

import random
import warnings
from datetime import timedelta
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import portion
import pytest
from lifelines import KaplanMeierFitter
from scipy import stats

from tests.builders import at, run, store_of
from velocity import reads
from velocity.store import open_live

if TYPE_CHECKING:
    from collections.abc import Sequence

    from velocity.store import Snapshot

_HOUR_US = 3_600_000_000
_MIN_EVENTS = 6
_HALF = Fraction(1, 2)


def drawn_lengths(chance: random.Random) -> list[tuple[int, bool]]:
    """Up to 60 lengths in µs, with many ties or none, few or many of them censored."""
    longest = chance.choice((5, 20, 10**6, 10**11))
    ended = chance.choice((0.3, 0.6, 0.9, 1.0))
    count = chance.randint(1, 60)
    return [(chance.randint(0, longest), chance.random() < ended) for _ in range(count)]


def exact_median(pairs: Sequence[tuple[int, bool]]) -> int | None:
    """The smallest length with survival at most one half, in fractions."""
    survival, at_risk = Fraction(1), len(pairs)
    for length in sorted({length for length, _ in pairs}):
        here = [event for other, event in pairs if other == length]
        survival *= 1 - Fraction(sum(here), at_risk)
        if survival <= _HALF:
            return length
        at_risk -= len(here)
    return None


def their_limits(pairs: Sequence[tuple[int, bool]]) -> list[set[int | None]]:
    """What lifelines allows for either limit: one length, two where its curve ties with one half.

    Where survival reaches 0 the limits are undefined; lifelines calls them 0, which would make the
    last length a limit of every sample, so those points are left out.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter = KaplanMeierFitter().fit([t for t, _ in pairs], [e for _, e in pairs])
        limits = fitter.confidence_interval_survival_function_
    limits = limits[fitter.survival_function_.to_numpy()[:, 0] > 1e-12]
    return [
        {
            next((int(t) for t, limit in limits[column].items() if limit <= 0.5 + nudge), None)
            for nudge in (-1e-12, 1e-12)
        }
        for column in limits.columns
    ]


@pytest.fixture(scope="module")
def samples() -> list[list[tuple[int, bool]]]:
    chance = random.Random("lengths")  # noqa: S311 - nothing secret
    return [drawn_lengths(chance) for _ in range(1500)]


@pytest.fixture(scope="module")
def estimates(samples, tmp_path_factory) -> list[dict]:
    """A row a sample, as queries/macros/kaplan_meier.sql estimates it."""
    rows = [
        (number, length, event) for number, pairs in enumerate(samples) for length, event in pairs
    ]
    frame = pl.DataFrame(rows, ["group_id", "length_us", "event"], orient="row")
    with open_live(tmp_path_factory.mktemp("curves")) as store:
        store.load("observation", frame)
        store.run("ALTER TABLE observation ADD COLUMN period_start DATE")
        store.run("ALTER TABLE observation ADD COLUMN measure VARCHAR")
        found = store.frame("FROM kaplan_meier('observation') ORDER BY group_id")
    assert found.height == len(samples)
    return found.to_dicts()


def in_us(value: float | None) -> int | None:
    return None if value is None else round(value * _HOUR_US)


def test_medians_are_those_of_exact_fractions(samples, estimates, tell):
    medians = 0
    for pairs, row in zip(samples, estimates, strict=True):
        events = sum(event for _, event in pairs)
        assert (row["n"], row["events"]) == (len(pairs), events)
        expected = exact_median(pairs) if events >= _MIN_EVENTS else None
        assert in_us(row["median"]) == expected, pairs
        medians += expected is not None
    tell(f"medians: {medians:,} of {len(samples):,} samples against exact fractions")
    assert medians > 500


def test_limits_are_those_of_lifelines(samples, estimates, tell):
    """At exact ties of one half floating point decides in lifelines too: either side is right."""
    compared = 0
    for pairs, row in zip(samples, estimates, strict=True):
        if row["events"] < _MIN_EVENTS:
            assert row["low"] is row["high"] is None
            continue
        low, high = their_limits(pairs)
        assert in_us(row["low"]) in low, pairs
        assert in_us(row["high"]) in high, pairs
        compared += 1
    tell(f"limits: {compared:,} samples against lifelines")
    assert compared > 500


def test_poisson_limits_are_those_of_scipy(tmp_path):
    chance = random.Random("counts")  # noqa: S311 - nothing secret
    counts = [*range(400), *(chance.randint(400, 20_000) for _ in range(600))]
    with open_live(tmp_path) as store:
        store.load("counted", pl.DataFrame({"n": counts}))
        found = store.frame("SELECT n, poisson_low(n) AS low, poisson_high(n) AS high FROM counted")
    n = found["n"].to_numpy()
    low = np.where(n == 0, 0.0, stats.chi2.ppf(0.025, 2 * np.maximum(n, 1)) / 2)
    np.testing.assert_allclose(found["low"].to_numpy(), low, rtol=1e-9)
    np.testing.assert_allclose(
        found["high"].to_numpy(), stats.chi2.ppf(0.975, 2 * n + 2) / 2, rtol=1e-9
    )


def test_the_usual_age_of_a_line_is_the_quantile_of_scipy():
    chance = random.Random("ages")  # noqa: S311 - nothing secret
    rows, ages = [], {}
    for number in range(60):
        start = at("00:00")
        project = f"p{number}"
        ages[project] = [chance.randint(1, 200) for _ in range(chance.randint(15, 60))]
        for place, minutes in enumerate(ages[project]):
            start += timedelta(hours=6)
            end = start + timedelta(minutes=minutes)
            rows.append(run(f"r{number}-{place}", start, end, project=project))
        rows.append(
            run(f"open{number}", "2026-02-01 10:00", "2026-02-01 12:00", state="running")
            | {"project": project}
        )
    found = reads.open_work(store_of(rows, "2026-02-01 12:00"))
    assert found.height == len(ages)
    for row in found.iter_rows(named=True):
        known = ages[row["project"]]
        # Linear between order statistics; 19 finished experiments are the fewest that count.
        expected = stats.mstats.mquantiles(known, 0.85, alphap=1, betap=1)[0] / 60
        assert row["usual_hours"] == (
            pytest.approx(expected, rel=1e-9) if len(known) >= 19 else None
        )


@pytest.fixture(scope="module")
def busy_people() -> tuple[Snapshot, dict[str, dict[str, list[portion.Interval]]]]:
    """A store of 200 scholars, and scholar -> experiment -> intervals of its runs in minutes."""
    chance = random.Random("intervals")  # noqa: S311 - nothing secret
    rows, people = [], {}
    for number in range(200):
        experiments: dict[str, list[portion.Interval]] = {}
        for place in range(chance.randint(1, 25)):
            tag = f"exp:{chance.randint(1, 6)}"
            start = chance.randint(0, 600)
            minutes = chance.choice((0, 1, 5, 30, 60, 240))
            experiments.setdefault(tag, []).append(portion.closedopen(start, start + minutes))
            begun = at("00:00") + timedelta(minutes=start)
            rows.append(
                run(
                    f"r{number}-{place}",
                    begun,
                    begun + timedelta(minutes=minutes),
                    username=f"u{number}",
                    tags=[tag],
                )
            )
        people[f"u{number}"] = experiments
    return store_of(rows, "2026-01-06 00:00"), people


def measure(intervals: portion.Interval) -> float:
    """Length in hours."""
    return sum(it.upper - it.lower for it in intervals if not it.empty) / 60


def test_hours_are_the_unions_of_portion(busy_people):
    snapshot, people = busy_people
    found = reads.metrics(snapshot, by="scholar")
    assert found.height == len(people)
    for row in found.iter_rows(named=True):
        unions = [portion.Interval(*runs) for runs in people[row["scholar"]].values()]
        busy = portion.Interval(*unions)
        twice = portion.Interval(*(one & other for one, other in combinations(unions, 2)))
        expected = {
            "busy_hours": measure(busy),
            "experiment_hours": sum(measure(it) for it in unions),
            "parallel_hours": measure(twice),
            "serial_hours": measure(busy - twice),
        }
        for name, value in expected.items():
            assert row[name] == pytest.approx(value, abs=1e-9), (row["scholar"], name)
