"""Forgets a person: runs, figures, log rows, snapshots and the disk blocks that held them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from velocity import state
from velocity.record import exclusions
from velocity.roster.models import load_roster
from velocity.store import open_live
from velocity.store.derive import derive
from velocity.store.publish import publish, remove_other_snapshots
from velocity.sync.person import find_person
from velocity.sync.results import Progress, of_steps

if TYPE_CHECKING:
    from pathlib import Path

    from velocity.roster.models import Roster
    from velocity.settings import Settings
    from velocity.store import LiveStore
    from velocity.sync.person import Person
    from velocity.sync.results import OnProgress


@dataclass(frozen=True)
class Forgotten:
    """What was removed."""

    runs: int
    log_rows: int
    snapshots: int
    published: str


def look_up(data: Path, settings: Settings, name: str) -> Person:
    """Find the person with a roster id, W&B username or email address, and what would be removed.

    Raises:
        VelocityError: nobody has this name, or the store cannot be read.
    """
    roster = load_roster(settings.roster)
    with open_live(data, settings) as store:
        return find_person(store, settings.state_of(data), roster, name)


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
