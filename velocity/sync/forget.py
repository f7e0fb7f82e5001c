"""Forgets a person, found by any of their names: runs, figures, logs, snapshots, disk blocks."""

from dataclasses import dataclass
from pathlib import Path

from velocity import state
from velocity.errors import VelocityError
from velocity.record import exclusions
from velocity.record.exclusions import Names
from velocity.roster.models import Roster, load_roster
from velocity.roster.tables import roster_names
from velocity.settings import Settings
from velocity.state import Where
from velocity.store import LiveStore, open_live
from velocity.store.derive import derive
from velocity.store.publish import publish, remove_other_snapshots
from velocity.sync.results import OnProgress, Progress, of_steps


@dataclass(frozen=True)
class Person:
    """A person whose data can be removed."""

    names: Names
    runs: dict[str, int]  # username -> number of runs in the store, which may be 0
    in_roster: bool  # whether the person is in the roster file


@dataclass(frozen=True)
class Forgotten:
    """What was removed."""

    runs: int
    log_rows: int
    snapshots: int
    published: str


def look_up(data: Path, settings: Settings, name: str) -> Person:
    """Find the person with a roster id, W&B username or email address, and what would be removed.

    The current roster comes before the store, which also knows people who have left it, and an id
    before a username.

    Raises:
        VelocityError: nobody has this name, or the store cannot be read.
    """
    roster, where = load_roster(settings.roster) or Roster(), settings.state_of(data)
    with open_live(data, settings) as store:
        store.record.catch_up()
        known = _Known(store, where, roster)
        scholar = known.scholar_of(name)
        names = _without_id(store, where, name) if scholar is None else known.names_of(scholar)
        owner = known.owners.get(("usernames", name))
        if scholar == name and not names.usernames and owner is None:
            # They left the roster before the store had a table of usernames.
            names |= Names(usernames=frozenset({name}))
        counted = store.record.count_runs(names.usernames)
    if not names:
        raise VelocityError(
            f"There is nobody called '{name}' in the roster or the store.",
            "Give a roster id, a W&B username exactly as on W&B, or an email address.",
        )
    runs = {username: counted.get(username, 0) for username in sorted(names.usernames)}
    return Person(names, runs, in_roster=scholar in known.today)


def forget_person(
    data: Path,
    settings: Settings,
    person: Person,
    *,
    on_progress: OnProgress = lambda _: None,
) -> Forgotten:
    """Remove a person from the data folder and keep their runs from coming back.

    If it is interrupted, they stay excluded, and are shown either whole or not at all;
    `finish_forgetting` does the rest.

    Raises:
        VelocityError: the roster has errors, or the store cannot be written.
    """
    roster = load_roster(settings.roster)
    with open_live(data, settings) as store:
        exclusions.load(data).begun(person.names).save(data)
        return _remove(store, settings, roster, on_progress)


def finish_forgetting(
    data: Path, settings: Settings, *, on_progress: OnProgress = lambda _: None
) -> bool:
    """Finish removals that were interrupted, and return whether there were any.

    Raises:
        VelocityError: as for `forget_person`.
    """
    if not exclusions.load(data).unfinished:
        return False
    roster = load_roster(settings.roster)
    with open_live(data, settings) as store:
        _remove(store, settings, roster, on_progress)
    return True


def _remove(
    store: LiveStore, settings: Settings, roster: Roster | None, on_progress: OnProgress
) -> Forgotten:
    """Remove everybody whose removal has begun."""
    data = store.data
    on_progress(Progress("remove", "runs and log"))
    begun = exclusions.load(data)
    names = begun.unfinished
    runs, log_rows = store.record.erase(names)
    store.erase(names)
    derive(store, settings, roster, on_step=of_steps("derive", on_progress))
    # The derivation logs changes in past weeks, also the person's.
    log_rows += store.record.erase(names)[1]
    on_progress(Progress("publish", "snapshot"))
    place = settings.store.snapshots
    published = publish(store, place)
    snapshots = remove_other_snapshots(data, published, place)
    state.forget(settings.state_of(data), scholars=names.labels, emails=names.emails)
    on_progress(Progress("rewrite", "files of the store"))
    store.record.rewrite()
    store.rewrite()
    begun.ended().save(data)
    return Forgotten(runs, log_rows, snapshots, published)


class _Known:
    """Every known name."""

    def __init__(self, store: LiveStore, where: Where, roster: Roster) -> None:
        """Read the names in the store and in the roster."""
        self._where = where
        self.today = {it.id: it for it in roster.scholars}
        named = store.run("SELECT kind, name, scholar FROM known_name")
        # (usernames or emails, name) -> id of the last one with it.
        self.owners: dict[tuple[str, str], str] = {
            (kind, name): scholar for kind, name, scholar in (*named, *roster_names(roster).rows())
        }
        numbered = store.run("SELECT name FROM scholar_number WHERE kind = 'roster'")
        # In the current and in earlier rosters.
        self._ids = {name for (name,) in numbered} | self.today.keys() | set(self.owners.values())

    def scholar_of(self, name: str) -> str | None:
        """Id of the scholar with this id, former id, username or address."""
        renamed = self.owners.get(("ids", name))
        if renamed is not None and name not in self.today:
            return renamed
        owner = self.owners.get(("usernames", name)) or self.owners.get(("emails", name.lower()))
        if name in self.today or (name in self._ids and owner not in self.today):
            return name
        return owner

    def names_of(self, scholar: str) -> Names:
        former, usernames, emails = (
            frozenset(
                name for (of, name), it in self.owners.items() if of == kind and it == scholar
            )
            for kind in ("ids", "usernames", "emails")
        )
        # A former id may be another scholar's today.
        ids = (former - self.today.keys()) | {scholar}
        if scholar in self.today:
            looked = state.addresses_of(self._where, self.today[scholar].name)
            # Addresses are looked up by name, which another scholar may share.
            emails |= {it for it in looked if self.owners.get(("emails", it), scholar) == scholar}
        # Figures from before they were in the roster are under their usernames.
        labels = ids | (usernames - self._ids)
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
