"""The salt of a data folder's configs: a file of its own, in no store and no snapshot."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from velocity.errors import StoreError

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
    return _new(path)


def _new(path: Path) -> bytes:
    """A salt written down, readable by its owner alone; whole or not at all."""
    salt = secrets.token_bytes(_LENGTH)
    partial = path.with_name(f"{_FILE}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(salt.hex())
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    return salt
