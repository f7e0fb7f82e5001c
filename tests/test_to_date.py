"""Figures to date equal the figures of the same days; so does the ledger as seen on a day."""

from datetime import date, timedelta
from functools import cache

import polars as pl
import pytest

from tests.app_pages import ten_weeks
from tests.builders import run, store_of
from tests.stores import built
from velocity.reading import reads
from velocity.reading.access import Scope
from velocity.roster import models as roster
from velocity.roster.credits import Credits, Grant, Rate
from velocity.settings import Programme, Settings
from velocity.store import latest_snapshot

pytestmark = pytest.mark.sampled(8)

FIRST = date(2026, 1, 5)
WEEK = timedelta(weeks=1)
GPU = {"gpu_count": 1, "gpu_type": "A"}
MEASURES = (
    *("experiments_concluded", "failure_share", "serial_share"),
    *("loop_hours_median", "reaction_working_hours_median"),
)
ADA = roster.Scholar(id="ada", name="Ada", usernames=("ada",))


@pytest.fixture(scope="module")
def snapshot():
    return latest_snapshot(built(ten_weeks))


def to_date(snapshot, by, length, *, weeks=10, **more):
    starts = [FIRST + at * WEEK for at in range(weeks)]
    return reads.to_date(snapshot, by=by, starts=starts, lengths=[length], **more)


def known(*values):
    """The values that are not missing."""
    return [it for it in values if it is not None]


@pytest.mark.parametrize("by", ["programme", "stream"])
@pytest.mark.parametrize("length", [1, 3, 7, 28])
def test_each_row_is_the_figure_of_its_days(snapshot, by, length):
    found = to_date(snapshot, by, length)
    assert found["days"].unique().to_list() == [length]
    for start in (FIRST, FIRST + 8 * WEEK, FIRST + 9 * WEEK):
        over = {"from_day": start, "to_day": start + timedelta(days=length)}
        for row in reads.metrics(snapshot, by=by, **over).iter_rows(named=True):
            for measure in MEASURES:
                here = found.filter(week_start=start, measure=measure, group_id=row[by])
                assert here["value"].to_list() == known(row[measure])
                if measure.endswith("_median"):
                    n = row[measure.replace("_median", "_n")]
                    assert here["n"].to_list() == [n] * here.height


@pytest.mark.parametrize("within", [None, "slow", "even"])
@pytest.mark.parametrize("length", [3, 7])
def test_rows_of_scholars_are_their_figures_in_the_stream(snapshot, within, length):
    found = to_date(snapshot, "scholar", length, within=within)
    assert found["group_id"].unique().to_list() == ["ada"]
    for start in (FIRST, FIRST + 9 * WEEK):
        over = {"from_day": start, "to_day": start + timedelta(days=length), "within": within}
        row = reads.metrics(snapshot, by="scholar", **over).row(0, named=True)
        for measure in MEASURES:
            here = found.filter(week_start=start, measure=measure)["value"].to_list()
            assert here == known(row[measure])


def test_weeks_before_the_first_launch_of_a_scholar_are_not_zeros(snapshot):
    earlier = {"starts": [FIRST - at * WEEK for at in (2, 1, 0)], "lengths": [7]}
    for by, weeks in (("scholar", 1), ("stream", 3)):
        found = reads.to_date(snapshot, by=by, **earlier).filter(measure="experiments_concluded")
        assert found["week_start"].n_unique() == weeks


def test_a_mentor_sees_figures_to_date_within_the_stream_only(snapshot):
    scope = Scope(streams=("slow",))
    asked = {"by": "scholar", "starts": [FIRST], "lengths": [7], "scope": scope}
    assert reads.to_date(snapshot, within="slow", **asked).height
    for within in ("even", None):
        assert reads.to_date(snapshot, within=within, **asked).is_empty()


@pytest.mark.parametrize("by", ["programme", "stream"])
def test_whole_weeks_have_the_usual_range_of_the_weekly_series(snapshot, by):
    found = to_date(snapshot, by, 7, running_from=FIRST + 10 * WEEK, weeks=11)
    weekly = reads.weekly(snapshot, by=by).filter(pl.col("measure").is_in(MEASURES))
    key = ["group_id", "measure", "week_start"]
    # The store ends on Monday morning: the running week has no row of whole days to compare.
    whole = found.filter(~pl.col("running")).drop("days").sort(key)
    assert whole.equals(weekly.filter(~pl.col("running")).sort(key))
    assert whole["limit_low"].null_count() == 0


