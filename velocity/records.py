"""The one schema of runs, which every source yields and the record merges.

A batch is a polars frame with exactly the columns of `RUN_SCHEMA`. Rows that could not be read are
`Rejected` beside it, so that a bad row does not stop the others and is still reported.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]

from velocity.cleaning import ACTING, LAYOUT, MARK, cleaned

UTC = pl.Datetime("us", "UTC")

#: One process that wrote to a run: when it began and its machine. A local directory also has data
#: of its own session: seconds on the stopwatch without those of earlier sessions, the last sign
#: of life and the last logged row. Null: not known.
WRITER = pl.Struct(
    {
        "start": UTC,
        "host": pl.String,
        "gpu_type": pl.String,
        "gpu_count": pl.Int64,  # GPUs of the machine, not those used
        "runtime_s": pl.Float64,
        "heartbeat_at": UTC,
        "last_metric_at": UTC,
        "job_id": pl.String,  # number of the scheduler's job that it ran in
    }
)

#: What a run used of one model: tokens at the full rate, written, from and into the cache, and
#: dollars if its log says what they cost. Reasoning is a part of what was written.
USAGE = pl.Struct(
    {
        "model": pl.String,
        **dict.fromkeys(("input", "output", "cache_read", "cache_write", "reasoning"), pl.Int64),
        "dollars": pl.Float64,
    }
)

#: Column -> type. Times are UTC; what is not known is null, never 0 or "".
RUN_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "entity": pl.String,  # key, with project and run_id
    "project": pl.String,
    "run_id": pl.String,
    "username": pl.String,  # W&B username; null if W&B does not have one
    "display_name": pl.String,
    "state": pl.String,  # raw, as W&B spells it
    "created_at": UTC,
    "submitted_at": UTC,  # when it was queued; only of a scheduler's own jobs
    "same_as": pl.List(pl.String),  # ids of runs that count instead, where another source has them
    "writers": pl.List(WRITER),  # in order of start; a writer without a start only has a machine
    "stamp": UTC,  # start that old clients wrote into the config
    "heartbeat_at": UTC,
    "runtime_s": pl.Float64,  # the stopwatch: seconds active
    # The part of it from sessions in other places; null: there were none. Local files only.
    "earlier_runtime_s": pl.Float64,
    "last_metric_at": UTC,  # last logged row
    "first_metric_at": UTC,  # first logged row; local run files only
    "group_name": pl.String,
    "job_type": pl.String,
    "sweep": pl.String,
    "tags": pl.List(pl.String),
    "config_hash": pl.String,  # from a table: equal for runs of one idea
    "config": pl.String,  # the whole config as JSON (`config_text`); the store keeps hashes of it
    "commit": pl.String,  # git commit of the code
    "gpu_utilisation": pl.Float64,  # mean over GPUs and time, 0 to 1; not in pages of W&B's API
    "notes": pl.String,
    "resumed": pl.Boolean,  # as the client reports it; null if it does not
    "offline": pl.Boolean,
    "shared": pl.Boolean,  # several processes wrote to the run at once
    "rewound": pl.Boolean,
    "history_rows": pl.Int64,  # number of logged rows, according to the server
    "wrote": pl.Boolean,  # whether there is evidence that a client ever wrote; W&B only
    "relaunched": pl.Boolean,  # an earlier run had this id; local files only
    "unreadable": pl.List(pl.String),  # names of fields that could not be read, if there are any
    "source": pl.String,  # api | files | table, or what another source calls itself
    "trust": pl.Int32,  # of the source: decides which source replaces which
    "url": pl.String,  # the page of the run
    "usage": pl.List(USAGE),  # by model; evaluations only
    # Instant to which the table (or other file) of this row is complete; null: it was read from a
    # server or a directory. Set when it is merged.
    "complete_to": UTC,
    "attempt_of": pl.String,  # id of a task that is tried again; the call is the first of same_as
}

#: A row without one of these cannot be merged.
REQUIRED: tuple[str, ...] = ("entity", "project", "run_id", "state", "created_at")

_KEY = ("entity", "project", "run_id")
#: Characters of a text; W&B itself allows 128 in a name.
_LONGEST, _LONGEST_NOTES, _LONGEST_REASON = 256, 10_000, 1_000
_LONGEST_CONFIG = 1_000_000  # bytes
_LONGEST_URL = 2_000
_MOST_TEXTS = 100  # of a list, such as tags
_UNCLEAN = (
    "its entity, project or run id contains control or invisible characters, or more than "
    f"{_LONGEST} characters"
)

_ACTS_ON_A_LINE = f"[{LAYOUT}{ACTING}]"
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_LONGEST_INT = 2**63


@dataclass(frozen=True)
class Rejected:
    """One row that could not become a record, and why (shown on the data-health page).

    Its texts are cleaned, because they may quote the row.
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
    """Runs and the rows that were rejected.

    Every source returns its runs in batches, so this is where their texts are cleaned. A key is
    never changed, because a run could then replace another: a row with an unclean key is rejected.
    """

    runs: pl.DataFrame  # of `RUN_SCHEMA`
    rejected: tuple[Rejected, ...] = ()  # rows that could not become a run
    #: Instant (UTC) to which the runs are complete; None: to when they were read.
    complete_to: datetime | None = None
    notes: tuple[str, ...] = ()  # sentences about skipped or invented values
    #: Runs that match the request, by the server's own count at this page; None: not known.
    asked_for: int | None = None

    def __post_init__(self) -> None:
        """Cleans the runs, and rejects those with a key that would have to be cleaned."""
        key = pl.col(_KEY)
        fits = ~key.str.contains(_ACTS_ON_A_LINE) & (key.str.len_chars() <= _LONGEST)
        clean = self.runs.select(pl.all_horizontal(fits.fill_null(value=True))).to_series()
        if not clean.all():
            unclean = self.runs.filter(~clean).select(_KEY)
            found = (
                Rejected(entity, project, run_id, _UNCLEAN)
                for entity, project, run_id in unclean.iter_rows()
            )
            object.__setattr__(self, "rejected", (*self.rejected, *found))
            object.__setattr__(self, "runs", self.runs.filter(clean))
        object.__setattr__(self, "runs", cleaned_frame(self.runs))
        notes = tuple(cleaned(note, _LONGEST_REASON) for note in self.notes)
        object.__setattr__(self, "notes", notes)


