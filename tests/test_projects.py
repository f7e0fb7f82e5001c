"""Several projects and entities in one sync: in parallel, independent, found and lost."""

import threading
from collections import Counter
from datetime import timedelta

import pytest

from scripts.waiting import PATIENCE_S
from tests import faults
from tests.builders import without_runs
from tests.stores import copied
from tests.worlds import NOON, node, pull_into, runs_served
from velocity.cli.progress import tell_result
from velocity.database.connection import ClosedError
from velocity.errors import RetryLaterError, SourceError, StoreError
from velocity.reading import reads
from velocity.settings import Settings
from velocity.sources.wandb_api import connect
from velocity.store import latest_snapshot, open_live
from velocity.sync.commands import pull_wandb, sync_wandb
from velocity.sync.projects import Listener, run_jobs

pytestmark = pytest.mark.thorough

LATER = NOON + timedelta(days=3)
NOW, HOUR, DAY = timedelta(), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def server(monkeypatch):
    with runs_served(monkeypatch, 0) as running:
        yield running


@pytest.fixture
def sync(server, tmp_path):  # noqa: ARG001 - the client is pointed at it
    """Pull some time after `LATER`: results by name = sync(HOUR, "lab/*")."""
    copied(without_runs, tmp_path)

    def command(after, *wanted, bring=pull_wandb, **options):
        asked = {"projects": wanted or ["lab/*"], "clock": lambda: LATER + after}
        return {it.name: it for it in bring(tmp_path, Settings(), **asked, **options).projects}

    return command


def fill(server, projects, runs=3):
    for project in projects:
        server.world.put(*(node(number, project=project) for number in range(runs)))


def live_runs(tmp_path):
    """Number of runs that count, by project."""
    with open_live(tmp_path) as store:
        sql = "SELECT project, count(*) FROM raw_run WHERE deleted_at IS NULL GROUP BY ALL"
        return dict(store.record.connection.run(sql))


def shown_projects(tmp_path):
    return set(reads.runs(latest_snapshot(tmp_path))["project"])


def test_at_most_four_projects_are_pulled_at_once(server, sync, tmp_path):
    projects = [f"p{number}" for number in range(9)]
    fill(server, projects)
    under_way, seen = [0], []

    def begins(_call):
        under_way[0] += 1
        seen.append(under_way[0])
        return True

    def ends(_world):
        under_way[0] -= 1

    server.faults.append(faults.Fault(delay_s=0.1, when=begins, change_world=ends, times=None))
    assert [it.counts.new for it in sync(NOW).values()] == [3] * 9
    assert max(seen) == 4
    assert live_runs(tmp_path) == dict.fromkeys(projects, 3)


def test_results_are_in_the_order_of_the_request_without_duplicates(server, sync):
    fill(server, ["a", "b", "c"])
    assert list(sync(NOW, "lab/c", "lab/*", "lab/a")) == ["lab/c", "lab/a", "lab/b"]


def test_parallel_pulls_lose_no_runs(server, sync, tmp_path):
    fill(server, ["a", "b", "c", "d"], runs=700)
    told = []
    sync(NOW, on_progress=told.append)
    assert live_runs(tmp_path) == dict.fromkeys("abcd", 700)
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


def test_a_failed_project_does_not_stop_the_others_and_the_summary_says_why(
    server, sync, tmp_path, capsys
):
    fill(server, ["audio", "text", "vision"])
    of_text = faults.dropped().at(when=lambda call: call.variables["project"] == "text", times=None)
    server.faults.append(of_text)
    assert [it.error is None for it in sync(NOW).values()] == [True, False, True]
    assert live_runs(tmp_path) == {"audio": 3, "vision": 3}
    tell_result(sync_wandb(tmp_path, Settings(), projects=["lab/*"], clock=lambda: LATER + HOUR))
    log = reads.sync_log(latest_snapshot(tmp_path)).drop_nulls("error")
    assert log["project"].to_list() == ["text"] * 2
    said = capsys.readouterr().err
    assert "lab/text: failed. The response from" in said
    assert "lab/vision: " in said


