"""What a scholar can find out about others from the cohort's quartiles.

Two attacks succeeded while a quartile was one person's value in any requested window. With nine
others, all 21 quartiles of 7 measures were exact figures of a person (21 of 21). Two windows that
differed by a day showed whose day it was and its figures (16 of 16).
"""

import inspect
import random
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

from tests.app_pages import open_page
from tests.builders import at, run, store_of
from tests.stores import built
from velocity.reading import reads
from velocity.store import latest_snapshot

OTHERS = 9
QUARTILES = (0.25, 0.5, 0.75)
#: Rounding of quartiles, as the page describes it.
STEPS = {"failure_share": 0.05, "serial_share": 0.05}


def unlike_each_other(data):
    """Six weeks of ten scholars; no two scholars have the same figure."""
    chance = random.Random(10)  # noqa: S311 - nothing secret
    rows = []
    for person in range(OTHERS + 1):
        for day in range(42):
            for place in range(chance.randint(1, 3 + person)):
                start = at("06:00") + timedelta(days=day, seconds=chance.randint(0, 40_000))
                length = timedelta(seconds=chance.randint(300, 3_000 + 900 * person))
                state = "failed" if chance.random() < 0.04 + 0.03 * person else "finished"
                name = f"r{person}-{day}-{place}"
                rows.append(run(name, start, start + length, username=f"u{person}", state=state))
    store_of(rows, "2026-02-19 08:00", data=data)


@pytest.fixture(scope="module")
def snapshot():
    return latest_snapshot(built(unlike_each_other))


def told(snapshot):
    bands = reads.bands(snapshot, scholar="u0")
    assert bands["others"].to_list() == [OTHERS] * bands.height
    return {row["measure"]: [row["p25"], row["p50"], row["p75"]] for row in bands.to_dicts()}


def four_weeks_of(snapshot):
    """Every scholar's figures for 19 January to 15 February, as an operator reads them."""
    days = {"from_day": date(2026, 1, 19), "to_day": date(2026, 2, 16)}
    return reads.metrics(snapshot, by="scholar", **days)


def test_no_quartile_is_the_figure_of_a_person(snapshot):
    figures = four_weeks_of(snapshot).filter(pl.col("scholar") != "u0")
    hits = {"now": 0, "before": 0}
    for measure, three in told(snapshot).items():
        values = figures[measure].to_numpy()
        for quartile, place in zip(three, QUARTILES, strict=True):
            hits["now"] += min(abs(values - quartile)) < 1e-9
            hits["before"] += min(abs(values - np.quantile(values, place))) < 1e-9
    assert hits == {"now": 0, "before": 21}


def test_quartiles_are_close_to_the_exact_ones_of_the_four_weeks(snapshot):
    """Without this, the previous test would pass for any figures."""
    figures = four_weeks_of(snapshot)
    for measure, three in told(snapshot).items():
        others = sorted(figures.filter(pl.col("scholar") != "u0")[measure])
        spread = others[-1] - others[0]
        for quartile, place in zip(three, QUARTILES, strict=True):
            away = abs(quartile - np.quantile(others, place))
            assert away <= spread / 4 + STEPS.get(measure, 0.5), measure


def narrowest(quartiles, step):
    """The shortest interval to which three quartiles narrow the value of any of nine others.

    The values are sorted unknowns; each quartile is the mean of three of them, rounded to `step`.
    """
    places = np.eye(OTHERS)
    rows = [places[low] - places[high] for low, high in pairwise(range(OTHERS))]
    limits = [0.0] * len(rows)
    for quartile, middle in zip(quartiles, (2, 4, 6), strict=True):
        mean = places[middle - 1 : middle + 2].sum(axis=0) / 3
        rows += [mean, -mean]
        limits += [quartile + step / 2, -(quartile - step / 2)]
    lengths = []
    for place in places:
        least, most = (
            sign * linprog(sign * place, A_ub=rows, b_ub=limits, bounds=(0, 1e3)).fun
            for sign in (1, -1)
        )
        lengths.append(most - least)
    return min(lengths)


def test_quartiles_do_not_narrow_down_the_value_of_anybody(snapshot):
    for measure, quartiles in told(snapshot).items():
        step = STEPS.get(measure, 0.5)
        assert narrowest(quartiles, step) > step - 1e-9, measure


def test_bands_do_not_accept_a_window():
    assert list(inspect.signature(reads.bands).parameters) == ["snapshot", "scholar", "scope"]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"period": "2026-01-19..2026-02-15"}, True),
        ({"period": "Programme"}, False),
        ({"period": "This week"}, False),
        ({"period": "2026-01-20..2026-02-16"}, False),
        ({"period": "2026-01-20..2026-02-17"}, False),
    ],
)
def test_the_band_covers_four_whole_weeks_or_is_missing(asked, shown, monkeypatch):
    page = open_page("my_velocity", built(unlike_each_other), monkeypatch, scholar="u0", **asked)
    bands = [it.proto.alt for it in page.get("plotly_chart") if "middle half of" in it.proto.alt]
    assert len(bands) == shown
    four_weeks = "19 Jan to 15 Feb 2026. Bar: the middle half of the others"
    captions = " ".join(it.value.replace("\u00a0", " ") for it in page.caption)
    assert (four_weeks in captions) == shown
