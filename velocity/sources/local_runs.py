"""How the local directories of one run id become runs: a session each, or a launch of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from velocity.records import config_text
from velocity.sources.local_session import latest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from velocity.sources.local_session import Session

#: Instants this close are one: rows and stopwatch of a session are not written at once.
_TOGETHER_S = 120.0


def run_rows(sessions: Sequence[Session], run_id: str) -> Iterator[dict[str, Any]]:
    """The rows (columns of `RUN_SCHEMA` but entity, project and username) of a run id's sessions.

    A session that its log says was not resumed begins a run of its own, named ID@start, unless it
    is the first one; others belong to the run before them.

    Args:
        sessions: of one project; those without a known start are left out.
        run_id: the id that they share.
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

    What a session does not tell is taken from an earlier one; the state is the last one's.
    """
    last = sessions[-1]
    config = _last(sessions, "config")
    percents = [percent for session in sessions for percent in session.gpu_percents]
    stopwatches = _stopwatches(sessions)
    return {
        "display_name": _last(sessions, "display_name"),
        "state": last.state,
        "created_at": min(
            created for it in sessions if (created := it.created_at or it.started_at)
        ),
        "writers": [
            {
                # One that does not say when it began is there for its machine.
                "start": it.start if len(sessions) > 1 else it.started_at,
                "host": it.host,
                "gpu_type": it.gpu_type,
                "gpu_count": it.gpu_count,
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
        "group_name": _last(sessions, "group_name"),
        "job_type": _last(sessions, "job_type"),
        "sweep": _last(sessions, "sweep"),
        "tags": _last(sessions, "tags"),
        "config": None if config is None else config_text(config),
        "commit": _last(sessions, "commit"),
        "gpu_utilisation": sum(percents) / len(percents) / 100 if percents else None,
        "notes": _last(sessions, "notes"),
        "resumed": _any(it.resumed for it in sessions),
        "rewound": _any(it.rewound for it in sessions),
        "offline": last.offline,
        "unreadable": list(dict.fromkeys(name for it in sessions for name in it.unreadable))
        or None,
        "source": "files",
        "trust": 1,
    }


def _distinct(sessions: Sequence[Session]) -> list[Session]:
    """The sessions whose start is known, in order of it; of two copies the one that knows more."""
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
    """Seconds on the stopwatch of each session, without what earlier sessions left on it."""
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

    The log says so. Without one, newer clients left them there and older ones did not: they were
    left where the logged rows need no more than the rest.
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
    """Seconds active in all sessions, with those in other places; null where none tells."""
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
    """Last sign of life. An exit carries no time of its own, but the stopwatch at that moment."""
    if not session.has_log:
        return None
    if session.exit_code is not None and session.start and stopwatch_s is not None:
        return latest_of(session.last_seen_at, session.start + timedelta(seconds=stopwatch_s))
    return session.last_seen_at


def _last(sessions: Sequence[Session], name: str) -> Any:
    values = (getattr(session, name) for session in reversed(sessions))
    return next((value for value in values if value is not None), None)


def _any(words: Iterator[bool | None]) -> bool | None:
    """Whether any session says so; None where none says anything."""
    told = [word for word in words if word is not None]
    return any(told) if told else None
