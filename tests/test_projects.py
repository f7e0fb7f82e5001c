"""Several projects and entities in one sync: in parallel, independent, found and lost."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from scripts.waiting import PATIENCE_S
from tests import faults
from tests.builders import without_runs
from tests.stores import copied
from tests.wandb_server import ProtocolServer, World
from tests.worlds import NOON, node, point_client_at, pull_into
from velocity.cli.progress import tell_result
from velocity.database.connection import ClosedError
from velocity.errors import RetryLaterError, SourceError, StoreError
from velocity.reading import reads
from velocity.settings import Settings
from velocity.sources.wandb_api import connect
from velocity.store import latest_snapshot, open_live
from velocity.sync.commands import pull_wandb, sync_wandb
from velocity.sync.projects import Listener, run_jobs

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.thorough

LATER = NOON + timedelta(days=3)
HOUR = timedelta(hours=1)
PROJECTS = [f"p{number}" for number in range(9)]


@pytest.fixture
def server(monkeypatch) -> Iterator[ProtocolServer]:
    with ProtocolServer(World()) as running:
        point_client_at(running, monkeypatch)
        yield running


@pytest.fixture
def sync(server, tmp_path):  # noqa: ARG001 - the client is pointed at it
    """Syncs: what = sync(at, "lab/*", ...) is the results by name; without figures if not asked."""
    copied(without_runs, tmp_path)

    def command(at, *wanted, figures=False, **options):
        bring = sync_wandb if figures else pull_wandb
        result = bring(
            tmp_path, Settings(), projects=wanted or ["lab/*"], clock=lambda: at, **options
        )
        return {it.name: it for it in result.projects}

    return command


def fill(server, projects=PROJECTS, runs=3) -> None:
    for project in projects:
        server.world.put(*(node(number, project=project) for number in range(runs)))


def live_runs(tmp_path) -> set[tuple[str, str]]:
    """(project, run id) of the runs that count."""
    with open_live(tmp_path) as store:
        sql = "SELECT project, run_id FROM raw_run WHERE deleted_at IS NULL"
        return set(store.record.connection.run(sql))


def shown_projects(tmp_path) -> set[str]:
    return set(reads.runs(latest_snapshot(tmp_path))["project"])


def count_at_once(server) -> list[int]:
    """How many pages are under way whenever one more is asked for."""
    under_way, seen = [0], []

    def begins(_call) -> bool:
        under_way[0] += 1
        seen.append(under_way[0])
        return True

    def ends(_world) -> None:
        under_way[0] -= 1

    server.faults.append(faults.Fault(delay_s=0.1, when=begins, change_world=ends, times=None))
    return seen


def test_at_most_four_projects_are_pulled_at_once(server, sync, tmp_path):
    fill(server)
    at_once = count_at_once(server)
    results = sync(LATER)
    assert [it.counts.new for it in results.values()] == [3] * len(PROJECTS)
    assert max(at_once) == 4
    assert len(live_runs(tmp_path)) == 3 * len(PROJECTS)


def test_results_are_in_the_order_of_the_request_without_duplicates(server, sync):
    fill(server, ["a", "b", "c"])
    assert list(sync(LATER, "lab/c", "lab/*", "lab/a")) == ["lab/c", "lab/a", "lab/b"]


def test_parallel_pulls_lose_no_runs(server, sync, tmp_path):
    fill(server, ["a", "b", "c", "d"], runs=700)
    told = []
    sync(LATER, on_progress=told.append)
    assert len(live_runs(tmp_path)) == 2800
    assert {it.what for it in told if it.stage == "merge"} == {f"lab/{name}" for name in "abcd"}


@pytest.mark.fault
def test_time_outs_halve_the_parallel_pulls_and_the_pages(server, tmp_path):
    fill(server, ["a", "b", "c"], runs=6)
    client = connect(timeout_s=1)
    late = faults.slow(4).at(when=lambda call: call.variables["perPage"] > 250, times=None)
    server.faults.append(late)
    with open_live(tmp_path) as store:
        results = pull_into(store, client, ["lab/*"], LATER)
    assert [(it.error, it.counts.new) for it in results] == [(None, 6)] * 3
    assert client.at_once < 4
    sizes = [call.variables["perPage"] for call in server.calls if call.operation == "Runs"]
    assert {500, 250} <= set(sizes)


def test_a_new_project_of_an_entity_is_found_at_the_next_sync(server, sync):
    fill(server, ["a"])
    assert list(sync(LATER)) == ["lab/a"]
    fill(server, ["b"])
    results = sync(LATER + HOUR)
    assert results["lab/b"].counts.new == 3


def test_a_failed_project_does_not_stop_the_others_and_the_summary_says_why(
    server, sync, tmp_path, capsys
):
    fill(server, ["audio", "text", "vision"])
    server.faults.append(
        faults.dropped().at(when=lambda call: call.variables["project"] == "text", times=None)
    )
    results = sync(LATER)
    assert [it.error is None for it in results.values()] == [True, False, True]
    assert {project for project, _ in live_runs(tmp_path)} == {"audio", "vision"}
    tell_result(sync_wandb(tmp_path, Settings(), projects=["lab/*"], clock=lambda: LATER + HOUR))
    log = reads.sync_log(latest_snapshot(tmp_path)).drop_nulls("error")
    assert log["project"].to_list() == ["text"] * 2
    said = capsys.readouterr().err
    assert "lab/text: failed. The response from" in said
    assert "lab/vision: " in said


def test_a_missing_entity_does_not_stop_the_others(server, sync):
    fill(server, ["a"])
    results = sync(LATER, "lib/*", "lab/*")
    assert "does not have an entity" in results["lib/*"].error.message
    assert results["lab/a"].counts.new == 3


def test_if_all_projects_fail_the_error_has_each_cause(server, sync):
    fill(server, ["a"])
    with pytest.raises(SourceError) as caught:
        sync(LATER, "lib/*", "lab/x", "lab/y")
    message = caught.value.message
    assert message.startswith("None of 3 projects could be pulled.")
    for words in ('lib/*: W&B does not have an entity "lib"', 'no project "x"', 'no project "y"'):
        assert words in message


def test_the_projects_of_several_entities_are_kept_apart(server, sync, tmp_path):
    server.world.put(node(0), node(0, entity="team"))
    results = sync(LATER, "lab/vision", "team/*")
    assert list(results) == ["lab/vision", "team/vision"]
    with open_live(tmp_path) as store:
        entities = store.record.connection.run("SELECT entity FROM raw_run ORDER BY entity")
    assert entities == [("lab",), ("team",)]


def test_runs_of_a_deleted_project_count_in_no_figure_until_it_is_back(server, sync, tmp_path):
    fill(server, ["a", "b"])
    sync(LATER, figures=True)
    lost = list(server.world.entities["lab"]["b"].runs.values())
    server.world.delete_project("lab", "b")
    gone = sync(LATER + HOUR, figures=True)["lab/b"]
    assert (gone.deleted, gone.error) == (3, None)
    assert "no longer has this project" in gone.notes[0]
    assert shown_projects(tmp_path) == {"a"}
    assert sync(LATER + 2 * HOUR)["lab/b"].deleted == 0
    server.world.put(*lost)
    assert sync(LATER + timedelta(days=2), figures=True)["lab/b"].counts.revived == 3
    assert shown_projects(tmp_path) == {"a", "b"}


def test_a_renamed_project_is_not_counted_twice(server, sync, tmp_path):
    fill(server, ["old"])
    sync(LATER)
    server.world.delete_project("lab", "old")
    fill(server, ["renamed"])
    sync(LATER + HOUR)
    assert {project for project, _ in live_runs(tmp_path)} == {"renamed"}


def test_a_project_missing_only_from_the_listing_keeps_its_runs(server, sync, tmp_path):
    fill(server, ["a", "b"])
    sync(LATER)

    def without_b(data, _call):
        edges = [it for it in data["models"]["edges"] if it["node"]["name"] != "b"]
        return data | {"models": data["models"] | {"edges": edges}}

    server.faults.append(faults.Fault(change_data=without_b).at(operation="GetProjects"))
    assert sync(LATER + timedelta(days=1))["lab/b"].deleted == 0
    assert {project for project, _ in live_runs(tmp_path)} == {"a", "b"}


def test_a_named_project_that_is_gone_fails_and_keeps_its_runs(server, sync, tmp_path):
    fill(server, ["a", "b"])
    sync(LATER)
    server.world.delete_project("lab", "b")
    results = sync(LATER + HOUR, "lab/a", "lab/b")
    assert 'no project "b"' in results["lab/b"].error.message
    assert {project for project, _ in live_runs(tmp_path)} == {"a", "b"}


def test_a_run_that_moved_to_another_project_is_counted_only_there(server, sync, tmp_path):
    fill(server, ["a", "b"])
    sync(LATER)
    server.world.delete("lab", "a", "r0001")
    server.world.put(node(7, project="b", heartbeat_at=LATER))
    results = sync(LATER + timedelta(days=1))
    assert (results["lab/a"].deleted, results["lab/b"].counts.new) == (1, 1)
    assert len(live_runs(tmp_path)) == 6


# Parallel jobs


def test_the_error_of_a_job_is_raised_while_another_job_hangs():
    error = StoreError("full.", "hint.")
    begun, never = threading.Event(), threading.Event()

    def waits():
        begun.set()
        never.wait()

    def fails():
        begun.wait(PATIENCE_S)
        raise error

    with pytest.raises(StoreError) as caught:
        run_jobs([waits, fails], threads=2)
    assert caught.value is error
    never.set()


@pytest.mark.parametrize("how", ["run", "frame", "transaction"])
def test_a_job_ends_when_its_store_is_closed(tmp_path, how):
    ended, begun = threading.Event(), threading.Event()

    def goes_on(store):
        try:
            while True:
                begun.set()
                if how == "transaction":
                    with store.transaction():
                        store.run("SELECT 1")
                else:
                    getattr(store, how)("SELECT 1")
        except ClosedError:
            ended.set()
            raise

    def fails():
        begun.wait(PATIENCE_S)
        raise RetryLaterError("message.", "hint.")

    with pytest.raises(RetryLaterError), open_live(tmp_path) as store:
        run_jobs([lambda: goes_on(store), fails], threads=2)
    assert ended.wait(PATIENCE_S)


def test_a_listener_is_called_by_one_thread_at_a_time_and_not_after_leave():
    heard, inside = [], threading.Lock()

    def hear(number):
        assert inside.acquire(blocking=False)
        heard.append(number)
        inside.release()

    listener = Listener(hear)
    run_jobs([lambda n=n: [listener(n) for _ in range(200)] for n in range(4)], threads=4)
    assert Counter(heard) == dict.fromkeys(range(4), 200)
    listener.leave()
    listener(5)
    assert 5 not in heard
