"""An explanation as plain text and as JSON; no colours, no libraries."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date, datetime
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import polars as pl

from velocity import formats
from velocity.explain.arithmetic import exact
from velocity.explain.explanation import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from velocity.explain.explanation import Explanation

#: Rows of a table that are printed; JSON has all of them.
_SHOWN = 40
_WIDEST = 72

#: Which columns of the wide frames are printed.
_RUNS = [
    *("run", "state", "created_at", "started_at", "heartbeat_at", "runtime_hours"),
    *("class", "start_source", "ended_at", "end_source", "experiment", "joined_by"),
]
_SESSIONS = ["run", "session", "started_at", "ended_at", "end_source", "hours", "hours_inside"]
_EXPERIMENTS = [
    *("experiment", "runs", "k", "started_at", "signal_at", "outcome", "overlapped"),
    *("hours_inside", "loop_status"),
]
_LOOPS = [
    *("experiment_id", "status", "started_at", "signal_at", "next_at"),
    *("machine_hours", "reaction_hours", "reaction_awake_hours", "loop_hours"),
]


def render_text(explanation: Explanation) -> str:
    """The explanation as it is read in a terminal; the last line is the headline.

    Text of others stands on one line and without control characters.
    """
    return "\n".join(_lines(explanation)) + "\n"


def as_json(explanation: Explanation) -> str:
    """The explanation as JSON: every row and column, unrounded, times in UTC."""
    content = {field.name: getattr(explanation, field.name) for field in fields(explanation)}
    return json.dumps(content, default=_plain, ensure_ascii=False, indent=1) + "\n"


def _lines(it: Explanation) -> Iterator[str]:
    window = "the data" if it.at_end else "all the data"
    if it.week is not None:
        window = f"the {formats.week(it.week)} {it.week.year}".replace(formats.NBSP, " ")
    if it.at_end:
        window = f"at the end of {window}"
    yield f"{it.metric.title} ({it.metric.id}, {it.metric.unit})"
    yield it.metric.text
    yield (
        f"Of {formats.label(it.scholar)}, {window}; days and weeks in {it.timezone}, times in UTC; "
        f"data up to {_cell(it.as_of)}."
    )
    table = partial(_table, below=_common(it.runs["run"]))
    if table.keywords["below"]:
        yield f"Runs and experiments are those of {formats.label(table.keywords['below'], _WIDEST)}"
    yield from table(
        "Runs: what came in, what they were taken for, what joined them", it.runs, _RUNS
    )
    yield from (
        f"  {rule}: {words}" for rule, words in RULES.items() if rule in set(it.runs["joined_by"])
    )
    yield from table("Sessions: when the runs were active", it.sessions, _SESSIONS)
    yield from table("Experiments: k runs finished make the signal", it.experiments, _EXPERIMENTS)
    yield from table("Loops launched in the window", it.loops, _LOOPS)
    yield from table("Excluded, imputed or flagged", it.left_out)
    for result in it.results:
        of = f" of {formats.label(result.of, _WIDEST)}" if result.of else ""
        for total in result.totals:
            how = "largest" if total.largest else "sum"
            yield from table(f"Arithmetic{of}: {total.unit} {total.text} ({how})", total.addends)
        if result.latencies is not None:
            yield from table(f"Arithmetic{of}: lengths in order, and survival", result.latencies)
        yield ""
        yield from result.steps
        yield f"Headline: {it.metric.id}{of} = {exact(result.headline)}"
    if it.nothing:
        yield ""
        yield it.nothing


def _common(ids: pl.Series) -> str:
    """What all the ids begin with, up to a slash: it is said once."""
    folders = [text.split("/")[:-1] for text in ids]
    same = takewhile(lambda parts: len(set(parts)) == 1, zip(*folders, strict=False))
    return "".join(f"{parts[0]}/" for parts in same)


def _table(
    title: str, frame: pl.DataFrame, columns: Sequence[str] = (), *, below: str
) -> Iterator[str]:
    yield ""
    yield f"{title} ({formats.plural(frame.height, 'row')})"
    if frame.is_empty():
        return
    shown = frame.select(columns or frame.columns).head(_SHOWN)
    cells = [[_cell(value, below) for value in row] for row in shown.iter_rows()]
    lines = [shown.columns, *cells]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    numeric = [kind.is_numeric() for kind in shown.dtypes]
    for row in lines:
        aligned = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        )
        yield f"  {'  '.join(aligned)}".rstrip()
    if frame.height > _SHOWN:
        yield f"  and {frame.height - _SHOWN:,} more; --format json has all of them"


def _cell(value: Any, below: str = "") -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() | int():
            return exact(value)
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case date():
            return value.isoformat()
    text = str(value).replace(below, "", 1) if below else str(value)
    line = formats.label(text, len(text))
    # The end of an id tells it apart from others.
    half = _WIDEST // 2
    return line if len(line) <= _WIDEST else f"{line[: half - 1]}…{line[-half:]}"


def _plain(value: Any) -> Any:
    """What JSON has no word for."""
    if isinstance(value, pl.DataFrame):
        return value.to_dicts()
    if isinstance(value, date):
        return value.isoformat().replace("+00:00", "Z")
    return {field.name: getattr(value, field.name) for field in fields(value)}
