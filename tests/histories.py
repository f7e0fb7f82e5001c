"""Histories of a W&B server: runs start, send heartbeats, crash, change and go; pages fail."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests import faults
from tests.derived_tables import all_tables, assert_tables_agree
from tests.wandb_server import World
from tests.worlds import NOON, node
from velocity.demo.wandb_server.world import RunNode, Writer
from velocity.settings import Settings
from velocity.store import open_live
from velocity.sync.commands import sync_wandb

DAY = timedelta(days=1)
PROJECTS = ("audio", "text", "vision")


class History:
    """Changes of a world, which gets 60 runs first; the same seed gives the same changes."""

    def __init__(
        self,
        world: World,
        seed: int,
        *,
        now: datetime = NOON + 3 * DAY,
        longest_pause: timedelta = timedelta(minutes=90),
    ) -> None:
        self.world, self.now = world, now
        #: Ids of runs with a change that W&B does not show: only a comparison of all runs finds it.
        self.unseen: set[str] = set()
        self._longest_pause = longest_pause
        self.draw = random.Random(seed)  # noqa: S311 - no secret
        self._count = 0
        self._lost: list[RunNode] = []
        self._whole: dict[tuple[str, str], RunNode] = {}
        for _ in range(60):
            self.add("finished")

    def step(self) -> None:
        """Let some time pass, with some changes."""
        changes: list[Callable[[], None]] = [
            *(self.add, self.beat, self.finish, self.crash, self.edit, self.resume),
            *(self.delete, self.bring_back, self.move, self.synced_late, self.spoil),
        ]
        for _ in range(self.draw.randrange(12)):
            self.now += self.draw.random() * self._longest_pause
            self.draw.choice(changes)()

    def add(self, state: str = "running", ago: timedelta = timedelta()) -> None:
        run = node(
            self._count,
            project=self.draw.choice(PROJECTS),
            state=state,
            username=self.draw.choice(["ada", "bob", None]),
            created_at=self.now,
            heartbeat_at=self.now,
            writers=[Writer("w0", self.now - ago, self.draw.choice(["n1", "n2"]), "H100", 8)],
        )
        self.world.put(run)
        self._count += 1

    def synced_late(self) -> None:
        """Add a run that started days ago and reaches W&B only now."""
        self.add("finished", 2 * DAY)

    def beat(self) -> None:
        self._change(state="running", heartbeat_at=self.now)

    def finish(self) -> None:
        self._change(state="finished", heartbeat_at=self.now)

    def crash(self) -> None:
        """Let a run crash, or be marked as crashed, without another heartbeat."""
        if running := [run for run in self._runs if run.state == "running"]:
            self._change(self.draw.choice(running), state="crashed")

    def edit(self) -> None:
        run = self._chosen
        self.unseen.add(run.name)
        self._change(run, tags=(self.draw.choice("abc"),), notes=self.draw.choice(["x", None]))

    def resume(self) -> None:
        """Resume a run that was over, with one more writer."""
        run = self._chosen
        config = json.loads(run.config)
        writers = config["_wandb"]["value"]["e"]
        first = next(iter(writers.values()))
        started_at = self.now.replace(tzinfo=None).isoformat("T", "microseconds") + "Z"
        writers[f"w{len(writers)}"] = first | {"startedAt": started_at}
        self._change(run, state="running", heartbeat_at=self.now, config=json.dumps(config))

    def delete(self) -> None:
        run = self._chosen
        self.unseen.add(run.name)
        self._lost.append(self.world.delete("lab", run.project, run.name))

    def bring_back(self) -> None:
        if self._lost:
            self.world.put(self._lost.pop())

    def move(self) -> None:
        """Move a run to another project, with another id."""
        self.delete()
        self._lost.pop()
        self.add("finished")

    def spoil(self) -> None:
        """Make the creation time of a run, and all that tells its start, unreadable for a while."""
        run = self._chosen
        self._whole.setdefault((run.project, run.name), run)
        self.world.put(faults.lose_creation(run))

    def heal(self) -> None:
        """Make every run readable again."""
        for run in self._runs:
            if run.created_at is None:
                whole = self._whole.pop((run.project, run.name))
                lost = ("created_at", "config", "summary_metrics")
                self._change(run, **{name: getattr(whole, name) for name in lost})

    def fault(self) -> faults.Fault:
        """Return a fault of the next pull, early or late in it."""
        wrong = [
            faults.dropped(),
            faults.html_page(),
            faults.refused("permission denied"),
            faults.refused("context deadline exceeded"),
            faults.hidden_rows(keep=self.draw.randrange(4)),
            faults.repeated_rows(3),
            faults.stuck_cursor(),
            faults.changing(lambda _: self.delete()),
            faults.changing(lambda _: self.beat()),
            faults.changing(lambda _: self.add()),
        ]
        when, times = self.draw.randrange(12), self.draw.choice([1, 1, 2, None])
        return self.draw.choice(wrong).at(after=when, times=times)

    @property
    def _runs(self) -> list[RunNode]:
        projects = self.world.entities["lab"]
        return [run for name in sorted(projects) for run in projects[name].runs.values()]

    @property
    def _chosen(self) -> RunNode:
        """A run with a creation time, whose config is not encoded twice."""
        known = [run for run in self._runs if run.created_at is not None]
        return self.draw.choice([run for run in known if not run.config.startswith('"')])

    def _change(self, run: RunNode | None = None, **fields) -> None:
        run = run or self._chosen
        self.world.change("lab", run.project, run.name, **fields)


def assert_equals_a_clean_pull(kept: Path, clean: Path) -> None:
    """Assert that another sync of `kept` gives the same tables as a full sync of `clean`."""
    end = datetime.now(UTC) + DAY
    found = []
    for folder, full in ((kept, False), (clean, True)):
        sync_wandb(folder, Settings(), projects=["lab/*"], full=full, clock=lambda: end)
        with open_live(folder) as store:
            found.append(all_tables(store))
    assert_tables_agree(*found)


def in_pages_of(size: int) -> faults.Fault:
    """A server that limits the number of runs per page."""

    def smaller(call) -> bool:
        call.variables["perPage"] = min(size, call.variables["perPage"])
        return False

    return faults.Fault(when=smaller, times=None)
