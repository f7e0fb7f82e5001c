"""GPU utilisation of runs that have ended, from W&B: each run is requested once, and safely."""

import json
from datetime import timedelta

import polars as pl
import pytest

from tests import faults
from tests.builders import without_runs
from tests.commands import environment
from tests.forked import Commands
from tests.stores import copied
from tests.wandb_server import Fault, ProtocolServer, Reply, World
from tests.worlds import NOON, node, point_client_at
from velocity.demo.wandb_server.protocol import schema_text
from velocity.reading import reads
from velocity.settings import Settings, Wandb
from velocity.store import latest_snapshot, open_live
from velocity.sync.commands import pull_wandb, sync_wandb
from velocity.sync.forget import forget_person, look_up

pytestmark = pytest.mark.sampled(16)

LATER = NOON + timedelta(days=3)
USE = ((50.0, 100.0), (0.0, 50.0))  # half of the time


@pytest.fixture
def server(monkeypatch):
    with ProtocolServer(World()) as running:
        point_client_at(running, monkeypatch)
        monkeypatch.setenv("WANDB_HTTP_TIMEOUT", "5")
        yield running


@pytest.fixture
def sync(server, tmp_path):  # noqa: ARG001 - the client is pointed at it
    """Sync all of lab, without figures if they are not asked for: result = sync(requests)."""
    copied(without_runs, tmp_path)

    def run(requests: int = 50, *, full: bool = False, figures: bool = False):
        settings = Settings(wandb=Wandb(projects=("lab/*",), utilisation_requests=requests))
        bring = sync_wandb if figures else pull_wandb
        return bring(tmp_path, settings, full=full, clock=lambda: LATER)

    return run


def put(server, count: int) -> None:
    """Add runs that used half of their GPUs."""
    server.world.put(*(node(number, gpu_use=USE) for number in range(count)))


def of_events(*reply: Reply, **fault) -> Fault:
    """A fault of the requests for utilisation."""
    return Fault(*reply, operation="RunEvents", **fault)


def requested(server) -> list[list[str]]:
    """The ids that each request was about."""
    calls = [call for call in server.calls if call.operation == "RunEvents"]
    assert all(call.variables["samples"] == 100 for call in calls)
    return [json.loads(call.variables["filters"])["name"]["$in"] for call in calls]


def stored(folder) -> dict[str, tuple[float | None, list[str] | None]]:
    sql = "SELECT run_id, gpu_utilisation, unreadable FROM raw_run WHERE deleted_at IS NULL"
    with open_live(folder) as store:
        return {row[0]: row[1:] for row in store.record.connection.frame(sql).iter_rows()}


def test_ended_runs_of_ten_minutes_are_requested_together(server, sync, tmp_path):
    server.world.put(
        node(0, gpu_use=USE),
        node(1, gpu_use=((75.0,),), state="crashed"),
        node(2),
        node(3, gpu_use=USE, state="running"),
        node(4, gpu_use=USE, runtime_s=599),
        node(5, gpu_use=USE, runtime_s=600),
    )
    sync(figures=True)
    assert requested(server) == [["r0005", "r0002", "r0001", "r0000"]]
    shares = [share for _, (share, _) in sorted(stored(tmp_path).items())]
    assert shares == [0.5, 0.75, None, None, None, 0.5]
    figures = reads.metrics(latest_snapshot(tmp_path), by="scholar")
    assert 0.5 < figures["gpu_utilisation"].item() < 0.75


def test_each_run_is_requested_once_and_stays_known_when_it_is_read_again(server, sync, tmp_path):
    server.world.put(node(0, gpu_use=USE), node(1))
    sync()
    server.world.change("lab", "vision", "r0000", tags=("new",), heartbeat_at=LATER)
    server.world.put(node(2, gpu_use=USE))
    sync(full=True)
    assert requested(server) == [["r0001", "r0000"], ["r0002"]]
    assert stored(tmp_path)["r0000"] == (0.5, None)


def test_older_runs_wait_for_a_later_sync_when_the_requests_are_used_up(server, sync):
    put(server, 120)
    sync(0)
    assert requested(server) == []
    for _ in range(4):
        sync(1)
    assert [len(ids) for ids in requested(server)] == [50, 50, 20]
    assert [ids[0] for ids in requested(server)] == ["r0119", "r0069", "r0019"]


def test_the_budget_is_shared_by_the_projects_of_a_sync(server, sync):
    server.world.put(node(0), node(1, project="speech"), node(2))
    for known in ([["r0002", "r0000"]], [["r0002", "r0000"], ["r0001"]]):
        sync(1)
        assert requested(server) == known


def test_a_server_without_the_field_costs_one_request_a_sync(server, sync, tmp_path):
    put(server, 120)
    server.schema = faults.schema_without("Run", "events")
    for number in (1, 2):
        result = sync()
        (note,) = result.notes
        assert "does not have a field that is needed" in note
        assert "`utilisation_requests = 0`" in note
        assert sum("RunEvents" in call.query for call in server.calls) <= number
        assert result.errors == ()
    assert len(stored(tmp_path)) == 120
    server.schema = schema_text()
    sync()
    assert stored(tmp_path)["r0000"] == (0.5, None)


