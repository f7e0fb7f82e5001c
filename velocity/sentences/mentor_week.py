"""The lines of a brief about single experiments and weeks, and its questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity import formats
from velocity.sentences.answer import Row, capitalised, few, few_of, listed, name
from velocity.sentences.compared import beyond
from velocity.sentences.mentor_facts import MEASURES, SAME_CAUSE
from velocity.sentences.mine import linked
from velocity.sentences.streams import question
from velocity.sentences.week import Said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from velocity.sentences.mentor_facts import Facts

_MOST_NAMED, _MOST_CONCLUDED = 3, 6
#: Questions that always make sense, for somebody about whom nothing else asks for one.
_OPEN_QUESTIONS = (
    "What is the next experiment, and what will it decide?",
    "Is anything in the way?",
    "What would help most?",
)
_QUESTIONS = len(_OPEN_QUESTIONS)


def failures(facts: Facts) -> Said | None:
    """The failures of the last days that no launch has followed; parked ones too.

    None if there is none but the one that waits longest, which the first line names.
    """
    waiting = facts.failures
    if not {*waiting["experiment_id"]} - {*facts.queue["experiment_id"][:1]}:
        return None
    days = [facts.day(it) for it in waiting["result_at"]]
    rows = zip(waiting["label"], days, strict=True)
    named = [f"{name(label)} ({formats.day(day)})" for label, day in rows]
    more = len(named) - _MOST_NAMED
    shown = listed([*named[:_MOST_NAMED], *([f"{few(more)} more"] if more > 0 else [])])
    is_not = "is" if waiting.height == 1 else "are"
    start = f"{capitalised(few_of(waiting.height, 'failure'))} {is_not} not recovered:"
    return Said("Failed", start, f"{shown}.")


def concluded(facts: Facts) -> Said:
    """The latest experiments that concluded, each a link to W&B."""
    found = facts.concluded
    if found.is_empty():
        return Said("Concluded", f"No experiment concluded {facts.days.on}.")
    shown = [linked(row) for row in found.head(_MOST_CONCLUDED).iter_rows(named=True)]
    more = found.height - len(shown)
    start = f"{capitalised(few_of(found.height, 'experiment'))}:"
    return Said(
        "Concluded", start, f"{listed([*shown, *([f'{few(more)} more'] if more else [])])}."
    )


def moved(facts: Facts) -> Said | None:
    """The whole weeks beyond the scholar's own usual range, the newest first; None without any."""
    if facts.shifts.is_empty():
        return None
    first, *others = [_shift(row) for row in facts.shifts.head(_MOST_NAMED).iter_rows(named=True)]
    more = facts.shifts.height - 1 - len(others)
    rest = [first[1], *(f"{start} {far}" for start, far in others)]
    return Said("Moved", first[0], " ".join(rest) + (f" And {few(more)} more." if more > 0 else ""))


def _shift(row: Row) -> tuple[str, str]:
    """A week beyond its range: the measure with its value, and how far beyond."""
    title, unit = MEASURES[row["measure"]]
    value = formats.figure(row["value"], unit)
    return f"{title}: {value} in the {formats.week(row['week_start'])},", f"{beyond(row, unit)}."


def questions(facts: Facts) -> list[str]:
    """Three questions about these days, the most urgent first."""
    asked = [
        *(question(row) for row in facts.queue.iter_rows(named=True)),
        *(question(row) for row in facts.failures.iter_rows(named=True)),
        *_about_days(facts),
        *(question(row | {"kind": "result"}) for row in facts.concluded.iter_rows(named=True)),
        *_OPEN_QUESTIONS,
    ]
    return [*dict.fromkeys(asked)][:_QUESTIONS]


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
