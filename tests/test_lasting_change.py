"""Lasting changes in weekly series: which splits count, and how often chance makes one."""

import random
from datetime import date, timedelta
from itertools import chain

import duckdb
import polars as pl
import pytest

from tests.builders import at, run, store_of
from velocity.explain import explain
from velocity.queries import load_query, macros
from velocity.reading import reads
from velocity.reading.access import EVERYTHING
from velocity.reading.definitions import metrics

pytestmark = pytest.mark.sampled(6)

WEEK = timedelta(weeks=1)
FIRST = date(2026, 1, 5)
MEASURES = (
    *("loop_hours_median", "serial_share", "experiments_concluded"),
    *("failure_share", "gpu_hours_per_concluded"),
)
BODY = load_query("metrics/lasting_change").body


@pytest.fixture(scope="module")
def database():
    with duckdb.connect() as connection:
        for statement in macros():
            connection.execute(statement)
        columns = "'ada' AS scholar, NULL::VARCHAR AS workdays, true AS attributed"
        connection.execute(f"CREATE TABLE scholar AS SELECT 1 AS scholar_key, {columns}")
        connection.execute("CREATE TABLE day_off (scholar_key INTEGER, day DATE)")
        yield connection


def changes(database, weekly: pl.DataFrame, **asked) -> pl.DataFrame:
    """The rows of the query over a table of weeks."""
    known = {"kind": "scholar", "running": False}
    table = weekly.with_columns(pl.lit(v).alias(k) for k, v in known.items() if k not in weekly)
    database.register("weekly", table.to_arrow())
    params = {"by": "scholar", "groups": None, "to_day": None, "weeks": None} | asked
    found = database.execute(BODY, params | {"scope": EVERYTHING.params})
    return pl.DataFrame(found.to_arrow_table())


def series(values: list[float | None], measure: str = "experiments_concluded") -> pl.DataFrame:
    """One scholar's weeks of one measure."""
    weeks = [FIRST + n * WEEK for n in range(len(values))]
    columns = {"week_start": weeks, measure: values}
    frame = pl.DataFrame(columns, schema_overrides={measure: pl.Float64})
    return frame.with_columns(group_id=pl.lit("ada"))


def expected(values: list[float | None]) -> tuple[int, str, float] | None:
    """Place, direction and gap of the lasting change, by trying every split."""
    known = [(place, it) for place, it in enumerate(values) if it is not None]
    found = []
    for split in range(4, len(known) - 5):
        before = [it for _, it in known[:split]]
        since = [it for _, it in known[split:]]
        rise, fall = min(since) - max(before), min(before) - max(since)
        if max(rise, fall) > 0:
            direction = "up" if rise > 0 else "down"
            found.append((max(rise, fall), -split, known[split][0], direction))
    if not found:
        return None
    gap, _, place, direction = max(found)
    return place, direction, gap


def test_every_split_is_tried_and_the_widest_gap_counts(database, tell):
    chance = random.Random("splits")  # noqa: S311 - nothing secret
    drawn: dict[str, list[float | None]] = {}
    for number in range(4000):
        jump, place = chance.choice((0, 5, -6, 9)), chance.randint(4, 8)
        begin = chance.randint(0, 3)
        values = [chance.randint(0, 6) + (jump if week >= place else 0) for week in range(12)]
        missing = [week < begin or chance.random() < 0.03 for week in range(12)]
        drawn[f"u{number}"] = [None if no else it for it, no in zip(values, missing, strict=True)]
    frames = [series(values).with_columns(group_id=pl.lit(it)) for it, values in drawn.items()]
    found = {it["group_id"]: it for it in changes(database, pl.concat(frames)).to_dicts()}
    assert found.keys() == {it for it, values in drawn.items() if expected(values)}
    for group, row in found.items():
        since = (row["since_week"] - FIRST) // WEEK
        assert (since, row["direction"], row["gap"]) == expected(drawn[group])
        known = [it is not None for it in drawn[group]]
        assert row["weeks_before"] == sum(known[:since])
        assert row["weeks_since"] == sum(known[since:])
    tell(f"lasting changes: {len(found)} in {len(drawn):,} series")
    assert len(found) > 200


def test_one_week_like_the_others_ends_a_lasting_change(database):
    assert changes(database, series([2, 3, 2, 3, 9, 8, 9, 8, 9, 8])).height == 1
    assert changes(database, series([2, 3, 2, 3, 9, 8, 9, 3, 9, 8])).is_empty()


