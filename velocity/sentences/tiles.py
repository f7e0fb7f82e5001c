"""Headline figures and counts of the present moment, as tiles say them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from velocity import formats

Row = dict[str, Any]


@dataclass(frozen=True)
class Tile:
    """A figure and the words around it, as `ui.tile` takes them."""

    label: str
    value: str
    change: str = ""
    before: str = ""
    second: str = ""
    note: str = ""


def present(
    runs: pl.DataFrame,
    open_work: pl.DataFrame,
    waiting: pl.DataFrame,
    *,
    stale_after_minutes: float,
    own: bool,
) -> list[Tile]:
    """Four counts of a scholar's present: running, waiting, older than usual, stale.

    Args:
        runs: `reads.runs` of the scholar, with those running or stale.
        open_work: `reads.open_work` of the scholar.
        waiting: `reads.waiting_results` of the scholar.
        stale_after_minutes: age of the last heartbeat from which a run is stale; of `reads.trust`.
        own: whether the reader is the scholar.
    """
    old = open_work.filter("older_than_usual")
    counted = runs.filter(pl.col("excluded").is_null())
    stale = counted.filter(pl.col("class") == "stale").height
    notes = {
        "waiting": "no unanswered result in 5 days",
        "old": "no open experiment is older",
        "stale": "no run has lost its heartbeat",
    }
    if waiting.height:
        notes["waiting"] = f"the oldest for {formats.duration(waiting['waiting_hours'][0])}"
    if old.height:
        notes["old"] = f"usual is up to {formats.duration(old['usual_hours'][0])}"
    if stale:
        after = f"{stale_after_minutes:.15g}{formats.NBSP}min"
        notes["stale"] = f"no heartbeat for more than {after}"
    running = formats.count(counted.filter(pl.col("class") == "running").height)
    older = "Older than your usual" if own else "Older than usual"
    work = f"in {formats.plural(open_work.height, 'open experiment')}"
    return [
        Tile("Running", running, note=work),
        Tile("Results waiting", formats.count(waiting.height), note=notes["waiting"]),
        Tile(older, formats.count(old.height), note=notes["old"]),
        Tile("Stale", formats.count(stale), note=notes["stale"]),
    ]
