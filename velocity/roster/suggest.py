"""Roster entries that the data suggests, ready to be appended to the file."""

import glob
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from velocity import formats
from velocity.roster.models import Roster
from velocity.roster.rhythm import Rhythm
from velocity.settings import CONTROL_CHARACTERS
from velocity.toml import toml_string

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
    if not ids and not rhythms:
        return ""
    environment = Environment(  # noqa: S701 - TOML, without markup
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"plural": formats.plural, "toml": toml_string, "minute": _minute}
    scholars = [
        {
            "id": scholar,
            "name": CONTROL_CHARACTERS.sub(" ", username).strip() or scholar,
            "username": username,
            "runs": runs_of[username],
        }
        for username, scholar in ids.items()
    ]
    rules = [
        (
            it.scholar if it.in_roster else ids.get(it.username or ""),
            glob.escape(it.wanted) if it.criterion == "project" else it.wanted,
            it,
        )
        for it in rhythms
    ]
    template = environment.get_template("suggested.toml.jinja")
    text = template.render(scholars=scholars, rules=rules, with_examples=roster is None)
    return text.rstrip("\n") + "\n"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


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


def _free_id(username: str, taken: set[str]) -> str:
    base = _NOT_OF_AN_ID.sub("-", username)[:_ID_LENGTH].strip("._-") or "scholar"
    scholar, number = base, 1
    while scholar.lower() in taken:
        number += 1
        scholar = f"{base}-{number}"
    return scholar
