"""How long each read of the pages takes on a published store: warm, and without a cache."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from synthetic import AS_OF

from velocity import explain
from velocity.reading import reads
from velocity.store import latest_snapshot
from velocity.store.snapshot import Kept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from velocity.store import Snapshot

Call = tuple["Callable[..., Any]", dict[str, Any]]

_DAY = timedelta(days=1)
_END = AS_OF.date()
#: All days with data, and twelve weeks, as days.
_WINDOWS = ((AS_OF - timedelta(weeks=26)).date(), (AS_OF - timedelta(weeks=12)).date())
_SERIES = {"from_day": _WINDOWS[1], "to_day": _END}


def _calls(scholar: str, streams: list[str]) -> Iterator[Call]:
    """The reads of velocity/pages when they are drawn first."""
    own = {"by": "scholar", "groups": [scholar], "parts": ["volume"]}
    week = {"from_at": AS_OF - timedelta(weeks=1), "to_at": AS_OF}
    yield reads.trust, {}
    yield reads.scholars, {}
    yield reads.streams, {}
    # Stand-up
    mondays = [_END - 7 * at * _DAY for at in range(13, 0, -1)]
    yield reads.to_date, {"by": "programme", "starts": mondays, "lengths": [*range(1, 8)]}
    yield reads.to_date, {"by": "stream", "starts": mondays, "lengths": [6]}
    yield reads.ledger, {"by": "stream", "at_day": _END - _DAY}
    yield reads.needs_decision, {}
    yield reads.weekly, {"by": "programme"}
    yield reads.weekly, {"by": "stream"}
    yield reads.stuck, {"min_hours": 24.0}
    yield reads.balance, {"by": "programme"}
    yield reads.ledger, {"by": "programme"}
    yield reads.restated, {"by": "programme", "since": AS_OF - timedelta(days=7)}
    # My velocity, Why this number
    yield reads.lines, {"scholar": scholar}
    yield reads.runs, {"scholars": [scholar], "classes": ["running", "stale"]}
    yield reads.open_work, {"scholar": scholar}
    yield reads.waiting_results, {"scholar": scholar}
    yield reads.loops, {"scholar": scholar}
    yield reads.experiments, {"scholar": scholar}
    yield reads.metrics, {"period": "week", **own}
    yield reads.metrics, {"period": "day", **_SERIES, **own}
    yield reads.weekly, {"by": "scholar", "groups": [scholar]}
    for read in (reads.timeline_experiments, reads.timeline_runs, reads.concurrency):
        yield read, {"scholar": scholar, **week}
    for metric in ("busy_hours", "loop_hours_median", "reaction_share", "credits"):
        yield explain.explain, {"scholar": scholar, "metric": metric}
    # Streams
    yield reads.open_work, {}
    weeks = [_END - timedelta(weeks=back) for back in range(1, 53)]
    for stream in streams:
        over = {"starts": weeks, "lengths": [6, 7], "within": stream}
        yield reads.to_date, {"by": "scholar", **over}
    # Groups, Data health
    yield reads.group_weeks, {}
    yield reads.runs, {"doubtful": True}
    for read in (reads.unattributed, reads.ambiguous, reads.rejected, reads.sync_log):
        yield read, {}
    yield reads.projects, {}
    yield reads.littles_law_residual, {}
    for from_day in _WINDOWS:
        yield from _windowed(scholar, streams, {"from_day": from_day, "to_day": _END})


def _windowed(scholar: str, streams: list[str], window: dict[str, Any]) -> Iterator[Call]:
    """The reads for the chosen window."""
    by = reads.metrics
    # Stand-up
    yield by, {"by": "programme", "parts": ["volume", "loops", "medians", "compute"], **window}
    yield by, {"by": "stream", "parts": ["volume", "loops", "medians", "compute"], **window}
    yield reads.concluded, window
    # My velocity
    parts = ["volume", "loops", "medians"]
    yield by, {"by": "scholar", "groups": [scholar], "parts": parts, **window}
    yield reads.loops, {"scholar": scholar}
    yield reads.bands, {"scholar": scholar}
    # Streams
    yield reads.line_states, {"streams": streams, **window}
    parts = ["volume", "medians", "side_by_side", "compute"]
    for stream in streams:
        yield by, {"by": "scholar", "within": stream, "parts": parts, **window}
    # Compute
    for group in ("programme", "stream", "scholar"):
        yield by, {"by": group, "parts": ["volume", "compute"], **window}
    yield reads.gpu_weeks, window
    yield reads.gpu_types, window
    # Runs
    yield by, {"by": "programme", "groups": ["programme"], "parts": ["volume"], **window}
    yield reads.run_counts, window
    yield reads.runs, {"most": 20_000, **window}


def measure_reads(data: Path, *, limit_ms: float = 200) -> None:
    """Print every read slower than `limit_ms`, slowest first: the median of three, warm.

    On busy cores, processor time (of both) says more than elapsed time.
    """
    snapshot = latest_snapshot(data)
    snapshot.kept = Kept(0)
    found = []
    for read, given in _calls(_somebody(snapshot), reads.streams(snapshot)["stream"].to_list()):
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


def _somebody(snapshot: Snapshot) -> str:
    scholars = reads.scholars(snapshot)["scholar"]
    return str(scholars[len(scholars) // 2])


def _once(work: Callable[[], Any]) -> tuple[float, float]:
    """Milliseconds, and of processor time."""
    began, worked = time.perf_counter(), time.process_time()
    work()
    return 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - worked)
