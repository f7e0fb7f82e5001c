"""Finds the person behind a name, in the roster and in the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from velocity import state
from velocity.errors import VelocityError
from velocity.record import exclusions
from velocity.record.exclusions import Names
from velocity.roster.models import Roster
from velocity.roster.tables import roster_names

if TYPE_CHECKING:
    from velocity.roster.models import Scholar
    from velocity.state import Where
    from velocity.store import LiveStore


@dataclass(frozen=True)
class Person:
    """A person whose data can be removed."""

    names: Names
    runs: dict[str, int]  # username -> number of runs in the store, which may be 0
    in_roster: bool  # whether the person is in the roster file


def find_person(store: LiveStore, where: Where, roster: Roster | None, name: str) -> Person:
    """Find the person with a name, and their names in the roster and in the store.

    The name is a roster id, W&B username or email address. The current roster comes before the
    store, which also knows people who have left it, and an id before a username.

    Raises:
        VelocityError: nobody has this name.
    """
    known = _Known.of(store, where, roster)
    scholar = known.scholar_of(name)
    names = _without_id(store, where, name) if scholar is None else known.names_of(scholar)
    if scholar == name and not names.usernames and known.owners.get(("usernames", name)) is None:
        # They left the roster before the store had a table of usernames.
        names |= Names(usernames=frozenset({name}))
    if not names:
        raise VelocityError(
            f"There is nobody called '{name}' in the roster or the store.",
            "Give a roster id, a W&B username exactly as on W&B, or an email address.",
        )
    counted = store.record.count_runs(names.usernames)
    runs = {username: counted.get(username, 0) for username in sorted(names.usernames)}
    return Person(names, runs, in_roster=scholar in known.today)


@dataclass(frozen=True)
class _Known:
    """Every known name."""

    state: Where
    today: dict[str, Scholar]  # of the current roster, by id
    ids: frozenset[str]  # in the current and in earlier rosters
    owners: dict[tuple[str, str], str]  # (usernames or emails, name) -> id of the last one with it

    @classmethod
    def of(cls, store: LiveStore, where: Where, roster: Roster | None) -> Self:
        """Read the names in the store and in the roster."""
        today = {it.id: it for it in (roster.scholars if roster is not None else ())}
        sql = "SELECT kind, name, scholar FROM known_name"
        rows = [*store.run(sql), *roster_names(roster or Roster()).rows()]
        numbered = store.run("SELECT name FROM scholar_number WHERE kind = 'roster'")
        ids = frozenset(name for (name,) in numbered) | today.keys()
        owners = {(kind, name): scholar for kind, name, scholar in rows}
        return cls(where, today, ids | frozenset(owners.values()), owners)

    def scholar_of(self, name: str) -> str | None:
        """Id of the scholar with this id, former id, username or address."""
        renamed = self.owners.get(("ids", name))
        if renamed is not None and name not in self.today:
            return renamed
        owner = self.owners.get(("usernames", name)) or self.owners.get(("emails", name.lower()))
        if name in self.today or (name in self.ids and owner not in self.today):
            return name
        return owner

    def names_of(self, scholar: str) -> Names:
        """All names of a scholar."""
        former, usernames, emails = (
            frozenset(
                name for (of, name), it in self.owners.items() if of == kind and it == scholar
            )
            for kind in ("ids", "usernames", "emails")
        )
        # A former id may be another scholar's today.
        ids = (former - self.today.keys()) | {scholar}
        if scholar in self.today:
            looked = state.addresses_of(self.state, self.today[scholar].name)
            # Addresses are looked up by name, which another scholar may share.
            emails |= {it for it in looked if self.owners.get(("emails", it), scholar) == scholar}
        # Figures from before they were in the roster are under their usernames.
        labels = ids | (usernames - self.ids)
        return Names(frozenset(ids), usernames, frozenset(labels), emails)


def _without_id(store: LiveStore, where: Where, name: str) -> Names:
    """The names in the store of somebody who was never in a roster."""
    if not name.strip():  # runs without a username are nobody's
        return Names()
    called = frozenset({name})
    forgotten = exclusions.load(store.data)
    of_username, of_id = store.record.has_traces(name)
    looked_at, of_address = state.has_traces(where, name)
    names = Names()
    if of_username or forgotten.has("username", name):
        names |= Names(usernames=called, labels=called)
    elif of_id or looked_at or forgotten.has("scholar", name):
        names |= Names(scholars=called, labels=called)
    return names | Names(emails=called) if of_address else names
