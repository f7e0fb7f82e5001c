"""Loops as they were known at an instant: against a store that was synced then."""

import random
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.batches import PLACES, batch_of, row_of, settings_of
from tests.builders import DAY, at, run, store_of
from tests.comparison import agree, rows_by
from tests.read_schemas import figures_of
from velocity.reading import reads
from velocity.reading.known import AtInstant

PARTS = ("loops", "medians")
COLUMNS = [
    it
    for it in figures_of(*PARTS)
    # Awake hours are not known for loops that changed later, first rows of runs never.
    if not it.startswith(("first_row_", "reaction_awake_", "reaction_off_"))
]
DAYS = timedelta(days=1)


def drawn(chance: random.Random) -> list[dict]:
    """Runs of two scholars over twelve days: alone, in groups, and in sweeps that go on."""
    rows = []
    for number in range(160):
        start = at("00:00") + timedelta(minutes=chance.randint(0, 12 * 24 * 60))
        end = start + timedelta(minutes=chance.choice((1, 7, 90, 600, 2400)) + chance.randint(0, 9))
        state = chance.choice(("finished", "finished", "finished", "failed", "killed"))
        key = chance.choice(
            ({}, {"group_name": "g"}, {"sweep": chance.choice("st")}, {"tags": ["exp:x"]})
        )
        names = {"username": chance.choice(("ada", "ben")), "project": chance.choice("pq")}
        rows.append(run(f"r{number:03}", start, end, state=state, **key, **names))
    return rows


def as_synced(rows: list[dict], known_at: datetime) -> list[dict]:
    """The same runs as a sync at `known_at` would have found them."""
    open_then = {"state": "running", "heartbeat_at": known_at, "runtime_s": None}
    rows = [row for row in rows if row["created_at"] <= known_at]
    return [row | open_then if row["heartbeat_at"] > known_at else row for row in rows]


def figures(store, by, window):
    return reads.metrics(store, by=by, parts=PARTS, **window).select(by, *COLUMNS)


@pytest.mark.thorough
def test_figures_as_known_are_those_of_a_sync_at_that_time(tell):
    chance = random.Random("known")  # noqa: S311 - nothing secret
    differing = 0
    for number in range(4):
        if number % 2 == 0:
            rows = drawn(chance)
            whole = store_of(rows, at("00:00") + 20 * DAYS)
        first = chance.randint(0, 4)
        days = chance.randint(1, 7)
        window = {"from_day": DAY + first * DAYS, "to_day": DAY + (first + days) * DAYS}
        known_at = at("00:00") + (first + days) * DAYS
        then = store_of(as_synced(rows, known_at), known_at)
        for by in ("scholar", "programme"):
            found = figures(AtInstant(whole, known_at), by, window)
            agree(rows_by(figures(then, by, window), by), rows_by(found, by))
            differing += not figures(whole, by, window).equals(found)
    tell(f"windows as known then: 8 compared, {differing} differ from what is known now")
    assert differing > 2


@pytest.mark.thorough
@pytest.mark.parametrize(("zone", "base"), [PLACES[1], PLACES[9]])
def test_a_week_compared_on_its_last_day_equals_the_plain_week(zone, base):
    """The end of the week is the end of the data: nothing became known later."""
    batch = batch_of(zone, base, count=12)
    rows = [row_of(it) for case in batch.cases for it in case.runs]
    settings = settings_of(batch.rules)
    last = max(it["created_at"] for it in rows).astimezone(ZoneInfo(zone)).date()
    week = last - last.weekday() * DAYS
    end = week + 7 * DAYS
    midnight = datetime.combine(end, time(), ZoneInfo(zone))
    snapshot = store_of(rows, midnight, settings=settings)
    for by in ("scholar", "programme"):
        window = {"from_day": week, "to_day": end}
        plain = figures(snapshot, by, window)
        agree(rows_by(plain, by), rows_by(figures(AtInstant(snapshot, midnight), by, window), by))


def test_a_loop_that_closed_later_was_still_waiting_then():
    rows = [run("r1", "09:00", "10:00"), run("r2", "2026-01-07 09:00", "2026-01-07 12:00")]
    snapshot = store_of(rows, "2026-01-09 09:00")
    for store, loops in ((snapshot, (1, 0)), (AtInstant(snapshot, at("00:00") + DAYS), (0, 1))):
        found = figures(store, "scholar", {"from_day": DAY, "to_day": DAY + DAYS})
        assert found.select("loops_closed", "loops_awaiting").rows() == [loops]


def test_a_sweep_that_went_on_later_had_its_result_then():
    """Two of two runs had finished on Monday; on Tuesday four more began."""
    rows = [run(f"r{n}", f"09:0{n}", "10:00", sweep="s") for n in range(2)]
    rows += [
        run(f"r{n}", f"2026-01-06 09:0{n}", "2026-01-06 12:00", sweep="s") for n in range(2, 6)
    ]
    snapshot = store_of(rows, "2026-01-09 09:00")
    waits = "SELECT count(*) FILTER (WHERE status = 'awaiting') FROM loop"
    assert AtInstant(snapshot, at("00:00") + DAYS).frame(waits).item() == 1
    assert AtInstant(snapshot, at("10:00") + DAYS).frame(waits).item() == 0
