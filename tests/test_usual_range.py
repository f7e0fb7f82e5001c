"""Usual ranges and the cohort's quartiles in SQL, against explicit arithmetic."""

import math
import random
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from statistics import fmean

import polars as pl
import pytest

from tests.builders import at, run, store_of
from tests.comparison import rows_by
from tests.read_schemas import READ_SCHEMAS
from tests.roster_texts import ADA, parsed
from velocity.queries import load_query
from velocity.reading import reads
from velocity.reading.access import EVERYTHING

pytestmark = pytest.mark.sampled(2)

WEEK = timedelta(weeks=1)
PLAIN = (
    *("experiments_concluded", "experiments_started"),
    *("failure_share", "serial_share", "experiment_parallelism"),
)
_MEDIANS = ("machine", "reaction", "reaction_working", "loop")
ON_LOG = tuple(f"{name}_hours_median" for name in _MEDIANS)
N = {it: it for it in PLAIN[:2]} | {f"{name}_hours_median": f"{name}_hours_n" for name in _MEDIANS}
BANDED = (
    *("throughput_per_week", *PLAIN[2:]),
    *("machine_hours_median", "reaction_hours_median", "loop_hours_median"),
)


def history(chance: random.Random, username: str, weeks: int) -> list[dict]:
    """Runs of different weeks: none, a few, or enough loops for a median."""
    rows = []
    pace = chance.choice((1, 1, 6))
    for week in range(weeks):
        start = at("00:00") + timedelta(weeks=week, minutes=chance.randint(0, 600))
        for number in range(0 if chance.random() < 0.1 else chance.choice((1, 7, 9, 12))):
            length = timedelta(minutes=chance.randint(5, 90 * pace))
            state = chance.choice(("finished", "finished", "finished", "failed"))
            name = f"{username}-{week}-{number}"
            rows.append(run(name, start, start + length, state=state, username=username))
            start += length * chance.choice((0.5, 1, 1)) + timedelta(minutes=chance.randint(2, 200))
    return rows


def histories(count: int, *weeks: int) -> list[dict]:
    chance = random.Random("weeks")  # noqa: S311 - nothing secret
    return [it for n in range(count) for it in history(chance, f"u{n}", chance.choice(weeks))]


@pytest.fixture(scope="module")
def snapshot():
    """24 scholars with 6 to 14 weeks each; the data ends at the end of a week."""
    return store_of(histories(24, 6, 8, 9, 14), at("00:00") + timedelta(weeks=14))


@pytest.fixture(scope="module")
def running_snapshot():
    """Fewer scholars, a day and a half earlier: the last week is not over."""
    return store_of(histories(8, 9, 14), at("12:00") + timedelta(weeks=13, days=5))


def usual_range(levels: list[float]) -> tuple[float, float, float] | None:
    """Centre, low and high: the mean, and 2.66 mean moving ranges to either side."""
    if len(levels) < 8:
        return None
    centre = fmean(levels)
    reach = 2.66 * fmean([abs(later - sooner) for sooner, later in pairwise(levels)])
    return centre, centre - reach, centre + reach


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["snapshot", "running_snapshot"])
@pytest.mark.parametrize("by", ["scholar", "programme"])
def test_limits_are_means_and_moving_ranges_of_complete_weeks(name, by, request, tell):
    store = request.getfixturevalue(name)
    weekly = reads.metrics(store, by=by, period="week")
    found = rows_by(reads.weekly(store, by=by), "group_id", "measure", "week_start")
    as_of = reads.projects(store)["as_of"].max()
    limits = shifts = cut = 0
    for group in weekly[by].unique():
        whole = weekly.filter(pl.col(by) == group).sort("period_start")
        begun = whole.filter((pl.col("experiments_started") > 0) | (pl.col("busy_hours") > 0))
        whole = whole.filter(pl.col("period_start") >= begun["period_start"].min())
        for measure in (*PLAIN, *ON_LOG):
            series = dict(whole.select("period_start", measure).drop_nulls().iter_rows())
            running = {week for week in series if at(f"{week} 00:00") + WEEK > as_of}
            scale = math.log if measure in ON_LOG else float
            levels = {week: it for week, it in series.items() if week not in running}
            levels = [scale(it) for it in levels.values() if it or measure not in ON_LOG]
            expected = usual_range(levels)
            for week, value in series.items():
                row = found.pop((group, measure, week))
                assert row["value"] == pytest.approx(value, rel=1e-12)
                assert row["running"] == (week in running)
                count = whole.filter(period_start=week)[N[measure]].item() if measure in N else None
                assert row["n"] == count
                given = (row["centre"], row["limit_low"], row["limit_high"])
                if expected is None:
                    assert (*given, row["signal"]) == (None, None, None, False)
                    continue
                back = math.exp if measure in ON_LOG else float
                centre, low, high = (back(it) for it in expected)
                top = 1 if measure.endswith("_share") else math.inf
                cut += low < 0 or high > top
                ends = centre, max(low, 0), min(high, top)
                assert given == pytest.approx(ends, rel=1e-9, abs=1e-9)
                placed = week not in running and (value or measure not in ON_LOG)
                beyond = placed and not (expected[1] - 1e-9 <= scale(value) <= expected[2] + 1e-9)
                assert row["signal"] == beyond
                limits += 1
                shifts += row["signal"]
    assert not found
    assert cut, "no range had to be cut at the limits of its measure"
    tell(f"usual ranges by {by}: {limits:,} weeks, {shifts} shifts")
    assert limits > 50


def half_hour(who: str, name: str, start: datetime) -> dict:
    return run(f"{who}{name}", start, start + timedelta(minutes=30), username=who)


