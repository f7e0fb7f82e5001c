"""A hostile W&B server, or an attacker in its place, that tries to block or flood a sync."""

import contextlib
import itertools
import json
import resource
import sys

import pytest

from scripts.waiting import PATIENCE_S
from tests.commands import environment
from tests.conftest import ROOT
from tests.forked import Commands
from tests.hostile_server import bomb, data, dripping, harmless, response, served
from tests.worlds import connected, pulled, runs_served
from velocity.errors import SourceError, VelocityError
from velocity.sources import run_pages
from velocity.sources.values import read_json
from velocity.sources.wandb_api import connect
from velocity.sources.wandb_client import Reply

pytestmark = pytest.mark.sampled(3)

KEY = "k" * 40
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#: Memory for data that a sync may use here; without a response it uses a quarter of this.
_LIMIT_BYTES = 2**30


def on_pages(answers):
    """A harmless server except for pages of runs."""
    return lambda operation: (answers if operation == "Runs" else harmless)(operation)


@pytest.fixture
def connected_to(monkeypatch):
    """The connection to a server with a URL."""
    monkeypatch.setenv("WANDB_API_KEY", KEY)

    def connected_to(url):
        monkeypatch.setenv("WANDB_BASE_URL", url)
        return connect(timeout_s=PATIENCE_S)

    return connected_to


@pytest.fixture(scope="module")
def sync(tmp_path_factory):
    """A sync in a separate process, with a memory limit if the system supports it."""
    home = tmp_path_factory.mktemp("home")

    def sync(url, timeout="1"):
        env = environment(home, WANDB_BASE_URL=url, WANDB_API_KEY=KEY, WANDB_HTTP_TIMEOUT=timeout)
        done = commands.run("sync", "--project", "lab/vision", cwd=home, env=env)
        assert done.returncode == 1, done.stderr
        return done.stderr.decode()

    with Commands(ROOT, environment(home)) as commands:
        if sys.platform == "linux":
            hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
            resource.prlimit(commands.pid, resource.RLIMIT_DATA, (_LIMIT_BYTES, hard))
        yield sync


DRIPS = {
    "status": dripping(b"HTTP/1.1 2"),
    "header": dripping(HEAD + b"X-More: "),
    "body": dripping(HEAD + b"Content-Length: 1000000\r\n\r\n"),
    "chunks": dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1"),
}


@pytest.mark.fault
@pytest.mark.parametrize("where", DRIPS)
def test_a_server_that_sends_byte_after_byte_does_not_block(sync, where):
    with served(DRIPS[where]) as (url, _):
        assert "did not answer within 1 s" in sync(url)


@pytest.mark.fault
def test_a_very_slow_page_differs_from_an_unreachable_server(sync):
    with served(on_pages(DRIPS["body"])) as (url, _):
        told = sync(url)
    assert "did not send lab/vision within 1 s, but it answers small requests" in told


def endless(_operation):
    yield HEAD + b'\r\n{"data": "'
    while True:
        yield b"x" * 2**20


@pytest.mark.fault
@pytest.mark.parametrize("answers", [lambda _: [bomb(4)], endless], ids=["gzip", "endless"])
def test_a_response_that_would_fill_the_memory_is_aborted(sync, answers):
    for hostile, words in (
        (on_pages(answers), "sent more than 64 MiB for lab/vision"),
        (answers, "sends more than 64 MiB in reply to a small request"),
    ):
        with served(hostile) as (url, _):
            assert words in sync(url, "60")


@pytest.mark.fault
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (data({}), 'without the field "project"'),
        (data({"project": None}), 'has no project "vision"'),
        (data({"project": 3}), 'without the field "project.'),
        (data([]), 'without the field "data"'),
        (data(None), 'without the field "data"'),
        (response(b"[]"), 'without the field "data"'),
        (response(b"null"), 'without the field "data"'),
        (response(b'{"errors": 3}'), "refused to send lab/vision: 3"),
        (response(b'{"errors": [{"message": null}, []]}'), "refused to send lab/vision"),
        (response(b"\xff" * 9), "is not JSON"),
        (response(b"[" * 100_000), "is not JSON"),
        (response(b"{}", "Content-Encoding: gzip"), "was cut off"),
        (response(b"{}", "Content-Encoding: br"), "was cut off"),
        (HEAD + b"Content-Length: 900\r\n\r\n{}", "was cut off"),
    ],
)
def test_an_invalid_response_is_one_sentence(connected_to, answer, words):
    with served(on_pages(lambda _: [answer])) as (url, _):
        server = connected_to(url)
        with pytest.raises(VelocityError) as caught:
            pulled(server)
    assert words in caught.value.message
    assert caught.value.hint


