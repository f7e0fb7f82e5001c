"""The experiments behind the sheet of a scholar, as a table of words: days, never times of day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity import formats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from velocity.sentences.answer import Row
    from velocity.sentences.mentor_facts import Facts

_MOST_ROWS = 3


def behind(facts: Facts, *, chosen: str | None = None) -> list[Row]:
    """The chosen experiment, those behind the sentences, then the latest others; at most three."""
    behind_them = (facts.queue, facts.died.reverse(), facts.old, facts.launched)
    asked = [it for rows in behind_them for it in rows["experiment_id"]]
    ids = [*dict.fromkeys([*([chosen] if chosen else []), *asked])][:_MOST_ROWS]
    rows = {row["experiment_id"]: row for row in facts.experiments.iter_rows(named=True)}
    return [rows[it] for it in ids if it in rows]


def table(facts: Facts, rows: Sequence[Row], linked: Sequence[str]) -> pl.DataFrame:
    """The experiments as a table of words; `linked` are their names, as Markdown."""
    return pl.DataFrame(
        {
            "Experiment": [*linked],
            "Launched": [formats.dated(facts.day(row["started_at"])) for row in rows],
            "Lasted": [formats.duration(row["machine_hours"]) for row in rows],
            "Ended": [_OUTCOMES.get(row["outcome"], row["outcome"]) for row in rows],
            "Since then": [_since(row, facts) for row in rows],
            "Width": [formats.plural(row["runs"], "run") for row in rows],
        },
        schema=dict.fromkeys(
            ("Experiment", "Launched", "Lasted", "Ended", "Since then", "Width"), pl.String
        ),
    )


#: Outcome of an experiment -> how it ended.
_OUTCOMES = {
    "success": "finished",
    "partial": "finished in part",
    "failure": "failed",
    "false_start": "died at the start",
    "killed": "stopped",
    "open": "running",
    "other": "not known",
}


def _since(row: Row, facts: Facts) -> str:
    """What happened since the result; how long a line of the scholar's own list waits stays out."""
    wait = row["reaction_working_hours"]
    hours = "" if wait is None else formats.working_hours(wait)
    match row["loop_status"]:
        case "closed":
            return f"launched again after {hours}" if hours else "launched again"
        case "awaiting":
            return f"waits: {hours}" if hours and not facts.hidden else "nothing launched yet"
        case "abandoned":
            return "not launched again within five days"
        case "open":
            return "no result yet"
        case _:
            again = facts.next_launch(row)
            return "" if again is None else f"launched again {formats.dated(again)}"
