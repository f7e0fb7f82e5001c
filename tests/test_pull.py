"""Pulls through the real client: incremental ones make few requests and miss nothing."""

from datetime import timedelta

import orjson
import polars as pl
import pytest

from tests import faults
from tests.builders import without_runs
from tests.sampling import one_in
from tests.stores import copied
from tests.worlds import NOON, connected, node, pull_into, runs_served
from velocity.demo.wandb_server.world import Writer
from velocity.errors import RetryLaterError
from velocity.reading import reads
from velocity.settings import Settings
from velocity.sources.wandb_api import connect
from velocity.store import latest_snapshot, open_live
from velocity.sync.commands import sync_wandb

pytestmark = pytest.mark.sampled(4)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
#: After every run of a world of up to 3,000 has ended.
LATER = NOON + 3 * DAY


@pytest.fixture
def server(monkeypatch):
    with runs_served(monkeypatch, 0) as running:
        yield running


@pytest.fixture
def store(tmp_path):
    with open_live(copied(without_runs, tmp_path / "data")) as live:
        yield live


@pytest.fixture
def pulled(server, store):  # noqa: ARG001 - the client is pointed at it
    """Pull lab/vision into a new store: result = pulled(at, full=...)."""
    client = connect(timeout_s=20)

    def pull(at, *, full=False):
        (result,) = pull_into(store, client, ["lab/vision"], at, full=full)
        if result.error is not None:
            raise result.error
        return result

    return pull


@pytest.fixture
def served(server, pulled):
    """Serve the first `count` runs and pull them all: result = served(20)."""

    def put(count, **fields):
        server.world.put(*(node(number, **fields) for number in range(count)))
        return pulled(LATER)

    return put


def sync(folder, at, **options):
    """Sync lab/vision with figures."""
    return sync_wandb(folder, Settings(), projects=["lab/vision"], clock=lambda: at, **options)


def asked(server):
    """Requests for runs so far."""
    return sum(call.operation in {"Runs", "RunCount"} for call in server.calls)


def states(store):
    """The state of each run that counts."""
    sql = "SELECT run_id, state FROM raw_run WHERE deleted_at IS NULL"
    return dict(store.record.connection.run(sql))


def test_the_first_pull_reads_everything_and_the_next_only_new_runs(server, served, pulled):
    assert served(1200).counts.new == 1200
    before = asked(server)
    result = pulled(LATER + HOUR)
    assert result.counts.unchanged == result.counts.new == result.counts.changed == 0
    assert (result.requests, asked(server) - before) == (2, 2)


def test_with_nothing_new_three_requests_are_enough_for_a_batch_of_unfinished_runs(
    server, served, pulled
):
    server.world.put(*(node(number) for number in range(500, 1000)))
    served(500, state="running")
    result = pulled(LATER + HOUR)
    assert result.counts.unchanged == 500
    assert result.requests <= 3


@pytest.mark.thorough
def test_the_number_of_requests_depends_on_changed_runs_only(server, served, pulled):
    full = served(3000)
    for number in range(0, 3000, 15):
        server.world.change("lab", "vision", f"r{number:04}", heartbeat_at=LATER + HOUR)
    result = pulled(LATER + 2 * HOUR)
    assert (result.counts.changed, result.counts.unchanged) == (200, 0)
    assert result.requests <= 3 < full.requests


@pytest.mark.thorough
def test_with_nothing_new_only_scholars_with_open_work_are_derived_again(server, tmp_path):
    server.world.put(*(node(number, username=f"s{number}") for number in range(20)))
    recently = LATER + 6 * DAY
    writers = [Writer("w0", recently - HOUR)]
    server.world.put(
        node(30, username="runs", state="running", heartbeat_at=recently),
        node(31, username="awaits", heartbeat_at=recently, writers=writers),
    )

    def work(at):
        result = sync(tmp_path, at)
        return result.scholars_derived, result.projects[0].requests

    assert work(recently + DAY)[0] == 22
    assert work(recently + DAY + HOUR) == (2, 3)
    server.world.change("lab", "vision", "r0004", tags=("x",), heartbeat_at=recently + DAY)
    assert work(recently + DAY + 2 * HOUR) == (3, 3)


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
def test_runs_shown_an_hour_late_or_during_a_failed_pull_are_not_missed(server, served, pulled):
    served(1)
    server.world.put(node(1, heartbeat_at=LATER - timedelta(minutes=59)))
    late = pulled(LATER + timedelta(minutes=10))
    assert (late.counts.new, late.requests) == (1, 2)
    server.world.put(node(2, heartbeat_at=LATER + HOUR))
    server.faults.append(faults.dropped().at(times=None))
    with pytest.raises(RetryLaterError):
        pulled(LATER + 5 * HOUR)
    server.faults.clear()
    assert pulled(LATER + 6 * HOUR).counts.new == 1


