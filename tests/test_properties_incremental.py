"""An incremental derivation gives the same tables as a full one."""

import random
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import pytest

from tests.batches import PLACES, Batch, batch_of, moment, row_of, settings_of
from tests.builders import complete_to, without_runs
from tests.derived_tables import assert_tables_agree, derived_tables
from tests.oracles.model import DAY, HOUR, MINUTE, Run, micros
from tests.oracles.strategies import DELTAS, STATES
from tests.stores import copied
from velocity.records import run_frame
from velocity.roster.credits import Credits, Grant, Rate, TokenRate
from velocity.store import LiveStore, open_live
from velocity.store.derive import derive

pytestmark = pytest.mark.thorough

_CREDITS = Credits(
    rates=(
        Rate(**{"gpu": "*H100*", "from": date(2018, 1, 1), "credits_per_gpu_hour": 3.0}),
        Rate(**{"gpu": "*", "from": date(2018, 1, 1), "credits_per_gpu_hour": 1.0}),
    ),
    token_rates=(
        TokenRate(
            **{"model": "m", "from": date(2018, 1, 1)},
            dollars_per_million_input=3.0,
            dollars_per_million_output=9.0,
        ),
    ),
    grants=(Grant(date=date(2018, 1, 1), stream="second", amount=100.0),),
)


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

    def merge(self, store: LiveStore, runs: Iterable[Run]) -> None:
        """Merge runs like a sync does, then set the instant to which each project is complete."""
        store.record.merge_runs(run_frame([_row(run) for run in runs]))
        with store.reading_record():
            known = set(store.run("SELECT entity, project, epoch_us(as_of) FROM project"))
        moved = {key: moment(it) for key, it in self.as_of.items() if (*key, it) not in known}
        complete_to(store, moved, is_pulled=True)

    def derive(self, store: LiveStore) -> int:
        roster = self.batch.roster
        if roster is not None:
            roster = roster.model_copy(update={"credits": _CREDITS})
        return derive(store, settings_of(self.batch.rules), roster).scholars


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
def new_store() -> Iterator[LiveStore]:
    with TemporaryDirectory() as folder, open_live(copied(without_runs, Path(folder))) as store:
        yield store


@pytest.mark.parametrize(("seed", "has_roster"), [(0, True), (1, False), (2, True)])
def test_an_incremental_derivation_equals_a_full_one(has_roster: bool, seed: int) -> None:
    chance = random.Random(f"changes {seed}")  # noqa: S311 - nothing secret
    place = chance.choice(PLACES)
    batch = batch_of(*place, count=25, has_roster=has_roster, seed=seed)
    world = World.of(batch, chance)
    with ExitStack() as stack:
        store = stack.enter_context(new_store())
        world.merge(store, world.known.values())
        world.derive(store)
        for _ in range(3):
            world.merge(store, world.change(chance))
            world.derive(store)
            found = derived_tables(store)
            with new_store() as fresh:
                world.merge(fresh, world.known.values())
                world.derive(fresh)
                assert_tables_agree(found, derived_tables(fresh))


def test_weeks_and_burn_move_with_time_alone() -> None:
    """Nothing is in flight, awaiting or unrecovered: only windows that end at as_of move."""
    start = micros(PLACES[0][1])
    run = Run("e0", "p", "r0", "ada0", "finished", start, runtime_us=HOUR, gpu_count=2)
    batch = batch_of(*PLACES[0], count=1)
    world = World(batch, {run.key: run}, [], {("e0", "p"): start + 6 * DAY})
    with new_store() as store:
        world.merge(store, [run])
        world.derive(store)
        for days in (1, 8, 30):
            world.as_of["e0", "p"] += days * DAY
            world.merge(store, [])
            world.derive(store)
            with new_store() as fresh:
                world.merge(fresh, [run])
                world.derive(fresh)
                assert_tables_agree(derived_tables(store), derived_tables(fresh))


def test_a_writer_that_begins_after_the_data_counts_once_the_data_reaches_it() -> None:
    """The run is over and does not change; only as_of moves past its second start."""
    start = micros(PLACES[0][1])
    run = Run(
        *("e0", "p", "r0", "ada0", "finished", start),
        writer_starts=(start, start + DAY),
        heartbeat_at=start + DAY + HOUR,
        runtime_us=2 * HOUR,
    )
    batch = batch_of(*PLACES[0], count=1)
    world = World(batch, {run.key: run}, [], {("e0", "p"): start + DAY - HOUR})
    with new_store() as store:
        world.merge(store, [run])
        world.derive(store)
        for hours, sessions in ((0, 1), (2, 2)):
            world.as_of["e0", "p"] += hours * HOUR
            world.merge(store, [])
            world.derive(store)
            assert store.run("SELECT count(*) FROM derived.session") == [(sessions,)]


def test_an_end_that_was_cut_is_known_once_the_data_reaches_it() -> None:
    """An hour after the end of the data is a bad clock, so there is no awaiting loop."""
    start = micros(PLACES[0][1])
    run = Run("e0", "p", "r0", "ada0", "finished", start, runtime_us=2 * HOUR)
    batch = batch_of(*PLACES[0], count=1)
    world = World(batch, {run.key: run}, [], {("e0", "p"): start + HOUR})
    with new_store() as store:
        world.merge(store, [run])
        world.derive(store)
        for hours in (1, 2):
            assert store.run("SELECT end_us, clock FROM derived.run") == [
                (start + hours * HOUR, hours == 1)
            ]
            world.as_of["e0", "p"] += 2 * HOUR
            world.merge(store, [])
            world.derive(store)


def test_a_scholar_who_leaves_a_host_frees_its_gpus() -> None:
    """Two scholars share a host with too few GPUs; later the run of one is gone."""
    start = micros(PLACES[0][1])
    both = [
        Run("e0", "p", f"r{who}", who, "finished", start, runtime_us=HOUR, gpu_count=8, host="h1")
        for who in ("ada0", "bob0")
    ]
    batch = batch_of(*PLACES[0], count=1, has_roster=False)
    world = World(batch, {}, [], {("e0", "p"): start + DAY})
    elsewhere = replace(both[0], host="h2")
    with new_store() as store, new_store() as fresh:
        for changed in (both, [elsewhere]):
            world.merge(store, changed)
            world.derive(store)
        world.merge(fresh, [elsewhere, both[1]])
        world.derive(fresh)
        charged = store.run("SELECT sum(gpu_us) FROM derived.gpu_charge")
        assert charged == [(16 * HOUR,)]
        assert_tables_agree(derived_tables(store), derived_tables(fresh))
