"""How many cases a person hears about: failures, and one other thing a day, twice a week."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from velocity.nudge.rules import Nudge

#: Not counted: there is a message about every failure.
_ALWAYS = "run_died"
_FOR_LEADS = "runway"
MOST_A_WEEK = 2
_WEEK = timedelta(days=7)


def picked(
    found: Iterable[Nudge],
    told: Collection[tuple[str, str, str]],
    day: date,
    rules: Collection[str],
) -> Iterator[Nudge]:
    """Yields every failure, and one other case if the person did not hear of too many.

    That is none that day, and fewer than `MOST_A_WEEK` in the seven days up to it. Leads hear of
    each stream, regardless of the week.

    Args:
        found: cases of one person, the most pressing first.
        told: earlier messages to that person: rule, subject, and working day as YYYY-MM-DD.
        day: the person's working day.
        rules: the rules that are on.
    """
    before = {(rule, subject) for rule, subject, _ in told}
    days = [date.fromisoformat(on) for rule, _, on in told if rule in rules and rule != _ALWAYS]
    free = day not in days
    rested = sum(it > day - _WEEK for it in days) < MOST_A_WEEK
    for nudge in found:
        if nudge.rule not in rules or (nudge.rule, nudge.subject) in before:
            continue
        if nudge.rule == _ALWAYS:
            yield nudge
        elif free and (rested or nudge.rule == _FOR_LEADS):
            free = False
            yield nudge
