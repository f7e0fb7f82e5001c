"""How long each read of `velocity.reads` takes on a published store: warm, and nothing is kept."""

from __future__ import annotations

import inspect
import statistics
import time
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING, Any, get_args

from synthetic import AS_OF

from velocity import reads
from velocity.store import latest_snapshot
from velocity.store.kept import Kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FROM, _TO = (AS_OF - timedelta(weeks=12)).date(), AS_OF.date()

#: What pages give: everything there is as well as twelve weeks, one scholar as well as all.
_GIVEN: dict[str, list[Any]] = {
    "by": list(get_args(reads.By)),
    "period": ["all", "week"],
    "from_day": [None, _FROM],
    "to_day": [_TO],
    "scholar": ["u1"],
    "scholars": [None, ["u1"]],
    "most": [20_000],
    "from_at": [AS_OF - timedelta(weeks=2)],
    "to_at": [AS_OF],
    "min_hours": [72.0],
}


def _calls() -> Iterator[tuple[Callable[..., Any], dict[str, Any]]]:
    for name, read in inspect.getmembers(reads, inspect.isfunction):
        if name.startswith("_") or read.__module__ != reads.__name__:
            continue
        given = {key: _GIVEN[key] for key in inspect.signature(read).parameters if key in _GIVEN}
        if "from_day" in given and "scholar" in given:
            given["scholar"] = ["u1", None] if read is not reads.bands else ["u1"]
        for values in product(*given.values()):
            yield read, dict(zip(given, values, strict=True))


def measure_reads(data: Path, *, limit_ms: float = 200) -> None:
    """Prints every read slower than `limit_ms`, slowest first: the median of three, warm.

    On busy cores processor time (of both) says more than the clock does.
    """
    snapshot = latest_snapshot(data)
    snapshot.kept = Kept(0)
    found = []
    for read, given in _calls():
        read(snapshot, **given)
        times = [_once(lambda: read(snapshot, **given)) for _ in range(3)]  # noqa: B023
        took_ms, worked_ms = (statistics.median(it) for it in zip(*times, strict=True))
        found.append((took_ms, worked_ms, read.__name__, given))
    slow = sorted((it for it in found if it[0] > limit_ms), key=lambda it: -it[0])
    worked = [it[1] for it in found]
    print(
        f"reads: {len(found)}, median {statistics.median(it[0] for it in found):.0f} ms "
        f"(processor {statistics.median(worked):.0f} ms), {len(slow)} above {limit_ms:.0f} ms "
        f"(processor {sum(it > limit_ms for it in worked)})"
    )
    for took_ms, worked_ms, name, given in slow:
        words = ", ".join(f"{key}={value}" for key, value in given.items())
        print(f"  {took_ms:6.0f} ms  processor {worked_ms:6.0f} ms  {name}({words})")


def _once(work: Callable[[], Any]) -> tuple[float, float]:
    """Milliseconds, and of processor time."""
    began, worked = time.perf_counter(), time.process_time()
    work()
    return 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - worked)
