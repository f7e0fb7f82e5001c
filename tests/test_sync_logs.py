"""The output of a sync, which may go to a log, has no key, address or text of a run."""

import re

import pytest

from tests.commands import environment, velocity
from tests.faults import lose_creation, refused, status
from tests.wandb_server import ProtocolServer, World
from tests.worlds import NOON, node
from velocity.demo.wandb_server.world import Writer

pytestmark = pytest.mark.thorough

WORD = re.compile("zq[a-z]+kx|@people|k{40}")
_ROSTER = """
leads = ["zqleadkx@people.example"]

[[scholars]]
id = "zqidkx"
name = "Zqnamekx"
emails = ["zqmailkx@people.example"]
usernames = ["zquserkx"]
"""


def told(number):
    """A run whose every text is a canary."""
    host = Writer("w0", NOON, "zqhostkx", "zqgpukx", 8)
    return node(
        number,
        username="zquserkx",
        display_name="zqrunkx",
        group="zqgroupkx",
        job_type="zqjobkx",
        tags=["zqtagkx"],
        writers=[host],
        config={"zqconfigkx": "zqvaluekx"},
        summary={"zqsummarykx": 1.0},
        notes="zqnoteskx",
    )


def test_a_sync_never_shows_a_key_an_address_or_text_of_a_run(tmp_path):
    (tmp_path / "roster.toml").write_text(_ROSTER, encoding="utf-8")
    (tmp_path / "velocity.toml").write_text("", encoding="utf-8")
    with ProtocolServer(World([told(0), lose_creation(told(1)), told(2)])) as server:

        def sync(key):
            env = environment(tmp_path, WANDB_BASE_URL=server.url, WANDB_API_KEY=key)
            done = velocity("sync", "--project", "lab/vision", cwd=tmp_path, env=env)
            return done.returncode, (done.stdout + done.stderr).decode()

        code, said = sync(server.api_key)
        assert (code, WORD.findall(said)) == (0, [])
        assert "lab/vision: " in said
        for fault, words in (
            (refused("permission denied for zqmailkx@people.example"), "denied for (address)"),
            (status(404, "nothing like that for zqmailkx@people.example"), "lab/vision"),
        ):
            server.faults.append(fault.at(times=None))
            code, said = sync(server.api_key)
            assert (code, WORD.findall(said)) == (1, [])
            assert words in said
            server.faults.clear()
        code, said = sync("k" * 40)
        assert (code, WORD.findall(said)) == (1, [])
    # The search itself works.
    shown = velocity("runs", "--format", "csv", cwd=tmp_path).stdout.decode()
    assert {"zqrunkx", "zquserkx"} <= set(WORD.findall(shown))
