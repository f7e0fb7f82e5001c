"""Scans of a server that cannot send every page: smaller pages, and skipped runs."""

from __future__ import annotations

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
    batches = list(connect().fetch_runs("lab", "vision", page_size=100))
    assert [run_id for batch in batches for run_id in batch.runs["run_id"]] == IDS
    assert not any(batch.rejected for batch in batches)


@pytest.mark.thorough
def test_pages_shrink_after_heavy_ones_and_grow_back_after_light_ones(server):
    heavy = [faults.swell_summary(node(number), 2**20) for number in range(40)]
    server.world.put(*heavy)
    (*_, last) = connect().fetch_runs("lab", "vision", page_size=40)
    assert sizes(server)[:3] == [40, 20, 20]
    assert sizes(server)[-1] == 40
    assert last.runs["run_id"][-1] == IDS[-1]


def test_pages_grow_back_when_the_server_can_send_them_again(server):
    server.faults.append(faults.dropped().at(times=1))
    list(connect().fetch_runs("lab", "vision", page_size=40))
    assert sizes(server)[:3] == [40, 1, 20]
    assert sizes(server)[-1] == 40


@pytest.mark.thorough
def test_a_page_that_fails_with_everything_else_is_not_tried_smaller(server):
    server.faults.append(faults.dropped().at(times=None))
    with pytest.raises(RetryLaterError):
        list(connect().fetch_runs("lab", "vision"))
    assert sizes(server) == [500, 1]


@pytest.mark.thorough
@pytest.mark.parametrize("number", [0, 137, COUNT - 1])
def test_a_run_that_cannot_be_sent_is_skipped_with_its_reason(server, number):
    server.faults.append(with_data_of([number], faults.dropped()))
    batches = list(connect().fetch_runs("lab", "vision", page_size=100))
    assert sum(batch.runs.height for batch in batches) == COUNT - 1
    (lost,) = [row for batch in batches for row in batch.rejected]
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
    batches = list(lab.fetch_runs("lab", "vision", page_size=page_size))
    came = [run_id for batch in batches for run_id in batch.runs["run_id"]]
    lost = [row.run_id for batch in batches for row in batch.rejected]
    assert lost == [IDS[number] for number in bad]
    assert came == [run_id for run_id in IDS if run_id not in lost]
    # For each halving: a failed page, a small request, a good page, and four pages to grow back.
    each = 7 * math.ceil(math.log2(page_size))
    assert lab.requests - before <= COUNT / page_size + each * len(lost)


@pytest.mark.fault
def test_a_run_that_takes_too_long_is_skipped_and_the_others_are_pulled(server):
    server.faults.append(with_data_of([2], faults.slow(3)))
    batches = list(connect(timeout_s=1).fetch_runs("lab", "vision", run_ids=IDS[:5]))
    assert sum(batch.runs.height for batch in batches) == 4
    (lost,) = [row for batch in batches for row in batch.rejected]
    assert (lost.run_id, "did not send" in lost.reason) == ("r0002", True)


@pytest.mark.thorough
def test_a_run_that_cannot_be_sent_does_not_stop_syncs_and_is_tried_again(server, tmp_path):
    server.faults.append(with_data_of([137], faults.dropped()))

    def sync(days):
        at = NOON + timedelta(days=days)
        return sync_wandb(tmp_path, Settings(), projects=["lab/vision"], clock=lambda: at)

    (first,) = sync(3).projects
    assert (first.counts.new, len(first.rejected), first.deleted) == (COUNT - 1, 1, 0)
    assert reads.rejected(latest_snapshot(tmp_path))["run_id"].to_list() == ["r0137"]
    (row,) = [row for it in examine(tmp_path, tmp_path / "velocity.toml") for row in it.rows]
    assert row.startswith("lab/vision/r0137: W&B does not send its data: ")
    (again,) = sync(5).projects
    assert (again.counts.new, len(again.rejected), again.deleted) == (0, 1, 0)
    server.faults.clear()
    (last,) = sync(6).projects
    assert (last.counts.new, last.rejected) == (1, [])


@pytest.mark.thorough
def test_many_runs_that_cannot_be_sent_do_not_stop_syncs_and_cost_little_later(server, tmp_path):
    bad = range(7, COUNT, 40)
    server.faults.append(with_data_of(bad, faults.refused("response too large")))

    def sync(hours):
        at = NOON + timedelta(days=3, hours=hours)
        return sync_wandb(tmp_path, Settings(), projects=["lab/vision"], clock=lambda: at)

    (first,) = sync(0).projects
    assert (first.counts.new, len(first.rejected)) == (COUNT - len(bad), len(bad))
    (again,) = sync(1).projects
    assert (again.error, again.notes, len(again.rejected)) == (None, [], len(bad))
    assert again.requests <= 3 * len(bad) + 10


@pytest.mark.thorough
def test_runs_that_fail_once_do_not_discredit_the_heartbeat_filter(server, tmp_path):
    def by_heartbeat(call):
        return "heartbeatAt" in call.variables["filters"] and "summaryMetrics" in call.query

    fault = faults.refused("response too large").at(when=by_heartbeat, times=None)
    server.faults.append(fault)
    (project,) = sync_wandb(tmp_path, Settings(), projects=["lab/vision"]).projects
    assert (project.notes, project.rejected) == ([], [])
