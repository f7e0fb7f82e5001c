"""Forgets a person: runs, figures, log rows, snapshots and the blocks that held them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from velocity import state
from velocity.errors import VelocityError
from velocity.record import exclusions
from velocity.roster.models import load_roster
from velocity.store import open_live
from velocity.store.derive import derive
from velocity.store.publish import publish, remove_other_snapshots

if TYPE_CHECKING:
    from pathlib import Path

    from velocity.roster.models import Roster
    from velocity.settings import Settings
    from velocity.store import LiveStore


@dataclass(frozen=True)
class Forgotten:
    """What was removed."""

    runs: int
    log_rows: int
    snapshots: int
    published: str
    in_roster: bool


def forget_person(data: Path, settings: Settings, person: str) -> Forgotten:
    """Removes a person from the data folder and keeps their runs from coming back.

    A stop at any point leaves them excluded, and shown whole or not at all; `finish_forgetting` or
    the next call, for whomever, does the rest.

    Args:
        data: the data folder.
        settings: where the roster is, and how to derive.
        person: id of a scholar of the roster, or a W&B username.

    Raises:
        VelocityError: nobody is called so, or the store cannot be written.
    """
    roster = load_roster(settings.roster)
    names, emails = _called(roster, person)
    with open_live(data) as store:
        known = bool(emails or len(names) > 1 or (roster and person in _ids(roster)))
        if not (known or store.record.count_runs_of(names) or exclusions.load(data).has(person)):
            raise VelocityError(
                f"Nobody called '{person}' is in the roster or has a run here.",
                "Give the id of the roster, or the W&B username as W&B spells it.",
            )
        exclusions.load(data).begun(names, emails).save(data)
        return _remove(store, settings, roster, known=known)


def finish_forgetting(data: Path, settings: Settings) -> bool:
    """Removes those whose removal was stopped before its end; whether there were any.

    Raises:
        VelocityError: as for `forget_person`.
    """
    if not exclusions.load(data).unfinished:
        return False
    roster = load_roster(settings.roster)
    with open_live(data) as store:
        _remove(store, settings, roster, known=False)
    return True


def _remove(
    store: LiveStore, settings: Settings, roster: Roster | None, *, known: bool
) -> Forgotten:
    """Removes everybody whose removal has begun."""
    data = store.data
    begun = exclusions.load(data)
    names = sorted(begun.unfinished)
    runs, log_rows = store.record.erase(names)
    store.erase(names)
    derive(store, settings, roster)
    # Deriving tells what changed in past weeks, of the person too.
    log_rows += store.record.erase(names)[1]
    published = publish(store)
    snapshots = remove_other_snapshots(data, published)
    state.forget(data, names)
    store.record.rewrite()
    store.rewrite()
    begun.ended().save(data)
    return Forgotten(runs, log_rows, snapshots, published, known)


def _ids(roster: Roster) -> set[str]:
    return {scholar.id for scholar in roster.scholars}


def _called(roster: Roster | None, person: str) -> tuple[list[str], list[str]]:
    """Id and usernames of the person, and their addresses."""
    for scholar in roster.scholars if roster is not None else ():
        if person == scholar.id or person in scholar.usernames:
            return sorted({scholar.id, *scholar.usernames}), list(scholar.emails)
    return [person], []
