"""A replay counts what would have been sent, from what was known then, and what it was worth."""

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


def line(who, name, start, end, *, days=4, **more):
    return run(
        f"{who}-{name}", at(start, days=days), at(end, days=days), username=who, entity=who, **more
    )


def loops(who):
    """20 loops of half an hour, each followed within ten minutes."""
    starts = [at("09:00") + timedelta(minutes=30 * n) for n in range(20)]
    return [
        line(who, f"r{n}", it, it + timedelta(minutes=20), days=0) for n, it in enumerate(starts)
    ]


def later(who, start="14:30", end="15:00", **more):
    """A result on Friday at 10:00, followed on the same day."""
    return [line(who, "last", "09:00", "10:00", **more), line(who, "next", start, end)]


@pytest.fixture(scope="module")
def table():
    """The rules on the Friday of ada, who has a result, and of ben, who has a failure."""
    failed = later("ben", "12:00", "20:30", state="failed")
    rows = [*loops("ada"), *later("ada"), *loops("ben"), *failed]
    snapshot = store_of(rows, at("00:00", days=8))
    with pytest.MonkeyPatch.context() as patch:
        # Each hour takes some reads.
        patch.setattr(replays, "_WARM_UP", timedelta(days=1))
        found = replay(snapshot, FRIDAY, FRIDAY + timedelta(days=1), on_day=lambda _: None)
    return {row["rule"]: row for row in found.to_dicts()}


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("rule", "anyway"),
    # Of the result, told at 11:00; the launch came at 14:30. The next result is not followed.
    [("result_waiting", 0), ("run_died", 1)],
)
def test_a_rule_that_is_mostly_resolved_anyway_is_off(table, rule, anyway):
    row = table[rule]
    assert (row["messages"], row["resolved_anyway_share"]) == (1, anyway)
    assert row["on_by_default"] == (not anyway)


@pytest.mark.thorough
def test_the_hours_from_a_message_to_the_launch_are_counted(table):
    assert table["result_waiting"]["hours_to_resolution_median"] == pytest.approx(3.5)


@pytest.fixture(scope="module")
def stores():
    """The same runs of four people at the end, and of each of them at another instant."""
    rows = [
        row
        for who in INSTANTS
        for row in (
            *loops(who),
            *later(who),
            line(who, "f1", "13:00", "13:30", days=3, state="failed", project="q"),
            line(who, "f2", "14:40", "15:30", project="q"),
        )
    ]
    instants = {who: at(who, days=4) for who in INSTANTS}
    now = store_of(rows, at("00:00", days=8))
    known = [
        _as_of(it, end) for it in rows for end in [instants[it["entity"]]] if it["created_at"] < end
    ]
    ends = {(who, project): end for who, end in instants.items() for project in "pq"}
    return now, store_of(known, ends)


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
