"""Moves the record of a store between its data folder and a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from velocity.database.failures import WRITE_ERRORS, cannot_write
from velocity.database.lock import writer_lock
from velocity.errors import ConfigurationError, StoreError
from velocity.record import has_record, move_record

if TYPE_CHECKING:
    from pathlib import Path

    from velocity.settings import Settings


def move(data: Path, settings: Settings, to: Literal["server", "file"]) -> None:
    """Move the record; the derived tables stay as they are.

    Raises:
        ConfigurationError: the settings name no server.
        StoreError: there is no record, or it is there already; or something cannot be written.
    """
    address = settings.store.record
    if address is None:
        raise ConfigurationError(
            "No server is named for the record.",
            'Name one: record = "postgresql://…" under [store] in velocity.toml.',
        )
    if to == "server" and not has_record(data):
        raise StoreError(f"There is no record in {data}.", "Choose its folder with --data.")
    with writer_lock(data):
        try:
            move_record(data, address, to, names=settings.named_keys)
        except WRITE_ERRORS as error:
            raise cannot_write(data, error) from error
