"""Whom a name means: the roster's scholar, or whoever the store knows by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from velocity import state
from velocity.errors import VelocityError
from velocity.record import exclusions
from velocity.record.exclusions import Names
from velocity.roster.tables import roster_names

if TYPE_CHECKING:
    from pathlib import Path

    from velocity.roster.models import Roster, Scholar
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
    """The one person that a name means, with every name that roster and store have for them.

    Today's roster comes before what the store holds, and an id before a username.

    Args:
        store: what it holds counts too, since somebody may have left the roster.
        roster: today's.
        name: roster id, W&B username or address.

    Raises:
        VelocityError: nobody is called so.
    """
    whole = _Known.of(store, roster)
    scholar = whole.scholar_of(name)
    names = _without_id(store, name) if scholar is None else whole.names_of(scholar)
    if scholar == name and not names.usernames and not whole.is_others(name):
        # Of somebody who left the roster before the store kept usernames.
        names |= Names(usernames=frozenset({name}))
    if not names:
        raise VelocityError(
            f"Nobody called '{name}' is in the roster or has a run here.",
            "Give the id of the roster, the W&B username as W&B spells it, or an address.",
        )
    counted = store.record.count_runs(names.usernames)
    runs = {username: counted.get(username, 0) for username in sorted(names.usernames)}
    return Person(names, runs, in_roster=scholar in whole.today)


@dataclass(frozen=True)
class _Known:
    """Every name that is known.

    Args:
        data: the data folder.
        today: id -> scholar of today's roster.
        ids: of today's roster and of earlier ones.
        owners: (usernames or emails, name) -> id of the last who had it.
    """

    data: Path
    today: dict[str, Scholar]
    ids: frozenset[str]
    owners: dict[tuple[str, str], str]

    @classmethod
    def of(cls, store: LiveStore, roster: Roster | None) -> Self:
        """What store and roster know."""
        today = {it.id: it for it in (roster.scholars if roster is not None else ())}
        sql = "SELECT kind, name, scholar FROM known_name"
        rows = [*store.run(sql), *roster_names(roster).rows()]
        numbered = store.run("SELECT name FROM scholar_number WHERE kind = 'roster'")
        ids = frozenset(name for (name,) in numbered) | today.keys()
        owners = {(kind, name): scholar for kind, name, scholar in rows}
        return cls(store.data, today, ids | frozenset(owners.values()), owners)

    def scholar_of(self, name: str) -> str | None:
        """Id of the scholar with that id, username or address."""
        owner = self.owners.get(("usernames", name)) or self.owners.get(("emails", name.lower()))
        if name in self.today or (name in self.ids and owner not in self.today):
            return name
        return owner

    def is_others(self, username: str) -> bool:
        """Whether a scholar with another id has that username."""
        return self.owners.get(("usernames", username), username) != username

    def names_of(self, scholar: str) -> Names:
        """All names of a scholar."""
        usernames, emails = (
            frozenset(
                name for (of, name), it in self.owners.items() if of == kind and it == scholar
            )
            for kind in ("usernames", "emails")
        )
        if scholar in self.today:
            looked = state.addresses_of(self.data, self.today[scholar].name)
            # A namesake's address is not theirs.
            emails |= {it for it in looked if self.owners.get(("emails", it), scholar) == scholar}
        # Before the roster had them, they were shown under their usernames.
        labels = {scholar} | (usernames - self.ids)
        return Names(frozenset({scholar}), usernames, frozenset(labels), emails)


def _without_id(store: LiveStore, name: str) -> Names:
    """The names of somebody whom no roster had, as far as the store knows."""
    called = frozenset({name})
    forgotten = exclusions.load(store.data)
    of_username, of_id = store.record.has_traces(name)
    looked_at, of_address = state.has_traces(store.data, name)
    names = Names()
    if of_username or forgotten.has("username", name):
        names |= Names(usernames=called, labels=called)
    elif of_id or looked_at or forgotten.has("scholar", name):
        names |= Names(scholars=called, labels=called)
    return names | Names(emails=called) if of_address else names
