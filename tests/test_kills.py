"""A sync killed at any moment leaves the last snapshot in use, and the next sync continues."""

import random
import shutil
import signal
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tests.forked import Commands
from tests.histories import History, assert_equals_a_clean_pull, in_pages_of
from tests.worlds import environment_of, runs_served
from velocity.reading import reads
from velocity.store import Snapshot

STAGES = ("pull", "merge", "derive", "publish")
#: First word of the line after the last stage.
END = "Took"
#: The first kill in a stage comes early in it, the last one late.
KILLS_A_STAGE = 3
#: Number of syncs within which all kills must have happened.
MOST_SYNCS = 80


class Killer:
    """Kills commands at random, from a seed: in which stage, and when in it.

    Attributes:
        kills: by the last stage that the command began.
    """

    def __init__(self, seed):
        self.kills = Counter()
        self._draw = random.Random(seed)  # noqa: S311 - no secret
        #: Seconds of each stage of the last command that ended by itself.
        self._lasts = {}

    def spares(self):
        """Whether to let the next command finish."""
        return self._draw.random() < 0.1

    @property
    def lacking(self):
        """The stages in which more commands must be killed."""
        return [stage for stage in STAGES if self.kills[stage] < KILLS_A_STAGE]

    def kill(self, command):
        """Follow a command to its end, and kill it at a moment of a stage."""
        self._follow(command, self._draw.choice(self.lacking))

    def complete(self, command):
        """Let it finish, which must succeed."""
        said = self._follow(command)
        assert command.code == 0, "\n".join(said)

    def _follow(self, command, wanted=""):
        said, began = [], {}
        for line in command.lines():
            said.append(line)
            stage = line.split(" ", 1)[0]
            if stage in began or stage not in {*STAGES, END}:
                continue
            began[stage] = time.monotonic()
            if stage == wanted:
                part = (self.kills[stage] + self._draw.random()) / KILLS_A_STAGE
                time.sleep(part * self._lasts[stage])
                command.kill()
        if command.code == -signal.SIGKILL:
            self.kills[[*began][-1]] += 1
        else:
            self._lasts |= {one: began[next_] - began[one] for one, next_ in pairwise(began)}
        return said


def published(data):
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
    with runs_served(monkeypatch, 0) as server:
        server.faults.append(in_pages_of(20))
        pauses = {"now": datetime.now(UTC), "longest_pause": timedelta(seconds=1)}
        history = History(server.world, seed=1, **pauses)
        with Commands(tmp_path, environment_of(server, tmp_path)) as commands:
            killer.complete(commands.start(*wanted))
            before = published(data)
            for _ in range(MOST_SYNCS):
                history.now = datetime.now(UTC)
                history.step()
                command = commands.start(*wanted)
                if killer.spares():
                    killer.complete(command)
                    completed += 1
                else:
                    killer.kill(command)
                    assert command.code in {0, -signal.SIGKILL}
                after = published(data)
                assert after[0] > before[0] or after == before
                before = after
                if command.code == -signal.SIGKILL:
                    # The next sync must succeed, but here it may be killed as well.
                    shutil.copytree(data, twin)
                    killer.complete(commands.start(*wanted, "--data", str(twin)))
                    assert published(twin)[0] > before[0]
                    shutil.rmtree(twin)
                if not killer.lacking:
                    break
        tell(f"kills by stage: {dict(killer.kills)}; syncs that ended by themselves: {completed}")
        assert not killer.lacking
        history.heal()
        assert_equals_a_clean_pull(data, tmp_path / "clean")
    assert not list((data / "snapshots").glob("*.partial*"))
