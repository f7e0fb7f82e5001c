"""Forgotten people as salted hashes: enough to exclude them, but the names cannot be read.

The file is beside the store, so a new store does not bring them back.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, Self

import polars as pl

from velocity.errors import StoreError
from velocity.paths import write_private
from velocity.roster.models import Roster

_FILE = "forgotten.json"
#: The names of a person that are stored as hashes; a text may be a name of either kind.
Kind = Literal["scholar", "username", "email"]


@dataclass(frozen=True)
class Names:
    """The names of a person by kind: one person's id may be another's username."""

    scholars: frozenset[str] = frozenset()  # roster ids
    usernames: frozenset[str] = frozenset()  # W&B usernames, by which runs are erased
    #: Names under which figures were shown: ids, and the usernames of those who have no id.
    labels: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()

    def __or__(self, other: Names) -> Names:
        """The names of both people."""
        return Names(*(getattr(self, it.name) | getattr(other, it.name) for it in fields(self)))

    def __bool__(self) -> bool:
        """Whether there are any names."""
        return any(getattr(self, it.name) for it in fields(self))

    def table(self) -> pl.DataFrame:
        """`kind` (scholars, usernames, labels or emails) and `name`, for queries."""
        rows = [(it.name, name) for it in fields(self) for name in sorted(getattr(self, it.name))]
        return pl.DataFrame(rows, {"kind": pl.String, "name": pl.String}, orient="row")

    def as_json(self) -> dict[str, list[str]]:
        """Kind -> names, sorted."""
        return {it.name: sorted(getattr(self, it.name)) for it in fields(self)}

    @classmethod
    def from_json(cls, found: dict[str, list[str]] | list[str]) -> Self:
        """The inverse; an earlier version wrote a list, with names of any kind."""
        if isinstance(found, list):
            return cls(*(frozenset(found) for _ in fields(cls)))
        return cls(**{kind: frozenset(names) for kind, names in found.items()})


@dataclass(frozen=True)
class Exclusions:
    """HMAC-SHA256 of each id, username and address, with a salt that only this data folder has."""

    salt: str
    #: "kind:hash" of everybody who was forgotten; an earlier version wrote only the hash,
    #: which applies to both kinds.
    hashes: frozenset[str]
    unfinished: Names = Names()  # of people whose removal has begun but not finished

    def has(self, kind: Kind, name: str | None) -> bool:
        """Whether a person with this id, this username or this address was forgotten."""
        if not self.hashes or name is None:
            return False
        hashed = self._hash(name)
        return not self.hashes.isdisjoint({hashed, f"{kind}:{hashed}"})

    def begun(self, names: Names) -> Exclusions:
        """These exclusions, and a person whose removal begins."""
        kinds = {"scholar": names.scholars, "username": names.usernames, "email": names.emails}
        hashed = {f"{kind}:{self._hash(name)}" for kind, some in kinds.items() for name in some}
        return replace(self, hashes=self.hashes | hashed, unfinished=self.unfinished | names)

    def ended(self) -> Exclusions:
        """These exclusions, with every removal finished."""
        return replace(self, unfinished=Names())

    def joined(self, others: Exclusions) -> Exclusions:
        """Everybody who was forgotten in either of two copies of a data folder.

        Raises:
            StoreError: the salts differ, so one list cannot have both.
        """
        if not others.hashes:
            return self
        if self.hashes and self.salt != others.salt:
            raise StoreError(
                "The people forgotten here cannot be found in the backup: it is of another store.",
                "Restore it into a folder of its own, with --data.",
            )
        return replace(
            others,
            hashes=self.hashes | others.hashes,
            unfinished=self.unfinished | others.unfinished,
        )

    def keep_runs(self, runs: pl.DataFrame) -> pl.DataFrame:
        """The runs of people who are not excluded."""
        gone = [name for name in runs["username"].unique().to_list() if self.has("username", name)]
        return runs.filter(~runs["username"].is_in(gone).fill_null(value=False)) if gone else runs

    def keep_roster(self, roster: Roster | None) -> Roster | None:
        """The roster without the people who were forgotten."""
        if roster is None or not self.hashes:
            return roster
        out = {
            person.id
            for person in roster.scholars
            if self.has("scholar", person.id)
            or any(self.has("username", name) for name in person.usernames)
        }

        def kept(rows: Iterable[Any]) -> tuple[Any, ...]:
            return tuple(it for it in rows if it.scholar not in out)

        return roster.model_copy(
            update={
                "scholars": tuple(it for it in roster.scholars if it.id not in out),
                "streams": tuple(
                    it.model_copy(update={"members": kept(it.members)}) for it in roster.streams
                ),
                "credits": roster.credits.model_copy(
                    update={"grants": kept(roster.credits.grants)}
                ),
                "automation": kept(roster.automation),
                "shared_account": tuple(
                    it.model_copy(update={"rules": kept(it.rules)}) for it in roster.shared_account
                ),
            }
        )

    def save(self, data: Path) -> None:
        """Write the file, which only its owner can read."""
        kept: dict[str, object] = {"salt": self.salt, "hashes": sorted(self.hashes)}
        if self.unfinished:
            kept["unfinished"] = self.unfinished.as_json()
        write_private(data / _FILE, json.dumps(kept))

    def _hash(self, name: str) -> str:
        return hmac.new(bytes.fromhex(self.salt), name.encode(), hashlib.sha256).hexdigest()


def load(data: Path) -> Exclusions:
    """The exclusions of a data folder; with a new salt if there are none.

    Raises:
        StoreError: the file is damaged; without it, forgotten people would come back.
    """
    path = data / _FILE
    try:
        found = json.loads(path.read_text(encoding="ascii"))
        unfinished = Names.from_json(found.get("unfinished", {}))
        return Exclusions(found["salt"], frozenset(found["hashes"]), unfinished)
    except FileNotFoundError:
        return Exclusions(secrets.token_hex(32), frozenset())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{path}, the list of forgotten people, cannot be read.",
            "Restore it from a backup: without it, their runs would come back.",
        ) from error
