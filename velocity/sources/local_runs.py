"""Sessions of runs, and the rows that the sessions of a run id become.

A session is one writer of a run, read from one local run directory.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any, TypeVar

from velocity.records import config_text
from velocity.sources.values import finite, instant_of, mean_share, noted, text_of

_Value = TypeVar("_Value")

#: W&B's own name for the project of runs without a project.
NO_PROJECT = "uncategorized"
#: Columns that take the value of the last session that has one.
_LAST_KNOWN = (
    "display_name",
    "group_name",
    "job_type",
    "sweep",
    "tags",
    "config",
    "commit",
    "notes",
)
#: Instants this close count as equal: rows and stopwatch are not written at the same time.
_TOGETHER_S = 120.0
#: How far the clock of another machine may be ahead.
_SLACK = timedelta(minutes=15)


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
    read_at: datetime = field(default_factory=lambda: datetime.now(UTC))

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
        """When it began: by its environment, else its run record, else its last row and runtime."""
        told = self.started_at or self.created_at
        if told is None and self.last_metric_at and self.runtime_s is not None:
            return instant_of(self.last_metric_at.timestamp() - max(0.0, self.runtime_s))
        return told

    def text(self, value: Any, name: str) -> str | None:
        """The text of field `name`; records the field as unreadable if it is not text."""
        return noted(text_of, value, name, self.unreadable) or None

    def seen(self, instant: datetime | None) -> bool:
        """Record that the session was alive at `instant`; return whether it may be known by now."""
        if instant is not None and instant > self.read_at + _SLACK:
            if "time" not in self.unreadable:
                self.unreadable.append("time")
            return False
        self.last_seen_at = latest_of(self.last_seen_at, instant)
        return True

    def logged(self, instant: datetime | None) -> None:
        """Record a row logged at `instant`."""
        if self.seen(instant) and instant is not None:
            self.last_metric_at = latest_of(self.last_metric_at, instant)
            self.first_metric_at = min(self.first_metric_at or instant, instant)


def take_summary(session: Session, summary: Mapping[str, Any]) -> None:
    """Read the runtime and the time of the last row from (a part of) a run's summary."""
    own = summary.get("_wandb")
    runtime = own.get("runtime") if isinstance(own, dict) else None
    seconds = [
        noted(finite, value, "runtime", session.unreadable)
        for value in (runtime, summary.get("_runtime"))
    ]
    session.runtime_s = max(_known([session.runtime_s, *seconds]), default=None)
    last_row = summary.get("_timestamp")
    session.logged(noted(instant_of, last_row, "_timestamp", session.unreadable))


