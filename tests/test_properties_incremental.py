"""An incremental derivation gives the same tables as a full one."""

import random
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import pytest

from tests.batches import PLACES, Batch, batch_of, moment, row_of, settings_of
from tests.builders import complete_to, without_runs
from tests.derived_tables import assert_tables_agree, derived_tables
from tests.oracles.model import DAY, HOUR, MINUTE, Run, micros
from tests.oracles.strategies import DELTAS, STATES
from tests.roster_texts import parsed, rate, stream, token_rate
from tests.stores import copied
from velocity.records import run_frame
from velocity.store import LiveStore, open_live
from velocity.store.derive import derive

pytestmark = pytest.mark.thorough

_DAY = "2018-01-01"
_CREDITS = parsed(
    f"{rate('*H100*', _DAY, 3)}{rate('*', _DAY)}{token_rate('m', _DAY)}{stream('second')}"
    f'[[credits.grants]]\ndate = {_DAY}\nstream = "second"\namount = 100\n'
).credits


@dataclass
class World:
    """The runs of a server; the store has some of them."""

    batch: Batch
    known: dict[tuple[str, str, str], Run]
    unknown: list[Run]
    as_of: dict[tuple[str, str], int]

    @classmethod
    def of(cls, batch: Batch, chance: random.Random) -> Self:
        runs = [run for case in batch.cases for run in case.runs]
        chance.shuffle(runs)
        held_back = runs[: len(runs) // 5]
        as_of = {key: it for case in batch.cases for key, it in case.as_of.items()}
        return cls(batch, {run.key: run for run in runs[len(held_back) :]}, held_back, as_of)

    def change(self, chance: random.Random) -> list[Run]:
        """Return a few changed runs, or none; some projects become complete to a later instant."""
        changed = []
        if chance.random() < 0.8:
            changed = [_changed(it, chance) for it in chance.sample([*self.known.values()], 4)]
            changed += [self.unknown.pop() for _ in range(3) if self.unknown]
        self.known |= {run.key: run for run in changed}
        moved = {(run.entity, run.project) for run in changed if chance.random() < 0.7}
        moved |= set(chance.sample([*self.as_of], chance.choice((0, 1, 20))))
        for key in sorted(moved):
            self.as_of[key] += chance.choice((*DELTAS, 8 * DAY))
        return changed

    def merge(self, store, runs):
        """Merge runs like a sync does, then set the instant to which each project is complete."""
        store.record.merge_runs(run_frame([_row(run) for run in runs]))
        with store.reading_record():
            known = set(store.run("SELECT entity, project, epoch_us(as_of) FROM project"))
        moved = {key: moment(it) for key, it in self.as_of.items() if (*key, it) not in known}
        complete_to(store, moved, is_pulled=True)

    def take_in(self, store, runs):
        """Merge runs, and derive."""
        self.merge(store, runs)
        roster = self.batch.roster
        if roster is not None:
            roster = roster.model_copy(update={"credits": _CREDITS})
        derive(store, settings_of(self.batch.rules), roster)

    def assert_as_derived_anew(self, store: LiveStore) -> None:
        """A store that takes in all known runs at once has the same tables."""
        with new_store() as fresh:
            self.take_in(fresh, self.known.values())
            assert_tables_agree(derived_tables(store), derived_tables(fresh))


def _row(run: Run) -> dict[str, Any]:
    """The row of a run; every second one is an attempt at a task of its project, with tokens."""
    number = sum(run.run_id.encode())
    if number % 2:
        return row_of(run)
    tokens = (run.runtime_us or 0) // MINUTE
    kinds = dict.fromkeys(("output", "cache_read", "cache_write", "reasoning"), 1)
    used = [{"model": it, "input": tokens, "dollars": None, **kinds} for it in ("m", "n")]
    task = {"attempt_of": run.project, "same_as": [f"call {number % 6}"]}
    return row_of(run) | {"usage": used[: 1 + number % 3]} | task


def _changed(run: Run, chance: random.Random) -> Run:
    """The run with one or two changes."""
    start = run.created_at
    case = "".join(it for it in run.entity if it.isdigit())
    changes: list[dict[str, Any]] = [
        {"state": chance.choice(STATES)},
        {"heartbeat_at": start + chance.choice(DELTAS)},
        {"runtime_us": chance.choice((0, MINUTE, HOUR, DAY, None))},
        {"username": chance.choice((f"ada{case}", f"bob{case}", f"eve{case}", None))},
        {"host": chance.choice((None, "h1", "h2", "h3"))},
        {"gpu_count": chance.choice((None, 0, 1, 16))},
        {"gpu_count_config": chance.choice((None, 2))},
        {"tags": chance.choice(((), ("exp:x",)))},
        {"config_hash": chance.choice((None, "a", "b"))},
        {"started_at": start + chance.choice(DELTAS), "writer_starts": ()},
        {"writer_starts": (start, start + chance.choice(DELTAS))},
        {"gpu_type": chance.choice((None, "NVIDIA H100 80GB HBM3"))},
        # Never None: the record keeps a known one.
        {"gpu_utilisation": chance.choice((0.0, 0.9))},
        {"first_metric_at": start + chance.choice(DELTAS)},
    ]
    for change in chance.sample(changes, chance.choice((1, 2))):
        run = replace(run, **change)
    return run


@contextmanager
def new_store():
    with TemporaryDirectory() as folder, open_live(copied(without_runs, Path(folder))) as store:
        yield store


@pytest.mark.parametrize(("seed", "has_roster"), [(0, True), (1, False), (2, True)])
def test_an_incremental_derivation_equals_a_full_one(has_roster: bool, seed: int) -> None:
    chance = random.Random(f"changes {seed}")  # noqa: S311 - nothing secret
    place = chance.choice(PLACES)
    batch = batch_of(*place, count=25, has_roster=has_roster, seed=seed)
    world = World.of(batch, chance)
    with new_store() as store:
        world.take_in(store, world.known.values())
        for _ in range(3):
            world.take_in(store, world.change(chance))
            world.assert_as_derived_anew(store)


START = micros(PLACES[0][1])


def finished(run_id: str, **facts: Any) -> Run:
    """A run of ada0 in e0/p that began at START."""
    return Run("e0", "p", run_id, "ada0", "finished", START, **facts)


def world_of(length: int, *known: Run, has_roster: bool = True) -> World:
    """The world of e0/p, which is complete to `length` after START."""
    batch = batch_of(*PLACES[0], count=1, has_roster=has_roster)
    return World(batch, {run.key: run for run in known}, [], {("e0", "p"): START + length})


def test_weeks_and_burn_move_with_time_alone() -> None:
    """Nothing is in flight, awaiting or unrecovered: only windows that end at as_of move."""
    run = finished("r0", runtime_us=HOUR, gpu_count=2)
    world = world_of(6 * DAY, run)
    with new_store() as store:
        world.take_in(store, [run])
        for days in (1, 8, 30):
            world.as_of["e0", "p"] += days * DAY
            world.take_in(store, [])
            world.assert_as_derived_anew(store)


def test_a_writer_that_begins_after_the_data_counts_once_the_data_reaches_it() -> None:
    """The run is over and does not change; only as_of moves past its second start."""
    writers = {"writer_starts": (START, START + DAY), "heartbeat_at": START + DAY + HOUR}
    run = finished("r0", runtime_us=2 * HOUR, **writers)
    world = world_of(DAY - HOUR, run)
    with new_store() as store:
        world.take_in(store, [run])
        for hours, sessions in ((0, 1), (2, 2)):
            world.as_of["e0", "p"] += hours * HOUR
            world.take_in(store, [])
            assert store.run("SELECT count(*) FROM derived.session") == [(sessions,)]


def test_an_end_that_was_cut_is_known_once_the_data_reaches_it() -> None:
    """An hour after the end of the data is a bad clock, so there is no awaiting loop."""
    run = finished("r0", runtime_us=2 * HOUR)
    world = world_of(HOUR, run)
    with new_store() as store:
        world.take_in(store, [run])
        for hours in (1, 2):
            found = store.run("SELECT end_us, clock FROM derived.run")
            assert found == [(START + hours * HOUR, hours == 1)]
            world.as_of["e0", "p"] += 2 * HOUR
            world.take_in(store, [])


def test_a_scholar_who_leaves_a_host_frees_its_gpus() -> None:
    """Two scholars share a host with too few GPUs; later the run of one is gone."""
    ada = finished("r0", runtime_us=HOUR, gpu_count=8, host="h1")
    bob = replace(ada, run_id="r1", username="bob0")
    elsewhere = replace(ada, host="h2")
    world = world_of(DAY, elsewhere, bob, has_roster=False)
    with new_store() as store:
        world.take_in(store, [ada, bob])
        world.take_in(store, [elsewhere])
        assert store.run("SELECT sum(gpu_us) FROM derived.gpu_charge") == [(16 * HOUR,)]
        world.assert_as_derived_anew(store)
