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

pytestmark = pytest.mark.sampled(3)

FRIDAY = DAY + timedelta(days=4)


INSTANTS = ("09:30", "10:30", "14:45", "16:00")


def loops(who):
    """20 loops of half an hour, each followed within ten minutes."""
    starts = [at("09:00") + timedelta(minutes=30 * n) for n in range(20)]
    return [line(who, f"r{n}", it, it + timedelta(minutes=20)) for n, it in enumerate(starts)]


def line(who, name, start, end, **more):
    return run(f"{who}-{name}", start, end, username=who, entity=who, **more)


def later(who, start="14:30", end="15:00", **more):
    """A result on Friday at 10:00, followed on the same day."""
    return [
        line(who, "last", at("09:00", days=4), at("10:00", days=4), **more),
        line(who, "next", at(start, days=4), at(end, days=4)),
    ]


@pytest.fixture(scope="module")
def table():
    """The rules on the Friday of ada, who has a result, and of ben, who has a failure."""
    rows = [
        *loops("ada"),
        *later("ada"),
        *loops("ben"),
        *later("ben", "12:00", "20:30", state="failed"),
    ]
    snapshot = store_of(rows, at("00:00", days=8))
    with pytest.MonkeyPatch.context() as patch:
        # Each hour takes some reads.
        patch.setattr(replays, "_WARM_UP", timedelta(days=1))
        found = replay(snapshot, FRIDAY, FRIDAY + timedelta(days=1), on_day=lambda _: None)
    return {row["rule"]: row for row in found.to_dicts()}


@pytest.mark.thorough
def test_a_result_that_was_followed_later_makes_one_message(table):
    # Told at 11:00; the launch came at 14:30. The result of that is followed by nothing.
    row = table["result_waiting"]
    assert row["messages"] == 1
    assert row["hours_to_resolution_median"] == pytest.approx(3.5)
    assert row["resolved_anyway_share"] == 0
    assert row["on_by_default"]


@pytest.mark.thorough
def test_a_rule_that_is_mostly_resolved_anyway_is_off(table):
    row = table["run_died"]
    assert row["messages"] == 1
    assert row["resolved_anyway_share"] == 1
    assert not row["on_by_default"]


@pytest.fixture(scope="module")
def stores():
    """The same runs of four people at the end, and of each of them at another instant."""
    rows = [
        row
        for who in INSTANTS
        for row in (
            *loops(who),
            *later(who),
            line(who, "f1", at("13:00", days=3), at("13:30", days=3), state="failed", project="q"),
            line(who, "f2", at("14:40", days=4), at("15:30", days=4), project="q"),
        )
    ]
    instants = {who: at(who, days=4) for who in INSTANTS}
    now = store_of(rows, at("00:00", days=8))
    then = store_of(
        [
            _as_of(it, end)
            for it in rows
            for end in [instants[it["entity"]]]
            if it["created_at"] < end
        ],
        {(who, project): end for who, end in instants.items() for project in "pq"},
    )
    return now, then


@pytest.mark.parametrize("hour", INSTANTS)
def test_the_reads_at_an_instant_are_those_of_a_store_that_was_synced_then(hour, stores):
    now, then = stores
    seen = AtInstant(now, at(hour, days=4))
    for read in (reads.needs_decision, reads.open_work):
        assert_frame_equal(read(seen).filter(scholar=hour), read(then).filter(scholar=hour))


def _as_of(row, instant):
    if row["heartbeat_at"] <= instant:
        return row
    return row | {"heartbeat_at": instant, "state": "running", "runtime_s": None}