def launched(who: str, busy: int) -> list[dict]:
    """Five or six launches in each of ten weeks, and 40 in one of them."""
    return [
        half_hour(who, f"{week}-{number}", at("00:00") + timedelta(weeks=week, hours=number))
        for week in range(10)
        for number in range(40 if week == busy else 5 + week % 2)
    ]


def at_night(who: str) -> list[dict]:
    """In one week every result came at night: the median wait has no working hours."""
    starts = [at("22:00" if week == 4 else "09:00", days=7 * week) for week in range(10)]
    return [
        half_hour(who, f"{week}-{number}", start + timedelta(minutes=number * (85 + week % 3)))
        for week, start in enumerate(starts)
        for number in range(8)
    ]


@pytest.fixture(scope="module")
def ten_weeks() -> pl.DataFrame:
    """The weeks of people who were never away."""
    rows = [*launched("last", 9), *launched("fourth", 4), *at_night("nights")]
    return reads.weekly(store_of(rows, at("00:00") + timedelta(weeks=10)), by="scholar")


@pytest.mark.thorough
def test_the_running_week_is_never_a_shift(ten_weeks):
    running = store_of(launched("last", 9), at("00:00") + timedelta(weeks=9, days=2))
    over = ten_weeks.filter(group_id="last")
    for weeks, shifts in ((reads.weekly(running, by="scholar"), []), (over, [date(2026, 3, 9)])):
        found = weeks.filter(measure="experiments_started")
        assert found["value"].max() == 40
        assert found.filter("signal")["week_start"].to_list() == shifts


def test_a_time_of_0_is_not_a_shift(ten_weeks):
    nights = ten_weeks.filter(group_id="nights", measure="reaction_working_hours_median")
    found = nights.sort("week_start")
    assert found["value"].to_list().count(0) == 1
    assert found["limit_low"].min() > 0
    assert not found["signal"].any()


def test_weeks_away_are_not_part_of_the_usual_range_and_never_a_shift(ten_weeks):
    # Tuesday to Thursday, two days, and a Saturday.
    days = [("2026-02-03", "2026-02-06"), ("2026-02-11", "2026-02-13")]
    ranges = ", ".join(f"{{ from = {first}, to = {end} }}" for first, end in days)
    holiday = '[[holidays]]\nname = "Saturday"\ndate = 2026-02-14\n'
    away = parsed(f"{ADA}away = [{ranges}]\n{holiday}")
    snapshot = store_of(launched("ada", 4), at("00:00") + timedelta(weeks=10), roster=away)
    weekly = reads.weekly(snapshot, by="scholar")
    found = weekly.filter(measure="experiments_started").sort("week_start")
    assert found.filter("away")["week_start"].to_list() == [date(2026, 2, 2)]
    assert found.filter("signal").is_empty()
    assert found.filter("away")["value"].item() == 40
    levels = [5 + week % 2 for week in range(10) if week != 4]
    assert found.row(0, named=True)["limit_high"] == pytest.approx(usual_range(levels)[2])
    assert not reads.weekly(snapshot, by="programme")["away"].any()
    without = ten_weeks.filter(group_id="fourth", measure="experiments_started")
    assert without["limit_high"].max() > 30


def drawn_figures(chance: random.Random) -> pl.DataFrame:
    """One row per scholar: 3 to 30, some without experiments, with missing figures."""
    rows = [
        {
            "scholar": f"u{number}",
            "experiments_started": chance.choice((0, 3, 3, 3)),
            **{name: chance.choice((None, chance.random() * 10, 2.0)) for name in BANDED},
        }
        for number in range(chance.randint(3, 30))
    ]
    kinds = pl.Schema(READ_SCHEMAS["metrics"])
    return pl.DataFrame(rows, schema_overrides={name: kinds[name] for name in BANDED})


def around(values: list[float], quantile: Fraction, step: Fraction) -> float:
    """The rounded mean of the values within one and a half places of the quantile's place."""
    place = (len(values) - 1) * quantile
    near = [it for at, it in enumerate(sorted(values)) if abs(at - place) <= Fraction(3, 2)]
    assert len(near) >= 3
    return float(math.floor(fmean(near) / float(step) + 0.5) * step)


@pytest.mark.thorough
def test_bands_are_means_around_the_quartiles_of_at_least_eight_others(snapshot, tell):
    chance = random.Random("bands")  # noqa: S311 - nothing secret
    body = load_query("metrics/bands").body
    compared = too_few = 0
    for _ in range(120):
        figure = drawn_figures(chance)
        params = {"scholar": "u1", "scope": EVERYTHING.params}
        rows = snapshot.frame(body, params, {"figure": figure}).iter_rows(named=True)
        found = {row["measure"]: row for row in rows}
        others = figure.filter(pl.col("scholar") != "u1", pl.col("experiments_started") > 0)
        for name in BANDED:
            values = others[name].drop_nulls().to_list()
            if not values:
                assert name not in found
                continue
            row = found[name]
            told = [row["others"], row["p25"], row["p50"], row["p75"]]
            if len(values) < 8:
                assert told == [None] * 4
                too_few += 1
                continue
            step = Fraction(1, 20) if name.endswith("_share") else Fraction(1, 2)
            quartiles = [around(values, Fraction(it, 4), step) for it in (1, 2, 3)]
            assert told == [len(values), *map(pytest.approx, quartiles)]
            compared += 1
    tell(f"bands: {compared:,} of at least 8 others, {too_few:,} of fewer")
    assert compared > 300
    assert too_few > 150
