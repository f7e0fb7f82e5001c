"""A store whose scholars share hosts, ids of runs and jobs; what one machine derives from it, and shards."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from polars.testing import assert_frame_equal

from tests.batches import PLACES, batch_of, moment, row_of, settings_of
from tests.builders import run
from tests.derived_tables import derived_tables
from velocity.records import run_frame
from velocity.roster.models import Automation, Credits, Grant, Rate
from velocity.settings import Derive
from velocity.store import open_live
from velocity.store.derive import derive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    import polars as pl

    from velocity.settings import Settings
    from velocity.store import LiveStore

_ZONE, _START = PLACES[1]
_BATCH = batch_of(_ZONE, _START, count=30, seed=3)
_AS_OF = _START + timedelta(days=9)
_LINE = 300
#: Tables with sums of fractions, whose last digits depend on the order of their rows.
_FRACTIONS = {"host_share", "gpu_charge", "recent_charge", "weekly"}


def _roster() -> Any:
    credits = Credits(
        rates=(
            Rate(**{"gpu": "*H100*", "from": date(2018, 1, 1), "credits_per_gpu_hour": 3.0}),
            Rate(**{"gpu": "*", "from": date(2018, 1, 1), "credits_per_gpu_hour": 1.0}),
        ),
        grants=(Grant(date=date(2018, 1, 1), stream="second", amount=100.0),),
    )
    automation = (Automation(username="line", scholar="ada0"),)
    assert _BATCH.roster is not None
    return _BATCH.roster.model_copy(update={"credits": credits, "automation": automation})


ROSTER = _roster()


def rows() -> list[dict[str, Any]]:
    """The runs: drawn ones, and some that scholars of different shards have in common."""
    found = [row_of(it) for case in _BATCH.cases for it in case.runs]
    for number in range(24):
        machine = {"entity": "e", "host": "big", "gpu_type": "H100", "gpu_count": 8}
        begin = _START + timedelta(minutes=17 * number)
        found.append(_of(f"bob{number}", f"shared{number}", begin, 3.7, **machine))
    for number in range(_LINE):
        begin = _START + timedelta(minutes=10 * number)
        found.append(_of("line", f"line{number}", begin, 0.1, entity="auto", host="big-line"))
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
        for entity, project in places:
            as_of = known.get((entity, project)) or _AS_OF
            store.record.merge_project(entity, project, rejected=(), as_of=as_of)
        yield store


def settings(**derive_: Any) -> Settings:
    return settings_of(_BATCH.rules).model_copy(update={"derive": Derive(**derive_)})


def derived(store: LiveStore, shards: int = 0, **more: Any) -> dict[str, pl.DataFrame]:
    """Everybody's tables, derived here or in so many shards, with names instead of numbers."""
    store.run("UPDATE derived_with SET fingerprint = ''")
    with store.reading_record():
        runs = store.run("SELECT count(*) FROM raw_run")[0][0]
    if shards:
        more = {"scheduler": "tcp://127.0.0.1:1", "runs_per_shard": -(-runs // shards)} | more
    derive(store, settings(**more), ROSTER)
    return derived_tables(store)


def assert_same(found: dict[str, pl.DataFrame], expected: dict[str, pl.DataFrame]) -> None:
    """Equal to the last bit, but for GPU time, which may differ by 0.04 µs."""
    assert found.keys() == expected.keys()
    for table, frame in expected.items():
        if table in _FRACTIONS:
            assert_frame_equal(found[table], frame, abs_tol=0.04, rel_tol=1e-10)
        else:
            assert_frame_equal(found[table], frame, check_exact=True)