def test_a_missing_entity_does_not_stop_the_others(server, sync):
    fill(server, ["a"])
    results = sync(NOW, "lib/*", "lab/*")
    assert "does not have an entity" in results["lib/*"].error.message
    assert results["lab/a"].counts.new == 3


def test_if_all_projects_fail_the_error_has_each_cause(server, sync):
    fill(server, ["a"])
    with pytest.raises(SourceError) as caught:
        sync(NOW, "lib/*", "lab/x", "lab/y")
    message = caught.value.message
    assert message.startswith("None of 3 projects could be pulled.")
    for words in ('lib/*: W&B does not have an entity "lib"', 'no project "x"', 'no project "y"'):
        assert words in message


def test_the_projects_of_several_entities_are_kept_apart(server, sync, tmp_path):
    server.world.put(node(0), node(0, entity="team"))
    assert list(sync(NOW, "lab/vision", "team/*")) == ["lab/vision", "team/vision"]
    with open_live(tmp_path) as store:
        entities = store.record.connection.run("SELECT entity FROM raw_run ORDER BY entity")
    assert entities == [("lab",), ("team",)]


def test_runs_of_a_deleted_project_count_in_no_figure_until_it_is_back(server, sync, tmp_path):
    fill(server, ["a", "b"])
    sync(NOW, bring=sync_wandb)
    lost = list(server.world.entities["lab"]["b"].runs.values())
    server.world.delete_project("lab", "b")
    gone = sync(HOUR, bring=sync_wandb)["lab/b"]
    assert (gone.deleted, gone.error) == (3, None)
    assert "no longer has this project" in gone.notes[0]
    assert shown_projects(tmp_path) == {"a"}
    assert sync(2 * HOUR)["lab/b"].deleted == 0
    server.world.put(*lost)
    assert sync(2 * DAY, bring=sync_wandb)["lab/b"].counts.revived == 3
    assert shown_projects(tmp_path) == {"a", "b"}


def test_a_new_project_is_found_at_the_next_sync_and_a_renamed_one_is_not_counted_twice(
    server, sync, tmp_path
):
    fill(server, ["old"])
    assert list(sync(NOW)) == ["lab/old"]
    server.world.delete_project("lab", "old")
    fill(server, ["renamed"])
    assert sync(HOUR)["lab/renamed"].counts.new == 3
    assert live_runs(tmp_path) == {"renamed": 3}


def test_a_project_missing_only_from_the_listing_keeps_its_runs(server, sync, tmp_path):
    fill(server, ["a", "b"])
    sync(NOW)

    def without_b(data, _call):
        edges = [it for it in data["models"]["edges"] if it["node"]["name"] != "b"]
        return data | {"models": data["models"] | {"edges": edges}}

    server.faults.append(faults.Fault(change_data=without_b).at(operation="GetProjects"))
    assert sync(DAY)["lab/b"].deleted == 0
    assert live_runs(tmp_path) == {"a": 3, "b": 3}


def test_a_named_project_that_is_gone_fails_and_keeps_its_runs(server, sync, tmp_path):
    fill(server, ["a", "b"])
    sync(NOW)
    server.world.delete_project("lab", "b")
    assert 'no project "b"' in sync(HOUR, "lab/a", "lab/b")["lab/b"].error.message
    assert live_runs(tmp_path) == {"a": 3, "b": 3}


def test_a_run_that_moved_to_another_project_is_counted_only_there(server, sync, tmp_path):
    fill(server, ["a", "b"])
    sync(NOW)
    server.world.delete("lab", "a", "r0001")
    server.world.put(node(7, project="b", heartbeat_at=LATER))
    results = sync(DAY)
    assert (results["lab/a"].deleted, results["lab/b"].counts.new) == (1, 1)
    assert live_runs(tmp_path) == {"a": 2, "b": 4}


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
