"""A sync killed at any moment leaves the last snapshot in use, and the next sync continues."""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.commands import environment
from tests.forked import Command, Commands
from tests.histories import History, assert_equals_a_clean_pull, in_pages_of
from tests.worlds import point_client_at
from velocity.demo.wandb_server.server import ProtocolServer
from velocity.demo.wandb_server.world import World
from velocity.reading import reads
from velocity.store import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

STAGES = ("pull", "merge", "derive", "publish")
KILLS_A_STAGE = 5
#: Number of syncs within which all kills must have happened.
MOST_SYNCS = 80
LATEST_KILL_S = 0.02


class Killer:
    """Kills commands at random, from a seed: after which line, and how long after it.

    Attributes:
        kills: by the stage of the command's last line.
    """

    def __init__(self, seed: int) -> None:
        self.kills: Counter[str] = Counter()
        self._draw = random.Random(seed)  # noqa: S311 - no secret

    def spares(self) -> bool:
        """Whether to let the next command finish."""
        return self._draw.random() < 0.1

    @property
    def done(self) -> bool:
        """Whether enough commands were killed in every stage."""
        return not self._short()

    def _short(self) -> list[str]:
        """The stages in which more commands must be killed."""
        return [stage for stage in STAGES if self.kills[stage] < KILLS_A_STAGE]

    def follow(self, command: Command) -> None:
        """Follow a command to its end, and kill it a moment after a line of a stage."""
        wanted = self._draw.choice(self._short())
        lines_left = self._draw.randrange(12) if wanted == "derive" else self._draw.randrange(2)
        stage = ""
        for line in command.lines():
            said = line.split(" ", 1)[0]
            if said not in STAGES:
                continue
            stage = said
            if stage == wanted:
                if lines_left == 0:
                    time.sleep(self._draw.uniform(0, LATEST_KILL_S))
                    command.kill()
                lines_left -= 1
        if command.code == -signal.SIGKILL:
            self.kills[stage] += 1


def published(data: Path) -> tuple[str, list[tuple]]:
    """Open the snapshot in use again; return its name and its runs."""
    name = (data / "CURRENT").read_text(encoding="ascii")
    snapshot = Snapshot(data / "snapshots" / f"{name}.duckdb")
    assert reads.metrics(snapshot, by="programme", parts=["volume"]).height == 1
    return name, reads.runs(snapshot).rows()


@pytest.mark.fault
def test_a_sync_may_be_killed_at_any_moment(monkeypatch, tmp_path, tell):
    data, twin = tmp_path / "data", tmp_path / "twin"
    wanted = ("sync", "--project", "lab/*")
    killer = Killer(seed=1)
    completed = 0
    with ProtocolServer(World()) as server:
        point_client_at(server, monkeypatch)
        server.faults.append(in_pages_of(20))
        history = History(
            server.world, seed=1, now=datetime.now(UTC), longest_pause=timedelta(seconds=1)
        )
        env = environment(tmp_path, WANDB_BASE_URL=server.url, WANDB_API_KEY=server.api_key)
        with Commands(tmp_path, env) as commands:
            complete(commands.start(*wanted))
            before = published(data)
            for _ in range(MOST_SYNCS):
                history.now = datetime.now(UTC)
                history.step()
                command = commands.start(*wanted)
                if killer.spares():
                    complete(command)
                    completed += 1
                else:
                    killer.follow(command)
                    assert command.code in {0, -signal.SIGKILL}
                after = published(data)
                assert after[0] > before[0] or after == before
                before = after
                if command.code == -signal.SIGKILL:
                    # The next sync must succeed, but here it may be killed as well.
                    shutil.copytree(data, twin)
                    complete(commands.start(*wanted, "--data", str(twin)))
                    assert published(twin)[0] > before[0]
                    shutil.rmtree(twin)
                if killer.done:
                    break
        tell(f"kills by stage: {dict(killer.kills)}; syncs that ended by themselves: {completed}")
        assert killer.done

        history.heal()
        assert_equals_a_clean_pull(data, tmp_path / "clean")
    assert not list((data / "snapshots").glob("*.partial*"))


def complete(command: Command) -> None:
    """Let it finish, which must succeed."""
    said = list(command.lines())
    assert command.code == 0, "\n".join(said)
