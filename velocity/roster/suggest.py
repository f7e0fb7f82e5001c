"""Roster entries for W&B usernames that are not in it, ready to be appended to the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from velocity.settings import CONTROL_CHARACTERS
from velocity.toml import toml_string

if TYPE_CHECKING:
    from collections.abc import Mapping

    from velocity.roster.models import Roster

_HEADING = """\
# Usernames in the data that are not in the roster, most runs first. If one is a second username of
# somebody in the roster, add it to that person's `usernames` instead.
"""
#: Keys that only the person knows; docs/configuration.md explains them.
_KEYS_TO_ADD = """\
# Keys that you may add to an entry, and entries of their own:
# timezone = "Europe/Berlin"
# awake = "09:00-21:00"
# workdays = ["Monday", "Tuesday", "Wednesday", "Thursday"]
# away = [{ from = 2026-08-03, to = 2026-08-17 }] # `to` is the day after the last
#
# [[holidays]]
# name = "New Year"
# date = 2027-01-01
"""
_NOT_OF_AN_ID = re.compile(r"[^A-Za-z0-9._-]+")
_ID_LENGTH = 48


def suggest_entries(runs_of: Mapping[str, int], roster: Roster | None) -> str:
    """Returns TOML text with one `[[scholars]]` entry for each username not in `roster`.

    Args:
        runs_of: the number of runs of each W&B username in the data.
        roster: the roster so far, or None.

    Returns:
        Text that loads as part of a roster for any usernames; "" if none is missing.
    """
    missing = [
        (username, runs)
        for username, runs in sorted(runs_of.items(), key=lambda item: (-item[1], item[0]))
        if username and (roster is None or roster.scholar_of(username) is None)
    ]
    if not missing:
        return ""
    taken = {it.id.lower() for it in roster.scholars} if roster else set()
    parts = [_HEADING, _KEYS_TO_ADD]
    for username, runs in missing:
        scholar = _free_id(username, taken)
        taken.add(scholar.lower())
        name = CONTROL_CHARACTERS.sub(" ", username).strip() or scholar
        parts.append(
            f"# {runs} {'run' if runs == 1 else 'runs'}\n"
            "[[scholars]]\n"
            f"id = {toml_string(scholar)}\n"
            f"name = {toml_string(name)}\n"
            f"usernames = [{toml_string(username)}]\n"
        )
    return "\n".join(parts)


def _free_id(username: str, taken: set[str]) -> str:
    base = _NOT_OF_AN_ID.sub("-", username)[:_ID_LENGTH].strip("._-") or "scholar"
    scholar, number = base, 1
    while scholar.lower() in taken:
        number += 1
        scholar = f"{base}-{number}"
    return scholar
