"""The MCP server, asked by the SDK's own client: the same figures, in the scope of who asks."""

import asyncio
import json
import random
import sys
from datetime import UTC, date, datetime, timedelta

import pytest
import requests

from tests import people
from tests.conftest import ROOT
from tests.extras.servers import served
from tests.stores import copied
from velocity import state
from velocity.mcp import answers
from velocity.mcp.server import Tools
from velocity.mcp.tokens import make_token
from velocity.reading import reads
from velocity.settings import load_settings
from velocity.store import latest_snapshot

mcp = pytest.importorskip("mcp")

MONDAY = date(2026, 1, 5)
WEEK = timedelta(weeks=1)
OF_SCHOLARS = ("my_week", "what_waits", "why_slow", "could_run_side_by_side")
OF_FIGURES = ("explain", "compare")
SIGNED_IN = '[access]\nmode = "oidc"\n'
_SERVER = """
import os, sys
sys.argv = ["velocity", "mcp", "--http", "--port", sys.argv[1]]
from velocity.cli import main
main()
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = copied(people.populate, tmp_path_factory.mktemp("mcp") / "data")
    (folder / "velocity.toml").write_text(SIGNED_IN, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def config(data):
    return data / "velocity.toml"


def _ask(target, *questions):
    """The answers to some (tool, arguments): a dict each, or the text of an error."""

    async def ask():
        async with mcp.Client(target) as client:
            return [await client.call_tool(name, arguments) for name, arguments in questions]

    answers_ = asyncio.run(ask())
    return [it.content[0].text if it.is_error else it.structured_content for it in answers_]


def _server(data, config, email):
    return Tools(data, config, email).server()


def _values(answer):
    return {it["metric"]: it["value"] for it in answer["figures"]}


def test_two_hundred_drawn_figures_are_those_of_velocity_metrics(data, config):
    snapshot, drawn, asked = latest_snapshot(data), random.Random(20), 0  # noqa: S311
    for person in drawn.sample([it for it in people.PEOPLE if it != people.DISABLED], 12):
        weeks = drawn.sample([MONDAY + number * WEEK for number in range(people.WEEKS)], 2)
        server = _server(data, config, people.email(person))
        found = _ask(server, *(("my_week", {"week": str(week)}) for week in weeks))
        for week, answer in zip(weeks, found, strict=True):
            asked_for = {"groups": [people.scholar(person)], "from_day": week}
            frame = reads.metrics(snapshot, by="scholar", to_day=week + WEEK, **asked_for)
            expected = frame.row(0, named=True)
            values = _values(answer)
            assert values == {name: expected[name] for name in values}
            assert (answer["scholar"], answer["first_day"]) == (people.scholar(person), str(week))
            asked += len(values)
    assert asked >= 200


def test_streams_and_the_programme_are_compared_with_their_own_weeks(data, config):
    server = _server(data, config, people.LEAD)
    week = MONDAY + 6 * WEEK
    both = {"metric": "experiments_concluded", "week": str(week), "other_week": str(MONDAY)}
    stream, programme = _ask(server, ("compare", both | {"stream": "vision"}), ("compare", both))
    for by, group, answer in (("stream", "vision", stream), ("programme", "programme", programme)):
        frame = reads.metrics(latest_snapshot(data), by=by, period="week", groups=[group])
        known = dict(frame.select("period_start", "experiments_concluded").iter_rows())
        expected = {str(it): known[it] for it in (week, MONDAY)}
        assert {it["week"]: it["value"] for it in answer["weeks"]} == expected
        assert answer["weeks"][0].keys() >= {"usual_low", "usual_high", "is_shift"}


def test_explain_ends_in_the_figure(data, config):
    server = _server(data, config, people.email(0))
    week = str(MONDAY + 2 * WEEK)
    serial = {"metric": "serial_share", "week": week}
    found, figures = _ask(server, ("explain", serial), ("my_week", {"week": week}))
    (result,) = found["results"]
    assert result["headline"] == _values(figures)["serial_share"]
    assert [it["text"] for it in result["sums"]] == ["serial hours", "busy hours"]
    assert all(len(it["first_rows"]) <= 10 for it in result["sums"])


SIX, BUSY = {"scholar": people.scholar(6)}, {"metric": "busy_hours"}
OTHERS = [
    *((name, SIX) for name in OF_SCHOLARS),
    *((name, BUSY | it) for name in OF_FIGURES for it in (SIX, {"stream": "language"})),
]


@pytest.mark.parametrize("email", [people.email(0), people.MENTOR])
def test_a_forged_scope_gets_nothing(data, config, email):
    server = _server(data, config, email)
    nobody = dict.fromkeys(("scholar", "stream"), "nobody")
    unknown = [(name, {it: nobody.get(it, asked[it]) for it in asked}) for name, asked in OTHERS]
    refused, missing = _ask(server, *OTHERS), _ask(server, *unknown)
    assert all(isinstance(it, str) for it in refused), refused
    # Somebody who exists looks like somebody who does not.
    same = [it.replace(people.scholar(6), "nobody").replace("language", "nobody") for it in refused]
    assert same == missing


def test_answers_name_nobody_whom_the_asker_may_not_see(data, config):
    own = [*((name, {}) for name in OF_SCHOLARS), *((name, BUSY) for name in OF_FIGURES)]
    text = json.dumps(_ask(_server(data, config, people.email(0)), *own))
    named = {it for it in (*people.PEOPLE, 99) if people.canary(it) in text}
    assert named == {0}
    (waiting,) = _ask(_server(data, config, people.MENTOR), ("what_waits", {}))
    members = {people.canary(it) for it in people.STREAMS["vision"]}
    others = {people.canary(it) for it in people.PEOPLE} - members
    assert [it for it in (*others, people.elsewhere()) if it in json.dumps(waiting)] == []


def test_leads_who_may_not_see_individuals_get_no_live_figures(data):
    config = data / "groups.toml"
    config.write_text(f"{SIGNED_IN}leads_see_individuals = false\n", encoding="utf-8")
    asked = [*OTHERS, *((name, BUSY) for name in OF_FIGURES)]
    found = _ask(_server(data, config, people.LEAD), *asked, ("what_waits", {}))
    assert all(isinstance(it, str) for it in found[:-1]), found
    assert found[-1]["waiting"] == []


def test_a_person_who_is_disabled_has_no_access(data, config):
    server = _server(data, config, people.email(people.DISABLED))
    (refused,) = _ask(server, ("my_week", {}))
    assert "You do not have access any more." in refused


def test_a_change_of_the_settings_counts_from_the_next_question_on(data, tmp_path):
    config = tmp_path / "velocity.toml"
    roster = f'roster = "{data / "roster.toml"}"\n'
    config.write_text(roster, encoding="utf-8")
    server = _server(data, config, None)
    asked = "compare", BUSY
    assert isinstance(_ask(server, asked)[0], dict)
    config.write_text(f"{roster}{SIGNED_IN}", encoding="utf-8")
    assert "do not have access" in _ask(server, asked)[0]


def test_long_lists_are_cut_and_say_so(data, config, monkeypatch):
    server = _server(data, config, people.LEAD)
    (whole,) = _ask(server, ("what_waits", {}))
    assert (len(whole["waiting"]) > 2, whole["left_out"]) == (True, 0)
    monkeypatch.setattr(answers, "MOST", 2)
    (cut,) = _ask(server, ("what_waits", {}))
    assert cut["waiting"] == whole["waiting"][:2]
    assert cut["left_out"] == len(whole["waiting"]) - 2


def test_a_question_about_somebody_else_is_recorded_as_a_look(data, config):
    of = people.scholar(2)
    server = _server(data, config, people.LEAD)
    _ask(server, ("why_slow", {"scholar": of}))
    _ask(_server(data, config, people.email(2)), ("why_slow", {"scholar": of}))
    looks = state.looks(data, of, at=datetime.now(UTC), kept_days=1)
    assert looks.select("who", "page").rows() == [(people.LEAD, "an assistant")]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("my_week", {"week": "2026-01-06"}), "not the Monday of a week"),
        (("my_week", {"week": "9999-12-27"}), "not the Monday of a week"),
        (("compare", {"metric": "busy_hours", "week": "0001-01-01"}), "not the Monday of a week"),
        (("compare", {"metric": "busy_hour"}), "Did you mean busy_hours"),
        (("explain", {"metric": "nonsense"}), "'nonsense' is not a figure"),
        (("compare", {"metric": "busy_hours", "scholar": "a", "stream": "b"}), "Give one of them"),
    ],
)
def test_a_wrong_argument_is_an_error_that_says_what_to_give(data, config, asked, says):
    (found,) = _ask(_server(data, config, people.email(0)), asked)
    assert says in found


@pytest.fixture(scope="module")
def http(data, config, tmp_path_factory):
    """The address of a server over HTTP, and the token of person 0."""
    token = make_token(data, load_settings(config), people.email(0))
    places = {"VELOCITY_DATA": str(data), "VELOCITY_CONFIG": str(data / "velocity.toml")}
    with served(_SERVER, tmp_path_factory.mktemp("http"), **places) as address:
        yield f"{address}/mcp", token


def test_the_client_lists_and_calls_tools_over_http(data, config, http):
    address, token = http

    async def ask():
        import httpx2  # noqa: PLC0415 - comes with the SDK
        from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415 - as above

        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(headers=headers, timeout=300) as client:
            transport = streamable_http_client(address, http_client=client)
            async with mcp.Client(transport) as opened:
                tools = await opened.list_tools()
                return tools, await opened.call_tool("my_week", {})

    tools, found = asyncio.run(ask())
    assert {it.name for it in tools.tools} == {*OF_SCHOLARS, *OF_FIGURES}
    own = _server(data, config, people.email(0))
    assert [found.structured_content] == _ask(own, ("my_week", {}))


_LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic TOKEN"}, 401),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost:1"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 421),
    ],
)
def test_requests_without_a_token_or_from_elsewhere_are_refused(http, headers, status):
    address, token = http
    sent = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    sent |= {name: value.replace("TOKEN", token) for name, value in headers.items()}
    answer = requests.post(address, json=_LIST, headers=sent, timeout=300)
    assert answer.status_code == status
    assert "my_week" not in answer.text


def test_the_command_answers_on_standard_input_and_output(data, config):
    token = make_token(data, load_settings(config), people.email(1))
    env = {"VELOCITY_DATA": str(data), "VELOCITY_CONFIG": str(config), "VELOCITY_MCP_TOKEN": token}
    how = {"env": env | {"PYTHONPATH": str(ROOT)}, "cwd": str(data)}
    command = ["-m", "velocity", "mcp"]
    started = mcp.StdioServerParameters(command=sys.executable, args=command, **how)
    (found,) = _ask(started, ("my_week", {}))
    assert found["scholar"] == people.scholar(1)
