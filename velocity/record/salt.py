"""The salt of a data folder's configs: a file of its own, in no store and no snapshot."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from velocity.errors import StoreError
from velocity.paths import write_private

if TYPE_CHECKING:
    from pathlib import Path

_FILE = "config.salt"
_LENGTH = 32


def load_salt(data: Path, *, made: bool) -> bytes:
    """The salt of a data folder, 32 bytes; a new one where there is none.

    Args:
        data: the data folder.
        made: configs were already hashed with it, so that a new one would not do.

    Raises:
        StoreError: it is gone or damaged.
    """
    path = data / _FILE
    with suppress(FileNotFoundError, ValueError):
        salt = bytes.fromhex(path.read_text(encoding="ascii"))
        if len(salt) == _LENGTH:
            return salt
    if made or path.exists():
        raise StoreError(
            f"{path}, with which the configs of the store were hashed, is gone or damaged.",
            "Bring it back from a backup, for configs can only be compared under one salt; or move "
            "the record (record.duckdb) away, and sync, ingest and import again.",
        )
    salt = secrets.token_bytes(_LENGTH)
    write_private(path, salt.hex())
    return salt
