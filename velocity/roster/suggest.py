"""Roster entries that the data suggests, ready to be appended to the file."""

import glob
import re
from collections.abc import Iterator, Mapping, Sequence

from velocity import formats
from velocity.roster.models import Roster
from velocity.roster.rhythm import Rhythm
from velocity.settings import CONTROL_CHARACTERS
from velocity.toml import toml_string

_USERNAMES = """\
# Usernames in the data that are not in the roster, most runs first. If one is a second username of
# somebody in the roster, add it to that person's `usernames` instead.
"""
#: Keys that only the person knows; docs/configuration.md explains them.
_KEYS_TO_ADD = """\
# Above the first table: rented = ["pod-*"] # hosts that cost while idle
# Keys that you may add to an entry, and entries of their own:
# timezone = "Europe/Berlin"
# awake = "09:00-21:00"
# workdays = ["Monday", "Tuesday", "Wednesday", "Thursday"]
# away = [{ from = 2026-08-03, to = 2026-08-17 }] # `to` is the day after the last
# aims = [{ measure = "serial_share", direction = "down" }]
#
# [[holidays]]
# name = "New Year"
# date = 2027-01-01
#
# [[notes]]
# date = 2026-10-12
# text = "New cluster" # add stream = "..." or scholar = "..." if it concerns only one
# new_phase = true # usual ranges start afresh
"""
_RHYTHMS = """\
# Launches around the clock, which look automated. Keep the rules that are right: these launches
# then count as automation, apart from the person's own.
"""
#: Ends the first roster: what else can be in it. Each line is a comment.
_EXAMPLES = """\
# More entries, as examples; docs/configuration.md explains all of them.
#
# [[streams]]
# id = "vision"
# name = "Vision"
# projects = ["my-team/vision*"]
#
# [[research_manager]]  # sees these scholars in every stream
# email = "manager@example.org"
# scholars = ["ada"]
#
# [[automation]]  # what an agent or a scheduler launches counts apart
# tag = "agent"
#
# [[excluded]]  # counts in no figure, like runs with the tag velocity:ignore
# project = "my-team/debug"
#
# [[shared_account]]  # several people use it
# username = "workstation"
# rules = [{ scholar = "ada", tag = "ada" }]
"""
_NOT_OF_AN_ID = re.compile(r"[^A-Za-z0-9._-]+")
_ID_LENGTH = 48


def suggest_entries(
    runs_of: Mapping[str, int], roster: Roster | None, rhythms: Sequence[Rhythm] = ()
) -> str:
    """Returns TOML text with entries for usernames and automation that are not in `roster`.

    Args:
        runs_of: the number of runs of each W&B username in the data.
        roster: the roster so far, or None.
        rhythms: launches that look automated.

    Returns:
        Text that loads as part of a roster for any usernames; "" if nothing is suggested.
    """
    ids = _missing(runs_of, roster)
    parts: list[str] = []
    if ids:
        parts += [
            _USERNAMES,
            _KEYS_TO_ADD,
            *(_scholar(ids[name], name, runs_of[name]) for name in ids),
        ]
    if rhythms:
        parts += [_RHYTHMS, *(_automation(it, ids) for it in rhythms)]
    if parts and roster is None:
        parts.append(_EXAMPLES)
    return "\n".join(parts)


def _missing(runs_of: Mapping[str, int], roster: Roster | None) -> dict[str, str]:
    """Returns the usernames that are nobody's, most runs first, each with a new id."""
    known, taken = set[str | None](), set[str]()
    if roster is not None:
        taken |= {it.id.lower() for it in roster.scholars}
        known |= {username for it in roster.scholars for username in it.usernames}
        known |= {it.username for it in roster.automation}
        known |= {it.username for it in roster.shared_account}
    ids: dict[str, str] = {}
    for username in sorted(runs_of, key=lambda it: (-runs_of[it], it)):
        if username and username not in known:
            ids[username] = _free_id(username, taken)
            taken.add(ids[username].lower())
    return ids


def _scholar(scholar: str, username: str, runs: int) -> str:
    name = CONTROL_CHARACTERS.sub(" ", username).strip() or scholar
    return (
        f"# {formats.plural(runs, 'run')}\n"
        "[[scholars]]\n"
        f"id = {toml_string(scholar)}\n"
        f"name = {toml_string(name)}\n"
        f"usernames = [{toml_string(username)}]\n"
    )


def _automation(rhythm: Rhythm, ids: Mapping[str, str]) -> str:
    scholar = rhythm.scholar if rhythm.in_roster else ids.get(rhythm.username or "")
    owner = "" if scholar is None else f"scholar = {toml_string(scholar)}\n"
    why = "".join(f"# {line}\n" for line in _why(rhythm))
    is_glob = rhythm.criterion == "project"
    wanted = toml_string(glob.escape(rhythm.wanted) if is_glob else rhythm.wanted)
    return f"{why}[[automation]]\n{owner}{rhythm.criterion} = {wanted}\n"


def _why(rhythm: Rhythm) -> Iterator[str]:
    first, last = (f"{it:%Y-%m-%d %H:%M}" for it in (rhythm.first, rhythm.last))
    yield f"{formats.plural(rhythm.launches, 'launch')} from {first} to {last} ({rhythm.timezone}),"
    yield (
        f"in {rhythm.hours} of {formats.plural(rhythm.span, 'clock hour')}, {rhythm.outside} of "
        "them outside the awake window."
    )
    yield (
        f"{rhythm.around} of {formats.plural(rhythm.every, 'launch')} that the rule matches had "
        f"such a rhythm; {formats.plural(rhythm.rest, 'other launch')} of this person would stay."
    )


def _free_id(username: str, taken: set[str]) -> str:
    base = _NOT_OF_AN_ID.sub("-", username)[:_ID_LENGTH].strip("._-") or "scholar"
    scholar, number = base, 1
    while scholar.lower() in taken:
        number += 1
        scholar = f"{base}-{number}"
    return scholar