def test_a_stretch_that_runs_is_never_a_shift_and_makes_no_range(snapshot):
    last = FIRST + 9 * WEEK
    found = to_date(snapshot, "stream", 6, running_from=last)
    slow = found.filter(group_id="slow", measure="loop_hours_median")
    now = slow.filter(week_start=last).row(0, named=True)
    assert now["running"]
    assert not now["signal"]
    assert now["value"] > now["limit_high"]
    few = to_date(snapshot, "stream", 6, running_from=FIRST + 7 * WEEK)
    assert few["limit_low"].is_null().all()


@cache
def two_people():
    """Ada and somebody who is not in the roster, with a run each."""
    everything = roster.Stream(id="all", name="All", projects=("e/*",))
    people = roster.Roster(scholars=(ADA,), streams=(everything,))
    rows = [run("r1", "09:00", "10:00"), run("r2", "09:00", "10:00", username="stranger")]
    return store_of(rows, "20:00", roster=people)


def test_a_group_without_anything_has_no_shares_and_unknown_users_no_stream():
    asked = {"starts": [FIRST + 9 * WEEK], "lengths": [7]}
    found = reads.to_date(two_people(), by="programme", **asked)
    assert found.select("measure", "value").rows() == [("experiments_concluded", 0)]


def test_concluded_experiments_are_those_that_the_figures_count(snapshot):
    over = {"from_day": FIRST + WEEK, "to_day": FIRST + 2 * WEEK}
    found = reads.concluded(snapshot, **over)
    counted = reads.metrics(snapshot, by="stream", **over)
    assert dict(found["stream"].value_counts().iter_rows()) == dict(
        counted.select("stream", "experiments_concluded").iter_rows()
    )
    assert found["result_day"].is_sorted(descending=True)
    assert found["result_day"].is_between(FIRST + WEEK, FIRST + 2 * WEEK, closed="left").all()

    found = reads.concluded(two_people())
    rows = found.select("scholar", "stream").rows()
    assert sorted(rows, key=str) == [("ada", "all"), ("stranger", None)]


def people_with(**grants):
    """Streams with grants from Monday 5 January on, and one credit for an hour of a GPU."""
    named = [roster.Stream(id=it, name=it, projects=(f"{it}/*",)) for it in (*grants, "bare")]
    rates = (Rate(**{"gpu": "*", "from": FIRST, "credits_per_gpu_hour": 1.0}),)
    given = [Grant(date=FIRST, amount=it, stream=stream) for stream, it in grants.items()]
    account = Credits(rates=rates, grants=tuple(given))
    return roster.Roster(scholars=(ADA,), streams=tuple(named), credits=account)


#: Stream -> the credits that it spends each day, from Monday 5 January on.
SPENT = {
    "later": [*[0] * 7, *[4] * 7],
    "more": [*[2] * 7, *[4] * 7],
    "most": [*[0] * 7, *[4] * 7, *[20] * 7],
    "all": [10] * 14,
    "idle": [4],
}


@cache
def spenders():
    rows = [
        run(f"{who}{at}", f"{day} 00:00", f"{day} {spent:02}:00", entity=who, **GPU)
        for who, days in SPENT.items()
        for at, spent in enumerate(days)
        if spent
        for day in [FIRST + timedelta(days=at)]
    ]
    rows += [
        run("u1", "2026-01-05 10:00", "2026-01-05 12:00", entity="unknown"),
        run("u2", "2026-01-06 23:00", "2026-01-07 02:00", entity="unknown"),
    ]
    grants = dict.fromkeys(SPENT, 100.0) | {"all": 50.0, "unknown": 7.0}
    return store_of(rows, f"{FIRST + 3 * WEEK} 00:00", roster=people_with(**grants))


def ends(snapshot, day, stream="e"):
    found = reads.ledger(snapshot, by="stream", at_day=FIRST + timedelta(days=day))
    (row,) = found.filter(group_id=stream).iter_rows(named=True)
    assert row.pop("group_id") == stream
    return row


