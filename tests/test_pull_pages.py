"""Scans of a server that cannot send every page: smaller pages, and skipped runs."""

import json
import math
from datetime import timedelta

import pytest

from tests import faults
from tests.worlds import NOON, node, runs_served
from velocity.cli.doctor import examine
from velocity.errors import RetryLaterError
from velocity.reading import reads
from velocity.settings import Settings
from velocity.sources.wandb_api import connect
from velocity.store import latest_snapshot
from velocity.sync.commands import sync_wandb

pytestmark = pytest.mark.sampled(4)

COUNT = 300
IDS = [f"r{number:04}" for number in range(COUNT)]
HEARTBEATS = {
    run_id: (NOON + timedelta(minutes=60 + number)).replace(tzinfo=None).isoformat()
    for number, run_id in enumerate(IDS)
}


@pytest.fixture
def server(monkeypatch):
    with runs_served(monkeypatch, COUNT) as running:
        yield running


def sizes(server):
    return [call.variables["perPage"] for call in server.calls if call.operation == "Runs"]


def larger_than(size, fault):
    return fault.at(when=lambda call: call.variables["perPage"] > size, times=None)


def with_data_of(numbers, fault):
    """Every page with the data of one of these runs fails."""
    bad = {IDS[number] for number in numbers}

    def holds(call):
        asked = call.variables
        if "summaryMetrics" not in call.query:
            return False
        filters = json.loads(asked["filters"])
        wanted = sorted(filters.get("name", {"$in": IDS})["$in"])
        since = filters.get("heartbeatAt", {"$gte": ""})["$gte"]
        wanted = [run_id for run_id in wanted if HEARTBEATS[run_id] >= since]
        first = int(asked["cursor"] or 0)
        return not bad.isdisjoint(wanted[first : first + asked["perPage"]])

    return fault.at(when=holds, times=None)


def fetched(client=None, **options):
    """Ids of the runs that came, and the runs that were skipped."""
    batches = list((client or connect()).fetch_runs("lab", "vision", **options))
    came = [run_id for batch in batches for run_id in batch.runs["run_id"]]
    return came, [row for batch in batches for row in batch.rejected]


def synced(folder, **later):
    """The result of a sync at a time after noon."""
    at = NOON + timedelta(**later)
    (project,) = sync_wandb(folder, Settings(), projects=["lab/vision"], clock=lambda: at).projects
    return project


@pytest.mark.parametrize(
    "fault",
    [
        faults.dropped(),
        faults.html_page(),
        faults.status(413, "no"),
        faults.refused("response too large"),
        faults.refused("context deadline exceeded"),
    ],
    ids=["dropped", "web page", "413", "too large", "deadline"],
)
def test_pages_shrink_if_they_fail_and_nothing_is_lost(server, fault):
    server.faults.append(larger_than(40, fault))
    assert fetched(page_size=100) == (IDS, [])


@pytest.mark.thorough
def test_pages_shrink_after_heavy_ones_and_grow_back_after_light_ones(server):
    server.world.put(*(faults.swell_summary(node(number), 2**20) for number in range(40)))
    assert fetched(page_size=40) == (IDS, [])
    assert (sizes(server)[:3], sizes(server)[-1]) == ([40, 20, 20], 40)


def test_pages_grow_back_when_the_server_can_send_them_again(server):
    server.faults.append(faults.dropped().at(times=1))
    fetched(page_size=40)
    assert (sizes(server)[:3], sizes(server)[-1]) == ([40, 1, 20], 40)


@pytest.mark.thorough
def test_a_page_that_fails_with_everything_else_is_not_tried_smaller(server):
    server.faults.append(faults.dropped().at(times=None))
    with pytest.raises(RetryLaterError):
        fetched()
    assert sizes(server) == [500, 1]


@pytest.mark.thorough
@pytest.mark.parametrize("number", [0, 137, COUNT - 1])
def test_a_run_that_cannot_be_sent_is_skipped_with_its_reason(server, number):
    server.faults.append(with_data_of([number], faults.dropped()))
    came, (lost,) = fetched(page_size=100)
    assert len(came) == COUNT - 1
    assert (lost.entity, lost.project, lost.run_id) == ("lab", "vision", f"r{number:04}")
    assert "W&B does not send its data" in lost.reason


@pytest.mark.thorough
@pytest.mark.parametrize(
    "bad",
    [[137], range(7, COUNT, 25), range(100, 130), [0, 1, 50, 99, 100, 250, 299]],
    ids=["one", "spread", "in a row", "here and there"],
)
def test_runs_that_cannot_be_sent_cost_some_requests_each_and_no_other_run(server, bad):
    server.faults.append(with_data_of(bad, faults.refused("response too large")))
    lab, page_size = connect(), 100
    before = lab.requests
    came, rejected = fetched(lab, page_size=page_size)
    lost = [row.run_id for row in rejected]
    assert lost == [IDS[number] for number in bad]
    assert came == [run_id for run_id in IDS if run_id not in lost]
    # For each halving: a failed page, a small request, a good page, and four pages to grow back.
    each = 7 * math.ceil(math.log2(page_size))
    assert lab.requests - before <= COUNT / page_size + each * len(lost)


@pytest.mark.fault
def test_a_run_that_takes_too_long_is_skipped_and_the_others_are_pulled(server):
    server.faults.append(with_data_of([2], faults.slow(3)))
    came, (lost,) = fetched(connect(timeout_s=1), run_ids=IDS[:5])
    assert len(came) == 4
    assert (lost.run_id, "did not send" in lost.reason) == ("r0002", True)


@pytest.mark.thorough
def test_a_run_that_cannot_be_sent_does_not_stop_syncs_and_is_tried_again(server, tmp_path):
    server.faults.append(with_data_of([137], faults.dropped()))
    first = synced(tmp_path, days=3)
    assert (first.counts.new, len(first.rejected), first.deleted) == (COUNT - 1, 1, 0)
    assert reads.rejected(latest_snapshot(tmp_path))["run_id"].to_list() == ["r0137"]
    (row,) = [row for it in examine(tmp_path, tmp_path / "velocity.toml") for row in it.rows]
    assert row.startswith("lab/vision/r0137: W&B does not send its data: ")
    again = synced(tmp_path, days=5)
    assert (again.counts.new, len(again.rejected), again.deleted) == (0, 1, 0)
    server.faults.clear()
    last = synced(tmp_path, days=6)
    assert (last.counts.new, last.rejected) == (1, [])


@pytest.mark.thorough
def test_many_runs_that_cannot_be_sent_do_not_stop_syncs_and_cost_little_later(server, tmp_path):
    bad = range(7, COUNT, 40)
    server.faults.append(with_data_of(bad, faults.refused("response too large")))
    first = synced(tmp_path, days=3)
    assert (first.counts.new, len(first.rejected)) == (COUNT - len(bad), len(bad))
    again = synced(tmp_path, days=3, hours=1)
    assert (again.error, again.notes, len(again.rejected)) == (None, [], len(bad))
    assert again.requests <= 3 * len(bad) + 10


@pytest.mark.thorough
def test_runs_that_fail_once_do_not_discredit_the_heartbeat_filter(server, tmp_path):
    def by_heartbeat(call):
        return "heartbeatAt" in call.variables["filters"] and "summaryMetrics" in call.query

    fault = faults.refused("response too large")
    server.faults.append(fault.at(when=by_heartbeat, times=None))
    project = synced(tmp_path, days=3)
    assert (project.notes, project.rejected) == ([], [])
