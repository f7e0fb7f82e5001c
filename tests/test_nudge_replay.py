"""A replay counts what would have been sent, from what was known then, and what it was worth."""

from __future__ import annotations

from datetime import timedelta

import pytest
from polars.testing import assert_frame_equal

from tests.builders import DAY, at, run, store_of
from velocity.nudge import replay as replays
from velocity.nudge.replay import replay
from velocity.reading import reads
from velocity.reading.known import AtInstant
from velocity.settings import Settings

pytestmark = pytest.mark.sampled(3)

FRIDAY = DAY + timedelta(days=4)


def loops(count=20):
    """Loops of half an hour, each followed within ten minutes."""
    starts = [at("09:00") + timedelta(minutes=30 * n) for n in range(count)]
    return [run(f"r{n}", it, it + timedelta(minutes=20)) for n, it in enumerate(starts)]


def later(**more):
    """A result on Friday at 10:00, followed on the same day at 14:30."""
    return [
        run("last", at("09:00", days=4), at("10:00", days=4), **more),
        run("next", at("14:30", days=4), at("15:00", days=4)),
    ]


def table(rows, first=FRIDAY, days=1):
    snapshot = store_of(rows, at("00:00", days=8))
    found = replay(snapshot, first, first + timedelta(days=days), on_day=lambda _: None)
    return {row["rule"]: row for row in found.to_dicts()}


@pytest.fixture(scope="module")
def waiting():
    return table([*loops(), *later()])


@pytest.mark.thorough
def test_a_result_that_was_followed_later_makes_one_message(waiting):
    # Told at 11:00; the launch came at 14:30. The result of that is followed by nothing.
    row = waiting["result_waiting"]
    assert row["messages"] == 1
    assert row["hours_to_resolution_median"] == pytest.approx(3.5)
    assert row["resolved_anyway_share"] == 0
    assert row["on_by_default"]
    assert waiting["run_died"]["messages"] == 0


@pytest.mark.thorough
def test_a_rule_that_is_mostly_resolved_anyway_is_off(monkeypatch):
    # Each hour takes some reads; on the days before, nothing was due.
    monkeypatch.setattr(replays, "_WARM_UP", timedelta())
    rows = [
        *loops(),
        run("last", at("09:00", days=4), at("10:00", days=4), state="failed"),
        run("next", at("12:00", days=4), at("20:30", days=4)),
    ]
    row = table(rows)["run_died"]
    assert row["messages"] == 1
    assert row["resolved_anyway_share"] == 1
    assert not row["on_by_default"]


@pytest.mark.parametrize("hour", ["09:30", "10:30", "14:45", "16:00"])
def test_the_reads_at_an_instant_are_those_of_a_store_that_was_synced_then(hour):
    instant = at(hour, days=4)
    rows = [
        *loops(),
        *later(),
        run("f1", at("13:00", days=3), at("13:30", days=3), state="failed", project="q"),
        run("f2", at("14:40", days=4), at("15:30", days=4), project="q"),
    ]
    now = store_of(rows, at("00:00", days=8))
    then = store_of(
        [_as_of(row, instant) for row in rows if row["created_at"] < instant],
        instant,
        settings=Settings(),
    )
    seen = AtInstant(now, instant)
    for read in (reads.needs_decision, reads.open_work):
        assert_frame_equal(read(seen), read(then))


def _as_of(row, instant):
    if row["heartbeat_at"] <= instant:
        return row
    return row | {"heartbeat_at": instant, "state": "running", "runtime_s": None}
