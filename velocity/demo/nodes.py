"""What W&B would hold of a planned run at as_of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from velocity.demo.stories import ENTITY
from velocity.demo.wandb_server.world import RunNode, Writer

if TYPE_CHECKING:
    from velocity.demo.planned import PlannedRun

#: The last heartbeat of a living run is less than so many seconds old.
_HEARTBEAT_SECONDS = 60


def run_node(run: PlannedRun, username: str | None, as_of: int) -> RunNode | None:
    """The run as of `as_of` (seconds since the epoch); None where W&B does not know it yet."""
    # Of a run without a network W&B hears long after its start, of a queued one before.
    if (run.start if run.created is None else run.created) > as_of:
        return None
    created = run.start + 2 + run.start % 5 if run.created is None else run.created
    state, sessions = _lived(run, as_of)
    logged = run.logged and bool(sessions)
    worked = sum(end - start for start, end in sessions)
    return RunNode.build(
        entity=ENTITY,
        project=run.project,
        run_id=run.run_id,
        username=username,
        display_name=run.display_name,
        state=state,
        created_at=_moment(min(created, as_of)),
        heartbeat_at=_moment(_heartbeat(run, state, sessions, as_of)),
        writers=_writers(run, sessions) if run.environment else (),
        runtime_s=(worked if run.runtime is None else run.runtime) if logged else None,
        last_metric_at=_moment(max(sessions[-1][1] - 2, sessions[-1][0])) if logged else None,
        group=run.group,
        job_type=run.job_type,
        sweep=run.sweep,
        tags=run.tags,
        config=run.config,
        summary={"loss": _loss(run)} if logged else None,
    )


def _lived(run: PlannedRun, as_of: int) -> tuple[str, list[tuple[int, int]]]:
    """State at as_of, and [start, end) of every writer so far."""
    starts = [run.start, *(resumed for _, resumed in run.pauses)]
    ends = [*(stopped for stopped, _ in run.pauses), run.end]
    begun = [(start, end) for start, end in zip(starts, ends, strict=True) if start <= as_of]
    if not begun:
        return "pending", []
    start, end = begun[-1]
    if end > as_of:
        return "running", [*begun[:-1], (start, max(start, as_of - run.start % _HEARTBEAT_SECONDS))]
    # Before another writer resumes it, a run is known to have crashed.
    return (run.state if len(begun) == len(starts) else "crashed"), begun


def _heartbeat(run: PlannedRun, state: str, sessions: list[tuple[int, int]], as_of: int) -> int:
    if run.heartbeat is not None:
        return run.heartbeat
    if not sessions:
        return as_of
    last = sessions[-1][1]
    return last if state == "running" else min(last + 1 + run.end % 7, as_of)


def _writers(run: PlannedRun, sessions: list[tuple[int, int]]) -> list[Writer]:
    host = run.host
    return [
        Writer(
            f"{run.run_id}{number:02d}",
            _moment(start + run.skew),
            None if host is None else host.name,
            None if host is None else host.gpu_type,
            None if host is None else host.gpu_count,
        )
        for number, (start, _) in enumerate(sessions)
    ]


def _loss(run: PlannedRun) -> float:
    """A plausible last loss; the same for the same run."""
    return round(1.0 + (run.start * 7919 + run.end) % 997 / 500, 4)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
