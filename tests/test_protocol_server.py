"""The protocol server, with requests of the real W&B client over a real socket."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
import requests
import wandb
from graphql import build_schema
from wandb.apis import _generated as client_queries
from wandb.apis.public.runs import Runs, _create_runs_query
from wandb.sdk.lib.service.service_connection import WandbApiFailedError

from scripts.waiting import PATIENCE_S
from tests import faults
from tests.wandb_server import Call, Faults, ProtocolServer, World
from tests.worlds import COUNT, NOON, node, runs_served
from velocity.demo.wandb_server.protocol import InvalidQueryError, load_operation, schema_text

pytestmark = pytest.mark.sampled(4)


@pytest.fixture
def server(monkeypatch):
    with runs_served(monkeypatch) as running:
        yield running


@pytest.fixture
def api(server):
    assert os.environ["WANDB_BASE_URL"] == server.url
    return wandb.Api(timeout=2)


def runs(api, **options):
    return list(api.runs("lab/vision", **options))


def ids(found):
    return [run.id for run in found]


def page(api, *, first=5, cursor=None, filters=None, order="+created_at"):
    """One page of the client's own query, as sent by the server."""
    variables = {
        "entity": "lab",
        "project": "vision",
        "perPage": first,
        "cursor": cursor,
        "order": order,
        "filters": json.dumps(filters or {}),
    }
    query = Runs(api._service_api, "lab", "vision", lazy=False).QUERY
    return api._service_api.execute_graphql(query, variables)["project"]


def names(project):
    return [edge["node"]["name"] for edge in project["runs"]["edges"]]


# The client's own queries


def test_the_client_signs_in_and_reads_runs_with_config_and_summary(api):
    first = runs(api, lazy=False)[0]
    assert api.viewer.username == "demo-lead"
    assert api.default_entity == "lab"
    assert first.config == {"lr": 0.1, "seed": 0}
    assert first.summary["loss"] == 0.5
    assert first.user.username == "ada"
    assert (first.state, first.created_at) == ("finished", "2026-01-05T12:00:00")
    # Heavy fields of a listed run are loaded one by one.
    assert runs(api)[3].config["seed"] == 3
    assert api.run("lab/vision/r0007").summary["_wandb"]["runtime"] == 3540
    with pytest.raises(wandb.errors.CommError, match="Could not find run"):
        api.run("lab/vision/nope")


def test_the_client_pages_through_runs_and_projects(server, api):
    found = api.runs("lab/vision", per_page=5)
    assert len(found) == COUNT
    assert ids(found) == [f"r{number:04}" for number in range(COUNT)]
    for number in range(5):
        server.world.add_project("lab", f"p{number}")
    listed = [project.name for project in api.projects("lab", per_page=2)]
    assert listed == ["p0", "p1", "p2", "p3", "p4", "vision"]
    with pytest.raises(ValueError, match="Could not find project"):
        len(api.runs("lab/nope"))


@pytest.mark.thorough
def test_the_real_client_calls_through_its_service_process(server, api):
    runs(api)
    call = server.calls[-1]
    assert call.operation == "Runs"
    assert call.user_agent == f"W&B Public Client {wandb.__version__}"
    assert call.variables["perPage"] == 50
    assert "wandb-core" in set(owners_of_port(call.client_port))


