"""Changes that the next sync sees at once, by W&B's run count and by unfinished runs."""

import json
from datetime import timedelta

import pytest

from tests import faults
from tests.builders import without_runs
from tests.stores import copied
from tests.worlds import NOON, node, pull_into, runs_served
from velocity.demo.wandb_server.world import Writer
from velocity.record import exclusions
from velocity.settings import Settings
from velocity.sources.wandb_api import connect
from velocity.store import open_live
from velocity.sync.commands import sync_wandb

pytestmark = pytest.mark.thorough

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LATER = NOON + 3 * DAY


@pytest.fixture
def server(monkeypatch):
    with runs_served(monkeypatch, 20) as running:
        yield running


@pytest.fixture
def store(tmp_path):
    with open_live(copied(without_runs, tmp_path)) as live:
        yield live


@pytest.fixture
def pulled(server, store):  # noqa: ARG001 - the client is pointed at it
    """Pulls lab/vision, or another project of lab, at an instant."""
    client = connect(timeout_s=20)

    def pull(at, project="vision"):
        (result,) = pull_into(store, client, [f"lab/{project}"], at)
        if result.error is not None:
            raise result.error
        return result

    return pull


@pytest.fixture
def later(pulled):
    """Pulls lab/vision some hours after it was pulled once."""
    pulled(LATER)
    return lambda hours: pulled(LATER + hours * HOUR)


def deleted(store):
    sql = "SELECT run_id, deleted_at FROM raw_run WHERE deleted_at IS NOT NULL"
    return dict(store.record.connection.frame(sql).rows())


def asked(server, **filters):
    """Number of requests for runs with exactly these filters; without any, a listing."""
    wanted = json.dumps(filters)
    return sum(
        call.operation == "Runs" and call.variables.get("filters") == wanted
        for call in server.calls
    )


@pytest.mark.parametrize(
    "late",
    [
        {"heartbeat_at": LATER - 40 * DAY},
        {"heartbeat_at": None},
        {"created_at": LATER - 2 * HOUR, "heartbeat_at": LATER - 2 * HOUR},
    ],
    ids=["created and last heard of long ago", "without a heartbeat", "late"],
)
def test_a_new_run_with_an_old_heartbeat_appears_at_the_next_sync(server, later, late):
    server.world.put(node(40, **late))
    assert later(1).counts.new == 1
    before = asked(server)
    assert later(2).requests == 2
    assert asked(server) == before


def test_a_run_that_was_uploaded_late_appears_at_the_next_sync(server, later):
    uploaded = dict.fromkeys(("created_at", "heartbeat_at"), LATER + HOUR)
    server.world.put(node(40, **uploaded, writers=[Writer("w0", LATER - 9 * DAY, "laptop")]))
    result = later(2)
    assert (result.counts.new, result.requests) == (1, 2)


def test_new_and_changed_runs_explain_the_count_and_start_no_listing(server, later):
    server.world.put(*(node(n, heartbeat_at=LATER + HOUR) for n in range(10, 30)))
    before = asked(server)
    result = later(2)
    assert (result.counts.new, result.counts.changed, result.requests) == (10, 10, 2)
    assert asked(server) == before


def test_equal_numbers_of_deleted_and_new_runs_are_noticed_at_once(server, later):
    server.world.delete("lab", "vision", "r0003")
    server.world.put(node(40, heartbeat_at=LATER + HOUR))
    result = later(2)
    assert (result.counts.new, result.deleted) == (1, 1)


def test_a_run_replaced_by_one_with_an_old_heartbeat_is_found_by_the_daily_listing(server, later):
    server.world.delete("lab", "vision", "r0003")
    server.world.put(node(40))
    assert later(2).requests == 2
    result = later(24)
    assert (result.counts.new, result.deleted) == (1, 1)


def test_a_run_created_during_the_count_does_not_start_a_listing(server, later):
    new = faults.changing(lambda world: world.put(node(40, heartbeat_at=LATER + HOUR)))
    server.faults.append(new.at(operation="Runs"))  # after the count, before the new runs
    before = asked(server)
    result = later(1)
    assert (result.counts.new, result.requests, asked(server)) == (1, 3, before)