@pytest.mark.thorough
def test_the_command_names_a_missing_field(sync):
    with served(on_pages(lambda _: [data({})])) as (url, _):
        told = sync(url, "60")
    assert f'{url} answered the request for lab/vision without the field "project"' in told


def test_a_redirect_is_not_followed(connected_to):
    with served(harmless) as (other, asked):
        moved = response(b"", f"Location: {other}/graphql", status="307 Temporary Redirect")
        with served(lambda _: [moved]) as (url, _), pytest.raises(VelocityError, match="HTTP 307"):
            connected_to(url)
    assert asked == []


def page(number, count, rows=0):
    edges = [{"node": None, "cursor": "c"}] * rows
    info = {"endCursor": str(number), "hasNextPage": True}
    return data({"project": {"runCount": count, "runs": {"edges": edges, "pageInfo": info}}})


@pytest.mark.parametrize(
    ("rows", "words"), [(0, "5 empty pages in a row"), (9, "reported 20 runs for lab/vision")]
)
def test_endless_pages_are_stopped(monkeypatch, connected_to, rows, words):
    monkeypatch.setattr(run_pages, "_MOST_EMPTY_PAGES", 5)
    monkeypatch.setattr("velocity.sources.wandb_api._MOST_TWICE", 5)
    numbers = iter(range(10**9))
    with served(on_pages(lambda _: [page(next(numbers), 20, rows)])) as (url, _):
        server = connected_to(url)
        with pytest.raises(SourceError, match=words):
            pulled(server)
    assert next(numbers) < 20


#: Values that a server may send instead of any other.
ODD = [
    *(None, True, 3, -1, 1e999, 10**40, "", "x", "[[[", "\ud800", "NaN", [], {}, [1], {"a": 1}),
    *(["a", None, {"b": []}], "2026-13-45T99:00:00", "9999-12-31T23:59:59"),
    *('{"_wandb": {"value": {"e": {"x": 3}}}}', '{"_wandb": 3}', '{"_timestamp": {}}'),
]


def places(value, above=()):
    """The path of each part of a value; for a list, only of its first item."""
    yield above
    parts = value.items() if isinstance(value, dict) else enumerate(value[:1])
    for name, part in parts:
        if isinstance(part, dict | list):
            yield from places(part, (*above, name))
        else:
            yield (*above, name)


def replaced(value, path, odd):
    if not path:
        return odd
    name, *rest = path
    changed = value.copy()
    changed[name] = replaced(value[name], rest, odd)
    return changed


@pytest.mark.thorough
def test_no_odd_value_in_a_response_is_an_unexpected_error(monkeypatch):
    with runs_served(monkeypatch, 2) as running:
        server = connected(running)
        execute, kept, sent = server._client.execute, {}, {}

        def repeat(query, variables):
            """Record the responses, and repeat them once there are odd ones to send."""
            name = query.partition("query ")[2].partition("(")[0]
            if sent:
                odd = sent.get(name, {"entity": {"name": "lab"}})
                return Reply(read_json(json.dumps(odd)), None)
            answer = execute(query, variables)
            kept[name] = answer.data
            return answer

        monkeypatch.setattr(server._client, "execute", repeat)
        ways = [
            ("Runs", lambda: list(server.fetch_runs("lab", "vision"))),
            ("Runs", lambda: list(server.fetch_listing("lab", "vision"))),
            ("RunCount", lambda: server.count_runs("lab", "vision")),
            ("GetProjects", lambda: server.fetch_project_names("lab")),
        ]
        for _, ask in ways:
            ask()
        for name, ask in ways:
            for path, odd in itertools.product(places(kept[name]), ODD):
                sent.clear()
                sent[name] = replaced(kept[name], path, odd)
                with contextlib.suppress(VelocityError):
                    ask()