def owners_of_port(port):
    """Names of the executables of the other processes that hold the socket with this local port."""
    inodes = {
        columns[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if (columns := line.split())[1].endswith(f":{port:04X}")
    }
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        try:
            held = {str(handle.readlink()) for handle in (process / "fd").iterdir()}
            if held & {f"socket:[{inode}]" for inode in inodes}:
                yield (process / "exe").readlink().name
        except OSError:  # it ended, or belongs to another user
            continue


@pytest.mark.thorough
@pytest.mark.parametrize(
    "query",
    [
        client_queries.GET_VIEWER_GQL,
        client_queries.GET_DEFAULT_ENTITY_GQL,
        client_queries.GET_PROJECTS_GQL,
        client_queries.GET_PROJECT_GQL,
        client_queries.IS_PROJECT_READ_ONLY_GQL,
        _create_runs_query(lazy=True),
        _create_runs_query(lazy=False),
    ],
)
def test_the_schema_accepts_the_queries_of_this_client(query):
    assert load_operation(schema_text(), query).fields


def test_every_field_of_a_run_is_answered(server):
    declared = set(build_schema(schema_text()).type_map["Run"].fields)
    fields = " ".join("user { name username }" if name == "user" else name for name in declared)
    query = f'{{ project(name: "vision") {{ run(name: "r0002") {{ {fields} }} }} }}'
    run = ask(server, {"query": query}).json()["data"]["project"]["run"]
    assert set(run) == declared
    unknown = {"commit", "group", "historyKeys", "jobType", "sweepName", "description", "notes"}
    assert {name for name, value in run.items() if value is None} == unknown


# Other queries are refused


def ask(server, body, key=None):
    """The response to a body, or to the JSON of one."""
    body = body if isinstance(body, str) else json.dumps(body)
    auth = ("api", server.api_key if key is None else key)
    return requests.post(f"{server.url}/graphql", data=body, auth=auth, timeout=PATIENCE_S)


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("{ viewer { shoeSize } }", "Cannot query field 'shoeSize' on type 'User'"),
        ("{ viewer ", "Syntax Error"),
        ("query A { serverInfo { features { name } } } query B { viewer { id } }", "exactly one"),
    ],
)
def test_a_query_that_does_not_fit_the_schema_is_refused(server, query, complaint):
    with pytest.raises(InvalidQueryError, match=complaint):
        load_operation(server.schema, query)
    answer = ask(server, {"query": query})
    assert answer.status_code == 400
    assert complaint in answer.json()["errors"][0]["message"]


@pytest.mark.thorough
@pytest.mark.parametrize("body", ["", "[]", "{", '{"query": 1}', '{"variables": {}}'])
def test_a_body_that_is_not_a_graphql_request_is_refused(server, body):
    assert ask(server, body).status_code == 400


def test_a_wrong_key_is_refused(server):
    query = {"query": "{ viewer { username } }"}
    assert ask(server, query).json() == {"data": {"viewer": {"username": "demo-lead"}}}
    assert ask(server, query, "x" * 40).status_code == 401
    without = requests.post(f"{server.url}/graphql", json=query, timeout=PATIENCE_S)
    assert without.status_code == 401


@pytest.mark.thorough
def test_telemetry_is_answered_and_logged(server):
    path = "/sdk/otel/v1/metrics"
    assert requests.post(server.url + path, data=b"\x00", timeout=PATIENCE_S).status_code == 200
    assert server.calls[-1].path == path


# Filters, orders, cursors


IN = {"name": {"$in": ["r0001", "r0005", "gone"]}}


@pytest.mark.parametrize(
    ("filters", "order", "found"),
    [
        (IN, "+created_at", ["r0001", "r0005"]),
        (IN | {"heartbeatAt": {"$gte": "2026-01-05T13:03:00Z"}}, "+created_at", ["r0005"]),
        (
            {"heartbeatAt": {"$gte": "2026-01-05T13:09:00Z"}},
            "+heartbeat_at",
            ["r0009", "r0010", "r0011", "r0002"],
        ),
    ],
)
def test_ids_and_heartbeats_filter_and_order(server, api, filters, order, found):
    server.world.change("lab", "vision", "r0002", heartbeat_at=NOON + timedelta(days=1))
    answer = page(api, first=50, filters=filters, order=order)
    assert (names(answer), answer["runCount"]) == (found, len(found))


@pytest.mark.thorough
@pytest.mark.parametrize(
    "wrong",
    [
        {"filters": {"heartbeatAt": {"$gte": "2026-01-05T12:00:00"}}},  # no Z
        {"filters": {"heartbeatAt": {"$gte": "latelyZ"}}},
        {"filters": {"mood": "good"}},
        {"filters": {"name": {"$near": "r"}}},
        {"filters": ["name"]},
        {"order": "+loss"},
        {"cursor": "next"},
    ],
)
def test_unsupported_filters_and_orders_are_errors(api, wrong):
    with pytest.raises(WandbApiFailedError, match="invalid"):
        page(api, **wrong)


@pytest.mark.thorough
def test_cursors_are_offsets_so_rows_shift_while_they_change(server, api):
    first = page(api)
    server.world.delete("lab", "vision", "r0000")
    second = page(api, cursor=first["runs"]["pageInfo"]["endCursor"])
    assert names(first) == ["r0000", "r0001", "r0002", "r0003", "r0004"]
    assert names(second) == ["r0006", "r0007", "r0008", "r0009", "r0010"]


@pytest.mark.thorough
def test_the_world_can_be_changed_while_it_is_served(server, api):
    server.world.put(node(20, project="audio"))
    server.world.change("lab", "vision", "r0001", state="crashed")
    assert ids(api.runs("lab/audio")) == ["r0020"]
    assert [run.state for run in runs(api)][:2] == ["finished", "crashed"]
    server.world.delete_project("lab", "audio")
    with pytest.raises(ValueError, match="Could not find project"):
        len(wandb.Api(timeout=2).runs("lab/audio"))


