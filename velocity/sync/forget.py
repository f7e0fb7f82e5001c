"""Forgets a person: runs, figures, log rows, snapshots and the blocks that held them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from velocity import state
from velocity.record import exclusions
from velocity.roster.models import load_roster
from velocity.store.derive import derive
from velocity.store.publish import publish, remove_other_snapshots
from velocity.sync.opening import open_for
from velocity.sync.person import find_person

if TYPE_CHECKING:
    from pathlib import Path

    from velocity.roster.models import Roster
    from velocity.settings import Settings
    from velocity.store import LiveStore
    from velocity.sync.person import Person


@dataclass(frozen=True)
class Forgotten:
    """What was removed."""

    runs: int
    log_rows: int
    snapshots: int
    published: str


def look_up(data: Path, settings: Settings, name: str) -> Person:
    """Whom a name means, and what would go.

    Args:
        data: the data folder.
        settings: where the roster is.
        name: id of a scholar of the roster, or a W&B username.

    Raises:
        VelocityError: nobody is called so, or the store cannot be read.
    """
    roster = load_roster(settings.roster)
    with open_for(data, settings) as store:
        return find_person(store, roster, name)


def forget_person(data: Path, settings: Settings, person: Person) -> Forgotten:
    """Removes a person from the data folder and keeps their runs from coming back.

    A stop at any point leaves them excluded, and shown whole or not at all; `finish_forgetting` or
    the next call, for whomever, does the rest.

    Args:
        data: the data folder.
        settings: where the roster is, and how to derive.
        person: as `look_up` found them.

    Raises:
        VelocityError: the roster has errors, or the store cannot be written.
    """
    roster = load_roster(settings.roster)
    with open_for(data, settings) as store:
        exclusions.load(data).begun(person.names).save(data)
        return _remove(store, settings, roster)


def finish_forgetting(data: Path, settings: Settings) -> bool:
    """Removes those whose removal was stopped before its end; whether there were any.

    Raises:
        VelocityError: as for `forget_person`.
    """
    if not exclusions.load(data).unfinished:
        return False
    roster = load_roster(settings.roster)
    with open_for(data, settings) as store:
        _remove(store, settings, roster)
    return True


def _remove(store: LiveStore, settings: Settings, roster: Roster | None) -> Forgotten:
    """Removes everybody whose removal has begun."""
    data = store.data
    begun = exclusions.load(data)
    names = begun.unfinished
    runs, log_rows = store.record.erase(names)
    store.erase(names)
    derive(store, settings, roster)
    # Deriving tells what changed in past weeks, of the person too.
    log_rows += store.record.erase(names)[1]
    published = publish(store)
    snapshots = remove_other_snapshots(data, published)
    state.forget(data, scholars=names.labels, emails=names.emails)
    store.record.rewrite()
    store.rewrite()
    begun.ended().save(data)
    return Forgotten(runs, log_rows, snapshots, published)