GPU = '{"system.gpu.0.gpu": %s}'
#: What a server sends as the events of a run.
NONSENSE: dict[str, object] = {
    **{it: [GPU % it] for it in ("NaN", "1e999", "9" * 400, "-1", "100.5", '"50"', "true", "[50]")},
    "huge": [GPU % "1e308", GPU % "1e308"],
    "not JSON": ["{"],
    "deep": ["[" * 100_000],
    "not an object": ["[1]"],
    "not text": [{"system.gpu.0.gpu": 50}],
    "a number": [7],
    "one bad row": [GPU % 50, GPU % '"x"'],
    "too many rows": [GPU % 50] * 1001,
    "no list": GPU % 50,
}
HARMLESS: dict[str, object] = {
    "null": None,
    "no rows": [],
    "other measurements": ['{"system.cpu": 50}', "null", '{"gpu.0.gpu": null}'],
}


def test_nonsense_costs_the_utilisation_of_its_run_and_gives_it_a_flag(server, sync, tmp_path):
    kinds = [*NONSENSE, *HARMLESS, "twice", "whole"]
    ids = {kind: f"r{number:04}" for number, kind in enumerate(kinds)}
    server.world.put(*(node(number) for number in range(len(kinds))))
    events = NONSENSE | HARMLESS | {kind: [GPU % 25] for kind in ("twice", "whole")}
    edges = [{"node": {"name": ids[kind], "events": sent}} for kind, sent in events.items()]
    others: list[object] = [
        None,
        {"node": None},
        {"node": {"name": "r0099", "events": [GPU % 50]}},
        {"node": {"name": 3, "events": [GPU % 50]}},
        {"node": {"name": ids["twice"], "events": [GPU % 60]}},
    ]
    # The server sends these runs once, whatever was requested.
    data = {"project": {"runs": {"edges": edges + others}}}
    server.faults.append(of_events(change_data=lambda *_: data))
    assert sync().notes == ()
    sync(full=True, figures=True)
    flagged = {ids[kind]: (None, ["events"]) for kind in (*NONSENSE, "twice")}
    unknown = {ids[kind]: (None, None) for kind in HARMLESS}
    assert stored(tmp_path) == {**flagged, **unknown, ids["whole"]: (0.25, None)}
    assert len(requested(server)) == 1
    runs = reads.runs(latest_snapshot(tmp_path))
    assert set(runs.filter(pl.col("flags").str.contains("unreadable"))["run_id"]) == set(flagged)


@pytest.mark.parametrize(
    "data", [{}, {"project": 3}, {"project": {"runs": None}}, {"project": {"runs": {"edges": 3}}}]
)
def test_a_response_of_another_shape_never_stops_a_sync(server, sync, tmp_path, data):
    server.world.put(node(0, gpu_use=USE))
    server.faults.append(of_events(change_data=lambda *_: data))
    assert sync().errors == ()
    assert stored(tmp_path)["r0000"][1] is None


def test_a_run_whose_events_are_too_large_is_found_and_flagged(server, sync, tmp_path):
    put(server, 9)
    too_large = Reply(413, json.dumps({"errors": [{"message": "too large"}]}))
    server.faults.append(
        of_events(too_large, when=lambda call: "r0008" in call.variables["filters"], times=None)
    )
    sync()
    assert stored(tmp_path)["r0008"] == (None, ["events"])
    sync()
    shares = stored(tmp_path)
    assert shares.pop("r0008") == (None, ["events"])
    assert set(shares.values()) == {(0.5, None)}
    assert sum("r0008" in ids for ids in requested(server)) == 3


def test_while_the_server_does_not_answer_nothing_is_given_up(server, sync, tmp_path):
    put(server, 9)
    silence = Fault(reply=Reply(401, "{}"), operation=None, times=None)
    cut = Reply(200, "{", dropped=True)
    server.faults.append(of_events(cut, change_world=lambda _: server.faults.append(silence)))
    assert sync().errors == ()
    assert len(requested(server)) == 1
    server.faults.clear()
    sync()
    assert set(stored(tmp_path).values()) == {(0.5, None)}


def test_after_a_kill_no_run_is_requested_again(server, tmp_path):
    put(server, 60)
    env = environment(tmp_path, WANDB_BASE_URL=server.url, WANDB_API_KEY=server.api_key)
    command = None
    server.faults.append(of_events(Reply(200, "{}"), change_world=lambda _: command.kill()))
    with Commands(tmp_path, env) as commands:
        for code in (-9, 0):
            command = commands.start("sync", "--project", "lab/*")
            said = list(command.lines())
            assert command.code == code, said
    first, second = requested(server)
    assert len(first) == 50
    assert sorted({*first, *second}) == sorted(f"r{number:04}" for number in range(60))
    assert not set(first) & set(second)


def test_forgetting_somebody_removes_their_requests_and_repeats_none(server, sync, tmp_path):
    server.world.put(node(0, gpu_use=USE, username="bob"), node(1, gpu_use=USE))
    sync()
    forget_person(tmp_path, Settings(), look_up(tmp_path, Settings(), "bob"))
    sync(full=True)
    assert requested(server) == [["r0001", "r0000"]]
    with open_live(tmp_path) as store:
        sql = "SELECT count(*), (SELECT count(*) FROM raw_run) FROM utilisation_request"
        assert store.record.connection.run(sql) == [(1, 1)]


def test_no_other_figure_moves(server, sync, tmp_path):
    server.world.put(
        *(node(120 * number, username=("ada", "bob")[number % 2]) for number in range(8)),
        node(2000, gpu_use=USE),
    )
    sync(0, figures=True)
    before = reads.metrics(latest_snapshot(tmp_path), by="scholar")
    sync(figures=True)
    after = reads.metrics(latest_snapshot(tmp_path), by="scholar")
    moved = [name for name in before.columns if not before[name].equals(after[name])]
    assert moved == ["gpu_utilisation", "gpu_measured_share"]
    assert before.filter(scholar="bob").equals(after.filter(scholar="bob"))
