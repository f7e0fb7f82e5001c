"""The W&B client still has the private parts that velocity/sources/wandb_client.py uses.

If one of these tests fails, a new client version moved a private part: change only
wandb_client.py to find it again.
"""

import inspect

import pytest
from graphql import FieldNode, OperationDefinitionNode, Visitor, parse, visit
from wandb import env
from wandb.apis._generated import GET_PROJECTS_GQL
from wandb.apis.public import Runs
from wandb.apis.public.service_api import ServiceApi
from wandb.sdk import wandb_setup
from wandb.sdk.lib import wbauth
from wandb.sdk.lib.service.service_connection import WandbApiFailedError

LIGHT = {"name", "displayName", "state", "createdAt", "heartbeatAt", "group", "jobType"}
LIGHT |= {"sweepName", "tags", "notes", "user", "username"}
PAGE = {"edges", "node", "pageInfo", "endCursor", "hasNextPage"}


def parameters(function):
    return set(inspect.signature(function).parameters)


def asked(query):
    """Names of a query's variables, and of all its selected fields."""
    document = parse(query)
    fields = set()

    class Collect(Visitor):
        def enter_field(self, node: FieldNode, *_):
            fields.add(node.name.value)

    visit(document, Collect())
    (operation,) = (it for it in document.definitions if isinstance(it, OperationDefinitionNode))
    return {each.variable.name.value for each in operation.variable_definitions}, fields


@pytest.fixture
def service():
    settings = wandb_setup.singleton().settings.model_copy()
    settings.base_url = "https://wandb.example"
    return ServiceApi(settings, timeout=1.0)


def test_a_service_for_another_address_knows_its_pages_without_a_request(service):
    assert not service.initialized
    assert service.app_url == "https://wandb.example/"


def test_the_settings_say_how_to_reach_a_server():
    proxies = {"http_proxy", "https_proxy"}
    ways = {"insecure_disable_ssl", "x_extra_http_headers", "x_graphql_timeout_seconds"}
    assert proxies | ways <= set(dir(wandb_setup.singleton().settings))


def test_an_identity_token_is_exchanged_within_a_time(service):
    assert "timeout" in parameters(ServiceApi.access_token)
    assert service.access_token(timeout=1.0) is None
    assert not service.initialized
    assert issubclass(WandbApiFailedError, Exception)


@pytest.mark.parametrize(("lazy", "heavy"), [(False, {"config", "summaryMetrics"}), (True, set())])
def test_the_clients_page_of_runs_requests_the_fields_we_read(service, lazy, heavy):
    variables, fields = asked(Runs(service, "lab", "vision", lazy=lazy).QUERY)
    assert variables == {"project", "entity", "cursor", "perPage", "order", "filters"}
    assert fields >= LIGHT | PAGE | heavy
    assert lazy == ("config" not in fields)


def test_the_clients_page_of_projects_requests_names():
    variables, fields = asked(GET_PROJECTS_GQL)
    assert variables == {"entity", "cursor", "perPage"}
    assert fields >= PAGE | {"models", "name", "user"}


def test_a_key_can_be_found_without_a_prompt(monkeypatch):
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
