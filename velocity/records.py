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

from velocity.cleaning import ACTING, LAYOUT, MARK, cleaned

if TYPE_CHECKING:
    from datetime import datetime

UTC = pl.Datetime("us", "UTC")

#: Column -> type. Times are UTC; what is not known is null, never 0 or "".
RUN_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "entity": pl.String,  # key, with project and run_id
    "project": pl.String,
    "run_id": pl.String,
    "username": pl.String,  # W&B user name; null where W&B knows none
    "display_name": pl.String,
    "state": pl.String,  # raw, as W&B spells it
    "created_at": UTC,
    "started_at": UTC,  # earliest writer's start, from the run's environment
    "writer_starts": pl.List(UTC),  # every writer's start, in order; more than one = resumed
    "heartbeat_at": UTC,
    "runtime_s": pl.Float64,  # seconds active, kept over a resume
    "last_metric_at": UTC,  # last logged row
    "first_metric_at": UTC,  # first logged row; local run files only
    "group_name": pl.String,
    "job_type": pl.String,
    "sweep": pl.String,
    "tags": pl.List(pl.String),
    "config_hash": pl.String,  # see `config_hash`
    "config": pl.String,  # canonical JSON, see `public_config`
    "host": pl.String,
    "gpu_type": pl.String,
    "gpu_count": pl.Int64,  # GPUs of the machine, not those used
    "gpu_utilisation": pl.Float64,  # mean over GPUs and time, 0 to 1; local run files only
    "notes": pl.String,
    "source": pl.String,  # api | files | table, or what another source calls itself
    "trust": pl.Int32,  # of the source: who replaces whom
    "url": pl.String,  # the page of the run
}

#: A row lacking one of these cannot be merged.
REQUIRED: tuple[str, ...] = ("entity", "project", "run_id", "state", "created_at")

_KEY = ("entity", "project", "run_id")
#: Characters of a text; W&B itself allows 128 of a name.
_LONGEST, _LONGEST_NOTES, _LONGEST_REASON = 256, 10_000, 1_000
_LONGEST_CONFIG = 1_000_000  # bytes
_LONGEST_URL = 2_000
_MOST_TEXTS = 100  # of a list, such as tags
_UNCLEAN = (
    "its entity, project or run id holds control or invisible characters, or more than "
    f"{_LONGEST} characters"
)

_SEED_NAMES = frozenset({"seed", "random_seed", "rank"})
_STRING = frozenset({str})
_SCALARS = frozenset({str, int, float, bool, type(None)})
_SECRET_PARTS = ("token", "secret", "password", "key", "email")


@dataclass(frozen=True)
class Rejected:
    """One row that could not become a record, and why (shown on the data-health page).

    Its texts are cleaned: they may quote what the row held.
    """

    entity: str
    project: str
    run_id: str | None
    reason: str

    def __post_init__(self) -> None:
        """Cleans the texts."""
        for name in _KEY:
            if (text := getattr(self, name)) is not None:
                object.__setattr__(self, name, cleaned(str(text), _LONGEST))
        object.__setattr__(self, "reason", cleaned(self.reason, _LONGEST_REASON))


@dataclass(frozen=True)
class RunBatch:
    """Runs and the rows that were set aside.

    Every source hands its runs over in one, so this is where their texts are cleaned. A key is
    never changed, or a run could take the place of another: an unclean one sets its row aside.

    Args:
        runs: frame of `RUN_SCHEMA`, any number of rows.
        rejected: rows that could not become a run.
        complete_to: instant (UTC) to which the runs are complete; None: to when they were read.
        notes: sentences about what was passed over or made up.
        asked_for: number of runs that match what a server was asked for, by its own count at this
            page; None: not known.
    """

    runs: pl.DataFrame
    rejected: tuple[Rejected, ...] = ()
    complete_to: datetime | None = None
    notes: tuple[str, ...] = ()
    asked_for: int | None = None

    def __post_init__(self) -> None:
        """Cleans the runs, and sets aside those with a key that would have to be cleaned."""
        clean = pl.all_horizontal(_is_clean(name) for name in _KEY)
        unclean = self.runs.filter(~clean).select(_KEY)
        if not unclean.is_empty():
            found = (
                Rejected(entity, project, run_id, _UNCLEAN)
                for entity, project, run_id in unclean.iter_rows()
            )
            object.__setattr__(self, "rejected", (*self.rejected, *found))
        object.__setattr__(self, "runs", cleaned_frame(self.runs.filter(clean)))
        notes = tuple(cleaned(note, _LONGEST_REASON) for note in self.notes)
        object.__setattr__(self, "notes", notes)


def cleaned_frame(runs: pl.DataFrame) -> pl.DataFrame:
    """The frame with its texts cleaned (`velocity.cleaning`), but for the columns of the key.

    Texts keep 256 characters, notes 10,000 and lists of texts their first 100. What cannot be cut
    is null: a config above a million bytes, and a URL above 2,000 characters or that is none.
    """
    return runs.with_columns(
        _cleaned(name, kind) for name, kind in runs.schema.items() if name not in _KEY
    )


def _cleaned(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if kind == pl.List(pl.String):
        return column.list.head(_MOST_TEXTS).list.eval(_clean(pl.element(), _LONGEST))
    if kind != pl.String:
        return column
    if name == "config":
        fits = column.str.len_bytes() <= _LONGEST_CONFIG
        return pl.when(fits).then(column.str.replace_all(f"[{ACTING}]", MARK))
    if name == "url":
        # Cut or marked it would lead elsewhere, and with another scheme run in the page.
        fits = column.str.len_chars() <= _LONGEST_URL
        acts = column.str.contains(f"[{LAYOUT}{ACTING}]")
        return pl.when(fits & ~acts & column.str.contains("^(https?://|/)")).then(column)
    if name == "notes":
        return _clean(column, _LONGEST_NOTES, f"[{ACTING}]")
    return _clean(column, _LONGEST)


def _clean(text: pl.Expr, longest: int, acts: str = f"[{LAYOUT}{ACTING}]") -> pl.Expr:
    """As `velocity.cleaning.cleaned`, for a column."""
    fits = text.str.len_chars() <= longest
    cut = pl.when(fits).then(text).otherwise(text.str.slice(0, longest - 1) + "…")
    return cut.str.replace_all(acts, MARK)


def _is_clean(name: str) -> pl.Expr:
    column = pl.col(name)
    acts = column.str.contains(f"[{LAYOUT}{ACTING}]")
    return (~acts & (column.str.len_chars() <= _LONGEST)).fill_null(value=True)


def is_clean_key(text: str) -> bool:
    """Whether a run with that entity, project or run id can be merged."""
    return cleaned(text, _LONGEST) == text


def run_frame(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows of (some of) the columns of `RUN_SCHEMA` as a frame; absent columns are null.

    Raises:
        polars.exceptions.PolarsError: a value does not fit its column.
    """
    return pl.DataFrame(
        [{column: row.get(column) for column in RUN_SCHEMA} for row in rows], schema=RUN_SCHEMA
    )


def config_hash(config: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of the user config without seeds: equal for two seeds of one idea.

    `config` is the plain user config ({name: value}), without W&B's own `_wandb` key. Keys whose
    last dotted part is `seed`, `random_seed` or `rank` are left out at every depth.
    """
    return hashlib.sha256(_canonical(_without(config, _is_seed)).encode()).hexdigest()


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
