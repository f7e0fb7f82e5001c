"""A sync that is killed at any moment leaves the last snapshot in use, and the next one goes on."""

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
KILLS, KILLS_A_STAGE = 30, 5
#: Syncs in which the kills must have come.
MOST_SYNCS = 80
LATEST_KILL_S = 0.02


class Killer:
    """Kills commands, drawn from a seed: which line, and how long after it.

    Attributes:
        kills: by the stage of the last line that the command said.
    """

    def __init__(self, seed: int) -> None:
        self.kills: Counter[str] = Counter()
        self._draw = random.Random(seed)  # noqa: S311 - no secret

    def spares(self) -> bool:
        """Whether to let the next command come to its end."""
        return self._draw.random() < 0.1

    @property
    def done(self) -> bool:
        """Whether enough have been killed, in every stage."""
        enough = all(self.kills[stage] >= KILLS_A_STAGE for stage in STAGES)
        return enough and self.kills.total() >= KILLS

    def follow(self, command: Command) -> None:
        """Follows a command to its end, which comes some moment after a line of a stage."""
        # Once every stage has had its share, those that a sync comes to soon.
        short = [stage for stage in STAGES if self.kills[stage] < KILLS_A_STAGE]
        wanted = self._draw.choice(short or STAGES[:2])
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
    """The snapshot in use, opened anew, and the runs in it."""
    name = (data / "CURRENT").read_text(encoding="ascii")
    snapshot = Snapshot(data / "snapshots" / f"{name}.duckdb")
    assert reads.metrics(snapshot, by="programme").height == 1
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
                    # The next sync succeeds; here the next may be killed as well.
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
    """Lets it come to its end, which must be a good one."""
    said = list(command.lines())
    assert command.code == 0, "\n".join(said)
