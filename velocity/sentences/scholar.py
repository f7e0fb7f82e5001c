"""What "My velocity" says of a scholar beside its charts: the present moment and the medians."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from velocity import formats

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Tile:
    """A count of the present moment and what stands below it."""

    label: str
    value: str
    note: str


def now(
    runs: pl.DataFrame,
    open_work: pl.DataFrame,
    waiting: pl.DataFrame,
    *,
    stale_after_minutes: float,
    own: bool,
) -> list[Tile]:
    """The four counts of the present: running, waiting, older than usual, stale.

    Args:
        runs: `reads.runs` of the scholar, those running or stale among them.
        open_work: `reads.open_work` of the scholar.
        waiting: `reads.waiting_results` of the scholar.
        stale_after_minutes: age of the last heartbeat from which a run is stale; of `reads.trust`.
        own: whether the reader is the scholar.
    """
    old = open_work.filter("older_than_usual")
    running = runs.filter((pl.col("class") == "running") & pl.col("excluded").is_null())
    stale = runs.filter((pl.col("class") == "stale") & pl.col("excluded").is_null())
    return [
        Tile(
            "Running",
            formats.count(running.height),
            f"in {formats.plural(open_work.height, 'open experiment')}",
        ),
        Tile(
            "Results waiting",
            formats.count(waiting.height),
            f"the oldest for {formats.duration(waiting['waiting_hours'][0])}"
            if waiting.height
            else "nothing unanswered in 5 days",
        ),
        Tile(
            "Older than your usual" if own else "Older than usual",
            formats.count(old.height),
            f"usual is up to {formats.duration(old['usual_hours'][0])}"
            if old.height
            else "no open experiment is",
        ),
        Tile(
            "Stale",
            formats.count(stale.height),
            f"no heartbeat for more than {stale_after_minutes:.15g}{formats.NBSP}min"
            if stale.height
            else "no run without a heartbeat",
        ),
    ]


def medians(figures: Mapping[str, Any]) -> pl.DataFrame:
    """Median, limits and what they rest on, a row a latency; from `reads.metrics`.

    Two are left out without an observation: of awake hours others than the scholar get none, and
    only local run files tell first rows.
    """
    parts = {
        "Machine": "machine_hours",
        "Reaction": "reaction_hours",
        "Reaction, awake hours": "reaction_awake_hours",
        "Loop": "loop_hours",
        "First logged row": "first_row_hours",
    }
    return pl.DataFrame(
        [
            {
                "Median": title,
                "Time and 95 % limits": formats.median(
                    figures[f"{name}_median"],
                    figures[f"{name}_low"],
                    figures[f"{name}_high"],
                    largest=figures[f"{name}_largest"],
                )
                if figures[f"{name}_events"] >= formats.MEDIAN_EVENTS
                else formats.too_few(figures[f"{name}_events"], "event"),
                "n": figures[f"{name}_n"],
            }
            for title, name in parts.items()
            if figures[f"{name}_n"] or name not in {"reaction_awake_hours", "first_row_hours"}
        ]
    )
