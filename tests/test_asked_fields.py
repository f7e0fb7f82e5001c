"""A response without a requested field is an error that names the field."""

import re

import orjson
import pytest

from tests import faults
from tests.wandb_server import Fault
from tests.worlds import connected, pulled, runs_served
from velocity.errors import RetryLaterError, SourceError
from velocity.sources.asked_fields import find_lacking, without_fields

pytestmark = pytest.mark.sampled(4)

QUERY = """
query Runs($name: String!) {
  project(name: $name) { ...Counted runs { edges { node { id state user { username } } } } }
}
fragment Counted on Project { __typename total: runCount ... on Project { owner { name } } }
"""
ANSWER = {
    "project": {
        "total": 2,
        "owner": {"name": "lab"},
        "runs": {
            "edges": [
                {"node": {"id": 1, "state": "finished", "user": {"username": "ada"}}},
                {"node": {"id": 2, "state": None, "user": None}},
            ]
        },
    }
}


def without(data: dict, path: str) -> dict:
    """A copy of a response without a field; in a list, of its first element."""
    kept = orjson.loads(orjson.dumps(data))  # pages hold rows that are JSON text already
    *above, last = path.split(".")
    place = kept
    for name in above:
        place = place[name]
        place = place[0] if isinstance(place, list) else place
    del place[last]
    return kept


def test_a_response_with_every_field_is_complete_with_nulls_and_extra_fields():
    assert find_lacking(ANSWER, QUERY) is None
    assert find_lacking({"project": None}, QUERY) is None
    assert find_lacking(ANSWER | {"viewer": 1}, QUERY) is None


@pytest.mark.parametrize(
    "path",
    [
        "project",
        "project.total",
        "project.owner.name",
        "project.runs.edges",
        "project.runs.edges.node.state",
        "project.runs.edges.node.user",
        "project.runs.edges.node.user.username",
    ],
)
def test_the_missing_field_is_named_with_its_path(path):
    assert find_lacking(without(ANSWER, path), QUERY) == path


def test_fields_removed_from_the_query_may_be_missing():
    answer = without(without(ANSWER, "project.total"), "project.runs.edges.node.user")
    assert find_lacking(answer, without_fields(QUERY, ("runCount", "user"))) is None


@pytest.fixture
def server(monkeypatch):
    with runs_served(monkeypatch) as running:
        yield running


@pytest.mark.parametrize(
    "field",
    [
        "runs",
        "runCount",
        "runs.pageInfo",
        "runs.pageInfo.hasNextPage",
        "runs.edges.node",
        "runs.edges.node.heartbeatAt",
        "runs.edges.node.summaryMetrics",
        "runs.edges.node.commit",
        "runs.edges.node.user.username",
    ],
)
def test_a_server_that_leaves_out_a_field_is_an_error_without_a_retry(server, field):
    path = f"project.{field}"
    server.faults.append(Fault(change_data=lambda data, _call: without(data, path), times=None))
    with pytest.raises(SourceError, match=f'without the field "{path}"') as caught:
        pulled(connected(server))
    assert not isinstance(caught.value, RetryLaterError)


@pytest.mark.parametrize(
    ("operation", "path", "ask"),
    [
        ("Runs", "project.runs.edges.node.tags", lambda it: [*it.fetch_listing("lab", "vision")]),
        ("RunCount", "project.runCount", lambda it: it.count_runs("lab", "vision")),
        ("GetProjects", "models.edges.node.name", lambda it: it.fetch_project_names("lab")),
    ],
)
def test_every_other_request_without_a_field_is_an_error_too(server, operation, path, ask):
    left_out = Fault(change_data=lambda data, _call: without(data, path), operation=operation)
    server.faults.append(left_out.at(times=None))
    with pytest.raises(SourceError, match=re.escape(path)):
        ask(connected(server))


def test_a_count_is_requested_again_if_the_server_is_overloaded(server):
    client = connected(server)
    for fault in (faults.status(503), faults.status(429), faults.status(429, retry_after="9")):
        server.faults[:] = [fault.at(operation="RunCount")]
        assert client.count_runs("lab", "vision") == 12


def test_omitted_fields_are_removed_with_the_fragments_only_they_use():
    query = """query Some { a { ...Of b } }
    fragment Of on A { c user { ...User } }
    fragment User on User { name }"""
    left = " ".join(without_fields(query, ("user", "b")).split())
    assert left == "query Some { a { ...Of } } fragment Of on A { c }"


@pytest.mark.parametrize(
    ("data", "lacking"),
    [
        (None, "data"),
        ([], "data"),
        ("data", "data"),
        (3, "data"),
        ({"project": 3}, "project.runCount"),
        ({"project": []}, "project"),
        ({"project": {"runCount": 1, "runs": "no"}}, "project.runs.edges"),
        ({"project": {"runCount": 1, "runs": {"edges": None}}}, "project.runs.edges"),
        ({"project": {"runCount": 1, "runs": {"edges": {}}}}, "project.runs.edges"),
        ({"project": {"runCount": 1, "runs": {"edges": ["no"]}}}, "project.runs.edges.node"),
        (
            {"project": {"runCount": 1, "runs": {"edges": [{"node": {"name": 1}}, {"node": {}}]}}},
            "project.runs.edges.node.name",
        ),
    ],
)
def test_a_value_that_is_null_or_not_an_object_or_a_list_has_missing_fields(data, lacking):
    query = "{ project { runCount runs { edges { node { name } } } } }"
    assert find_lacking(data, query) == lacking
