"""The one schema of runs, which every source yields and the record merges.

A batch is a polars frame with exactly the columns of `RUN_SCHEMA`; what could not be read travels
beside it as `Rejected`, so that one bad row stops nothing and stays visible.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

if TYPE_CHECKING:
    from datetime import datetime

UTC = pl.Datetime("us", "UTC")

#: One process that wrote to a run: when it began and the machine it was on. A local directory also
#: tells what its own session left: seconds on the stopwatch without those of earlier sessions, the
#: last sign of life and the last logged row. Null: not known.
WRITER = pl.Struct(
    {
        "start": UTC,
        "host": pl.String,
        "gpu_type": pl.String,
        "gpu_count": pl.Int64,  # GPUs of the machine, not those used
        "runtime_s": pl.Float64,
        "heartbeat_at": UTC,
        "last_metric_at": UTC,
    }
)

#: Column -> type. Times are UTC; what is not known is null, never 0 or "".
RUN_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "entity": pl.String,  # key, with project and run_id
    "project": pl.String,
    "run_id": pl.String,
    "username": pl.String,  # W&B user name; null where W&B knows none
    "display_name": pl.String,
    "state": pl.String,  # raw, as W&B spells it
    "created_at": UTC,
    "writers": pl.List(WRITER),  # in order of start; one without a start tells a machine only
    "stamp": UTC,  # start as old clients wrote it into the config
    "heartbeat_at": UTC,
    "runtime_s": pl.Float64,  # the stopwatch: seconds active
    "earlier_runtime_s": pl.Float64,  # of these, what sessions in other places left; local files
    "last_metric_at": UTC,  # last logged row
    "first_metric_at": UTC,  # first logged row; local run files only
    "group_name": pl.String,
    "job_type": pl.String,
    "sweep": pl.String,
    "tags": pl.List(pl.String),
    "config_hash": pl.String,  # see `config_hash`
    "config": pl.String,  # canonical JSON, see `public_config`
    "gpu_utilisation": pl.Float64,  # mean over GPUs and time, 0 to 1; local run files only
    "notes": pl.String,
    "resumed": pl.Boolean,  # the client's own words; null where it does not say
    "offline": pl.Boolean,
    "shared": pl.Boolean,  # several processes wrote to the run at once
    "rewound": pl.Boolean,
    "history_rows": pl.Int64,  # logged rows, as the server counts them
    "wrote": pl.Boolean,  # whether anything shows that a client ever wrote; W&B only
    "relaunched": pl.Boolean,  # an earlier run had this id; local files only
    "unreadable": pl.List(pl.String),  # names of fields that could not be read; null for none
    "source": pl.String,  # api | files | table, or what another source calls itself
    "trust": pl.Int32,  # of the source: who replaces whom
    "url": pl.String,  # the page of the run
}

#: A row lacking one of these cannot be merged.
REQUIRED: tuple[str, ...] = ("entity", "project", "run_id", "state", "created_at")

_SEED_NAMES = frozenset({"seed", "random_seed", "rank"})
_STRING = frozenset({str})
_SCALARS = frozenset({str, int, float, bool, type(None)})
_SECRET_PARTS = ("token", "secret", "password", "key", "email")


@dataclass(frozen=True)
class Rejected:
    """One row that could not become a record, and why (shown on the data-health page)."""

    entity: str
    project: str
    run_id: str | None
    reason: str


@dataclass(frozen=True)
class RunBatch:
    """Runs and the rows that were set aside.

    Args:
        runs: frame of `RUN_SCHEMA`, any number of rows.
        rejected: rows that could not become a run.
        complete_to: instant (UTC) to which the runs are complete; None: to when they were read.
        notes: sentences about what was passed over or made up.
    """

    runs: pl.DataFrame
    rejected: tuple[Rejected, ...] = ()
    complete_to: datetime | None = None
    notes: tuple[str, ...] = ()


def run_frame(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows of (some of) the columns of `RUN_SCHEMA` as a frame; absent columns are null.

    Raises:
        polars.exceptions.PolarsError: a value does not fit its column.
    """
    return pl.DataFrame(
        [{column: row.get(column) for column in RUN_SCHEMA} for row in rows], schema=RUN_SCHEMA
    )


def config_hash(config: Mapping[str, Any]) -> str | None:
    """SHA-256 (hex) of the user config without seeds: equal for two seeds of one idea.

    None where nothing is left of it: an empty config does not say what was tried.

    `config` is the plain user config ({name: value}), without W&B's own `_wandb` key. Keys whose
    last dotted part is `seed`, `random_seed` or `rank` are left out at every depth.
    """
    idea = _without(config, _is_seed)
    return hashlib.sha256(_canonical(idea).encode()).hexdigest() if idea else None


def public_config(config: Mapping[str, Any]) -> str:
    """The config as canonical JSON without keys that look like secrets, at any depth."""
    return _canonical(_without(config, _is_secret))


def _is_seed(name: str) -> bool:
    return name.rsplit(".", 1)[-1] in _SEED_NAMES


def _is_secret(name: str) -> bool:
    lowered = name.lower()
    return any(part in lowered for part in _SECRET_PARTS)


def _without(value: Any, drop: Callable[[str], bool]) -> Any:
    if isinstance(value, Mapping):
        names = tuple(value)
        kept = dict(value)
        for name in _dropped(names, drop):
            del kept[name]
        if _STRING.issuperset(map(type, names)) and _SCALARS.issuperset(map(type, kept.values())):
            return kept
        return {str(name): _without(inner, drop) for name, inner in kept.items()}
    if isinstance(value, list | tuple):
        return [_without(inner, drop) for inner in value]
    return value


@lru_cache(maxsize=10_000)
def _dropped(names: tuple[Any, ...], drop: Callable[[str], bool]) -> frozenset[Any]:
    """Which of a config's names go. Run after run has the same ones, so they are looked up."""
    return frozenset(name for name in names if str(name) == "_wandb" or drop(str(name)))


def _canonical(value: Any) -> str:
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:  # whole numbers beyond 64 bits
        return json.dumps(
            value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str
        )
