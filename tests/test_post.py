"""velocity report --post sends once, despite other posts and interruptions."""

from __future__ import annotations

import json
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scripts.waiting import PATIENCE_S
from tests.app_pages import ten_weeks
from tests.commands import VELOCITY, environment, velocity
from tests.hostile_server import dripping, served
from tests.stores import copied
from velocity.errors import SourceError
from velocity.report.post import post_once


class _Webhook(BaseHTTPRequestHandler):
    def do_POST(self):
        text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
        self.server.got.append(text)
        self.server.heard.set()
        self.server.answers.wait(PATIENCE_S)
        if self.server.hangs_up:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Do not log."""


@contextmanager
def webhook(*, hangs_up=False):
    """A webhook that sets `heard` on a request and answers once `answers` is set."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Webhook)
    server.got, server.hangs_up = [], hangs_up
    server.heard, server.answers = threading.Event(), threading.Event()
    server.url = f"http://127.0.0.1:{server.server_port}/services/SECRET"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.answers.set()
        server.shutdown()
        server.server_close()


#: Not the latest week, which another test posts.
EARLIER = ("--week", "2026-W05")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return copied(ten_weeks, tmp_path_factory.mktemp("ten-weeks"))


def start(data, url, *more):
    return subprocess.Popen(
        [*VELOCITY, "--data", str(data), "report", "--post", *more],
        cwd=data,
        env=environment(data, VELOCITY_WEBHOOK_URL=url),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.thorough
def test_two_simultaneous_commands_post_once(data):
    with webhook() as server:
        both = [start(data, server.url) for _ in range(2)]
        assert server.heard.wait(PATIENCE_S)
        # The other post starts only when this one has its answer.
        server.answers.set()
        told = [process.communicate(timeout=PATIENCE_S)[1] for process in both]
        assert [process.returncode for process in both] == [0, 0]
        assert len(server.got) == 1
    assert sorted(b"was posted before" in it for it in told) == [False, True]


@pytest.mark.fault
def test_a_killed_post_is_sent_again_only_with_the_option_again(data):
    with webhook() as server:
        killed = start(data, server.url, *EARLIER)
        assert server.heard.wait(PATIENCE_S)
        killed.kill()
        killed.communicate()
        server.answers.set()
        env = environment(data, VELOCITY_WEBHOOK_URL=server.url)
        post = ("--data", data, "report", "--post", *EARLIER)
        after = velocity(*post, cwd=data, env=env)
        assert after.returncode == 0, after.stderr
        assert b"was interrupted. Nothing was sent" in after.stderr
        assert len(server.got) == 1
        assert velocity(*post, "--again", cwd=data, env=env).returncode == 0
        assert len(server.got) == 2


def test_a_post_without_a_response_counts_and_does_not_show_the_address(tmp_path):
    def post(*, again=False):
        return post_once(
            tmp_path, server.url, "text", week="2026-W11", stream=None, again=again, sleep=print
        )

    with webhook(hangs_up=True) as server:
        server.answers.set()
        with pytest.raises(SourceError, match="may or may not have been posted") as caught:
            post()
        assert "SECRET" not in f"{caught.value.message} {caught.value.hint}"
        assert post() is False
        assert len(server.got) == 1
        server.hangs_up = False
        assert post(again=True)
        assert len(server.got) == 2


@pytest.mark.fault
def test_an_endless_response_does_not_block_the_post(data):
    begun = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"
    with served(dripping(begun)) as (url, asked):
        posting = start(data, url, "--week", "2026-W06")
        posting.communicate(timeout=PATIENCE_S)
    assert posting.returncode == 0
    assert len(asked) == 1
