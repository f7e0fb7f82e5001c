"""Opens the store for a command that writes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from velocity.store import open_live

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from velocity.settings import Settings
    from velocity.store import LiveStore


@contextmanager
def open_for(data: Path, settings: Settings) -> Iterator[LiveStore]:
    """The store as `open_live` gives it, which keeps of configs what the settings say.

    Raises:
        StoreError: as for `open_live`, or the salt of the configs is gone.
    """
    with open_live(data) as store:
        store.record.name_keys(settings.named_keys)
        yield store
