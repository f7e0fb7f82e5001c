"""A store whose scholars share hosts and ids of runs, and what is derived from it in two ways."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

from tests.batches import PLACES, batch_of, moment, row_of, settings_of
from tests.builders import complete_to, run
from tests.derived_tables import derived_tables
from tests.roster_texts import ADA, parsed, rate, stream, token_rate
from velocity.records import run_frame
from velocity.settings import Derive, Settings
from velocity.store import LiveStore, open_live
from velocity.store.derive import derive
from velocity.store.shard import Task, make_shard

_ZONE, _START = PLACES[1]
_BATCH = batch_of(_ZONE, _START, count=30, seed=3)
_AS_OF = _START + timedelta(days=9)
_LINE = 300
_NOBODY = "tcp://127.0.0.1:1"
#: Tables with sums of fractions, whose last digits depend on the order of their rows.
_FRACTIONS = {"host_share", "gpu_charge", "recent_charge", "weekly"}


_MORE = parsed(
    ADA.replace("ada", "ada0")
    + stream("second")
    + rate("*H100*", "2018-01-01", 3)
    + rate("*", "2018-01-01")
    + token_rate("*", "2018-01-01")
    + '[[credits.grants]]\ndate = 2018-01-01\nstream = "second"\namount = 100\n'
    + '[[automation]]\nusername = "line"\nscholar = "ada0"\n'
)
ROSTER = _BATCH.roster.model_copy(update={"credits": _MORE.credits, "automation": _MORE.automation})


def rows() -> list[dict[str, Any]]:
    """The runs: drawn ones, and some that scholars of different shards have in common."""
    found = [row_of(it) for case in _BATCH.cases for it in case.runs]
    for number in range(24):
        machine = {"entity": "e", "host": "big", "gpu_type": "H100", "gpu_count": 8}
        begin = _START + timedelta(minutes=17 * number)
        used = {"model": "m", "input": 7 * number, "output": 3, "cache_read": 0, "cache_write": 0}
        found.append(_of(f"bob{number}", f"shared{number}", begin, 3.7, usage=[used], **machine))
    for number in range(_LINE):
        begin = _START + timedelta(minutes=15 * number)
        place = {"entity": "auto", "host": "big-line", "config": f'{{"lr": {number}}}'}
        found.append(_of("line", f"line{number}", begin, 0.2, **place))
    # The same run, as two people logged it.
    for number in range(8):
        begin = _START + timedelta(hours=number)
        found += [_of(who, f"twin{number}", begin, 1, project=who) for who in ("ada1", "ada2", "x")]
    return [*found, *_jobs()]


def _of(who: str | None, run_id: str, begin: datetime, hours: float, **columns: Any) -> Any:
    return run(run_id, begin, begin + timedelta(hours=hours), username=who, **columns)


def _jobs() -> Iterator[dict[str, Any]]:
    """Jobs of a scheduler, with the runs of the scholar inside, under the job's id or their own."""
    for number in range(3, 9):
        begin = _START + timedelta(hours=2 * number)
        place = {"host": f"gpu{number}", "gpu_count": 4, "job_id": str(number)}
        job = {"source": "slurm", "entity": "hpc", "submitted_at": begin - timedelta(minutes=9)}
        yield _of(f"ada{number}", str(number), begin, 1.5, **place, **job)
        inside = begin + timedelta(minutes=5)
        yield _of(f"ada{number}", f"inside{number}", inside, 0.7, **place)
        yield _of(f"bob{number}", f"again{number}", inside, 0.7, same_as=[f"inside{number}"])


@contextmanager
def opened(data: Path) -> Iterator[LiveStore]:
    """A store of these runs, in which nothing is derived yet."""
    with open_live(data) as store:
        store.record.merge_runs(run_frame(rows()))
        known = {key: moment(it) for case in _BATCH.cases for key, it in case.as_of.items()}
        with store.reading_record():
            places = store.run("SELECT DISTINCT entity, project FROM raw_run")
        complete_to(store, {place: known.get(place) or _AS_OF for place in places})
        yield store


def settings(**derive_: Any) -> Settings:
    return settings_of(_BATCH.rules).model_copy(update={"derive": Derive(**derive_)})


def derived(store: LiveStore, shards: int = 0, **more: Any) -> dict[str, pl.DataFrame]:
    """Everybody's tables, derived here or in so many shards, with names instead of numbers."""
    store.run("UPDATE derived_with SET fingerprint = ''")
    with store.reading_record():
        runs = store.run("SELECT count(*) FROM raw_run")[0][0]
    if shards:
        more = {"scheduler": _NOBODY, "runs_per_shard": -(-runs // shards)} | more
    derive(store, settings(**more), ROSTER)
    return derived_tables(store)


@contextmanager
def threads(address: str) -> Iterator[Executor]:
    """Threads of this process, instead of the cluster that `derived` names."""
    assert address == _NOBODY
    with ThreadPoolExecutor(2) as executor:
        yield executor


def die_once(mark: Path, stage: str, task: Task) -> Path:
    """Make a shard; the first worker that has made one of a stage dies before it says so."""
    made = make_shard(task)
    if task.stage == stage:
        with suppress(FileExistsError):
            mark.touch(exist_ok=False)
            os.kill(os.getpid(), signal.SIGKILL)
    return made


def kill(process: int, task: Task) -> None:
    """Kill another process instead of making a shard."""
    del task
    os.kill(process, signal.SIGKILL)


def assert_same(found: dict[str, pl.DataFrame], expected: dict[str, pl.DataFrame]) -> None:
    """Equal to the last bit, but for GPU time, which may differ by 0.04 µs."""
    assert found.keys() == expected.keys()
    for table, frame in expected.items():
        if table in _FRACTIONS:
            times = [name for name in frame.columns if name.endswith("_us")]
            _assert_near(found[table].select(times), frame.select(times), 0.04)
            _assert_near(found[table].drop(times), frame.drop(times), 1e-9)
        else:
            assert_frame_equal(found[table], frame, check_exact=True)


def _assert_near(found: pl.DataFrame, expected: pl.DataFrame, by: float) -> None:
    assert_frame_equal(found, expected, abs_tol=by, rel_tol=1e-10)