def test_a_failed_first_pull_is_repeated_in_full(server, served, pulled, store):
    server.faults.append(faults.dropped().at(after=2, times=None))
    with pytest.raises(RetryLaterError):
        served(1200)
    assert len(states(store)) == 1000
    server.faults.clear()
    assert pulled(LATER + HOUR).counts.new == 200


def by_heartbeat(call):
    return "heartbeatAt" in str(call.variables.get("filters"))


def always(fault):
    """The fault at every request that filters by heartbeat."""
    return fault.at(when=by_heartbeat, times=None)


def unfiltered(call):
    """Let the filter by heartbeat have no effect."""
    if by_heartbeat(call):
        call.variables["filters"] = "{}"
    return False


LEAVES_RUNS_OUT = always(faults.hidden_rows(keep=9))
WRONG_FILTERS = {
    "leaves runs out": LEAVES_RUNS_OUT,
    "has no effect": faults.Fault(when=unfiltered, times=None),
    "is refused": always(faults.status(400, "no such filter")),
}


@pytest.mark.thorough
@pytest.mark.parametrize("fault", WRONG_FILTERS.values(), ids=WRONG_FILTERS)
def test_a_wrong_heartbeat_filter_makes_every_pull_full_with_a_note(server, served, pulled, fault):
    server.faults.append(fault)
    said = served(20).notes
    assert "every sync reads all runs" in said[0]
    server.world.change("lab", "vision", "r0003", tags=("late",))
    again = pulled(LATER + HOUR)
    assert (again.counts.changed, again.counts.unchanged, again.notes) == (1, 19, said)
    server.faults.clear()
    assert pulled(LATER + 2 * HOUR).notes == []
    assert pulled(LATER + 3 * HOUR).requests == 2


BREAKS = always(faults.status(500))


@pytest.mark.thorough
def test_an_unreadable_heartbeat_turns_the_heartbeat_filter_off(server, served, pulled):
    def odd(data, _call):
        data = orjson.loads(orjson.dumps(data))  # pages hold rows that are JSON text already
        for edge in data["project"]["runs"]["edges"]:
            if edge["node"]["name"] == "r0003":
                edge["node"]["heartbeatAt"] = "soon"
        return data

    server.faults[:] = [BREAKS, faults.Fault(change_data=odd, times=None)]
    first = served(5)
    assert (first.counts.new, first.requests) == (5, 3)
    assert "every sync reads all runs" in first.notes[0]
    assert pulled(LATER + HOUR).counts.unchanged == 5


@pytest.mark.thorough
def test_a_filter_by_heartbeat_that_breaks_makes_the_pull_a_full_one(server, served, pulled, store):
    served(5)
    server.world.put(node(6))
    server.faults.append(BREAKS)
    (broken,) = pull_into(store, connected(server), ["lab/vision"], LATER + HOUR)
    assert (broken.counts.new, broken.counts.unchanged) == (1, 5)
    assert "every sync reads all runs" in broken.notes[0]
    server.faults.clear()
    assert pulled(LATER + 2 * HOUR).notes == []
    assert pulled(LATER + 3 * HOUR).requests == 2


@pytest.mark.thorough
def test_a_run_deleted_during_the_check_does_not_discredit_the_filter(server, served):
    gone = faults.changing(lambda world: world.delete("lab", "vision", "r0019"))
    server.faults.append(gone.at(when=by_heartbeat))
    assert served(20).notes == []


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


MISSING_RUNS = pytest.mark.parametrize(
    "fault", one_in(2, [always(faults.stuck_cursor()), always(faults.hidden_rows(keep=400))])
)


@pytest.mark.thorough
@MISSING_RUNS
def test_missing_new_runs_are_found_by_the_listing_at_once(server, served, pulled, fault):
    served(1)
    server.world.put(*(node(n, heartbeat_at=LATER + timedelta(minutes=n)) for n in range(1, 551)))
    server.faults.append(fault)
    result = pulled(LATER + 10 * HOUR)
    assert (result.counts.new, result.notes) == (550, [])


@pytest.mark.thorough
@MISSING_RUNS
def test_missing_changed_runs_are_reported_and_requested_again(server, served, pulled, fault):
    served(551)
    for number in range(1, 551):
        server.world.change("lab", "vision", f"r{number:04}", heartbeat_at=LATER + HOUR)
    server.faults.append(fault)
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
    assert store.record.connection.run("FROM rejected") == []


