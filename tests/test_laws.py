"""Laws that hold for any runs: the product's figures against each other.

A store has dozens of drawn histories (tests/batches.py). Their time zones have days of 23 and 25
hours, an ISO week 53, and scholars on both sides of the date line.
"""

import itertools
import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from polars import selectors

from tests.batches import PLACES, Batch, batch_of, settings_of
from tests.builders import complete_to, run, store_of
from tests.comparison import Key, Row, agree, rows_by
from tests.derived_tables import assert_tables_agree, derived_tables
from velocity.reading import reads
from velocity.records import run_frame
from velocity.roster.models import Roster, Scholar
from velocity.settings import Programme, Settings
from velocity.store import Snapshot, open_live
from velocity.store.derive import derive
from velocity.store.figures import figures

pytestmark = pytest.mark.thorough

WEEK = timedelta(weeks=1)
#: Figures that are sums.
ADDITIVE = (
    *("busy_hours", "experiment_hours", "run_hours", "serial_hours", "parallel_hours"),
    *("experiments_started", "experiments_concluded", "false_starts", "early_failures"),
    *("runs_started", "runs_finished", "runs_failed", "runs_killed", "runs_preempted"),
    *("loops_closed", "loops_abandoned", "loops_awaiting", "loops_open"),
    *("machine_hours_closed", "reaction_hours_closed"),
    *("machine_hours_n", "machine_hours_events", "recovery_hours_n", "recovery_hours_events"),
    *("gpu_hours", "gpu_hours_failed", "unpriced_run_hours"),
)
#: Figures of all data that do not depend on borders of days.
WITHOUT_DAYS = (
    *ADDITIVE,
    *("serial_share", "experiment_parallelism", "failure_share", "rework_share", "peak_runs"),
    *("machine_hours_median", "reaction_hours_median", "loop_hours_median", "loop_hours_high"),
)


def assert_adds_up(parts: pl.DataFrame, whole: pl.DataFrame):
    sums, expected = ({name: float(it[name].sum()) for name in ADDITIVE} for it in (parts, whole))
    assert sums == pytest.approx(expected, rel=1e-9, abs=1e-9)


# At every place tests/test_properties_figures.py compares all figures with the oracle, whose parts
# add up (tests/test_oracle.py).
@pytest.mark.parametrize(("zone", "base"), PLACES[4::3])
def test_figures_obey_their_laws(zone: str, base) -> None:
    batch = batch_of(zone, base, count=40)
    snapshot = batch.snapshot
    everything = by_kind(snapshot, "all")
    for period in ("day", "week", "month"):
        for kind, parts in by_kind(snapshot, period).items():
            assert_no_residual(snapshot, by=kind, period=period)
            assert_adds_up(parts, everything[kind])
            assert_shares_and_products(parts)
    for kind, whole in everything.items():
        assert_no_residual(snapshot, by=kind)
        assert_no_residual(snapshot, by=kind, from_day=batch.first_day + timedelta(days=1))
        assert_shares_and_products(whole)
    assert_loops_are_machine_and_reaction(snapshot)
    assert_streams_and_the_rest_add_up(batch, everything)


def by_kind(snapshot, period):
    """Kind of group -> its figures; of all kinds at once."""
    whole = figures(snapshot, kinds=("scholar", "stream", "programme"), period=period)
    return {str(kind): frame for (kind,), frame in whole.partition_by("kind", as_dict=True).items()}


def assert_no_residual(snapshot: Snapshot, **asked: Any) -> None:
    """Daily facts equal the runs' own sessions for each group, period and window."""
    residuals = reads.littles_law_residual(snapshot, **asked)["littles_law_residual_hours"]
    assert set(residuals) == {0.0}


def assert_shares_and_products(frame: pl.DataFrame) -> None:
    for name in (it for it in frame.columns if it.endswith("_share")):
        assert frame[name].drop_nulls().is_between(-1e-12, 1 + 1e-12).all(), name
    product = frame["experiment_parallelism"] * frame["sweep_width"] - frame["run_concurrency"]
    assert (product.abs().max() or 0) < 1e-9
    apart = frame["serial_hours"] + frame["parallel_hours"] - frame["busy_hours"]
    assert apart.abs().max() < 1e-9
    assert (frame["peak_experiments"] <= frame["peak_runs"]).all()
    for name in ("machine_hours", "reaction_hours", "loop_hours", "recovery_hours"):
        assert (frame[f"{name}_events"] <= frame[f"{name}_n"]).all()
        known = frame.drop_nulls([f"{name}_median", f"{name}_low"])
        assert (known[f"{name}_low"] <= known[f"{name}_median"]).all()


def assert_loops_are_machine_and_reaction(snapshot: Snapshot) -> None:
    loops = reads.loops(snapshot).filter(pl.col("reaction_hours").is_not_null())
    apart = loops["machine_hours"] + loops["reaction_hours"] - loops["loop_hours"]
    assert (apart.abs().max() or 0) < 1e-9
    assert (loops["reaction_awake_hours"] <= loops["reaction_hours"] + 1e-12).all()


