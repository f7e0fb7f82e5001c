"""Reading runs, listings and projects through the real client from the protocol server."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
import wandb

from tests import faults
from tests.worlds import COUNT, NOON, connected, node, pulled, runs_served
from velocity.records import RUN_SCHEMA
from velocity.sources.wandb_nodes import LISTING_SCHEMA

pytestmark = pytest.mark.sampled(4)


@pytest.fixture
def server(monkeypatch):
    with runs_served(monkeypatch) as running:
        yield running


@pytest.fixture
def wandb_server(server):
    return connected(server)


def run_ids(*numbers):
    return [f"r{number:04}" for number in numbers]


def test_the_connection_knows_the_user_and_the_address_of_the_pages(server, wandb_server):
    assert wandb_server.viewer == "demo-lead"
    assert wandb_server.app_url == f"{server.url}/"


def test_all_runs_are_read_page_by_page_in_order_of_creation(wandb_server):
    pages = [run_ids(0, 1, 2, 3, 4), run_ids(5, 6, 7, 8, 9), run_ids(10, 11)]
    assert pulled(wandb_server, page_size=5) == pages
    assert wandb_server.count_runs("lab", "vision") == COUNT
    (first, *_) = wandb_server.fetch_runs("lab", "vision")
    assert first.runs.schema == pl.Schema(RUN_SCHEMA)
    assert first.rejected == ()
    assert first.runs["runtime_s"].to_list() == [3540.0] * COUNT
    assert first.runs["config"][3] == '{"lr":0.1,"seed":3}'


def test_the_real_client_pulls_and_heavy_fields_are_not_requested(server, wandb_server):
    pulled(wandb_server)
    call = server.calls[-1]
    assert (call.operation, call.variables["perPage"]) == ("Runs", 500)
    assert call.user_agent == f"W&B Public Client {wandb.__version__}"
    for field in ("systemMetrics", "historyKeys"):
        server.schema = faults.schema_without("Run", field)
        assert pulled(wandb_server) == [run_ids(*range(COUNT))]


def test_only_runs_with_a_later_heartbeat_are_read_oldest_first(server, wandb_server):
    since = NOON + timedelta(minutes=69, microseconds=1)
    server.world.change("lab", "vision", "r0000", heartbeat_at=since)
    assert pulled(wandb_server, since=since) == [run_ids(0, 10, 11)]
    assert pulled(wandb_server, since=datetime(2027, 1, 1, tzinfo=UTC)) == [[]]


def test_runs_are_read_again_by_id_in_pages(server, wandb_server):
    pages = [run_ids(3, 7), run_ids(5), run_ids(1)]
    assert pulled(wandb_server, run_ids=run_ids(7, 3, 99, 5, 1), page_size=2) == pages
    assert pulled(wandb_server, run_ids=[]) == []
    assert [call.operation for call in server.calls].count("Runs") == 3


def test_a_project_without_runs_gives_an_empty_batch(server, wandb_server):
    server.world.add_project("lab", "empty")
    assert pulled(wandb_server, "empty") == [[]]
    assert wandb_server.count_runs("lab", "empty") == 0


def test_every_project_of_an_entity_is_found_over_pages(server, wandb_server):
    for number in range(201):
        server.world.add_project("lab", f"p{number:03}")
    names = wandb_server.fetch_project_names("lab")
    assert names == [*(f"p{number:03}" for number in range(201)), "vision"]


def test_a_pull_sees_changes_since_the_last_one(server, wandb_server):
    server.world.put(node(0, state="running"))
    assert pulled(wandb_server)[0][0] == "r0000"
    server.world.change("lab", "vision", "r0000", state="crashed")
    server.world.delete("lab", "vision", "r0001")
    (batch,) = wandb_server.fetch_runs("lab", "vision")
    assert batch.runs["state"][0] == "crashed"
    assert batch.runs["run_id"].to_list()[:2] == run_ids(0, 2)


def test_a_listing_has_every_id_without_config_and_summary(server, wandb_server):
    frames = list(wandb_server.fetch_listing("lab", "vision", page_size=8))
    assert [len(frame) for frame in frames] == [8, 4]
    assert frames[0].schema == pl.Schema(LISTING_SCHEMA)
    assert pl.concat(frames)["run_id"].to_list() == run_ids(*range(COUNT))
    for field in ("config", "summaryMetrics", "systemMetrics", "historyKeys"):
        server.schema = faults.schema_without("Run", field)
        assert len(list(wandb_server.fetch_listing("lab", "vision"))) == 1


def test_only_a_bad_row_is_rejected(server, wandb_server):
    server.world.put(faults.lose_creation(node(1)), faults.cut_config(node(2)))
    server.world.put(faults.swell_summary(node(3), 1_000_000), node(4, username=None))
    (batch,) = wandb_server.fetch_runs("lab", "vision")
    assert sorted(batch.runs["run_id"]) == run_ids(0, *range(2, COUNT))
    assert [rejected.run_id for rejected in batch.rejected] == run_ids(1)
    assert batch.runs.filter(run_id="r0002")["config"].to_list() == [None]
    assert batch.runs.filter(run_id="r0004")["username"].to_list() == [None]


def test_hidden_rows_and_empty_pages_do_not_end_a_pull(server, wandb_server):
    server.faults.append(faults.hidden_rows().at(after=1))
    server.faults.append(faults.hidden_rows(keep=1).at(after=0))
    assert pulled(wandb_server, page_size=5) == [run_ids(0), [], run_ids(10, 11)]


def test_a_cursor_that_does_not_advance_ends_a_pull(server, wandb_server):
    server.faults.append(faults.stuck_cursor().at(times=None))
    assert pulled(wandb_server, page_size=5) == [run_ids(0, 1, 2, 3, 4)]
    server.faults[:] = [faults.stuck_cursor().at(after=1, times=None)]
    assert [len(page) for page in pulled(wandb_server, page_size=5)] == [5, 5]


def test_a_row_that_is_twice_on_a_page_counts_once(server, wandb_server):
    server.faults.append(faults.repeated_rows(3))
    assert pulled(wandb_server) == [run_ids(*range(COUNT))]


def test_at_most_one_page_is_fetched_ahead(server, wandb_server):
    batches = wandb_server.fetch_runs("lab", "vision", page_size=1)
    next(batches)
    batches.close()
    before = [call.operation for call in server.calls].count("Runs")
    assert before <= 2
    assert pulled(wandb_server, page_size=6) == [run_ids(*range(6)), run_ids(*range(6, COUNT))]
    assert [call.operation for call in server.calls].count("Runs") <= before + 1 + 2


def test_one_connection_serves_several_threads(wandb_server):
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda _: pulled(wandb_server, page_size=3), range(4)))
    assert results == [[run_ids(*range(n, n + 3)) for n in range(0, COUNT, 3)]] * 4
