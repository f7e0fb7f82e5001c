"""One run: its class, start, sessions and end."""

from __future__ import annotations

import itertools

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

    flags: set[str] = set()
    uncut, end_source = _sessions(run, klass, flags)
    left_out = start > as_of
    if left_out:
        # Choice: of a run that is left out only its start is judged; the rest waits with it.
        flags = {"clock"} if start - as_of > CLOCK_TOLERANCE else set()
    else:
        # Choice: a session that begins more than 15 min after as_of flags its run just as one
        # that ends there does, also where it is open.
        latest = max(begin if end is None else end for begin, end, _ in uncut)
        if latest - as_of > CLOCK_TOLERANCE:
            flags.add("clock")
    sessions = tuple(
        (begin, as_of if end is None else min(end, as_of), estimated)
        for begin, end, estimated in uncut
        if begin <= as_of
    )
    if any(estimated for _, _, estimated in sessions):
        flags.add("estimated")
    is_open = klass == "running" or left_out
    return DerivedRun(
        run=run,
        scholar=scholar,
        state_class=klass,
        left_out=left_out,
        start=start,
        start_source="environment" if from_environment else "created",
        end=None if is_open else max(end for _, end, _ in sessions),
        end_source=None if left_out else end_source,
        sessions=sessions,
        flags=frozenset(flags),
        queue_us=None if left_out else queue,
        as_of=as_of,
    )


def _sessions(
    run: Run, klass: str, flags: set[str]
) -> tuple[list[tuple[int, int | None, bool]], str]:
    """Uncut (start, end or None when open, estimated) in order, and the last one's end source."""
    starts = sorted(run.writer_starts) if len(run.writer_starts) > 1 else [started(run)]
    resumed = len(starts) > 1
    last_start = starts[-1]
    last_end, end_source = _last_end(run, klass, last_start, resumed=resumed)
    if last_end is not None and last_end < last_start:
        last_end = last_start
        flags.add("clock")
    if end_source == "unknown":
        flags.add("unknown_end")

    if last_end is not None:
        last_length = last_end - last_start
    else:
        heartbeat = starts[0] if run.heartbeat_at is None else run.heartbeat_at
        # Choice: no length is below zero, and an open run has no end that could be flagged.
        last_length = max(0, heartbeat - last_start)

    sessions: list[tuple[int, int | None, bool]] = []
    left = None if run.runtime_us is None else max(0, run.runtime_us - last_length)
    for begin, following in itertools.pairwise(starts):
        length = following - begin
        if left is not None:
            length = min(left, length)
            left -= length
        # Choice: earlier sessions are estimated also where they last until the next one starts.
        sessions.append((begin, begin + length, True))
    sessions.append((last_start, last_end, False))
    return sessions, end_source


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
