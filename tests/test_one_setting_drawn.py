"""Sweeps by hand are found in drawn lines, and no adaptive search is called one."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest

from tests.builders import at, run, store_of
from velocity.reading import reads
from velocity.records import config_text

pytestmark = pytest.mark.thorough

LINES = 200
KEYS = ("lr", "wd", "depth", "width", "dropout", "model.heads")
#: Launches of a sweep by hand that were ready, at least: by definition one half.
READY = 0.5


@dataclass
class Drawn:
    """One line: its runs, and the experiments of the sweep by hand in it."""

    chance: random.Random
    project: str
    now: datetime = field(default_factory=lambda: at("2026-01-05 08:00"))
    config: dict[str, Any] = field(default_factory=dict)
    rows: list[dict] = field(default_factory=list)
    launches: list[str] = field(default_factory=list)
    ready: list[bool] = field(default_factory=list)
    is_after_success: bool = False

    def search(self, steps: int, last: str | None = None) -> None:
        """Each launch changes several keys, or one that the launch before did not change alone."""
        for _ in range(steps):
            several = self.chance.random() < 0.4
            options = [it for it in KEYS if it != last]
            changed = self.chance.sample(options, self.chance.randint(2, 4) if several else 1)
            last = None if several else changed[0]
            self.change(*changed)
            self.launch()

    def change(self, *keys: str) -> None:
        for key in keys:
            self.config[key] = round(self.chance.random(), 6)

    def sweep(self) -> str | None:
        """A sweep by hand, over one key or over seeds; returns the key."""
        # A new idea begins it, so that it has at least as many values as launches.
        self.change(*self.chance.sample(KEYS, 3))
        key = self.chance.choice([*KEYS, None])
        self.launches, self.ready = [], []
        for _ in range(self.chance.randint(4, 9)):
            if key is not None:
                self.change(key)
            self.launch()
        return key

    def launch(self) -> None:
        """One experiment, after a wait; a failure may be repeated."""
        self._wait()
        if self.chance.random() < 0.1:
            self._run(timedelta(minutes=1), state="failed")
            self._wait(short=True)
        failed = self.chance.random() < 0.08
        seeds = 1 if failed else self.chance.choice((1, 1, 1, 3))
        length = timedelta(minutes=self.chance.randint(15, 400))
        self.launches.append(f"{self.project}-{len(self.rows)}")
        for number in range(seeds):
            begun = self.now + timedelta(seconds=20 * number)
            self._run(length, state="failed" if failed else "finished", begun=begun, seed=number)
        # The result is there when half of the seeds have finished; the next launch waits for all.
        self.now += length + timedelta(seconds=20 * (seeds - 1))
        self.is_after_success = not failed
        if failed and self.chance.random() < 0.6:
            self.launch()

    def _wait(self, *, short: bool = False) -> None:
        """Minutes most often, but also a look at the result, a night or a weekend."""
        waits = {(0.025, 0.14): 75, (0.5, 5): 12, (8, 15): 10, (50, 70): 3}  # hours: weight
        minutes, *_ = waits
        hours = minutes if short else self.chance.choices([*waits], waits.values())[0]
        if not short:
            self.ready.append(hours == minutes and self.is_after_success)
        self.now += timedelta(hours=self.chance.uniform(*hours))

    def _run(self, length: timedelta, *, state: str, begun: datetime | None = None, seed=0) -> None:
        start, name = begun or self.now, f"{self.project}-{len(self.rows)}"
        config = config_text({**self.config, "seed": seed or self.chance.random()})
        more = {"state": state, "project": self.project, "config": config}
        self.rows.append(run(name, start, start + length, **more))
        if begun is None:
            self.now += length


def searched(seed: str) -> Drawn:
    """A line with an adaptive search only."""
    line = Drawn(random.Random(seed), f"search {seed}")  # noqa: S311 - nothing secret
    line.change(*KEYS)
    line.search(line.chance.randint(5, 20))
    return line


def swept(seed: str) -> tuple[Drawn, str | None, set[str]]:
    """A line with a sweep by hand between searches, the key, and the sweep's experiments."""
    line = Drawn(random.Random(seed), f"sweep {seed}")  # noqa: S311 - nothing secret
    while True:
        line.change(*KEYS)
        line.search(line.chance.randint(0, 5))
        key = line.sweep()
        launches, ready = set(line.launches), line.ready[1:]
        line.search(line.chance.randint(0, 5), key)
        if sum(ready) >= READY * len(ready):
            return line, key, launches
        line = Drawn(line.chance, line.project)


@cache
def drawn(first: int):
    """The sweeps with their lines, and the sequences found by project."""
    sweeps = [swept(f"{first} {number}") for number in range(LINES)]
    searches = [searched(f"{first} {number}") for number in range(LINES)]
    rows = [row for line in (*(it for it, _, _ in sweeps), *searches) for row in line.rows]
    found: dict[str, list[dict]] = {}
    for row in reads.one_setting(store_of(rows, "2026-06-01 00:00")).to_dicts():
        found.setdefault(row["project"], []).append(row)
    return sweeps, searches, found


@pytest.mark.parametrize("first", [41, 42])
def test_sweeps_by_hand_are_found_with_their_key(first: int, tell):
    sweeps, _, found = drawn(first)
    missed = []
    for line, key, launches in sweeps:
        same = [it for it in found.get(line.project, []) if it["key"] == key]
        ids = {name.rpartition("/")[2] for it in same for name in it["experiment_ids"]}
        if len(ids & launches) < len(launches) / 2:
            missed.append(line.project)
    tell(f"sweeps by hand: {LINES - len(missed)} of {LINES} found")
    assert len(missed) <= 0.04 * LINES, missed


@pytest.mark.parametrize("first", [41, 42])
def test_no_adaptive_search_is_called_a_sweep(first: int):
    sweeps, searches, found = drawn(first)
    assert [it.project for it in searches if it.project in found] == []
    # Nor are the searches around a sweep by hand.
    for line, key, launches in sweeps:
        for it in found.get(line.project, []):
            ids = {name.rpartition("/")[2] for name in it["experiment_ids"]}
            assert it["key"] == key, line.project
            assert len(ids - launches) <= 1, (line.project, ids - launches)