def cleaned_frame(runs: pl.DataFrame) -> pl.DataFrame:
    """The frame with its texts cleaned (`velocity.cleaning`), except for the columns of the key.

    Texts keep 256 characters, notes 10,000 and lists of texts their first 100. Values that cannot
    be cut become null: a config above a million bytes, which is named in `unreadable`, and a URL
    that is invalid or longer than 2,000 characters.
    """
    if "config" in runs.columns:
        too_long = runs["config"].str.len_bytes() > _LONGEST_CONFIG
        if too_long.any():
            named = pl.concat_list(pl.col("unreadable").fill_null([]), pl.lit(["config"]))
            runs = runs.with_columns(pl.when(too_long).then(named).otherwise("unreadable"))
    return runs.with_columns(
        _cleaned(it.name, it.dtype)
        for it in runs.iter_columns()
        if it.name not in _KEY and it.null_count() < len(it)
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
        # A cut or marked URL would lead elsewhere; another scheme could run code in the page.
        fits = column.str.len_chars() <= _LONGEST_URL
        acts = column.str.contains(_ACTS_ON_A_LINE)
        return pl.when(fits & ~acts & column.str.contains("^(https?://|/)")).then(column)
    if name == "notes":
        return _clean(column, _LONGEST_NOTES, f"[{ACTING}]")
    return _clean(column, _LONGEST)


def _clean(text: pl.Expr, longest: int, acts: str = _ACTS_ON_A_LINE) -> pl.Expr:
    """As `velocity.cleaning.cleaned`, for a column."""
    fits = text.str.len_chars() <= longest
    cut = pl.when(fits).then(text).otherwise(text.str.slice(0, longest - 1) + "…")
    return cut.str.replace_all(acts, MARK)


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


def lists(flat: pl.Series, lengths: Sequence[int | None]) -> pl.Series:
    """The values of `flat` in lists of these lengths, one after the other; null for None.

    Polars takes 5 microseconds for each list of Python's, and `pa.array` imports pandas.
    """
    offsets: list[int | None] = []
    end = 0
    for length in lengths:
        offsets.append(None if length is None else end)
        end += length or 0
    starts = pl.Series([*offsets, end], dtype=pl.Int32)
    array = pa.ListArray.from_arrays(starts.to_arrow(), flat.to_arrow())
    return pl.Series(array, dtype=pl.List(flat.dtype))


def config_text(config: Mapping[str, Any]) -> str:
    """A user config ({name: value}) as JSON, with the names in order.

    Raises:
        RecursionError: it is nested too deeply.
    """
    try:
        return orjson.dumps(config, default=str, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:  # half characters, integers beyond 64 bits, or deep nesting
        text = _HALF_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", _json(config))
        return _json(json.loads(text, parse_int=_number_or_text, parse_constant=lambda _: None))


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def _number_or_text(digits: str) -> int | str:
    number = int(digits)
    return number if -_LONGEST_INT <= number < _LONGEST_INT else digits