@pytest.mark.parametrize(
    ("stream", "left", "burn", "days", "days_of_7d"),
    [("later", 72, 2, 36, 18), ("more", 58, 3, 19, 14)],
)
def test_credits_end_at_the_pace_of_14_days_and_of_7(stream, left, burn, days, days_of_7d):
    row = ends(spenders(), 13, stream)
    assert (row["credits_left"], row["burn_per_day"]) == (left, burn)
    assert row["exhausted_on"] == FIRST + timedelta(days=14 + days)
    assert row["exhausted_on_7d"] == FIRST + timedelta(days=14 + days_of_7d)


def test_a_forecast_of_an_earlier_day_ignores_what_came_after_it():
    assert ends(spenders(), 13, "most") == ends(spenders(), 13, "later")
    assert ends(spenders(), 20, "most")["credits_left"] == 72 - 140


def test_there_is_no_end_if_nothing_is_left_or_spent():
    assert ends(spenders(), 13, "all")["exhausted_on"] is None
    idle = ends(spenders(), 14, "idle")
    assert (idle["exhausted_on"], idle["credits_left"]) == (None, 96)
    # Streams without grants have no ledger.
    assert set(reads.ledger(spenders(), by="stream")["group_id"]) == {*SPENT, "unknown"}


def test_at_the_end_of_the_data_the_forecast_is_that_of_the_ledger():
    days = [FIRST + timedelta(days=at) for at in range(20)]
    rows = [run(f"r{day}", f"{day} 00:00", f"{day} 03:00", **GPU) for day in days]
    snapshot = store_of(rows, f"{FIRST + timedelta(days=20)} 00:00", roster=people_with(e=100.0))
    (now,) = reads.ledger(snapshot, by="stream").rows(named=True)
    assert (now["credits_left"], now["burn_per_day"]) == (40, 3)
    assert now["exhausted_on"] == FIRST + timedelta(days=20 + 13)
    # The data ends as the 20th day does.
    assert ends(snapshot, 19) | {"group_id": "e"} == pytest.approx(now)
    assert ends(snapshot, 20) | {"group_id": "e"} == now


def test_a_day_that_is_not_over_counts_as_far_as_it_is_known():
    """14 days of 24 hours to 18:00, and not 14 days to the midnight after."""
    rows = [run("r", "2026-01-05 00:00", "2026-01-25 18:00", **GPU)]
    snapshot = store_of(rows, "2026-01-25 18:00", roster=people_with(e=1000.0))
    (now,) = reads.ledger(snapshot, by="stream").rows(named=True)
    assert (now["burn_per_day"], now["burn_per_day_7d"]) == (24, 24)
    for later in (20, 21, 30):
        assert ends(snapshot, later) | {"group_id": "e"} == now
    # 24 credits for each of 20 days; 520 last for 21 days and 16 hours.
    seen = ends(snapshot, 19)
    assert (seen["credits_left"], seen["burn_per_day"]) == (520, 24)
    assert seen["exhausted_on"] == date(2026, 1, 25) + timedelta(days=21)


def test_the_day_of_the_end_is_a_local_day():
    """New York is five hours behind UTC, so its 24 January ends on the 25th at 05:00 UTC."""
    rows = [run("r", "2026-01-05 05:00", "2026-01-26 05:00", **GPU)]
    people = people_with(e=24 * 24.9)
    settings = Settings(programme=Programme(timezone="America/New_York"))
    snapshot = store_of(rows, "2026-01-28 12:00", roster=people, settings=settings)
    seen = ends(snapshot, 19)
    assert seen["runway_days"] == pytest.approx(4.9)
    assert seen["exhausted_on"] == date(2026, 1, 29)


def test_hours_on_unknown_gpus_and_grants_are_those_up_to_the_day():
    found = [ends(spenders(), day, "unknown") for day in (0, 1, 2, 9)]
    assert [it["unpriced_hours_so_far"] for it in found] == [2, 3, 5, 5]
    before = FIRST - timedelta(days=1)
    assert reads.ledger(spenders(), by="stream", at_day=before).is_empty()
    assert found[0]["credits_granted"] == 7
