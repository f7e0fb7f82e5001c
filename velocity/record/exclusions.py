"""Who was forgotten, as salted hashes: enough to keep them out, too little to read a name from.

A file beside the store, so that a store made anew does not bring them back.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from velocity.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import polars as pl

    from velocity.roster.models import Roster

_FILE = "forgotten.json"


@dataclass(frozen=True)
class Exclusions:
    """HMAC-SHA256 of each id and username, under a salt of this data folder alone.

    Args:
        salt: of this data folder.
        hashes: of everybody who was forgotten.
        unfinished: ids, usernames and addresses of those whose removal has begun and not ended.
    """

    salt: str
    hashes: frozenset[str]
    unfinished: frozenset[str] = frozenset()

    def has(self, name: str | None) -> bool:
        """Whether a person with this id or username was forgotten."""
        return bool(self.hashes) and name is not None and self._hash(name) in self.hashes

    def begun(self, names: Iterable[str], emails: Iterable[str]) -> Exclusions:
        """These and a person whose removal begins."""
        names = frozenset(names)
        return replace(
            self,
            hashes=self.hashes | {self._hash(name) for name in names},
            unfinished=self.unfinished | names | frozenset(emails),
        )

    def ended(self) -> Exclusions:
        """These, of whom nothing is left but the hashes."""
        return replace(self, unfinished=frozenset())

    def keep_runs(self, runs: pl.DataFrame) -> pl.DataFrame:
        """The runs of everybody else."""
        gone = [name for name in runs["username"].unique().to_list() if self.has(name)]
        return runs.filter(~runs["username"].is_in(gone).fill_null(value=False)) if gone else runs

    def keep_roster(self, roster: Roster | None) -> Roster | None:
        """The roster as if it did not have them."""
        if roster is None or not self.hashes:
            return roster
        out = {
            person.id
            for person in roster.scholars
            if any(self.has(name) for name in (person.id, *person.usernames))
        }
        streams = (
            stream.model_copy(
                update={"members": tuple(it for it in stream.members if it.scholar not in out)}
            )
            for stream in roster.streams
        )
        kept = tuple(person for person in roster.scholars if person.id not in out)
        return roster.model_copy(update={"scholars": kept, "streams": tuple(streams)})

    def save(self, data: Path) -> None:
        """Writes them down, readable by their owner alone."""
        partial = data / f"{_FILE}.partial"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            kept = {"salt": self.salt, "hashes": sorted(self.hashes)}
            if self.unfinished:
                kept["unfinished"] = sorted(self.unfinished)
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(data / _FILE)

    def _hash(self, name: str) -> str:
        return hmac.new(bytes.fromhex(self.salt), name.encode(), hashlib.sha256).hexdigest()


def load(data: Path) -> Exclusions:
    """Those of a data folder; with a new salt where there are none.

    Raises:
        StoreError: the file is damaged: without it somebody would come back.
    """
    path = data / _FILE
    try:
        found = json.loads(path.read_text(encoding="ascii"))
        unfinished = frozenset(found.get("unfinished", ()))
        return Exclusions(found["salt"], frozenset(found["hashes"]), unfinished)
    except FileNotFoundError:
        return Exclusions(secrets.token_hex(32), frozenset())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{path}, which says who was forgotten, cannot be read.",
            "Bring it back from a backup: without it, people who were forgotten would come back.",
        ) from error
