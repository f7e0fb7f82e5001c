"""One run: its class, start, sessions and end."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from tests.oracles.model import CLOCK_TOLERANCE, DerivedRun, Rules, Run

_PLAIN = {
    "finished": "finished",
    "failed": "failed",
    "crashed": "crashed",
    "killed": "killed",
    "preempting": "preempted",
    "preempted": "preempted",
    "pending": "pending",
}


def started(run: Run) -> int:
    """Earliest writer's start, else when the row was created."""
    if run.writer_starts:
        return min(run.writer_starts)
    return run.created_at if run.started_at is None else run.started_at


def state_class(run: Run, as_of: int, rules: Rules) -> str:
    """The class of the raw state; `running` splits by the age of its heartbeat."""
    if run.state == "running":
        # Choice: a running run without a heartbeat has the start of the *run* for one, also
        # when it was resumed since.
        heartbeat = started(run) if run.heartbeat_at is None else run.heartbeat_at
        return "running" if as_of - heartbeat <= rules.stale_after_us else "stale"
    return _PLAIN.get(run.state, "unknown")


def derive_run(run: Run, scholar: str, as_of: int, rules: Rules) -> DerivedRun:
    """Sections "what one row is" and "start, end, and where each came from"."""
    klass = state_class(run, as_of, rules)
    start = started(run)
    from_environment = bool(run.writer_starts) or run.started_at is not None
    queue = start - run.created_at if from_environment and start >= run.created_at else None
    if klass == "pending":
        return DerivedRun(
            run=run,
            scholar=scholar,
            state_class=klass,
            left_out=False,
            start=None,
            start_source=None,
            end=None,
            end_source=None,
            sessions=(),
            flags=frozenset(),
            queue_us=None,
            as_of=as_of,
        )

    left_out = start > as_of
    found = _sessions(run, klass)
    kept = [session for session in found if session.start <= as_of]
    flags: set[str] = set()
    # Choice: of a session that begins after as_of, as of a run that does, only the start is judged;
    # the rest waits with it for the next sync. The run's end is then that of the session before.
    reached = [start] if left_out else [session.start for session in found]
    reached += [session.end for session in kept if session.end is not None]
    if max(reached) - as_of > CLOCK_TOLERANCE or any(session.bad_clock for session in kept):
        flags.add("clock")
    if any(session.estimated for session in kept):
        flags.add("estimated")
    end, end_source = None, None
    if klass == "running" and kept:
        end_source = "open"
    elif kept:
        end = max(min(as_of, session.end or as_of) for session in kept)
        end_source = kept[-1].end_source
    if end_source == "unknown":
        flags.add("unknown_end")
    return DerivedRun(
        run=run,
        scholar=scholar,
        state_class=klass,
        left_out=left_out,
        start=start,
        start_source="environment" if from_environment else "created",
        end=end,
        end_source=end_source,
        sessions=tuple(
            (session.start, as_of if session.end is None else min(session.end, as_of))
            for session in kept
        ),
        flags=frozenset(flags),
        queue_us=None if left_out else queue,
        as_of=as_of,
    )


@dataclass(frozen=True)
class _Session:
    """One writer's time, not yet cut at as_of; `end` is None while it is open."""

    start: int
    end: int | None
    end_source: str
    estimated: bool
    bad_clock: bool


def _sessions(run: Run, klass: str) -> list[_Session]:
    """In order of start; a single writer's is the only one."""
    starts = sorted(run.writer_starts) if len(run.writer_starts) > 1 else [started(run)]
    last_start = starts[-1]
    last_end, end_source = _last_end(run, klass, last_start, resumed=len(starts) > 1)
    bad_clock = last_end is not None and last_end < last_start
    if bad_clock:
        last_end = last_start
    last = _Session(last_start, last_end, end_source, estimated=False, bad_clock=bad_clock)

    if last_end is not None:
        last_length = last_end - last_start
    else:
        heartbeat = starts[0] if run.heartbeat_at is None else run.heartbeat_at
        # Choice: no length is below zero, and an open run has no end that could be flagged.
        last_length = max(0, heartbeat - last_start)

    sessions: list[_Session] = []
    left = None if run.runtime_us is None else max(0, run.runtime_us - last_length)
    for begin, following in itertools.pairwise(starts):
        length, source = following - begin, "next_session"
        if left is not None:
            length, source = min(left, length), "runtime_share"
            left -= length
        # Choice: earlier sessions are estimated also where they last until the next one starts.
        sessions.append(_Session(begin, begin + length, source, estimated=True, bad_clock=False))
    return [*sessions, last]


def _last_end(run: Run, klass: str, start: int, *, resumed: bool) -> tuple[int | None, str]:
    """End and end source of a run's last (or only) session, before any clock is mended."""
    if klass == "running":
        return None, "open"
    if klass == "stale":
        return (started(run) if run.heartbeat_at is None else run.heartbeat_at), "stale_heartbeat"
    if run.runtime_us is not None and not resumed:
        return start + run.runtime_us, "runtime"
    if run.heartbeat_at is not None and run.heartbeat_at >= start:
        return run.heartbeat_at, "heartbeat"
    if run.last_metric_at is not None and run.last_metric_at >= start:
        return run.last_metric_at, "last_metric"
    return start, "unknown"
