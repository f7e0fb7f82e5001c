"""Runs and Data health: what happened, and what of it is doubtful."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.sentences.answer import (
    ENOUGH,
    LONGEST_SENTENCE,
    LONGEST_SUPPORT,
    Answer,
    Row,
    as_read,
    begun,
    ended_runs,
    fitting,
    joined,
    name,
    number,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A difference of hours below this is the rounding of the last division.
_ROUNDING_HOURS = 1e-6


def runs(*, figures: Row | None, started: int) -> Answer:
    """What became of the runs of the window.

    Args:
        figures: the row of `reads.metrics` over the window; None where no one row is about all of
            the runs.
        started: how many of them started in it.
    """
    row = figures or {}
    if figures is None and started:
        verb = "starts" if started == 1 else "start"
        return Answer(f"{formats.plural(started, 'run')} {verb} in this window.")
    if not number(row, "runs_started") and not ended_runs(row):
        return Answer("No run starts or ends in this window.")
    begun, finished, failed, killed = (
        formats.count(number(row, f"runs_{how}"))
        for how in ("started", "finished", "failed", "killed")
    )
    noun = "run starts" if number(row, "runs_started") == 1 else "runs start"
    sentence = fitting(
        f"{begun} {noun} in this window: {finished} finish, {failed} fail, {killed} are killed.",
        "Runs start and end in this window.",
    )
    return Answer(sentence, joined(_failed(row), _rework(row)))


def _failed(row: Row) -> str:
    ended = ended_runs(row)
    if row.get("failure_share") is None or ended < ENOUGH:
        return ""
    early = int(number(row, "early_failures"))
    within = f", {formats.count(early)} of them within 2 minutes" if early else ""
    return f"{formats.share(row['failure_share'])} of the runs that ended failed{within}."


def _rework(row: Row) -> str:
    if not row.get("rework_share") or number(row, "runs_started") < ENOUGH:
        return ""
    return f"{formats.share(row['rework_share'])} of runs repeat a config that had failed before."


def data_health(
    *,
    trust: Row,
    unattributed: pl.DataFrame,
    ambiguous: pl.DataFrame,
    syncs: pl.DataFrame,
    residual_hours: float,
) -> Answer:
    """What is doubtful: a fault of ours, a sync that failed, then rows that could mislead.

    Args:
        trust: the row of `reads.trust`.
        unattributed: `reads.unattributed`.
        ambiguous: `reads.ambiguous`.
        syncs: `reads.sync_log`, newest first.
        residual_hours: of `reads.littles_law_residual`.
    """
    count = int(number(trust, "runs"))
    doubts = _doubts(trust, int(unattributed["runs"].sum()), int(ambiguous["experiments"].sum()))
    failed = _failed_syncs(syncs)
    if abs(residual_hours) > _ROUNDING_HOURS:
        return Answer(
            "Daily figures and runs do not add up: a fault of ours, please report it.",
            joined(f"They differ by {formats.duration(abs(residual_hours))}.", _listed(doubts)),
        )
    if failed:
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


def _doubts(trust: Row, unattributed: int, ambiguous: int) -> list[str]:
    """What could mislead, most misleading first."""
    found = (
        (unattributed, "run", "belongs to no known scholar", "belong to no known scholar"),
        (number(trust, "clock_runs"), "run", "has a doubtful clock", "have a doubtful clock"),
        (
            number(trust, "contradicted_runs"),
            "run",
            "contradicts itself",
            "contradict themselves",
        ),
        (number(trust, "unknown_end_runs"), "run", "has no known end", "have no known end"),
        (number(trust, "rejected_rows"), "row", "is set aside", "are set aside"),
        (ambiguous, "experiment", "belongs to no stream", "belong to no stream"),
        (
            number(trust, "estimated_runs"),
            "run",
            "has estimated sessions",
            "have estimated sessions",
        ),
        (number(trust, "stale_runs"), "run", "is presumed dead", "are presumed dead"),
    )
    return [
        f"{formats.plural(count, noun)} {one if count == 1 else many}"
        for count, noun, one, many in found
        if count
    ]


def _listed(doubts: Sequence[str], *, also: bool = False) -> str:
    """As many of the doubts as the line holds."""
    text = ""
    for doubt in doubts:
        longer = f"{text}; {doubt}" if text else f"{'Also ' if also else ''}{doubt}"
        if len(as_read(longer)) < LONGEST_SUPPORT:
            text = longer
    return f"{begun(text)}." if text else ""


def _failed_syncs(syncs: pl.DataFrame) -> list[tuple[str, str]]:
    """(entity, project) whose last command failed."""
    last = syncs.unique(["entity", "project"], keep="first", maintain_order=True)
    return last.filter(pl.col("error").is_not_null()).select("entity", "project").rows()


def _sync_failed(failed: Sequence[tuple[str, str]]) -> str:
    if len(failed) > 1:
        many = formats.count(len(failed))
        return f"The last sync of {many} projects failed; their figures end earlier."
    entity, project = failed[0]
    called = f"{name(entity, 20)} / {name(project, 20)}"
    return f"The last sync of {called} failed; its figures end earlier."
