"""Two simultaneous syncs of a store: the second one names the first, and ends.

`velocity doctor` makes nobody fail.
"""

import threading

import pytest

from scripts.waiting import PATIENCE_S
from tests import faults
from tests.commands import environment, velocity
from tests.forked import Commands
from tests.wandb_server import ProtocolServer, World
from tests.worlds import node, point_client_at
from velocity.database.lock import writer_lock
from velocity.reading import reads
from velocity.store import latest_snapshot


@pytest.mark.fault
def test_the_second_sync_names_the_holder_of_the_lock_and_ends(monkeypatch, tmp_path):
    with ProtocolServer(World([node(number) for number in range(9)])) as server:
        point_client_at(server, monkeypatch)
        env = environment(tmp_path, WANDB_BASE_URL=server.url, WANDB_API_KEY=server.api_key)
        may_go_on = threading.Event()
        server.faults.append(
            faults.Fault(when=lambda _: not may_go_on.wait(PATIENCE_S), times=None)
        )
        with Commands(tmp_path, env) as commands:
            first = commands.start("sync", "--project", "lab/*")
            lines = first.lines()
            assert next(lines).startswith("connect")
            second = velocity("sync", "--project", "lab/*", cwd=tmp_path, env=env)
            said = " ".join(second.stderr.decode().split())
            assert second.returncode == 1
            assert f"is being written by process {first.pid} since 20" in said
            assert "Wait until it has finished" in said
            may_go_on.set()
            assert list(lines)
            assert first.code == 0
    assert reads.runs(latest_snapshot(tmp_path / "data")).height == 9


def test_a_command_waits_for_what_only_looks_at_the_record(tmp_path):
    held = writer_lock(tmp_path)
    held.__enter__()
    threading.Timer(0.05, held.__exit__, (None, None, None)).start()
    with writer_lock(tmp_path):
        pass
