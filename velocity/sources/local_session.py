"""One session of a run, read from one local run directory."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from velocity.sources.values import count_of, finite, instant_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

#: W&B's own name for the project of runs without a project.
NO_PROJECT = "uncategorized"


@dataclass
class Session:
    """One writer of a run, as far as its directory can be read. None: not known."""

    path: Path
    offline: bool  # its directory is an `offline-run-…`
    entity: str | None = None
    project: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    last_seen_at: datetime | None = None  # latest recorded instant
    first_metric_at: datetime | None = None
    last_metric_at: datetime | None = None
    runtime_s: float | None = None  # the stopwatch, including earlier sessions
    earlier_runtime_s: float = 0.0  # of these, the seconds of earlier sessions, from the log
    resumed: bool | None = None  # from the log; None without one
    rewound: bool | None = None
    exit_code: int | None = None
    preempting: bool = False
    has_log: bool = False  # it has a `*.wandb` file, not only `files/`
    display_name: str | None = None
    group_name: str | None = None
    job_type: str | None = None
    sweep: str | None = None
    notes: str | None = None
    tags: list[str] | None = None
    config: dict[str, Any] | None = None
    commit: str | None = None  # git commit of the code
    host: str | None = None
    gpu_type: str | None = None
    gpu_count: int | None = None
    job_id: str | None = None  # number of the Slurm job that it ran in
    gpu_percents: array[float] = field(default_factory=lambda: array("d"))
    unreadable: list[str] = field(default_factory=list)  # fields that could not be read

    @property
    def state(self) -> str:
        """The state, in W&B's words; "unknown" if there is no log."""
        if not self.has_log:
            return "unknown"
        if self.exit_code == 0:
            return "finished"
        if self.preempting:
            return "preempting" if self.exit_code is None else "preempted"
        return "running" if self.exit_code is None else "failed"

    @property
    def start(self) -> datetime | None:
        """When it began, from its environment or otherwise from its run record."""
        return self.started_at or self.created_at

    def text(self, value: Any, name: str) -> str | None:
        """The text of field `name`; records the field as unreadable if it is not text."""
        if value is None or isinstance(value, str):
            return value or None
        self.unreadable.append(name)
        return None

    def count(self, value: Any, name: str) -> int | None:
        """The count in field `name`; records the field as unreadable if it is not a count."""
        count = count_of(value)
        if count is None and value is not None:
            self.unreadable.append(name)
        return count

    def seen(self, instant: datetime | None) -> None:
        """Record that the session was alive at `instant`."""
        self.last_seen_at = latest_of(self.last_seen_at, instant)

    def logged(self, instant: datetime | None) -> None:
        """Record a row logged at `instant`."""
        self.seen(instant)
        self.last_metric_at = latest_of(self.last_metric_at, instant)
        if instant is not None:
            self.first_metric_at = min(self.first_metric_at or instant, instant)


def take_summary(session: Session, summary: Mapping[str, Any]) -> None:
    """Read the runtime and the time of the last row from (a part of) a run's summary."""
    own = summary.get("_wandb")
    runtime = own.get("runtime") if isinstance(own, dict) else None
    told = (session.runtime_s, finite(runtime), finite(summary.get("_runtime")))
    session.runtime_s = max((seconds for seconds in told if seconds is not None), default=None)
    session.logged(instant_of(summary.get("_timestamp")))


def latest_of(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two instants, or the known one."""
    return max(one, other) if one and other else one or other
