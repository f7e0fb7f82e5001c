"""Run nodes of W&B's API -> columns of `RUN_SCHEMA`.

Pure functions: 10,000s of runs a second.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import polars as pl

from velocity.records import (
    RUN_SCHEMA,
    UTC,
    Rejected,
    RunBatch,
    cleaned_frame,
    config_text,
    lists,
)
from velocity.sources.values import (
    CLOCKS_SET,
    EARLIEST,
    LONGEST_RUNTIME_S,
    count_of,
    finite,
    gpu_count_of,
    instant_of,
    mapping_of,
    noted,
    read_object,
    text_of,
    unwrapped,
)

Node = dict[str, Any]

_TEXTS = {
    "run_id": "name",
    "display_name": "displayName",
    "state": "state",
    "group_name": "group",
    "job_type": "jobType",
    "sweep": "sweepName",
    "notes": "notes",
}
_TIMES = {"created_at": "createdAt", "heartbeat_at": "heartbeatAt"}

#: Columns that need neither config nor summary; a listing has only these.
LISTING_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    column: RUN_SCHEMA[column] for column in (*_TEXTS, *_TIMES, "tags", "username")
}

#: Column -> number in the list of features that the client used (its telemetry).
_FEATURES = {"offline": 4, "resumed": 5, "shared": 67, "rewound": 72}
_FEATURE_LIST = "3"
_SECONDS_A_DAY, _MICROSECONDS = 86_400, 1_000_000
_LATEST = 2**63  # after every start
_CLOCKS_SET_US = int(CLOCKS_SET.timestamp()) * _MICROSECONDS


def run_batch(
    entity: str,
    project: str,
    nodes: Iterable[Node],
    *,
    app_url: str = "/",
    asked_for: int | None = None,
) -> RunBatch:
    """A page of full nodes as runs. An unreadable field is null, and named in the run.

    Only a node without an id, or with neither a creation time nor a start, is rejected. Of two
    nodes with the same id, the last counts. The page of each run is below `app_url`, with a slash
    at the end.
    """
    runs_page = f"{app_url}{quote(entity, '')}/{quote(project, '')}/runs/"
    rows: list[dict[str, Any]] = []
    rejected: list[Rejected] = []
    for node in _distinct(nodes):
        unreadable: list[str] = []
        # First: an unreadable field of the client shows that it wrote, one of the server does not.
        row = _told_row(node, unreadable)
        row |= _light_row(node, unreadable)
        if row["created_at"] is None:
            row["created_at"] = _likely_creation(row)
            if node.get("createdAt") is None:
                unreadable.append("createdAt")
        if reason := _why_not_a_run(node, row):
            rejected.append(Rejected(entity, project, row["run_id"], reason))
            continue
        row["url"] = runs_page + quote(row["run_id"], "")
        row["unreadable"] = unreadable or None
        rows.append(row)
    constant: dict[str, Any] = {"entity": entity, "project": project, "source": "api", "trust": 3}
    return RunBatch(_frame(rows, RUN_SCHEMA, constant), tuple(rejected), asked_for=asked_for)


def listing_frame(nodes: Iterable[Node]) -> pl.DataFrame:
    """A page of nodes without config and summary as a frame of `LISTING_SCHEMA`, each id once.

    Its texts are cleaned like those of a `RunBatch`, so the two can be compared.
    """
    rows = [_light_row(node, []) for node in _distinct(nodes)]
    return cleaned_frame(_frame(rows, LISTING_SCHEMA, {}))


def _distinct(nodes: Iterable[Node]) -> Iterable[Node]:
    return {repr(node.get("name")): node for node in nodes}.values()


def _why_not_a_run(node: Node, row: Mapping[str, Any]) -> str | None:
    """Why a node cannot become a run; None if it can."""
    for column, name in (("run_id", "name"), ("created_at", "createdAt")):
        if row[column] is None:
            sent = node.get(name)
            return f"it has no {name}" if sent is None else f"its {name} cannot be read: {sent!r}"
    return None


def _likely_creation(row: Mapping[str, Any]) -> int | None:
    """For a run without a creation time: its start, or its last sign less its runtime.

    None if the clocks were not set.
    """
    known = [*(it["start"] for it in (row.get("writers") or ())[:1]), row.get("stamp")]
    if (runtime_s := row["runtime_s"]) is not None and 0 <= runtime_s < LONGEST_RUNTIME_S:
        signs = row["heartbeat_at"], row["last_metric_at"]
        known += [it and it - round(runtime_s * _MICROSECONDS) for it in signs]
    return next((it for it in known if it is not None and it >= _CLOCKS_SET_US), None)


def _light_row(node: Node, unreadable: list[str]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for column, name in _TEXTS.items():
        value = node.get(name)
        if value is not None and not isinstance(value, str):
            value = noted(text_of, value, name, unreadable)
        row[column] = value
    # An empty name is null; otherwise all runs without one would share a group or sweep.
    row["group_name"], row["sweep"] = row["group_name"] or None, row["sweep"] or None
    row["state"] = row["state"] or ""  # an unknown state
    row["tags"] = _tags(node.get("tags"), unreadable)
    user = node.get("user")
    told = user.get("username") if isinstance(user, dict) else None
    row["username"] = noted(text_of, told, "user", unreadable)
    for column, name in _TIMES.items():
        row[column] = noted(_servers_micros, node.get(name), name, unreadable)
    return row


def _tags(value: Any, unreadable: list[str]) -> list[str] | None:
    if value is None:
        return None
    tags = [tag for tag in value if isinstance(tag, str)] if isinstance(value, list) else None
    if tags is None or len(tags) < len(value):
        unreadable.append("tags")
    return tags


def _told_row(node: Node, unreadable: list[str]) -> dict[str, Any]:
    """The columns that come from the config and the summary."""
    config = _object(node.get("config"), "config", unreadable)
    summary = _object(node.get("summaryMetrics"), "summary", unreadable)
    if config is not None:
        config.pop("wandb_version", None)  # the version of the format, not a user's value
    rows = noted(count_of, node.get("historyLineCount"), "historyLineCount", unreadable)
    # A field that cannot be read shows that a client wrote it.
    wrote = bool(config or summary or unreadable)
    commit = noted(text_of, node.get("commit"), "commit", unreadable) or None
    row = {"history_rows": rows, "wrote": wrote, "commit": commit}
    if config is not None:
        config = unwrapped(config)
        row |= _internal_row(config.pop("_wandb", None), unreadable)
        try:
            row["config"] = config_text(config)
        except RecursionError:  # nested too deep
            unreadable.append("config")
    return row | _summary_row(summary or {}, unreadable)


def _internal_row(internal: Any, unreadable: list[str]) -> dict[str, Any]:
    """The client's own part: the writers, the start that old clients wrote, and the features."""
    value = noted(mapping_of, internal, "_wandb", unreadable) or {}
    telemetry = value.get("t")
    features = telemetry.get(_FEATURE_LIST) if isinstance(telemetry, dict) else None
    row: dict[str, Any] = {
        "stamp": noted(_micros, value.get("start_time"), "start_time", unreadable),
        "writers": _writers(value.get("e"), unreadable),
    }
    if isinstance(features, list):
        row |= {column: number in features for column, number in _FEATURES.items()}
    return row