def latest_of(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two instants, or the known one."""
    return max(one, other) if one and other else one or other


def run_rows(sessions: Sequence[Session], run_id: str) -> Iterator[dict[str, Any]]:
    """The rows of a run id's sessions in a project, without entity, project and username.

    If a session's log says that it was not resumed, it begins a new run, named ID@start, unless it
    is the first one. Other sessions belong to the previous run. Those without a known start are
    left out.
    """
    launches: list[tuple[datetime, list[Session]]] = []
    for start, session in _distinct(sessions):
        if launches and session.resumed is not False:
            launches[-1][1].append(session)
        else:
            launches.append((start, [session]))
    for number, (start, launch) in enumerate(launches):
        named = {"run_id": f"{run_id}@{start.isoformat().replace('+00:00', 'Z')}"}
        yield _run_row(launch) | (named | {"relaunched": True} if number else {"run_id": run_id})


def _run_row(sessions: Sequence[Session]) -> dict[str, Any]:
    """The row of a run's sessions, in order of start.

    A value that a session does not have comes from an earlier one; the state is the last one's.
    """
    last = sessions[-1]
    percents = [percent for session in sessions for percent in session.gpu_percents]
    stopwatches = _stopwatches(sessions)
    row: dict[str, Any] = {
        name: next(_known(getattr(it, name) for it in reversed(sessions)), None)
        for name in _LAST_KNOWN
    }
    return row | {
        "state": last.state,
        "created_at": min(it.created_at or it.start for it in sessions if it.start),
        "stamp": sessions[0].created_at,
        "writers": [
            {
                # A writer without a start only has a machine.
                "start": it.start if len(sessions) > 1 else it.started_at,
                "host": it.host,
                "gpu_type": it.gpu_type,
                "gpu_count": it.gpu_count,
                "job_id": it.job_id,
                "runtime_s": seconds,
                "heartbeat_at": _heartbeat(it, seconds),
                "last_metric_at": it.last_metric_at,
            }
            for it, seconds in zip(sessions, stopwatches, strict=True)
        ],
        "heartbeat_at": _heartbeat(last, stopwatches[-1]),
        "runtime_s": _total_runtime(sessions, stopwatches),
        "earlier_runtime_s": sessions[0].earlier_runtime_s if sessions[0].resumed else None,
        "first_metric_at": min(_known(it.first_metric_at for it in sessions), default=None),
        "last_metric_at": max(_known(it.last_metric_at for it in sessions), default=None),
        "config": None if row["config"] is None else config_text(row["config"]),
        "gpu_utilisation": mean_share(percents),
        "resumed": max(_known(it.resumed for it in sessions), default=None),
        "rewound": max(_known(it.rewound for it in sessions), default=None),
        "offline": last.offline,
        "unreadable": list(dict.fromkeys(name for it in sessions for name in it.unreadable))
        or None,
        "source": "files",
        "trust": 1,
    }


def _distinct(sessions: Sequence[Session]) -> list[tuple[datetime, Session]]:
    """The sessions by known start, in order; of two copies, the more complete one."""
    best_last = sorted(sessions, key=_knowledge, reverse=True)[::-1]  # of equals, the first is last
    by_start = {it.start: it for it in best_last if it.start is not None}
    return sorted(by_start.items(), key=lambda it: it[0])


def _knowledge(session: Session) -> tuple[bool, bool, datetime]:
    never = datetime.min.replace(tzinfo=UTC)
    return session.has_log, session.exit_code is not None, session.last_seen_at or never


def _stopwatches(sessions: Sequence[Session]) -> list[float | None]:
    """Seconds on the stopwatch of each session, without those of earlier sessions."""
    own: list[float | None] = []
    for session, before in zip(sessions, [None, *sessions], strict=False):
        seconds = session.runtime_s
        if seconds is not None and (earlier := _earlier(session, before)) <= seconds:
            seconds -= earlier
        own.append(seconds)
    return own


def _earlier(session: Session, before: Session | None) -> float:
    """Seconds that earlier sessions left on the stopwatch.

    The log has their number. Without a log, it depends on the client's version: they are included
    if the remaining time is long enough for the logged rows.
    """
    if session.has_log:
        return session.earlier_runtime_s
    left = before.runtime_s if before else None
    if left is None or session.runtime_s is None or not session.last_metric_at or not session.start:
        return 0.0
    needed = (session.last_metric_at - session.start).total_seconds()
    return left if needed <= session.runtime_s - left + _TOGETHER_S else 0.0


def _total_runtime(
    sessions: Sequence[Session], stopwatches: Sequence[float | None]
) -> float | None:
    """Seconds active in all sessions, including other places; None if no session knows."""
    lengths = list(stopwatches)
    for place, it in enumerate(sessions):
        if it.has_log and it.exit_code is None and it.last_seen_at and it.start:
            seen = (it.last_seen_at - it.start).total_seconds()
            lengths[place] = max(lengths[place] or 0.0, seen)
    known = list(_known(lengths))
    return reduce(add, known) + sessions[0].earlier_runtime_s if known else None


def _heartbeat(session: Session, stopwatch_s: float | None) -> datetime | None:
    """Last sign of life. An exit record has no time of its own, only the stopwatch."""
    if not session.has_log:
        return None
    if session.exit_code is not None and session.start and stopwatch_s is not None:
        return latest_of(session.last_seen_at, session.start + timedelta(seconds=stopwatch_s))
    return session.last_seen_at


def _known(values: Iterable[_Value | None]) -> Iterator[_Value]:
    return (value for value in values if value is not None)