# Faults, each seen by the client


@pytest.mark.fault
def test_a_burst_of_statuses_is_retried_by_the_client(server):
    server.faults.append(faults.status(503).at(times=1))
    assert len(names(page(wandb.Api(timeout=PATIENCE_S)))) == 5
    assert [call.operation for call in server.calls].count("Runs") == 2


@pytest.mark.thorough
def test_a_fault_applies_after_earlier_faults_have_ended():
    call, known = Call("/graphql", "Runs", "client", {}), Faults()
    for _ in range(1000):
        known.clear()
        known.append(faults.status(503))
        assert [len(known.due(call)) for _ in range(2)] == [1, 0]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(faults.status(429), "busy", marks=pytest.mark.fault),
        pytest.param(faults.status(500), "busy", marks=pytest.mark.fault),
        pytest.param(faults.slow(30), "busy", marks=pytest.mark.fault),
        (faults.dropped(), "EOF"),
        (faults.html_page(), "invalid character '<'"),
        (faults.refused("permission denied"), "permission denied"),
        (faults.status(403, "not yours"), "not yours"),
    ],
)
def test_a_late_broken_or_refused_answer_fails_in_the_client(server, api, fault, words):
    server.faults.append(fault.at(times=None))
    with pytest.raises(WandbApiFailedError, match=words):
        page(api)


@pytest.mark.thorough
def test_a_fault_applies_to_its_own_calls(server, api):
    server.faults.append(faults.hidden_rows(keep=2).at(after=1, times=2))
    assert [len(names(page(api))) for _ in range(4)] == [5, 2, 2, 5]
    server.faults[:] = [
        faults.hidden_rows().at(times=None, when=lambda call: call.variables["perPage"] > 3)
    ]
    assert [len(names(page(api, first=first))) for first in (5, 3)] == [0, 3]


@pytest.mark.parametrize(
    ("fault", "rows", "end"),
    [
        (faults.hidden_rows(), [], "9"),
        (faults.repeated_rows(2), ["r0007", "r0008", "r0007", "r0008"], "9"),
        (faults.stuck_cursor(), ["r0007", "r0008"], "7"),
    ],
)
def test_rows_are_hidden_or_repeated_and_a_cursor_can_be_stuck(server, api, fault, rows, end):
    server.faults.append(fault)
    found = page(api, first=2, cursor="7")
    assert names(found) == rows
    assert found["runs"]["pageInfo"] == {"endCursor": end, "hasNextPage": True}


@pytest.mark.thorough
def test_rows_change_in_the_middle_of_a_scan(server, api):
    server.faults.append(faults.changing(lambda world: world.put(node(-1))).at(after=1))
    assert names(page(api))[0] == "r0000"
    assert names(page(api, cursor="5"))[0] == "r0004"  # seen before: everything moved by one


@pytest.mark.thorough
def test_a_key_that_belongs_to_nobody(server):
    server.faults.append(faults.nobody())
    with pytest.raises(wandb.errors.AuthenticationError, match="did not recognize"):
        wandb.Api(timeout=2)


def test_a_schema_without_a_field(server, api):
    server.schema = faults.schema_without("Run", "heartbeatAt")
    with pytest.raises(WandbApiFailedError, match="Cannot query field 'heartbeatAt'"):
        page(api)


@pytest.mark.thorough
def test_rows_with_bad_json_huge_summaries_and_no_user_arrive_unchanged(server, api):
    server.world.put(
        faults.cut_config(node(0)),
        faults.encode_config_twice(node(1)),
        faults.swell_summary(node(2), 1_000_000),
        node(3, username=None),
    )
    cut, twice, huge, nobody = (edge["node"] for edge in page(api)["runs"]["edges"][:4])
    with pytest.raises(json.JSONDecodeError):
        json.loads(cut["config"])
    assert json.loads(json.loads(twice["config"]))["lr"]["value"] == 0.1
    assert len(huge["summaryMetrics"]) > 1_000_000
    assert nobody["user"] is None


@pytest.mark.thorough
def test_a_server_keeps_its_port_and_frees_it():
    with ProtocolServer(World()) as first:
        port = int(first.url.rsplit(":", 1)[1])
    with ProtocolServer(World(), port=port) as second:
        assert second.url == first.url
