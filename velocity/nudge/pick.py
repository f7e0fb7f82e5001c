"""How many cases a person hears about: failures, and one other thing a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import date

    from velocity.nudge.rules import Nudge

#: Not counted: there is a message about every failure.
_ALWAYS = "run_died"


def picked(
    found: Iterable[Nudge],
    told: Collection[tuple[str, str, str]],
    day: date,
    rules: Collection[str],
) -> Iterator[Nudge]:
    """Yields every failure, and one other case if the person heard of none that day.

    Args:
        found: cases of one person, the most pressing first.
        told: earlier messages to that person: rule, subject, and working day as YYYY-MM-DD.
        day: the person's working day.
        rules: the rules that are on.
    """
    before = {(rule, subject) for rule, subject, _ in told}
    free = not any(on == str(day) and rule in rules and rule != _ALWAYS for rule, _, on in told)
    for nudge in found:
        if nudge.rule not in rules or (nudge.rule, nudge.subject) in before:
            continue
        if nudge.rule == _ALWAYS:
            yield nudge
        elif free:
            free = False
            yield nudge
