"""What velocity/sources/wandb_client.py takes from inside the W&B client is still there.

Where one of these fails, a new client version moved a private part: change wandb_client.py, and
nothing else, to find it again.
"""

from __future__ import annotations

import inspect

import pytest
import wandb
from graphql import FieldNode, OperationDefinitionNode, Visitor, parse, visit
from wandb import env
from wandb.apis._generated import GET_PROJECTS_GQL
from wandb.apis.public import Api, Runs
from wandb.apis.public.service_api import ServiceApi
from wandb.proto.wandb_api_pb2 import ApiErrorResponse
from wandb.sdk import wandb_setup
from wandb.sdk.lib import wbauth
from wandb.sdk.lib.service.service_connection import WandbApiFailedError

from scripts.waiting import PATIENCE_S
from tests.worlds import point_client_at
from velocity.demo.wandb_server.server import ProtocolServer
from velocity.demo.wandb_server.world import World

LIGHT = {
    "name",
    "displayName",
    "state",
    "createdAt",
    "heartbeatAt",
    "group",
    "jobType",
    "sweepName",
    "tags",
    "notes",
    "user",
    "username",
}
PAGE = {"edges", "node", "pageInfo", "endCursor", "hasNextPage"}


def parameters(function):
    return set(inspect.signature(function).parameters)


def asked(query):
    """Names of a query's variables, and of all the fields that it selects."""
    document = parse(query)
    fields = set()

    class Collect(Visitor):
        def enter_field(self, node: FieldNode, *_):
            fields.add(node.name.value)

    visit(document, Collect())
    (operation,) = (
        node for node in document.definitions if isinstance(node, OperationDefinitionNode)
    )
    return {each.variable.name.value for each in operation.variable_definitions}, fields


@pytest.fixture
def api(monkeypatch):
    with ProtocolServer(World()) as server:
        point_client_at(server, monkeypatch)
        yield Api(timeout=PATIENCE_S)


def test_an_api_holds_a_service_that_sends_queries_as_they_are(api):
    assert isinstance(api._service_api, ServiceApi)
    assert {"query", "variables", "parse", "omit_fields"} <= parameters(ServiceApi.execute_graphql)
    answer = api._service_api.execute_graphql(
        "query Viewer { viewer { username id } }", {}, omit_fields=["id"], parse=str
    )
    assert answer == '{"viewer":{"username":"demo-lead"}}'


def test_an_api_knows_where_the_pages_for_people_are(api):
    assert api._service_api.app_url == f"{api.settings['base_url']}/"


def test_an_api_takes_address_time_out_and_key():
    assert {"overrides", "timeout", "api_key"} <= parameters(Api)


@pytest.mark.parametrize(("lazy", "heavy"), [(False, {"config", "summaryMetrics"}), (True, set())])
def test_the_clients_page_of_runs_asks_for_what_is_read(api, lazy, heavy):
    variables, fields = asked(Runs(api._service_api, "lab", "vision", lazy=lazy).QUERY)
    assert variables == {"project", "entity", "cursor", "perPage", "order", "filters"}
    assert fields >= LIGHT | PAGE | heavy
    assert lazy == ("config" not in fields)


def test_the_clients_page_of_projects_asks_for_names():
    variables, fields = asked(GET_PROJECTS_GQL)
    assert variables == {"entity", "cursor", "perPage"}
    assert fields >= PAGE | {"models", "name", "user"}


def test_a_failed_request_tells_its_http_status():
    assert "http_status" in ApiErrorResponse.DESCRIPTOR.fields_by_name
    assert WandbApiFailedError("late").response is None
    with pytest.raises(wandb.errors.AuthenticationError) as caught:
        Api(overrides={"base_url": "http://127.0.0.1:9"}, timeout=1, api_key="x" * 40)
    assert isinstance(caught.value.__cause__, WandbApiFailedError)


def test_a_key_can_be_looked_for_without_a_prompt(monkeypatch):
    asking = parameters(wbauth.authenticate_session)
    assert {"host", "source", "prompt", "update_session"} <= asking
    monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    found = wbauth.authenticate_session(
        host="https://wandb.example", source="test", prompt=False, update_session=False
    )
    assert isinstance(found, wbauth.AuthApiKey)
    assert found.api_key == "k" * 40


def test_the_address_is_found_in_the_environment_before_the_settings(monkeypatch):
    configured = wandb_setup.singleton().settings.base_url
    assert env.get_base_url(configured) == configured
    monkeypatch.setenv("WANDB_BASE_URL", "https://wandb.example")
    assert env.get_base_url(configured) == "https://wandb.example"
