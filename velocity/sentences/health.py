"""Runs and Data health: what happened, and what is doubtful."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.reading.definitions import metrics
from velocity.sentences.answer import (
    LONGEST_SENTENCE,
    LONGEST_SUPPORT,
    Answer,
    Row,
    as_read,
    capitalised,
    fitting,
    joined,
    name,
    number,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A smaller difference of hours comes from rounding in the last division.
_ROUNDING_HOURS = 1e-6
#: Count in `reads.trust` (or given beside it), noun, and what one and what many do. In order of
#: how much they mislead.
_DOUBTS = (
    ("unattributed", "run", "has no known scholar", "have no known scholar"),
    ("clock_runs", "run", "has a doubtful clock", "have a doubtful clock"),
    ("contradicted_runs", "run", "contradicts itself", "contradict themselves"),
    ("unknown_end_runs", "run", "has no known end", "have no known end"),
    ("rejected_rows", "row", "was skipped", "were skipped"),
    ("ambiguous", "experiment", "has no stream", "have no stream"),
    ("estimated_runs", "run", "has estimated sessions", "have estimated sessions"),
    ("stale_runs", "run", "is presumed dead", "are presumed dead"),
)


def data_health(
    *,
    trust: Row,
    unattributed: pl.DataFrame,
    ambiguous: pl.DataFrame,
    syncs: pl.DataFrame,
    residual_hours: float,
) -> Answer:
    """What is doubtful: a bug of this tool, a failed sync, then rows that could mislead.

    Args:
        trust: the row of `reads.trust`.
        unattributed: `reads.unattributed`.
        ambiguous: `reads.ambiguous`.
        syncs: `reads.sync_log`, newest first.
        residual_hours: of `reads.littles_law_residual`.
    """
    count = int(number(trust, "runs"))
    beside = {"unattributed": unattributed["runs"], "ambiguous": ambiguous["experiments"]}
    counts = {**trust, **{what: int(column.sum()) for what, column in beside.items()}}
    doubts = [
        f"{formats.plural(counts[what], noun)} {one if counts[what] == 1 else many}"
        for what, noun, one, many in _DOUBTS
        if counts.get(what)
    ]
    if abs(residual_hours) > _ROUNDING_HOURS:
        return Answer(
            "Daily figures and runs do not add up: a bug in this tool; please report it.",
            joined(f"They differ by {formats.duration(abs(residual_hours))}.", _listed(doubts)),
        )
    last = syncs.unique(["entity", "project"], keep="first", maintain_order=True)
    if failed := last.drop_nulls("error").select("entity", "project").rows():
        return Answer(_sync_failed(failed), _listed(doubts))
    if not count:
        return Answer("There are no runs yet.", _listed(doubts))
    if not doubts:
        every = f"all {formats.count(count)} runs have" if count > 1 else "the one run has"
        return Answer(
            f"Nothing is doubtful: {every} a known scholar, a sound clock and a known end."
        )
    n = formats.sample(count, "run")
    first, *more = doubts
    both = f"{first}, and {more[0]} ({n})." if more else ""
    if both and len(as_read(both)) <= LONGEST_SENTENCE:
        return Answer(both, _listed(more[1:], also=True))
    sentence = fitting(f"{first} ({n}).", "Some runs are doubtful.")
    return Answer(sentence, _listed(more, also=True))


def restated_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """`reads.restated` with the titles of its measures, and its values in words."""
    said = [
        {it: _value(row[it], row["measure"]) for it in ("value_before", "value_after")}
        | {"measure": metrics()[row["measure"]].title}
        for row in rows.iter_rows(named=True)
    ]
    schema = dict.fromkeys(("value_before", "value_after", "measure"), pl.String)
    return rows.with_columns(pl.DataFrame(said, schema=schema))


def _value(value: float | None, measure: str) -> str:
    """A value with the decimals in which a restatement shows."""
    writers = {"share": formats.share_exact, "hours": formats.hours_in_all}
    return writers.get(metrics()[measure].unit, formats.written)(value)


def _listed(doubts: Sequence[str], *, also: bool = False) -> str:
    """As many of the doubts as fit on the line."""
    text = ""
    for doubt in doubts:
        longer = f"{text}; {doubt}" if text else f"{'Also ' if also else ''}{doubt}"
        if len(as_read(longer)) < LONGEST_SUPPORT:
            text = longer
    return f"{capitalised(text)}." if text else ""


def _sync_failed(failed: Sequence[tuple[str, str]]) -> str:
    if len(failed) > 1:
        many = formats.count(len(failed))
        return f"The last sync of {many} projects failed; their figures end earlier."
    entity, project = failed[0]
    called = f"{name(entity, 20)} / {name(project, 20)}"
    return f"The last sync of {called} failed; its figures end earlier."
