"""Single experiments and weeks on the sheet of a scholar and in the brief, and its questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.sentences.answer import Row, capitalised, few, few_of, listed, name
from velocity.sentences.compared import beyond
from velocity.sentences.mentor_facts import MEASURES, SAME_CAUSE
from velocity.sentences.mine import linked
from velocity.sentences.streams import question
from velocity.sentences.week import Said

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from velocity.sentences.mentor_facts import Facts

_MOST_NAMED, _MOST_CONCLUDED, _MOST_ROWS = 3, 6, 3
#: Questions that always make sense, for somebody about whom nothing else asks for one.
_OPEN_QUESTIONS = (
    "What is the next experiment, and what will it decide?",
    "Is anything in the way?",
    "What would help most?",
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


def failures(facts: Facts) -> Said | None:
    """The failures of the last days that no launch has followed; parked ones too.

    None if there is none but the one that waits longest, which the first line names.
    """
    waiting = facts.failures
    if not {*waiting["experiment_id"]} - {*facts.queue["experiment_id"][:1]}:
        return None
    named = [
        f"{name(label)} ({formats.day(facts.day(at))})"
        for label, at in waiting.select("label", "result_at").iter_rows()
    ]
    count = capitalised(few_of(len(named), "failure is", "failures are"))
    shown = listed(named[:_MOST_NAMED], len(named) - _MOST_NAMED)
    return Said("Failed", f"{count} not recovered:", f"{shown}.")


def concluded(facts: Facts) -> Said:
    """The latest experiments that concluded, each a link to W&B."""
    found = facts.concluded
    if found.is_empty():
        return Said("Concluded", f"No experiment concluded {facts.days.on}.")
    shown = [linked(row) for row in found.head(_MOST_CONCLUDED).iter_rows(named=True)]
    start = f"{capitalised(few_of(found.height, 'experiment'))}:"
    return Said("Concluded", start, f"{listed(shown, found.height - len(shown))}.")


def moved(facts: Facts) -> Said | None:
    """The whole weeks beyond the scholar's own usual range, the newest first; None without any."""
    if facts.shifts.is_empty():
        return None
    told = []
    for row in facts.shifts.head(_MOST_NAMED).iter_rows(named=True):
        title, unit = MEASURES[row["measure"]]
        value, week = formats.figure(row["value"], unit), formats.week(row["week_start"])
        told += [f"{title}: {value} in the {week},", f"{beyond(row, unit)}."]
    if (more := facts.shifts.height - _MOST_NAMED) > 0:
        told.append(f"And {few(more)} more.")
    return Said("Moved", told[0], " ".join(told[1:]))


def questions(facts: Facts) -> list[str]:
    """Three questions about these days, the most urgent first."""
    asked = [
        *(question(row) for row in facts.queue.iter_rows(named=True)),
        *(question(row) for row in facts.failures.iter_rows(named=True)),
        *_about_days(facts),
        *(question(row | {"kind": "result"}) for row in facts.concluded.iter_rows(named=True)),
        *_OPEN_QUESTIONS,
    ]
    return [*dict.fromkeys(asked)][: len(_OPEN_QUESTIONS)]


def _about_days(facts: Facts) -> Iterator[str]:
    """Questions about what happened more than once, lasts too long, or moved."""
    if facts.died.height >= SAME_CAUSE:
        launches = few_of(facts.died.height, "launch")
        yield f"Did the {launches} that died at the start have the same cause?"
    elif facts.more_failed:
        yield "Do the failed runs have the same cause?"
    if not facts.old.is_empty():
        yield f"Is **{name(facts.old['label'][0], 32)}** still needed?"
    if facts.now is not None and facts.now["repeat_share"]:
        yield "Was the repeat of a finished run meant?"
    if not facts.chains.is_empty():
        yield "Could launches that were ready before the result have run side by side?"
    if not facts.shifts.is_empty():
        yield f"What changed in the {formats.week(facts.shifts['week_start'][0])}?"


def behind(facts: Facts, *, chosen: str | None = None) -> list[Row]:
    """The chosen experiment, those behind the sentences, then the latest others; at most three."""
    behind_them = (facts.queue, facts.died.reverse(), facts.old, facts.launched)
    asked = [it for rows in behind_them for it in rows["experiment_id"]]
    ids = [*dict.fromkeys([*([chosen] if chosen else []), *asked])][:_MOST_ROWS]
    rows = {row["experiment_id"]: row for row in facts.experiments.iter_rows(named=True)}
    return [rows[it] for it in ids if it in rows]


def table(facts: Facts, rows: Sequence[Row], linked: Sequence[str]) -> pl.DataFrame:
    """The experiments as a table of words: days, never times of day.

    `linked` are their names, as Markdown.
    """
    return pl.DataFrame(
        {
            "Experiment": [*linked],
            "Launched": [formats.dated(facts.day(row["started_at"])) for row in rows],
            "Lasted": [formats.duration(row["machine_hours"]) for row in rows],
            "Ended": [_OUTCOMES.get(row["outcome"], row["outcome"]) for row in rows],
            "Since then": [_since(row, facts) for row in rows],
            "Width": [formats.plural(row["runs"], "run") for row in rows],
        }
    )


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