@pytest.mark.thorough
def test_full_syncs_log_their_requests_and_notes(server, tmp_path):
    server.world.put(*(node(number) for number in range(20)))
    server.faults.append(LEAVES_RUNS_OUT)
    for full in (False, True):
        (project,) = sync(tmp_path, LATER, full=full).projects
        assert project.counts.new + project.counts.unchanged == 20
    log = reads.sync_log(latest_snapshot(tmp_path))
    assert log["requests"].to_list()[0] == project.requests > 0
    assert log["note"].to_list()[0] == project.notes[0]


def test_a_deleted_run_is_marked_at_the_next_sync_and_can_come_back(server, served, pulled, store):
    served(20)
    lost = server.world.delete("lab", "vision", "r0007")
    assert pulled(LATER + HOUR).deleted == 1
    marked = "SELECT run_id FROM raw_run WHERE deleted_at IS NOT NULL"
    assert store.record.connection.run(marked) == [("r0007",)]
    server.world.put(lost)
    assert pulled(LATER + 2 * HOUR).counts.revived == 1
    assert len(states(store)) == 20


@pytest.mark.thorough
def test_a_full_pull_reads_everything_again_and_finds_deleted_runs_at_once(server, served, pulled):
    served(20)
    server.world.delete("lab", "vision", "r0007")
    result = pulled(LATER + HOUR, full=True)
    assert (result.counts.unchanged, result.deleted) == (19, 1)


@pytest.mark.thorough
def test_edits_without_a_heartbeat_are_found_once_a_day(server, served, pulled, store):
    served(20)
    server.world.change("lab", "vision", "r0003", tags=("baseline",))
    server.world.change("lab", "vision", "r0004", username="bob")
    server.world.change("lab", "vision", "r0005", state="failed")
    assert pulled(LATER + HOUR).counts.changed == 0
    result = pulled(LATER + DAY)
    assert (result.counts.changed, result.deleted) == (3, 0)
    assert states(store)["r0005"] == "failed"


@pytest.mark.thorough
@pytest.mark.parametrize("full", one_in(2, [False, True]))
def test_a_scan_that_disagrees_with_the_count_deletes_nothing(server, served, pulled, full):
    served(20)
    server.world.delete("lab", "vision", "r0001")
    server.faults.append(faults.hidden_rows(keep=10).at(when=whole_project, times=None))
    result = pulled(LATER + DAY, full=full)
    assert result.deleted == 0
    assert "W&B counts 19 runs but lists 10" in result.notes[0]
    server.faults.clear()
    assert pulled(LATER + DAY + HOUR).requests == 2
    assert pulled(LATER + 2 * DAY).deleted == 1


@pytest.mark.thorough
def test_a_scan_is_repeated_if_runs_are_deleted_during_it(server, served, pulled):
    served(1200)
    gone = faults.changing(lambda world: world.delete("lab", "vision", "r0001"))
    server.faults.append(
        gone.at(when=lambda call: whole_project(call) and call.variables["cursor"])
    )
    result = pulled(LATER + DAY)
    assert (result.deleted, result.notes) == (1, [])


@pytest.mark.thorough
def test_a_full_scan_that_missed_a_run_finds_it_by_the_listing(server, served):
    gone = faults.changing(lambda world: world.delete("lab", "vision", "r0001"))
    server.faults.append(gone.at(when=lambda call: call.variables["cursor"]))
    result = served(1200)
    assert (result.counts.new, result.deleted, result.notes) == (1200, 1, [])


@pytest.mark.thorough
def test_a_run_missing_only_from_a_listing_is_not_deleted(server, served, pulled):
    served(20)
    server.faults.append(faults.hidden_rows(keep=19).at(when=whole_project, times=None))
    fewer = faults.Fault(change_data=lambda _data, _call: {"project": {"runCount": 19}})
    server.faults.append(fewer.at(operation="RunCount", times=None))
    assert pulled(LATER + DAY).deleted == 0


@pytest.mark.thorough
def test_a_deleted_run_counts_in_no_metric_until_it_is_back(server, tmp_path):
    server.world.put(node(0), node(100, username="bob"))

    def runs_started(at):
        sync(tmp_path, at)
        asked = {"by": "scholar", "period": "week", "parts": ["volume"]}
        weeks = reads.metrics(latest_snapshot(tmp_path), **asked).filter(pl.col("runs_started") > 0)
        return dict(weeks.group_by("scholar").agg(pl.col("runs_started").sum()).iter_rows())

    assert runs_started(LATER) == {"ada": 1, "bob": 1}
    lost = server.world.delete("lab", "vision", "r0100")
    assert runs_started(LATER + DAY) == {"ada": 1}
    server.world.put(lost)
    assert runs_started(LATER + 2 * DAY) == {"ada": 1, "bob": 1}


def whole_project(call):
    return call.variables.get("filters") == "{}"
