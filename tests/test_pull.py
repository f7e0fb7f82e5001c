"""Pulls through the real client: incremental ones make few requests and miss nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import orjson
import polars as pl
import pytest

from tests import faults
from tests.builders import without_runs
from tests.sampling import one_in
from tests.stores import copied
from tests.wandb_server import ProtocolServer, World
from tests.worlds import NOON, connected, node, point_client_at, pull_into
from velocity.demo.wandb_server.world import Writer
from velocity.errors import RetryLaterError
from velocity.reading import reads
from velocity.settings import Settings
from velocity.sources.wandb_api import connect
from velocity.store import latest_snapshot, open_live
from velocity.sync.commands import sync_wandb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from velocity.store import LiveStore
    from velocity.sync.results import ProjectResult

pytestmark = pytest.mark.sampled(4)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
#: After every run of a world of up to 3,000 has ended.
LATER = NOON + 3 * DAY
RUN_COLUMNS = (
    "SELECT * EXCLUDE (run_key, deleted_at, seen_at) FROM raw_run WHERE deleted_at IS NULL"
)


@pytest.fixture
def server(monkeypatch) -> Iterator[ProtocolServer]:
    with ProtocolServer(World()) as running:
        point_client_at(running, monkeypatch)
        yield running


@pytest.fixture
def store(tmp_path) -> Iterator[LiveStore]:
    with open_live(copied(without_runs, tmp_path / "data")) as live:
        yield live


@pytest.fixture
def pulled(server, store):  # noqa: ARG001 - the client is pointed at it
    """Pull lab/vision into a new store: result = pulled(at, full=...)."""
    client = connect(timeout_s=20)

    def pull(at: datetime, *, full: bool = False) -> ProjectResult:
        (result,) = pull_into(store, client, ["lab/vision"], at, full=full)
        if result.error is not None:
            raise result.error
        return result

    return pull


def asked(server) -> int:
    """Requests for runs so far."""
    return sum(call.operation in {"Runs", "RunCount"} for call in server.calls)


def stored(store, sql: str = RUN_COLUMNS) -> list:
    return store.record.connection.frame(sql).sort(pl.all()).rows()


def states(store) -> dict:
    return dict(stored(store, "SELECT run_id, state FROM raw_run"))


def test_the_first_pull_reads_everything_and_the_next_only_new_runs(server, pulled):
    server.world.put(*(node(number) for number in range(1200)))
    assert pulled(LATER).counts.new == 1200
    before = asked(server)
    result = pulled(LATER + HOUR)
    assert result.counts.unchanged == result.counts.new == result.counts.changed == 0
    assert (result.requests, asked(server) - before) == (2, 2)


def test_with_nothing_new_three_requests_are_enough_for_a_batch_of_unfinished_runs(server, pulled):
    server.world.put(*(node(number) for number in range(1000)))
    server.world.put(*(node(number, state="running") for number in range(500)))
    pulled(LATER)
    result = pulled(LATER + HOUR)
    assert result.counts.unchanged == 500
    assert result.requests <= 3


@pytest.mark.thorough
def test_the_number_of_requests_depends_on_changed_runs_only(server, pulled):
    server.world.put(*(node(number) for number in range(3000)))
    full = pulled(LATER)
    for number in range(0, 3000, 15):
        server.world.change("lab", "vision", f"r{number:04}", heartbeat_at=LATER + HOUR)
    result = pulled(LATER + 2 * HOUR)
    assert (result.counts.changed, result.counts.unchanged) == (200, 0)
    assert result.requests <= 3 < full.requests


@pytest.mark.thorough
def test_with_nothing_new_only_scholars_with_open_work_are_derived_again(server, tmp_path):
    server.world.put(*(node(number, username=f"s{number}") for number in range(20)))
    server.world.put(
        node(30, username="runs", state="running", heartbeat_at=LATER + 6 * DAY),
        node(
            31,
            username="awaits",
            heartbeat_at=LATER + 6 * DAY,
            writers=[Writer("w0", LATER + 6 * DAY - HOUR)],
        ),
    )

    def sync(at: datetime) -> tuple[int, int]:
        result = sync_wandb(tmp_path, Settings(), projects=["lab/vision"], clock=lambda: at)
        return result.scholars_derived, result.projects[0].requests

    assert sync(LATER + 7 * DAY)[0] == 22
    assert sync(LATER + 7 * DAY + HOUR) == (2, 3)
    server.world.change("lab", "vision", "r0004", tags=("x",), heartbeat_at=LATER + 7 * DAY)
    assert sync(LATER + 7 * DAY + 2 * HOUR) == (3, 3)


@pytest.mark.thorough
@pytest.mark.parametrize("state", ["running", "pending", "preempting", "paused by someone"])
def test_a_run_that_ends_without_a_heartbeat_is_noticed(server, pulled, store, state):
    server.world.put(node(0), node(1, state=state), node(2, state="preempted"))
    pulled(LATER)
    server.world.change("lab", "vision", "r0001", state="crashed")
    assert pulled(LATER + 5 * HOUR).counts.changed == 1
    assert states(store)["r0001"] == "crashed"
    assert pulled(LATER + 6 * HOUR).requests == 2


@pytest.mark.thorough
def test_runs_that_wandb_shows_an_hour_late_are_not_missed(server, pulled):
    server.world.put(node(0))
    pulled(LATER)
    server.world.put(node(1, heartbeat_at=LATER - timedelta(minutes=59)))
    assert pulled(LATER + timedelta(minutes=10)).counts.new == 1


@pytest.mark.thorough
def test_the_next_pull_continues_from_the_last_that_succeeded(server, pulled):
    server.world.put(node(0))
    pulled(LATER)
    server.world.put(node(1, heartbeat_at=LATER + HOUR))
    broken = faults.dropped().at(times=None)
    server.faults.append(broken)
    with pytest.raises(RetryLaterError):
        pulled(LATER + 5 * HOUR)
    server.faults.clear()
    assert pulled(LATER + 6 * HOUR).counts.new == 1


def test_a_failed_first_pull_is_repeated_in_full(server, pulled, store):
    server.world.put(*(node(number) for number in range(1200)))
    server.faults.append(faults.dropped().at(after=2, times=None))
    with pytest.raises(RetryLaterError):
        pulled(LATER)
    assert len(states(store)) == 1000
    server.faults.clear()
    assert pulled(LATER + HOUR).counts.new == 200


@pytest.mark.thorough
def test_full_reads_everything_again(server, pulled):
    server.world.put(*(node(number) for number in range(50)))
    pulled(LATER)
    assert pulled(LATER + HOUR, full=True).counts.unchanged == 50


def by_heartbeat(call) -> bool:
    return "heartbeatAt" in str(call.variables.get("filters"))


def leaves_a_run_out() -> faults.Fault:
    return faults.hidden_rows(keep=9).at(when=by_heartbeat, times=None)


def takes_no_notice() -> faults.Fault:
    """Return all runs, whatever the filter by heartbeat."""

    def unfiltered(call) -> bool:
        if by_heartbeat(call):
            call.variables["filters"] = "{}"
        return False

    return faults.Fault(when=unfiltered, times=None)


def refuses() -> faults.Fault:
    return faults.status(400, "no such filter").at(when=by_heartbeat, times=None)


@pytest.mark.thorough
@pytest.mark.parametrize("fault", [leaves_a_run_out, takes_no_notice, refuses])
def test_a_wrong_heartbeat_filter_makes_every_pull_full_with_a_note(server, pulled, fault):
    server.world.put(*(node(number) for number in range(20)))
    server.faults.append(fault())
    said = pulled(LATER).notes
    assert "every sync reads all runs" in said[0]
    server.world.change("lab", "vision", "r0003", tags=("late",))
    again = pulled(LATER + HOUR)
    assert (again.counts.changed, again.counts.unchanged, again.notes) == (1, 19, said)
    server.faults.clear()
    assert pulled(LATER + 2 * HOUR).notes == []
    assert pulled(LATER + 3 * HOUR).requests == 2


def without_heartbeat() -> faults.Fault:
    """The heartbeat of run 3 is not a time, and the server fails when it compares it."""

    def odd(data, _call):
        data = orjson.loads(orjson.dumps(data))  # pages hold rows that are JSON text already
        for edge in data["project"]["runs"]["edges"]:
            if edge["node"]["name"] == "r0003":
                edge["node"]["heartbeatAt"] = "soon"
        return data

    return faults.Fault(change_data=odd).at(times=None)


def breaks() -> faults.Fault:
    return faults.status(500).at(when=by_heartbeat, times=None)


@pytest.mark.thorough
def test_an_unreadable_heartbeat_turns_the_heartbeat_filter_off(server, pulled):
    server.world.put(*(node(number) for number in range(5)))
    server.faults[:] = [breaks(), without_heartbeat()]
    first = pulled(LATER)
    assert (first.counts.new, first.requests) == (5, 3)
    assert "every sync reads all runs" in first.notes[0]
    assert pulled(LATER + HOUR).counts.unchanged == 5


@pytest.mark.thorough
def test_a_filter_by_heartbeat_that_breaks_makes_the_pull_a_full_one(server, pulled, store):
    server.world.put(*(node(number) for number in range(5)))
    pulled(LATER)
    server.world.put(node(6))
    server.faults.append(breaks())
    (broken,) = pull_into(store, connected(server), ["lab/vision"], LATER + HOUR)
    assert (broken.counts.new, broken.counts.unchanged) == (1, 5)
    assert "every sync reads all runs" in broken.notes[0]
    server.faults.clear()
    assert pulled(LATER + 2 * HOUR).notes == []
    assert pulled(LATER + 3 * HOUR).requests == 2


@pytest.mark.thorough
def test_a_run_deleted_during_the_check_does_not_discredit_the_filter(server, pulled):
    server.world.put(*(node(number) for number in range(20)))
    gone = faults.changing(lambda world: world.delete("lab", "vision", "r0019"))
    server.faults.append(gone.at(when=by_heartbeat))
    assert pulled(LATER).notes == []


@pytest.mark.thorough
def test_runs_that_move_during_a_scan_are_not_lost(server, pulled):
    server.world.put(node(0, heartbeat_at=LATER - 5 * HOUR))
    pulled(LATER)
    server.world.put(*(node(n, heartbeat_at=LATER + timedelta(seconds=n)) for n in range(1, 1101)))
    beat = faults.changing(
        lambda world: world.change("lab", "vision", "r0001", heartbeat_at=LATER + 3 * HOUR)
    )
    server.faults.append(beat.at(when=lambda call: by_heartbeat(call) and call.variables["cursor"]))
    result = pulled(LATER + 4 * HOUR)
    assert (result.counts.new, result.notes) == (1100, [])


@pytest.mark.thorough
@pytest.mark.parametrize("fault", one_in(2, [faults.stuck_cursor(), faults.hidden_rows(keep=400)]))
def test_missing_new_runs_are_found_by_the_listing_at_once(server, pulled, fault):
    server.world.put(node(0))
    pulled(LATER)
    server.world.put(*(node(n, heartbeat_at=LATER + timedelta(minutes=n)) for n in range(1, 551)))
    server.faults.append(fault.at(when=by_heartbeat, times=None))
    result = pulled(LATER + 10 * HOUR)
    assert (result.counts.new, result.notes) == (550, [])


@pytest.mark.thorough
@pytest.mark.parametrize("fault", one_in(2, [faults.stuck_cursor(), faults.hidden_rows(keep=400)]))
def test_missing_changed_runs_are_reported_and_requested_again(server, pulled, fault):
    server.world.put(*(node(number) for number in range(551)))
    pulled(LATER)
    for number in range(1, 551):
        server.world.change("lab", "vision", f"r{number:04}", heartbeat_at=LATER + HOUR)
    server.faults.append(fault.at(when=by_heartbeat, times=None))
    result = pulled(LATER + 10 * HOUR)
    assert result.notes == [
        f"W&B counts {550 - result.counts.changed} more new or changed runs than it returns."
    ]
    server.faults.clear()
    again = pulled(LATER + 20 * HOUR)
    assert result.counts.changed + again.counts.changed == 550
    assert pulled(LATER + 21 * HOUR).notes == []


def test_a_skipped_run_is_tried_again_until_it_can_be_read(server, pulled, store):
    server.world.put(node(0), faults.lose_creation(node(1)), faults.lose_creation(node(2)))
    assert [row.run_id for row in pulled(LATER).rejected] == ["r0001", "r0002"]
    assert len(pulled(LATER + 5 * HOUR).rejected) == 2
    server.world.put(node(1))
    server.world.delete("lab", "vision", "r0002")
    result = pulled(LATER + 6 * HOUR)
    assert (result.counts.new, result.rejected) == (1, [])
    assert stored(store, "SELECT run_id FROM rejected") == []


@pytest.mark.thorough
def test_full_syncs_log_their_requests_and_notes(server, tmp_path):
    server.world.put(*(node(number) for number in range(20)))
    server.faults.append(leaves_a_run_out())
    for full in (False, True):
        (project,) = sync_wandb(
            tmp_path, Settings(), projects=["lab/vision"], full=full, clock=lambda: LATER
        ).projects
        assert project.counts.new + project.counts.unchanged == 20
    log = reads.sync_log(latest_snapshot(tmp_path))
    assert log["requests"].to_list()[0] == project.requests > 0
    assert log["note"].to_list()[0] == project.notes[0]


def test_a_deleted_run_is_marked_at_the_next_sync_and_can_come_back(server, pulled, store):
    server.world.put(*(node(number) for number in range(20)))
    pulled(LATER)
    lost = server.world.delete("lab", "vision", "r0007")
    assert pulled(LATER + HOUR).deleted == 1
    marked = stored(store, "SELECT run_id FROM raw_run WHERE deleted_at IS NOT NULL")
    assert marked == [("r0007",)]
    server.world.put(lost)
    assert pulled(LATER + 2 * HOUR).counts.revived == 1
    assert len(stored(store)) == 20


@pytest.mark.thorough
def test_a_full_sync_finds_deleted_runs_at_once(server, pulled):
    server.world.put(*(node(number) for number in range(20)))
    pulled(LATER)
    server.world.delete("lab", "vision", "r0007")
    assert pulled(LATER + HOUR, full=True).deleted == 1


@pytest.mark.thorough
def test_edits_without_a_heartbeat_are_found_once_a_day(server, pulled, store):
    server.world.put(*(node(number) for number in range(20)))
    pulled(LATER)
    server.world.change("lab", "vision", "r0003", tags=("baseline",))
    server.world.change("lab", "vision", "r0004", username="bob")
    server.world.change("lab", "vision", "r0005", state="failed")
    assert pulled(LATER + HOUR).counts.changed == 0
    result = pulled(LATER + DAY)
    assert (result.counts.changed, result.deleted) == (3, 0)
    assert states(store)["r0005"] == "failed"


@pytest.mark.thorough
@pytest.mark.parametrize("full", one_in(2, [False, True]))
def test_a_scan_that_disagrees_with_the_count_deletes_nothing(server, pulled, full):
    server.world.put(*(node(number) for number in range(20)))
    pulled(LATER)
    server.world.delete("lab", "vision", "r0001")
    hidden = faults.hidden_rows(keep=10)
    server.faults.append(hidden.at(when=whole_project, times=None))
    result = pulled(LATER + DAY, full=full)
    assert result.deleted == 0
    assert "W&B counts 19 runs but lists 10" in result.notes[0]
    server.faults.clear()
    assert pulled(LATER + DAY + HOUR).requests == 2
    assert pulled(LATER + 2 * DAY).deleted == 1


@pytest.mark.thorough
def test_a_scan_is_repeated_if_runs_are_deleted_during_it(server, pulled):
    server.world.put(*(node(number) for number in range(1200)))
    pulled(LATER)
    gone = faults.changing(lambda world: world.delete("lab", "vision", "r0001"))
    server.faults.append(
        gone.at(when=lambda call: whole_project(call) and call.variables["cursor"])
    )
    result = pulled(LATER + DAY)
    assert (result.deleted, result.notes) == (1, [])


@pytest.mark.thorough
def test_a_full_scan_that_missed_a_run_finds_it_by_the_listing(server, pulled):
    server.world.put(*(node(number) for number in range(1200)))
    gone = faults.changing(lambda world: world.delete("lab", "vision", "r0001"))
    server.faults.append(gone.at(when=lambda call: call.variables["cursor"]))
    result = pulled(LATER)
    assert (result.counts.new, result.deleted, result.notes) == (1200, 1, [])


@pytest.mark.thorough
def test_a_run_missing_only_from_a_listing_is_not_deleted(server, pulled):
    server.world.put(*(node(number) for number in range(20)))
    pulled(LATER)
    leave_out = faults.hidden_rows(keep=19)
    server.faults.append(leave_out.at(when=whole_project, times=None))
    fewer = faults.Fault(change_data=lambda _data, _call: {"project": {"runCount": 19}})
    server.faults.append(fewer.at(operation="RunCount", times=None))
    assert pulled(LATER + DAY).deleted == 0


@pytest.mark.thorough
def test_a_deleted_run_counts_in_no_metric_until_it_is_back(server, tmp_path):
    server.world.put(node(0), node(100, username="bob"))

    def runs_started(at: datetime) -> dict:
        sync_wandb(tmp_path, Settings(), projects=["lab/vision"], clock=lambda: at)
        asked = {"by": "scholar", "period": "week", "parts": ["volume"]}
        frame = reads.metrics(latest_snapshot(tmp_path), **asked)
        return dict(
            frame.group_by("scholar")
            .agg(pl.col("runs_started").sum())
            .filter(pl.col("runs_started") > 0)
            .iter_rows()
        )

    assert runs_started(LATER) == {"ada": 1, "bob": 1}
    lost = server.world.delete("lab", "vision", "r0100")
    assert runs_started(LATER + DAY) == {"ada": 1}
    server.world.put(lost)
    assert runs_started(LATER + 2 * DAY) == {"ada": 1, "bob": 1}


def whole_project(call) -> bool:
    return call.variables.get("filters") == "{}"