def test_a_moved_run_changes_projects_at_once(server, pulled, store):
    server.world.put(node(50, project="audio"))
    pulled(LATER)
    pulled(LATER, "audio")
    moved = server.world.delete("lab", "vision", "r0007")
    server.world.put(node(7, project="audio", created_at=moved.created_at))
    assert pulled(LATER + HOUR).deleted == 1
    assert pulled(LATER + HOUR, "audio").counts.new == 1
    assert deleted(store) == {"r0007": LATER + HOUR}


def test_runs_of_a_forgotten_person_cost_only_one_listing(server, pulled, store, tmp_path):
    server.world.put(*(node(number, username="bob") for number in range(5)))
    pulled(LATER)
    bob = exclusions.Names(usernames=frozenset({"bob"}))
    exclusions.load(tmp_path).begun(bob).save(tmp_path)
    store.record.erase(bob)
    before = asked(server)
    requests = [pulled(LATER + n * HOUR).requests for n in (1, 2, 3)]
    assert asked(server) == before + 1
    assert requests[1:] == [2, 2]
    server.world.delete("lab", "vision", "r0019")
    assert pulled(LATER + 4 * HOUR).deleted == 1


def test_a_skipped_run_is_counted_and_does_not_start_a_listing(server, later):
    server.world.put(faults.lose_creation(node(40, heartbeat_at=LATER + HOUR)))
    before = asked(server)
    for hours in (2, 5):
        assert len(later(hours).rejected) == 1
    assert asked(server) == before


def test_a_count_that_no_listing_confirms_is_not_checked_every_time(server, later):
    more = faults.Fault(change_data=lambda _data, _call: {"project": {"runCount": 23}})
    server.faults.append(more.at(operation="RunCount", times=None))
    assert "W&B counts 23 runs but lists 20" in later(1).notes[0]
    assert later(2).requests == 2
    server.faults.clear()
    result = later(3)
    assert (result.deleted, result.notes, result.requests) == (0, [], 2)


@pytest.mark.parametrize("state", ["running", "pending", "preempting"])
def test_a_deleted_unfinished_run_is_marked_at_once_even_if_the_count_is_right(
    server, pulled, store, state
):
    server.world.put(*(node(number, state=state) for number in range(3)))
    pulled(LATER)
    server.world.delete("lab", "vision", "r0001")
    server.world.put(node(40, heartbeat_at=LATER + HOUR))
    before = asked(server)
    result = pulled(LATER + 2 * HOUR)
    assert (result.deleted, asked(server)) == (1, before)
    assert deleted(store) == {"r0001": LATER + 2 * HOUR}
    assert asked(server, name={"$in": ["r0001"]}) == 1
    assert asked(server, name={"$in": ["r0000"]}) == 0


def test_an_unfinished_run_returned_by_a_single_request_stays(server, pulled, store):
    server.world.put(*(node(number, state="running") for number in range(3)))
    pulled(LATER)

    def of_three(call):
        return str(call.variables.get("filters")).count("r00") == 3

    server.faults.append(faults.hidden_rows(keep=1).at(when=of_three, times=None))
    assert pulled(LATER + HOUR).deleted == 0
    assert deleted(store) == {}
    assert [asked(server, name={"$in": [f"r000{n}"]}) for n in range(3)] == [0, 1, 1]


def test_a_restored_run_counts_again_at_the_next_sync(server, pulled, store):
    server.world.put(node(2, state="running"))
    pulled(LATER)
    gone = server.world.delete("lab", "vision", "r0002")
    assert pulled(LATER + HOUR).deleted == 1
    server.world.put(gone)
    assert pulled(LATER + 2 * HOUR).counts.revived == 1
    assert deleted(store) == {}


@pytest.mark.parametrize("unfinished", [0, 400])
def test_a_sync_with_nothing_new_takes_four_requests_in_all(server, tmp_path, unfinished):
    server.world.put(*(node(number) for number in range(1100)))
    server.world.put(*(node(number, state="running") for number in range(unfinished)))

    def sync(at):
        sync_wandb(tmp_path, Settings(), projects=["lab/vision"], clock=lambda: at)

    sync(LATER)
    before = len(server.calls)
    sync(LATER + HOUR)
    operations = [call.operation for call in list(server.calls)[before:] if call.operation]
    assert operations == ["Viewer", "RunCount", "Runs", "Runs"][: 4 if unfinished else 3]


def test_a_comparison_with_a_future_time_is_repeated(server, pulled):
    pulled(LATER + 3 * DAY)
    server.world.change("lab", "vision", "r0003", tags=("x",))
    assert pulled(LATER + DAY).counts.changed == 1
