"""Scans of a server that cannot send every page: smaller pages, and runs that are passed over."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.worlds import NOON, node, point_client_at
from velocity import reads
from velocity.cli.checks import examine
from velocity.demo import faults
from velocity.demo.server import ProtocolServer
from velocity.demo.world import World
from velocity.errors import RetryLaterError
from velocity.settings import Settings
from velocity.sources.wandb_api import connect
from velocity.store import latest_snapshot
from velocity.sync import sync_wandb

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT = 300
IDS = [f"r{number:04}" for number in range(COUNT)]


@pytest.fixture
def server(monkeypatch) -> Iterator[ProtocolServer]:
    with ProtocolServer(World([node(number) for number in range(COUNT)])) as running:
        point_client_at(running, monkeypatch)
        yield running


def sizes(server) -> list[int]:
    return [call.variables["perPage"] for call in server.calls if call.operation == "Runs"]


def larger_than(size: int, fault: faults.Fault) -> faults.Fault:
    return fault.at(when=lambda call: call.variables["perPage"] > size, times=None)


def with_data_of(number: int, fault: faults.Fault) -> faults.Fault:
    """No page of all runs, nor of some by id, comes that holds the data of a run."""

    def holds(call) -> bool:
        asked = call.variables
        if "summaryMetrics" not in call.query:
            return False
        wanted = json.loads(asked["filters"]).get("name", {"$in": IDS})["$in"]
        first = int(asked["cursor"] or 0)
        return IDS[number] in sorted(wanted)[first : first + asked["perPage"]]

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
def test_pages_shrink_where_they_do_not_come_and_nothing_is_lost(server, fault):
    server.faults.append(larger_than(40, fault))
    batches = list(connect().fetch_runs("lab", "vision", page_size=100))
    assert [run_id for batch in batches for run_id in batch.runs["run_id"]] == IDS
    assert not any(batch.rejected for batch in batches)


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


def test_a_page_that_fails_with_everything_else_is_not_tried_smaller(server):
    server.faults.append(faults.dropped().at(times=None))
    with pytest.raises(RetryLaterError):
        list(connect().fetch_runs("lab", "vision"))
    assert sizes(server) == [500, 1]


@pytest.mark.parametrize("number", [0, 137, COUNT - 1])
def test_a_run_that_never_comes_is_passed_over_with_its_reason(server, number):
    server.faults.append(with_data_of(number, faults.dropped()))
    batches = list(connect().fetch_runs("lab", "vision", page_size=100))
    assert sum(batch.runs.height for batch in batches) == COUNT - 1
    (lost,) = [row for batch in batches for row in batch.rejected]
    assert (lost.entity, lost.project, lost.run_id) == ("lab", "vision", f"r{number:04}")
    assert "W&B does not send its data" in lost.reason


@pytest.mark.fault
def test_a_run_whose_data_takes_too_long_is_passed_over_and_the_others_come(server):
    server.faults.append(with_data_of(2, faults.slow(3)))
    batches = list(connect(timeout_s=1).fetch_runs("lab", "vision", run_ids=IDS[:5]))
    assert sum(batch.runs.height for batch in batches) == 4
    (lost,) = [row for batch in batches for row in batch.rejected]
    assert (lost.run_id, "did not send" in lost.reason) == ("r0002", True)


def test_a_run_that_never_comes_stops_no_sync_and_is_tried_again(server, tmp_path):
    server.faults.append(with_data_of(137, faults.dropped()))

    def sync(days: int):
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
