"""Credits in SQL match the oracle: rates by glob and day, grants, balance and burn."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest

from tests.batches import PLACES, Batch, batch_of
from tests.comparison import Key, Row, agree, rows_by
from tests.oracles.credits import Rate, balances, ledger, spending
from tests.oracles.model import RunKey, local_date
from tests.oracles.streams import within
from velocity.reading import reads
from velocity.roster import credits as roster
from velocity.store import Snapshot


def rates_of(first_day: date) -> tuple[Rate, ...]:
    """Higher rates from the third day, when two start; one rate for all types from the sixth."""
    third, sixth = first_day + timedelta(days=2), first_day + timedelta(days=5)
    return (
        Rate("*H100*", first_day, 3),
        Rate("*H100*", third, 5),
        Rate("NVIDIA H100*", third, 7),
        Rate("*A100*", third, 2),
        Rate("*", sixth, 1),
    )


def grants_of(batch: Batch, last_day: date) -> dict[tuple[str, str], list[tuple[date, int]]]:
    """(kind, id) -> day and credits; one grant is on the last day of the data, one after it."""
    first, late = batch.first_day - timedelta(days=3), last_day + timedelta(days=1)
    return {
        ("stream", "second"): [(first, 5_000), (last_day, 300), (late, 10_000)],
        ("stream", "claimed"): [(batch.first_day + timedelta(days=2), 1)],
        ("scholar", "ada1"): [(first, 100_000)],
        ("scholar", "bob2"): [(first, 20)],
    }


def priced(batch: Batch) -> tuple[Snapshot, tuple[Rate, ...], dict]:
    """The batch with rates and grants."""
    rates = rates_of(batch.first_day)
    known = batch.roster
    assert known is not None
    grants = grants_of(batch, local_date(batch.whole.complete_to, batch.rules.timezone))
    given_credits = roster.Credits(
        rates=tuple(
            roster.Rate(**{"gpu": it.glob, "from": it.first, "credits_per_gpu_hour": it.credits})
            for it in rates
        ),
        grants=tuple(
            roster.Grant(date=day, amount=amount, **{kind: target})
            for (kind, target), given_them in grants.items()
            for day, amount in given_them
        ),
    )
    return batch.with_roster(known.model_copy(update={"credits": given_credits})), rates, grants


def runs_of(batch: Batch) -> dict[tuple[str, str], set[RunKey]]:
    """(kind, id) of the programme and of each scholar and stream -> their runs."""
    found: dict[tuple[str, str], set[RunKey]] = {("programme", "programme"): set()}
    for key, run in batch.whole.runs.items():
        if run.counts:
            found["programme", "programme"].add(key)
            if batch.is_attributed(run.scholar):
                found.setdefault(("scholar", run.scholar), set()).add(key)
    for stream in batch.streams:
        inside = within(batch.whole, stream, batch.is_attributed).runs
        found["stream", stream] = {key for key, run in inside.items() if run.counts}
    return found


def agree_but_for_rows_of_nothing(expected: dict[Key, Row], found: dict[Key, Row]) -> None:
    """Assert equal rows; a group without charges may have a row of zeros."""
    for key in found.keys() - expected.keys():
        assert set(found.pop(key).values()) <= {0, None, *key}
    agree(expected, found)


@pytest.mark.thorough
@pytest.mark.parametrize(("zone", "base"), [PLACES[1], PLACES[9]])
def test_credits_match_the_oracle(zone: str, base: datetime) -> None:
    batch = batch_of(zone, base, count=20)
    snapshot, rates, grants = priced(batch)
    everybody: list[tuple[date, int]] = [it for given_them in grants.values() for it in given_them]
    groups = runs_of(batch)
    assert_the_table_adds_up(batch, snapshot)
    for kind in ("programme", "scholar", "stream"):
        runs = {group: own for (of, group), own in groups.items() if of == kind}
        given_them = {
            group: everybody if kind == "programme" else grants.get((kind, group), [])
            for group in {*runs, *(name for of, name in grants if of == kind)}
        }
        assert_spending(batch, snapshot, rates, kind, runs)
        assert_ledger(batch, (snapshot, rates), kind, runs, given_them)


STATES = [f"{it}_gpu_hours" for it in ("finished", "running", "killed", "failed", "other")]
SHARED = [
    *("killed_gpu_hours", "gpu_hours", "unpriced_run_hours", "credits", "experiments_concluded"),
    "credits_per_concluded",
]


def assert_the_table_adds_up(batch: Batch, snapshot: Snapshot) -> None:
    """States add up to GPU-hours, rows to the programme; figures are those of metrics()."""
    first = batch.first_day
    for window in ({}, {"from_day": first, "to_day": first + timedelta(days=2)}):
        table = reads.compute_table(snapshot, **window)
        assert table["kind"].to_list() == ["stream"] * 3 + ["unattributed", "programme"]
        parts, programme = table.head(4), table.row(4, named=True)
        for name in [*STATES, *SHARED[:-1]]:
            assert parts[name].sum() == pytest.approx(programme[name]), name
            assert parts[name].sum(), name
        sums = table.select(pl.sum_horizontal(STATES)).to_series()
        assert sums.to_list() == pytest.approx(table["gpu_hours"].to_list())
        of = [("stream", [it]) for it in batch.streams] + [("programme", None)]
        figures = [reads.metrics(snapshot, by=by, groups=it, **window) for by, it in of]
        for row, found in zip([*table.head(3).to_dicts(), programme], figures, strict=True):
            assert found.select(SHARED).row(0) == pytest.approx(tuple(row[it] for it in SHARED))
            assert found["gpu_hours_failed"][0] == pytest.approx(row["failed_gpu_hours"])
            cost, number = row["credits"], row["experiments_concluded"]
            per_conclusion = cost / number if number else None
            assert row["credits_per_concluded"] == pytest.approx(per_conclusion)


def assert_spending(batch, snapshot, rates, kind, runs: dict[str, set[RunKey]]) -> None:
    costs = spending(batch.whole, rates)
    by_week: dict[Key, Row] = {}
    for group, own in runs.items():
        for (run, day), amount in costs.items():
            if run in own:
                monday = day - timedelta(days=day.weekday())
                row = by_week.setdefault((group, monday), {"credits": 0.0})
                row["credits"] += float(amount)
    weeks = reads.metrics(snapshot, by=kind, period="week").select(kind, "period_start", "credits")
    agree_but_for_rows_of_nothing(by_week, rows_by(weeks, kind, "period_start"))


def assert_ledger(batch: Batch, priced_as, kind, runs: dict[str, set[RunKey]], grants) -> None:
    snapshot, rates = priced_as
    zone, as_of = batch.rules.timezone, batch.whole.complete_to
    expected: dict[Key, Row] = {}
    expected_days: dict[Key, Row] = {}
    charged = {run for run, _ in spending(batch.whole, rates)}
    for group, granted in grants.items():
        own = runs.get(group, set())
        if not granted and not own & charged:
            continue
        account = ledger(batch.whole, rates, granted, own)
        expected[group,] = {
            "credits_granted": float(account.granted),
            "credits_spent": float(account.spent),
            "credits_left": float(account.left),
        }
        for pace, burn in (("", account.burn_per_day), ("_7d", account.burn_per_day_7d)):
            runway = account.runway_days(burn)
            expected[group,] |= {
                f"burn_per_day{pace}": float(burn),
                f"runway_days{pace}": None if runway is None else float(runway),
                f"exhausted_on{pace}": account.exhausted_on(burn, as_of, zone),
            }
        for day, row in balances(batch.whole, rates, granted, own).items():
            names = ("granted", "spent", "balance")
            expected_days[group, day] = dict(zip(names, map(float, row), strict=True))
    accounts = reads.ledger(snapshot, by=kind)
    unknown = dict(reads.metrics(snapshot, by=kind).select(kind, "unpriced_run_hours").iter_rows())
    for group, hours in accounts.select("group_id", "unpriced_hours_so_far").iter_rows():
        assert hours == pytest.approx(unknown.get(group, 0))
    accounts = accounts.drop("unpriced_hours_so_far")
    agree_but_for_rows_of_nothing(expected, rows_by(accounts, "group_id"))
    found = rows_by(reads.balance(snapshot, by=kind), "group_id", "day")
    # A charge of zero starts a balance too: days of zeros before the oracle's first day.
    agree_but_for_rows_of_nothing(expected_days, found)
