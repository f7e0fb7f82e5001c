"""After any history of edits, deaths and faults, the store is what a fresh full pull gives."""

from __future__ import annotations

import json
import random
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.derived_tables import assert_tables_agree, derived_tables
from tests.worlds import NOON, node, point_client_at, pull_into
from velocity.demo import faults
from velocity.demo.server import ProtocolServer
from velocity.demo.world import World, Writer
from velocity.settings import Settings
from velocity.sources.wandb_api import connect
from velocity.store import open_live
from velocity.store.derive import derive

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from velocity.demo.world import RunNode
    from velocity.outcomes import ProjectResult

DAY = timedelta(days=1)
PROJECTS = ("audio", "text", "vision")
RUN_COLUMNS = "SELECT * EXCLUDE (run_key, deleted_at) FROM raw_run WHERE deleted_at IS NULL"


class History:
    """Changes of a world as time goes by; the same seed gives the same changes.

    Attributes:
        now: the present instant.
        unseen: ids of runs with a change that W&B gives no sign of, which only a comparison of all
            runs finds.
    """

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.now = world, NOON + 3 * DAY
        self.unseen: set[str] = set()
        self.draw = random.Random(seed)  # noqa: S311 - no secret
        self._count = 0
        self._lost: list[RunNode] = []
        for _ in range(60):
            self.add("finished")

    def step(self) -> None:
        """Some minutes or hours pass, with some changes in them."""
        changes: list[Callable[[], None]] = [
            *(self.add, self.beat, self.finish, self.crash, self.edit, self.resume),
            *(self.delete, self.bring_back, self.move, self.synced_late, self.spoil),
        ]
        for _ in range(self.draw.randrange(12)):
            self.now += timedelta(minutes=self.draw.randrange(90))
            self.draw.choice(changes)()

    def add(self, state: str = "running") -> None:
        self._put(self._count, state, self.now)
        self._count += 1

    def synced_late(self) -> None:
        """A run of days ago that W&B first heard of now."""
        self._put(self._count, "finished", self.now - 2 * DAY)
        self._count += 1

    def _put(self, number: int, state: str, started_at: datetime) -> None:
        self.world.put(
            node(
                number,
                project=self.draw.choice(PROJECTS),
                state=state,
                username=self.draw.choice(["ada", "bob", None]),
                created_at=self.now,
                heartbeat_at=self.now,
                writers=[Writer("w0", started_at, self.draw.choice(["n1", "n2"]), "H100", 8)],
            )
        )

    def beat(self) -> None:
        self._change(state="running", heartbeat_at=self.now)

    def finish(self) -> None:
        self._change(state="finished", heartbeat_at=self.now)

    def crash(self) -> None:
        """A run dies, or is marked dead, without another heartbeat."""
        if running := [run for run in self._runs if run.state == "running"]:
            self._change(self.draw.choice(running), state="crashed")

    def edit(self) -> None:
        run = self._chosen
        self.unseen.add(run.name)
        self._change(run, tags=(self.draw.choice("abc"),), notes=self.draw.choice(["x", None]))

    def resume(self) -> None:
        """A run that was over goes on, with one more writer."""
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
        """A run goes to another project, with another id."""
        self.delete()
        self._lost.pop()
        self.add("finished")

    def spoil(self) -> None:
        """A run's config cannot be read for a while."""
        self.world.put(faults.encode_config_twice(self._chosen))

    def heal(self) -> None:
        """Every run can be read again."""
        for run in self._runs:
            config = json.loads(run.config)
            while isinstance(config, str):
                config = json.loads(config)
            self._change(run, config=json.dumps(config))

    def fault(self) -> faults.Fault:
        """Something that goes wrong with the next pull, early or late."""
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
        return self.draw.choice([run for run in self._runs if not run.config.startswith('"')])

    def _change(self, run: RunNode | None = None, **fields) -> None:
        run = run or self._chosen
        self.world.change("lab", run.project, run.name, **fields)


def in_pages_of(size: int) -> faults.Fault:
    """A server that gives no more than so many runs a page."""

    def smaller(call) -> bool:
        call.variables["perPage"] = min(size, call.variables["perPage"])
        return False

    return faults.Fault(when=smaller, times=None)


@pytest.mark.fault
@pytest.mark.parametrize("seed", range(4))
def test_after_any_history_the_store_is_what_a_fresh_full_pull_gives(monkeypatch, tmp_path, seed):
    with ProtocolServer(World()) as server:
        point_client_at(server, monkeypatch)
        client = connect(timeout_s=20)
        history = History(server.world, seed)

        def pull(folder: str, *, full: bool = False) -> list[ProjectResult]:
            with open_live(tmp_path / folder) as store:
                results = pull_into(store, client, ["lab/*"], history.now, full=full)
                derive(store, Settings(), None)
            return results

        for _ in range(6):
            server.faults[:] = [in_pages_of(7), history.fault()]
            pull("kept")
            history.step()
        history.heal()
        server.faults[:] = [in_pages_of(7)]
        pull("kept")
        shutil.copytree(tmp_path / "kept", tmp_path / "soon")
        pull("now", full=True)
        history.now += DAY
        assert not any(it.error or it.rejected for it in pull("kept"))
        pull("fresh", full=True)

    # What gives a sign is there at once, everything else within a day.
    soon, now = raw_runs(tmp_path / "soon"), raw_runs(tmp_path / "now")
    gives_signs = ~pl.col("run_id").is_in(history.unseen)
    assert_frame_equal(soon.filter(gives_signs), now.filter(gives_signs))
    assert_frame_equal(raw_runs(tmp_path / "kept"), raw_runs(tmp_path / "fresh"))
    assert_tables_agree(derived(tmp_path / "kept"), derived(tmp_path / "fresh"))


def raw_runs(folder: Path) -> pl.DataFrame:
    with open_live(folder) as store:
        return store.frame(f"{RUN_COLUMNS} ORDER BY ALL")


def derived(folder: Path) -> dict[str, pl.DataFrame]:
    with open_live(folder) as store:
        return derived_tables(store)
