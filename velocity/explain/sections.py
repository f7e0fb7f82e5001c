"""The tables of an explanation, and what the words in them mean, for pages and command line."""

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
    """One table of an explanation."""

    title: str
    about: str  # what the rows show, as the rest of a sentence
    frame: pl.DataFrame  # all rows and columns
    shown: tuple[str, ...]  # the main columns
    keys: tuple[str, ...]  # those of them that identify a row
    words: dict[str, dict[str, str]]  # column -> word in it -> meaning, once in all sections


#: Frame -> title, what the rows show, columns shown, and how many of these identify a row.
_SECTIONS = {
    "runs": (
        "Runs",
        "the data as received, its class, and the rule that joined it to its experiment",
        (
            "name state created_at started_at heartbeat_at runtime_hours class start_source "
            "ended_at end_source experiment_name joined_by"
        ),
        1,
    ),
    "sessions": (
        "Sessions",
        "when the runs were active",
        "name session started_at ended_at end_source hours hours_inside",
        2,
    ),
    "experiments": (
        "Experiments",
        "the result arrives when k runs have finished",
        "name runs k started_at result_at outcome overlapped hours_inside loop_status",
        1,
    ),
    "loops": (
        "Loops launched in the window",
        "from launch to result, and on to the next launch",
        (
            "label status started_at result_at next_at machine_hours reaction_hours "
            "reaction_awake_hours reaction_working_hours loop_hours"
        ),
        1,
    ),
    "charges": (
        "Charges",
        "GPU-hours, fewer than GPUs times hours if runs asked a host for more than it has",
        "name day gpu_type gpus hours charged_gpu_hours rate charged_credits",
        2,
    ),
    "left_out": (
        "Excluded, imputed or flagged",
        "what does not count, or not as received",
        "kind what why",
        0,
    ),
}


def sections(found: Explanation) -> tuple[Section, ...]:
    """Runs, sessions, experiments, loops, charges if any, and what is left out of them."""
    said: set[str] = set()
    made = []
    for name, (title, about, columns, keys) in _SECTIONS.items():
        frame: pl.DataFrame = getattr(found, name)
        if name == "charges" and frame.is_empty():
            continue
        shown = tuple(columns.split())
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
        of_several = found.scholar is None and "scholar" in frame.columns
        every = ("scholar", *shown) if of_several else shown
        made.append(Section(title, about, frame, every, shown[:keys], words))
    return tuple(made)


@cache
def meanings() -> dict[str, Mapping[str, str]]:
    """Column -> word in it -> meaning, from the headers of the queries of the rows."""
    kinds = ("runs", "sessions", "experiments")
    queries = [load_query(f"reads/explain_{it}") for it in kinds] + [load_query("reads/loops")]
    found = {column: words for query in queries for column, words in query.words.items()}
    return found | {"loop_status": {**found["status"], **found["loop_status"]}}