def test_a_change_is_shown_until_four_weeks_before_it_have_left_the_twelve(database):
    for weeks_since, shown in ((5, 0), (6, 1), (8, 1), (9, 0)):
        values = [2, 3, 2, 3, 2, 3, *[9] * weeks_since]
        assert changes(database, series(values)).height == shown
    longer = changes(database, series([2, 3, 2, 3, 2, 3, *[9] * 9]), weeks=15)
    assert longer["weeks_before"].to_list() == [6]


def test_the_running_week_and_later_weeks_do_not_count(database):
    weekly = series([2, 3, 2, 3, 9, 9, 9, 9, 9, 9, 1])
    running = weekly.with_columns(running=pl.col("week_start") == FIRST + 10 * WEEK)
    assert changes(database, weekly).is_empty()
    assert changes(database, running).height == 1
    assert changes(database, weekly, to_day=FIRST + 10 * WEEK).height == 1
    assert changes(database, weekly, to_day=FIRST + 9 * WEEK).is_empty()


def test_a_week_away_does_not_end_a_lasting_change(database):
    weekly = series([2, 3, 2, 3, 9, 8, 9, 0, 9, 8, 9])
    assert changes(database, weekly).is_empty()
    for day in range(3):
        away = FIRST + 7 * WEEK + timedelta(days=day)
        database.execute("INSERT INTO day_off VALUES (1, $day)", {"day": away})
    (row,) = changes(database, weekly).to_dicts()
    database.execute("DELETE FROM day_off")
    assert (row["weeks_before"], row["weeks_since"]) == (4, 6)


def test_the_five_measures_are_searched():
    assert {it.id for it in metrics().values() if it.lasting} == set(MEASURES)


@pytest.mark.thorough
def test_chance_makes_a_lasting_change_for_at_most_one_scholar_in_twenty(database, tell):
    """Five measures of 8,000 scholars whose weeks are permuted, each measure for itself."""
    scholars = 8_000
    for weeks in (10, 11, 12, 13):
        chance = random.Random(f"permuted {weeks}")  # noqa: S311 - nothing secret
        first = [FIRST + n * WEEK for n in range(weeks)]
        ids = [f"u{n}" for n in range(scholars) for _ in range(weeks)]
        frame = pl.DataFrame({"group_id": ids, "week_start": first * scholars})
        for name in MEASURES:
            permuted = [chance.sample(range(weeks), weeks) for _ in range(scholars)]
            frame = frame.with_columns(pl.Series(name, [*chain(*permuted)], dtype=pl.Float64))
        share = changes(database, frame, weeks=13)["group_id"].n_unique() / scholars
        tell(f"lasting changes by chance, {weeks} weeks: {share:.1%} of scholars")
        assert 0.02 < share <= 0.05


def test_the_values_beside_a_change_are_the_figures_of_the_weeks_before_and_since():
    """Two launches a week, alternately failing; then five, side by side, that all finish."""
    rows = []
    for week in range(12):
        for number in range(2 if week < 5 else 5):
            start = at("09:00") + week * WEEK + timedelta(hours=number if week < 5 else 0)
            end = start + timedelta(hours=0.5 if week < 5 else 1 + number)
            state = "failed" if week < 5 and (week + number) % 3 == 0 else "finished"
            name = f"{week}-{number}"
            rows.append(run(name, start, end, state=state, project=f"p{number}"))
    snapshot = store_of(rows, at("00:00") + 12 * WEEK)
    found = {it["measure"]: it for it in reads.lasting_changes(snapshot, by="scholar").to_dicts()}
    assert found.keys() == {"experiments_concluded", "serial_share"}
    since = FIRST + 5 * WEEK
    sides = {"before": (FIRST, since), "since": (since, FIRST + 12 * WEEK)}
    for measure, row in found.items():
        assert (row["group_id"], row["since_week"]) == ("ada", since)
        assert (row["weeks_before"], row["weeks_since"]) == (5, 7)
        for side, (first, end) in sides.items():
            figures = reads.metrics(snapshot, by="scholar", from_day=first, to_day=end)
            value = figures[measure].item()
            per_week = value / row[f"weeks_{side}"] if measure.endswith("concluded") else value
            assert row[f"value_{side}"] == pytest.approx(per_week, rel=1e-12)
    results = explain(snapshot, scholar="ada", metric="since_week").results
    (told,) = (it for it in results if it.of == "serial_share")
    assert told.steps == (
        "1 to 1 share: the 5 weeks before",
        "0.2 to 0.2 share: the 7 weeks since",
        "9 Feb 2026: every week since is below all weeks before",
    )
    assert told.value == told.headline == since
    assert found["serial_share"]["direction"] == "down"
    assert found["experiments_concluded"]["direction"] == "up"