def assert_streams_and_the_rest_add_up(batch: Batch, whole: dict[str, pl.DataFrame]) -> None:
    """No experiment counts twice: streams, no stream and no scholar add up to everything."""
    experiments = reads.experiments(batch.snapshot)
    assert experiments["experiment_id"].is_unique().all()
    nowhere = experiments.filter(pl.col("stream").is_null())
    started = whole["stream"]["experiments_started"].sum() + nowhere.height
    # Runs of people outside the roster do not count in any stream.
    assert started <= whole["programme"]["experiments_started"].item()


@dataclass(frozen=True, eq=False)
class Histories:
    rows: list[dict[str, Any]]
    as_of: dict[tuple[str, str], datetime]
    settings: Settings

    @cached_property
    def snapshot(self) -> Snapshot:
        return store_of(self.rows, self.as_of, settings=self.settings)


@cache
def without_roster() -> Histories:
    """Drawn runs in UTC, without a roster; each has a user."""
    batch = batch_of(*PLACES[0], count=40, has_roster=False)
    rows = [row | {"username": row["username"] or "zoe"} for row in batch.rows]
    return Histories(rows, batch.as_of, settings_of(batch.rules))


def test_scholars_add_up_to_the_programme() -> None:
    """Without a roster, and if every run has a user, scholars account for all runs."""
    for period in ("all", "week"):
        found = by_kind(without_roster().snapshot, period)
        assert_adds_up(found["scholar"], found["programme"])


def live_tables(data, batch, portions):
    """The derived tables of a store that received the rows in these portions."""
    with open_live(data) as store:
        for rows in portions:
            store.record.merge_runs(run_frame(rows))
            complete_to(store, batch.as_of)
            derive(store, settings_of(batch.rules), batch.roster)
        return derived_tables(store)


@pytest.mark.parametrize("has_roster", [True, False])
def test_the_order_and_batches_of_rows_change_nothing(has_roster: bool, tmp_path) -> None:
    batch = batch_of(*PLACES[2], count=25, has_roster=has_roster)
    rows = batch.rows
    shuffled = rows.copy()
    random.Random("order").shuffle(shuffled)  # noqa: S311 - nothing secret
    half = len(rows) // 2
    expected = live_tables(tmp_path / "once", batch, [rows])
    portions = [shuffled[:half], shuffled[half:], rows]
    assert_tables_agree(live_tables(tmp_path / "in portions", batch, portions), expected)


def moved(row: dict[str, Any], by: timedelta) -> dict[str, Any]:
    times = {name: it + by for name, it in row.items() if name.endswith("_at") and it is not None}
    writers = [it | {"start": it["start"] and it["start"] + by} for it in row["writers"]]
    return row | times | {"writers": writers}


def by_week(snapshot: Snapshot, shift: timedelta = timedelta()) -> dict[Key, Row]:
    frame = reads.metrics(snapshot, by="scholar", period="week")
    # Clock changes of a zone do not move with the runs; in UTC all weeks are equal.
    return rows_by(frame.with_columns(pl.col("period_start") + shift), "scholar", "period_start")


def test_moving_all_times_by_a_week_moves_every_week_by_one() -> None:
    """In UTC, without awake hours: clocks may change in between in the scholars' zones."""
    now = without_roster()
    ends = {key: it + WEEK for key, it in now.as_of.items()}
    later = replace(now, rows=[moved(row, WEEK) for row in now.rows], as_of=ends)
    agree(by_week(now.snapshot, WEEK), by_week(later.snapshot))


def test_another_zone_moves_only_borders_of_days() -> None:
    """For a programme without a roster, where awake windows are in the programme's zone."""
    here = without_roster()
    whole = reads.metrics(here.snapshot, by="scholar").select("scholar", *WITHOUT_DAYS)
    expected = rows_by(whole, "scholar")
    for zone in ("Pacific/Kiritimati", "America/New_York"):
        elsewhere = {"programme": Programme(timezone=zone)}
        there = replace(here, settings=here.settings.model_copy(update=elsewhere))
        agree(expected, rows_by(reads.metrics(there.snapshot, by="scholar"), "scholar"))


def test_a_later_as_of_never_changes_a_closed_loop() -> None:
    """The data only becomes more complete: there are no new runs, and running runs go on."""
    batch = batch_of(*PLACES[1], count=60, has_roster=False)
    over = [row for row in batch.rows if row["state"] not in {"running", "pending"}]
    instants = batch.as_of
    # More is known later about a run that was cut at as_of or not yet in the data.
    last = [max(it for it in row.values() if hasattr(it, "tzinfo")) for row in over]
    ends = [instants[row["entity"], row["project"]] for row in over]
    known = [row for row, at, end in zip(over, last, ends, strict=True) if at <= end]
    before = store_of(known, instants, settings=settings_of(batch.rules))
    closed = reads.loops(before).filter(pl.col("status") == "closed")
    assert closed.height > 20
    days = itertools.cycle((1, 30))
    later = {key: it + timedelta(days=next(days)) for key, it in instants.items()}
    after = reads.loops(store_of(known, later, settings=settings_of(batch.rules)))
    expected = rows_by(closed, "experiment_id")
    found = rows_by(after, "experiment_id")
    agree(expected, {key: found[key] for key in expected if key in found})


