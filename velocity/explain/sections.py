"""The tables of an explanation in their order, and what the words in them mean.

A page and the command line draw the same: columns, titles and meanings are chosen here, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from velocity.queries import load_query

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from velocity.explain.explanation import Explanation


@dataclass(frozen=True, eq=False)
class Section:
    """One table of an explanation.

    Args:
        title: what the rows are.
        about: what they tell, as the rest of a sentence.
        frame: all rows and columns.
        shown: the columns that say most.
        keys: those of them that name a row.
        words: column -> word that occurs in it -> what that means; each is said once.
    """

    title: str
    about: str
    frame: pl.DataFrame
    shown: tuple[str, ...]
    keys: tuple[str, ...]
    words: dict[str, dict[str, str]]


def sections(found: Explanation) -> tuple[Section, ...]:
    """Runs, sessions, experiments, loops, charges if any, and what is left out of them."""
    said: set[str] = set()
    several = found.scholar is None

    def section(
        title: str, about: str, frame: pl.DataFrame, shown: tuple[str, ...], keys: int = 1
    ) -> Section:
        words = {
            column: {
                word: meaning
                for word, meaning in meanings()[column].items()
                if meaning not in said and word in frame[column]
            }
            for column in shown
            if column in meanings()
        }
        said.update(*(it.values() for it in words.values()))
        if several and "scholar" in frame.columns:
            shown = ("scholar", *shown)
        return Section(title, about, frame, shown, shown[several : keys + several], words)

    charges = section(
        "Charges",
        "GPU-hours, fewer than GPUs times hours where a host was asked for more than it has",
        found.charges,
        (
            *("name", "day", "gpu_type", "gpus", "hours"),
            *("charged_gpu_hours", "rate", "charged_credits"),
        ),
        keys=2,
    )
    return (
        section(
            "Runs",
            "what came in, what they were taken for, what joined them",
            found.runs,
            (
                *("name", "state", "created_at", "started_at", "heartbeat_at", "runtime_hours"),
                *("class", "start_source", "ended_at", "end_source"),
                *("experiment_name", "joined_by"),
            ),
        ),
        section(
            "Sessions",
            "when the runs were active",
            found.sessions,
            ("name", "session", "started_at", "ended_at", "end_source", "hours", "hours_inside"),
            keys=2,
        ),
        section(
            "Experiments",
            "k finished runs, the successes needed, make the signal",
            found.experiments,
            (
                *("name", "runs", "k", "started_at", "signal_at", "outcome", "overlapped"),
                *("hours_inside", "loop_status"),
            ),
        ),
        section(
            "Loops launched in the window",
            "from launch to signal, and on to the next launch",
            found.loops,
            (
                *("label", "status", "started_at", "signal_at", "next_at"),
                *("machine_hours", "reaction_hours", "reaction_awake_hours", "loop_hours"),
            ),
        ),
        *([] if found.charges.is_empty() else [charges]),
        section(
            "Excluded, imputed or flagged",
            "what does not count, or not as it came in",
            found.left_out,
            ("kind", "what", "why"),
            keys=0,
        ),
    )


@cache
def meanings() -> dict[str, Mapping[str, str]]:
    """Column -> word that stands in it -> meaning, from the headers of the queries of the rows."""
    kinds = ("runs", "sessions", "experiments")
    queries = [load_query(f"reads/explain_{it}") for it in kinds] + [load_query("reads/loops")]
    found = {column: words for query in queries for column, words in query.words.items()}
    return found | {"loop_status": {**found["status"], **found["loop_status"]}}
