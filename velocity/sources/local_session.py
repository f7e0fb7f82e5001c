"""What one local run directory tells, and how the directories of one run become its row.

A run that was resumed has a directory a session: the same run id, another stamp.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from velocity.records import config_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

#: W&B's own name for the project of runs that name none.
NO_PROJECT = "uncategorized"


@dataclass
class Session:
    """One writer of a run, as far as its directory tells. None: not known."""

    path: Path
    offline: bool  # its directory is an `offline-run-…`
    entity: str | None = None
    project: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    last_seen_at: datetime | None = None  # latest instant of which anything is recorded
    first_metric_at: datetime | None = None
    last_metric_at: datetime | None = None
    runtime_s: float | None = None
    exit_code: int | None = None
    preempting: bool = False
    has_log: bool = False  # told by a `*.wandb` file, not by `files/` alone
    display_name: str | None = None
    group_name: str | None = None
    job_type: str | None = None
    sweep: str | None = None
    notes: str | None = None
    tags: list[str] | None = None
    config: dict[str, Any] | None = None
    host: str | None = None
    gpu_type: str | None = None
    gpu_count: int | None = None
    gpu_percents: list[float] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The state, in W&B's words; "unknown" where nothing tells of an end or of none."""
        if not self.has_log:
            return "unknown"
        if self.exit_code == 0:
            return "finished"
        if self.preempting:
            return "preempting" if self.exit_code is None else "preempted"
        return "running" if self.exit_code is None else "failed"

    @property
    def start(self) -> datetime | None:
        """When it began: by its environment, else by its run record."""
        return self.started_at or self.created_at

    def seen(self, instant: datetime | None) -> None:
        """Takes note that the session lived at `instant`."""
        self.last_seen_at = _latest(self.last_seen_at, instant)

    def logged(self, instant: datetime | None) -> None:
        """Takes note of a row logged at `instant`."""
        self.seen(instant)
        self.last_metric_at = _latest(self.last_metric_at, instant)
        if instant is not None:
            self.first_metric_at = min(self.first_metric_at or instant, instant)


def run_row(sessions: Sequence[Session], run_id: str) -> dict[str, Any]:
    """The row (columns of `RUN_SCHEMA` but entity, project and username) of a run's sessions.

    What a session does not tell is taken from an earlier one; the state is the last one's.

    Args:
        sessions: one at least, each with a known start.
        run_id: the run's id.
    """
    known = _distinct(sessions)
    last = known[-1]
    config = _last(known, "config")
    percents = [percent for session in known for percent in session.gpu_percents]
    return {
        "run_id": run_id,
        "display_name": _last(known, "display_name"),
        "state": last.state,
        "created_at": min(created for s in known if (created := s.created_at or s.started_at)),
        "writers": [
            {
                "start": session.start,
                "host": session.host,
                "gpu_type": session.gpu_type,
                "gpu_count": session.gpu_count,
            }
            for session in known
        ],
        "heartbeat_at": _heartbeat(last),
        "runtime_s": _total_runtime(known),
        "first_metric_at": min(
            (s.first_metric_at for s in known if s.first_metric_at), default=None
        ),
        "last_metric_at": max((s.last_metric_at for s in known if s.last_metric_at), default=None),
        "group_name": _last(known, "group_name"),
        "job_type": _last(known, "job_type"),
        "sweep": _last(known, "sweep"),
        "tags": _last(known, "tags"),
        "config": None if config is None else config_text(config),
        "gpu_utilisation": sum(percents) / len(percents) / 100 if percents else None,
        "notes": _last(known, "notes"),
        "source": "files",
        "trust": 1,
    }


def read_files(session: Session, folder: Path) -> None:
    """Fills in what `session` lacks from the JSON and YAML files in `folder` (a `files/`).

    Their `state` says "running" for ever and their `heartbeatAt` is the start: neither is read.
    """
    metadata = _mapping(folder / "wandb-metadata.json")
    session.started_at = session.started_at or instant_of(metadata.get("startedAt"))
    session.host = session.host or metadata.get("host")
    session.gpu_type = session.gpu_type or metadata.get("gpu")
    session.gpu_count = session.gpu_count or metadata.get("gpu_count")
    if session.has_log:
        return
    take_summary(session, _mapping(folder / "wandb-summary.json"))
    config = _mapping(folder / "config.yaml")
    own = config.pop("_wandb", None)
    config.pop("wandb_version", None)
    if own is not None or config:
        session.config = {
            name: value["value"] if isinstance(value, dict) and "value" in value else value
            for name, value in config.items()
        }
    stamp = own.get("value") if isinstance(own, dict) else None
    if isinstance(stamp, dict):
        session.created_at = instant_of(stamp.get("start_time"))
    if session.start is None and session.last_metric_at and session.runtime_s is not None:
        before = session.last_metric_at.timestamp() - session.runtime_s
        session.created_at = instant_of(before)


def take_summary(session: Session, summary: Mapping[str, Any]) -> None:
    """Takes the runtime and the last row's time out of (a part of) a run's summary."""
    own = summary.get("_wandb")
    runtime = own.get("runtime") if isinstance(own, dict) else None
    for seconds in (runtime, summary.get("_runtime")):
        if (known := finite(seconds)) is not None:
            session.runtime_s = max(known, session.runtime_s or 0.0)
            break
    session.logged(instant_of(summary.get("_timestamp")))


def instant_of(value: Any) -> datetime | None:
    """An instant in UTC of epoch seconds or ISO text (naive is UTC); None if it is neither."""
    try:
        if (seconds := finite(value)) is not None:
            return datetime.fromtimestamp(seconds, UTC)
        if isinstance(value, str):
            read = datetime.fromisoformat(value)
            return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def finite(value: Any) -> float | None:
    """The JSON value as a finite number, if it is one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # an integer beyond any float
        return None


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


def _total_runtime(sessions: Sequence[Session]) -> float | None:
    """Seconds active in all sessions; null where none tells.

    A session that was online counts the ones before it in its own runtime, an offline one does
    not know of them.
    """
    total: float | None = None
    for session in sessions:
        own = session.runtime_s
        if session.has_log and session.exit_code is None and session.last_seen_at and session.start:
            own = max(own or 0.0, (session.last_seen_at - session.start).total_seconds())
        if own is not None:
            before = total or 0.0
            total = before + own if session.offline else max(before, own)
    return total


def _heartbeat(session: Session) -> datetime | None:
    """Last sign of life. An exit carries no time of its own, but an offline one its runtime."""
    if not session.has_log:
        return None
    if session.offline and session.exit_code is not None and session.start and session.runtime_s:
        ended = session.start + timedelta(seconds=session.runtime_s)
        return _latest(session.last_seen_at, ended)
    return session.last_seen_at


def _last(sessions: Sequence[Session], name: str) -> Any:
    values = (getattr(session, name) for session in reversed(sessions))
    return next((value for value in values if value is not None), None)


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one or other


def _mapping(path: Path) -> dict[str, Any]:
    """The mapping in a JSON or YAML file; empty where there is none that can be read."""
    import yaml  # type: ignore[import-untyped]  # noqa: PLC0415 - comes with wandb, as the files do

    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".yaml":  # its dates and NaNs as they would be in the JSON of a server
            text = json.dumps(yaml.safe_load(text), default=str)
        value = json.loads(text, parse_constant=str)
    except (OSError, TypeError, ValueError, RecursionError, yaml.YAMLError):
        return {}
    return value if isinstance(value, dict) else {}
