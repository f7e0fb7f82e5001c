"""What the records of a `*.wandb` file (`wandb.proto.wandb_internal_pb2.Record`) tell of a run."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from velocity.sources.local_session import Session, finite, instant_of, take_summary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: NaN and infinities, which Python writes but JSON lacks, become text.
_JSON = json.JSONDecoder(parse_constant=str)
_GPU_PERCENT = re.compile(r"gpu\.\d+\.gpu")

# Nearly all records are logged rows and the summary after each, of which only the first and the
# last count. Their keys are looked for in the bytes (each behind its length), and the few records
# that matter are read at the end: going through every key took ten times as long.
_TIMESTAMP = b"\x0a_timestamp"
_SUMMARY_MARKS = (b"\x06_wandb", b"\x08_runtime", _TIMESTAMP)


class LogRecords:
    """Takes the records of one `*.wandb` file, in order, into a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rows: list[Any] = []  # first and last logged row
        self._summaries: dict[bytes, Any] = {}  # last summary with each mark

    def take(self, payload: bytes, record: Any) -> None:
        """Takes what `record` tells, which `payload` was parsed into; most kinds tell nothing."""
        kind = record.WhichOneof("record_type")
        if kind == "history":
            if _TIMESTAMP in payload:
                self._rows[1:] = [record]
        elif kind == "summary":
            self._summaries.update((mark, record) for mark in _SUMMARY_MARKS if mark in payload)
        elif kind in _TAKE:
            _TAKE[kind](self._session, getattr(record, kind))

    def finish(self) -> None:
        """Takes what could only be known at the end."""
        for record in self._rows:
            self._session.logged(instant_of(_tree(record.history.item).get("_timestamp")))
        summary: dict[str, Any] = {}
        for mark, record in self._summaries.items():
            name = mark[1:].decode()
            summary[name] = _tree(record.summary.update).get(name)
        take_summary(self._session, summary)


def _take_run(session: Session, run: Any) -> None:
    session.seen(_instant(run.start_time))
    session.created_at = session.created_at or _instant(run.start_time)
    session.entity = run.entity or session.entity
    session.project = run.project or session.project
    session.display_name = run.display_name or session.display_name
    session.group_name = run.run_group or session.group_name
    session.job_type = run.job_type or session.job_type
    session.sweep = run.sweep_id or session.sweep
    session.notes = run.notes or session.notes
    session.host = session.host or run.host or None
    session.tags = list(run.tags) or session.tags or []
    _take_config(session, run.config)


def _take_config(session: Session, change: Any) -> None:
    config = session.config = session.config if session.config is not None else {}
    _tree(change.update, config)
    for item in change.remove:
        config.pop(item.key, None)


def _take_environment(session: Session, environment: Any) -> None:
    if environment.HasField("started_at"):
        session.started_at = session.started_at or _instant(environment.started_at)
        session.seen(session.started_at)
    session.host = environment.host or session.host
    session.gpu_type = environment.gpu_type or session.gpu_type
    session.gpu_count = environment.gpu_count or session.gpu_count


def _take_stats(session: Session, stats: Any) -> None:
    session.seen(_instant(stats.timestamp))
    for item in stats.item:
        if _GPU_PERCENT.fullmatch(item.key):
            percent = finite(_json(item.value_json))
            if percent is not None:
                session.gpu_percents.append(percent)


def _take_output(session: Session, line: Any) -> None:
    session.seen(_instant(line.timestamp))


def _take_preempting(session: Session, _preempting: Any) -> None:
    session.preempting = True


def _take_exit(session: Session, ended: Any) -> None:
    session.exit_code = ended.exit_code
    session.runtime_s = float(ended.runtime)


_TAKE: dict[str, Callable[[Session, Any], None]] = {
    "run": _take_run,
    "config": _take_config,
    "environment": _take_environment,
    "stats": _take_stats,
    "output_raw": _take_output,
    "preempting": _take_preempting,
    "exit": _take_exit,
}


def _tree(items: Sequence[Any], into: dict[str, Any] | None = None) -> dict[str, Any]:
    """The items' values, each under its key or nested keys."""
    root: dict[str, Any] = {} if into is None else into
    for item in items:
        *path, name = item.nested_key or [item.key]
        tree = root
        for step in path:
            below = tree.get(step)
            tree[step] = tree = below if isinstance(below, dict) else {}
        tree[name] = _json(item.value_json)
    return root


def _json(text: str) -> Any:
    try:
        return _JSON.decode(text)
    except (ValueError, RecursionError):
        return None


def _instant(stamp: Any) -> datetime | None:
    if not stamp.seconds:
        return None
    return datetime.fromtimestamp(stamp.seconds, UTC) + timedelta(microseconds=stamp.nanos // 1000)
