"""Whom a name means: the roster's scholar, or whoever the store knows by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from velocity.errors import VelocityError
from velocity.record import exclusions
from velocity.record.exclusions import Names

if TYPE_CHECKING:
    from velocity.roster.models import Roster
    from velocity.store import LiveStore


@dataclass(frozen=True)
class Person:
    """Somebody whose data can be removed.

    Args:
        names: every name of the person.
        runs: username -> number of runs in the store, 0 included.
        in_roster: whether the roster file has the person.
    """

    names: Names
    runs: dict[str, int]
    in_roster: bool


def find_person(store: LiveStore, roster: Roster | None, name: str) -> Person:
    """The one person that a name means. An id of the roster comes before a username.

    Args:
        store: whose runs are counted.
        roster: today's.
        name: roster id or W&B username.

    Raises:
        VelocityError: nobody is called so.
    """
    listed = _in_roster(roster, name)
    names = listed or _in_store(store, name)
    if not names:
        raise VelocityError(
            f"Nobody called '{name}' is in the roster or has a run here.",
            "Give the id of the roster, or the W&B username as W&B spells it.",
        )
    counted = store.record.count_runs(names.usernames)
    runs = {username: counted.get(username, 0) for username in sorted(names.usernames)}
    return Person(names, runs, in_roster=bool(listed))


def _in_roster(roster: Roster | None, name: str) -> Names:
    scholars = roster.scholars if roster is not None else ()
    for found in (
        *(it for it in scholars if it.id == name),
        *(it for it in scholars if name in it.usernames),
    ):
        # Before the roster had them, they were shown under their usernames.
        taken = {it.id for it in scholars if it.id != found.id}
        usernames = frozenset(found.usernames)
        labels = {found.id} | (usernames - taken)
        return Names(frozenset({found.id}), usernames, frozenset(labels), frozenset(found.emails))
    return Names()


def _in_store(store: LiveStore, name: str) -> Names:
    called = frozenset({name})
    forgotten = exclusions.load(store.data)
    if store.record.count_runs(called) or forgotten.has("username", name):
        return Names(usernames=called, labels=called)
    if forgotten.has("scholar", name):
        return Names(scholars=called, labels=called)
    return Names()
