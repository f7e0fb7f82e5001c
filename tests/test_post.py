"""velocity report --post sends once, despite other posts and interruptions."""

import subprocess

import pytest

from scripts.waiting import PATIENCE_S
from tests.app_pages import ten_weeks
from tests.commands import VELOCITY, environment, velocity
from tests.receivers import SECRET, http_receiver
from tests.stores import copied
from velocity.delivery import Address
from velocity.errors import SourceError
from velocity.report.post import post_once

pytestmark = pytest.mark.sampled(4)

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
    with http_receiver(waits=True) as server:
        both = [start(data, server.url) for _ in range(2)]
        assert server.heard.wait(PATIENCE_S)
        # The other post starts only when this one has its answer.
        server.may_answer.set()
        told = [process.communicate(timeout=PATIENCE_S)[1] for process in both]
        assert [process.returncode for process in both] == [0, 0]
        assert len(server.got) == 1
    assert sorted(b"was posted before" in it for it in told) == [False, True]


@pytest.mark.fault
def test_a_killed_post_is_sent_again_only_with_the_option_again(data):
    with http_receiver(waits=True) as server:
        killed = start(data, server.url, *EARLIER)
        assert server.heard.wait(PATIENCE_S)
        killed.kill()
        killed.communicate()
        server.may_answer.set()
        env = environment(data, VELOCITY_WEBHOOK_URL=server.url)
        post = ("--data", data, "report", "--post", *EARLIER)
        after = velocity(*post, cwd=data, env=env)
        assert after.returncode == 0, after.stderr
        assert b"was interrupted. Nothing was sent" in after.stderr
        assert len(server.got) == 1
        assert velocity(*post, "--again", cwd=data, env=env).returncode == 0
        assert len(server.got) == 2


def post_to(server, folder, *, again=False):
    address = Address(server.url, "PLACE")
    about = {"week": "2026-W11", "stream": None}
    return post_once(folder, address, "text", **about, again=again, sleep=print)


def test_a_post_without_a_response_counts_and_does_not_show_the_address(tmp_path):
    with http_receiver(hangs_up=True) as server:
        with pytest.raises(SourceError, match="may or may not have arrived") as caught:
            post_to(server, tmp_path)
        assert SECRET not in f"{caught.value.message} {caught.value.hint}"
        assert post_to(server, tmp_path) is False
        assert len(server.got) == 1
        server.hangs_up = False
        assert post_to(server, tmp_path, again=True)
        assert len(server.got) == 2


def test_a_post_that_was_not_accepted_does_not_count(tmp_path):
    with http_receiver(404) as server:
        with pytest.raises(SourceError, match="HTTP 404"):
            post_to(server, tmp_path)
        assert [post_to(server, tmp_path), post_to(server, tmp_path)] == [True, False]


def test_the_operator_hears_of_a_failed_post(data):
    with http_receiver(404) as server, http_receiver() as operator:
        env = environment(data, VELOCITY_WEBHOOK_URL=server.url, VELOCITY_OPERATOR_URL=operator.url)
        post = ("--data", data, "report", "--post", "--week", "2026-W06")
        done = velocity(*post, cwd=data, env=env)
        assert done.returncode == 1
        (text,) = (it["text"] for it in operator.got)
        assert text.startswith("The digest of 2026-W06 was not posted.")
        assert SECRET not in text + done.stderr.decode()
