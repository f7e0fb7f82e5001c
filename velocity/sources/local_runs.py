"""Turns the local directories of a run id into runs: each is a session, or a new launch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from velocity.records import config_text
from velocity.sources.local_session import latest_of
from velocity.sources.values import mean_share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from velocity.sources.local_session import Session

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


def run_rows(sessions: Sequence[Session], run_id: str) -> Iterator[dict[str, Any]]:
    """The rows of a run id's sessions, without entity, project and username.

    If a session's log says that it was not resumed, it begins a new run, named ID@start, unless it
    is the first one. Other sessions belong to the previous run.

    Args:
        sessions: of one project; those without a known start are left out.
        run_id: their common id.
    """
    launches: list[list[Session]] = []
    for session in _distinct(sessions):
        if launches and session.resumed is not False:
            launches[-1].append(session)
        else:
            launches.append([session])
    for number, launch in enumerate(launches):
        row = _run_row(launch)
        if number:
            yield row | {"run_id": _launch_id(run_id, launch[0].start), "relaunched": True}
        else:
            yield row | {"run_id": run_id}


def _launch_id(run_id: str, start: datetime | None) -> str:
    return f"{run_id}@{start.isoformat().replace('+00:00', 'Z')}" if start else run_id


def _run_row(sessions: Sequence[Session]) -> dict[str, Any]:
    """The row of a run's sessions, in order of start.

    A value that a session does not have comes from an earlier one; the state is the last one's.
    """
    last = sessions[-1]
    percents = [percent for session in sessions for percent in session.gpu_percents]
    stopwatches = _stopwatches(sessions)
    row = {name: _last(sessions, name) for name in _LAST_KNOWN}
    return row | {
        "state": last.state,
        "created_at": min(it.created_at or it.start for it in sessions if it.start),
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
        "earlier_runtime_s": sessions[0].earlier_runtime_s or None,
        "first_metric_at": min(
            (it.first_metric_at for it in sessions if it.first_metric_at), default=None
        ),
        "last_metric_at": max(
            (it.last_metric_at for it in sessions if it.last_metric_at), default=None
        ),
        "config": None if row["config"] is None else config_text(row["config"]),
        "gpu_utilisation": mean_share(percents),
        "resumed": _any(it.resumed for it in sessions),
        "rewound": _any(it.rewound for it in sessions),
        "offline": last.offline,
        "unreadable": list(dict.fromkeys(name for it in sessions for name in it.unreadable))
        or None,
        "source": "files",
        "trust": 1,
    }


def _distinct(sessions: Sequence[Session]) -> list[Session]:
    """The sessions with a known start, in that order; of two copies, the more complete one."""
    by_start: dict[datetime, Session] = {}
    for session in sessions:
        if session.start is None:
            continue
        other = by_start.setdefault(session.start, session)
        if _knowledge(session) > _knowledge(other):
            by_start[session.start] = session
    return [by_start[start] for start in sorted(by_start)]


def _knowledge(session: Session) -> tuple[bool, bool, datetime]:
    never = datetime.min.replace(tzinfo=UTC)
    return session.has_log, session.exit_code is not None, session.last_seen_at or never


def _stopwatches(sessions: Sequence[Session]) -> list[float | None]:
    """Seconds on the stopwatch of each session, without those of earlier sessions."""
    own: list[float | None] = []
    before: Session | None = None
    for session in sessions:
        seconds = session.runtime_s
        if seconds is not None and (earlier := _earlier(session, before)) <= seconds:
            seconds -= earlier
        own.append(seconds)
        before = session
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
    total: float | None = None
    for session, own in zip(sessions, stopwatches, strict=True):
        lasted = own
        if session.has_log and session.exit_code is None and session.last_seen_at and session.start:
            seen = (session.last_seen_at - session.start).total_seconds()
            lasted = max(own or 0.0, seen)
        if lasted is not None:
            total = (total or 0.0) + lasted
    return None if total is None else total + sessions[0].earlier_runtime_s


def _heartbeat(session: Session, stopwatch_s: float | None) -> datetime | None:
    """Last sign of life. An exit record has no time of its own, only the stopwatch."""
    if not session.has_log:
        return None
    if session.exit_code is not None and session.start and stopwatch_s is not None:
        return latest_of(session.last_seen_at, session.start + timedelta(seconds=stopwatch_s))
    return session.last_seen_at


def _last(sessions: Sequence[Session], name: str) -> Any:
    values = (getattr(session, name) for session in reversed(sessions))
    return next((value for value in values if value is not None), None)


def _any(words: Iterator[bool | None]) -> bool | None:
    """Whether any session says so; None if no session says anything."""
    known = [word for word in words if word is not None]
    return any(known) if known else None