def test_runs_in_flight_are_arrivals_times_their_length() -> None:
    """Little's law, and a sum that no query computes: hours of the runs' own rows."""
    snapshot = batch_of(*PLACES[4], count=40).snapshot
    runs = reads.runs(snapshot).filter(pl.col("excluded").is_null())
    lengths = runs.group_by("scholar").agg(pl.len().alias("arrivals"), pl.mean("active_hours"))
    both = reads.metrics(snapshot, by="scholar").join(lengths, on="scholar")
    assert both.height > 30
    assert both["runs_started"].to_list() == both["arrivals"].to_list()
    in_flight = both["run_concurrency"].fill_null(0) * both["busy_hours"]
    expected = both["arrivals"] * both["active_hours"]
    assert in_flight.to_list() == pytest.approx(expected.to_list(), rel=1e-9, abs=1e-9)


def test_zones_have_days_of_23_and_25_hours_and_a_week_53() -> None:
    lengths, weeks = set(), set()
    for name, base in PLACES:
        zone = ZoneInfo(name)
        for number in range(3):
            day = base.astimezone(zone).date() + timedelta(days=number)
            ends = (day, day + timedelta(days=1))
            opens, closes = (datetime.combine(it, time(), zone).astimezone(UTC) for it in ends)
            lengths.add((closes - opens) / timedelta(hours=1))
            weeks.add(day.isocalendar().week)
    assert lengths == {23, 24, 25}
    assert {53, 1} <= weeks


@pytest.mark.parametrize(
    ("zone", "weeks"),
    {
        "Europe/Berlin": {date(2024, 3, 25): [24] * 6 + [23], date(2024, 10, 21): [24] * 6 + [25]},
        "America/Sao_Paulo": {date(2018, 2, 12): [24] * 5 + [25, 24]},
        "Atlantic/Azores": {date(2024, 10, 21): [24] * 6 + [25]},
        "Pacific/Kiritimati": {date(2026, 12, 28): [24] * 7},  # week 53 of 2026
    }.items(),
)
def test_days_and_weeks_have_the_length_of_their_local_clock(zone, weeks) -> None:
    """For a run that starts before a week and ends after it."""
    noons = [datetime.combine(monday, time(12), UTC) for monday in weeks]
    rows = [run(f"{it}", it - timedelta(days=9), it + timedelta(days=16)) for it in noons]
    programme = Settings(programme=Programme(timezone=zone))
    snapshot = store_of(rows, noons[-1] + timedelta(days=20), settings=programme)
    daily = reads.metrics(snapshot, by="scholar", period="day").sort("period_start")
    weekly = reads.metrics(snapshot, by="scholar", period="week")
    for monday, days in weeks.items():
        week = [monday + timedelta(days=number) for number in range(7)]
        own = daily.filter(pl.col("period_start").is_in(week))
        assert own["busy_hours"].to_list() == pytest.approx(days, abs=1e-9)
        of_week = weekly.filter(period_start=monday)["busy_hours"]
        assert of_week.to_list() == pytest.approx([sum(days)], abs=1e-9)


def test_across_the_date_line_times_agree_and_dates_differ_by_one() -> None:
    """Kiritimati and Hawaii are 24 hours apart, and so are a scholar's awake hours."""
    batch = batch_of(*PLACES[7], count=20, has_roster=False)
    found = {}
    for zone in ("Pacific/Kiritimati", "Pacific/Honolulu"):
        people = sorted({row["username"] for row in batch.rows} - {None})
        named = [Scholar(id=it, name=it, usernames=(it,), timezone=zone) for it in people]
        roster = Roster(scholars=tuple(named))
        rules = settings_of(batch.rules).model_copy(update={"programme": Programme(timezone=zone)})
        snapshot = store_of(batch.rows, batch.as_of, settings=rules, roster=roster)
        days = reads.metrics(snapshot, by="scholar", period="day")
        ahead = timedelta(days=zone == "Pacific/Kiritimati")
        # The weekend falls on other instants.
        of_weekdays = selectors.matches("working|off_share")
        days = days.with_columns(pl.col("period_start") - ahead).select(~of_weekdays)
        found[zone] = (
            rows_by(days, "scholar", "period_start"),
            rows_by(reads.loops(snapshot).select(~of_weekdays), "experiment_id"),
        )
    for east, west in zip(*found.values(), strict=True):
        agree(east, west)