def _writers(entries: Any, unreadable: list[str]) -> list[dict[str, Any]] | None:
    """The writers in order of start, those without a start last; None if there are none."""
    by_id = noted(mapping_of, entries or None, "writers", unreadable) or {}
    readable = (noted(mapping_of, entry, "writers", unreadable) for entry in by_id.values())
    writers = [
        {"start": noted(_micros, entry.get("startedAt"), "startedAt", unreadable)}
        | _machine(entry, unreadable)
        for entry in readable
        if entry
    ]
    told = [writer for writer in writers if any(value is not None for value in writer.values())]
    told.sort(key=lambda it: (_LATEST if it["start"] is None else it["start"], str(it.get("host"))))
    return told or None


def _machine(entry: Mapping[str, Any], unreadable: list[str]) -> dict[str, Any]:
    slurm = entry.get("slurm")
    job_id = slurm.get("job_id") if isinstance(slurm, dict) else None
    return {
        "host": noted(text_of, entry.get("host"), "host", unreadable),
        "gpu_type": noted(text_of, entry.get("gpu"), "gpu_type", unreadable),
        "gpu_count": noted(gpu_count_of, entry.get("gpu_count"), "gpu_count", unreadable),
        "job_id": text_of(job_id),
    }


def _summary_row(summary: Mapping[str, Any], unreadable: list[str]) -> dict[str, Any]:
    internal = noted(mapping_of, summary.get("_wandb"), "_wandb", unreadable) or {}
    told = internal.get("runtime"), summary.get("_runtime")
    values = [value for value in told if value is not None]
    runtimes = [seconds for seconds in map(finite, values) if seconds is not None]
    unreadable += ["runtime"] * (len(values) - len(runtimes))
    return {
        "runtime_s": max(runtimes, default=None),
        "last_metric_at": noted(_micros, summary.get("_timestamp"), "_timestamp", unreadable),
    }


def _object(text: Any, name: str, unreadable: list[str]) -> dict[str, Any] | None:
    """The JSON object in `text`, also if it was encoded twice; None if there is none."""
    if text is None or text == "":
        return None
    try:
        return read_object(text)
    except (TypeError, ValueError):
        unreadable.append(name)
        return None


def _micros(value: Any) -> int | None:
    """Microseconds since 1970 of a time as W&B writes it."""
    moment = instant_of(value)
    if moment is None:
        return None
    since = moment - EARLIEST
    return (since.days * _SECONDS_A_DAY + since.seconds) * _MICROSECONDS + since.microseconds


def _servers_micros(value: Any) -> int | None:
    """As `_micros`, but a server's time 0 stands for "none"."""
    return _micros(value) or None


def _frame(
    rows: Sequence[Mapping[str, Any]],
    schema: Mapping[str, pl.DataType | type[pl.DataType]],
    constant: Mapping[str, Any],
) -> pl.DataFrame:
    """Rows as a frame, built by column from plain values: five times faster than from rows."""
    columns = (
        pl.repeat(constant[column], len(rows), dtype=dtype, eager=True)
        if column in constant
        else _column([row.get(column) for row in rows], dtype)
        for column, dtype in schema.items()
    )
    return pl.DataFrame(dict(zip(schema, columns, strict=True)))


def _column(values: list[Any], dtype: Any) -> pl.Series:
    if not dtype.is_nested() or values.count(None) == len(values):
        return pl.Series(values, dtype=pl.Int64 if dtype == UTC else dtype).cast(dtype)
    if isinstance(dtype, pl.List):
        flat = [it for value in values if value is not None for it in value]
        return lists(_column(flat, dtype.inner), [None if it is None else len(it) for it in values])
    fields = ((it.name, it.dtype) for it in dtype.fields)
    return pl.DataFrame(
        {name: _column([it.get(name) for it in values], inner) for name, inner in fields}
    ).to_struct()
