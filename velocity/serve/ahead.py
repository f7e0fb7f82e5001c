"""Reads new snapshots ahead of their readers."""

from contextlib import suppress
from pathlib import Path
from threading import Event
from time import monotonic

from velocity.store import Snapshot, latest_snapshot
from velocity.ui.asked import read_again

#: Open pages look for a new snapshot more rarely, so most of them find their rows cached.
_EVERY_S = 1.0
#: Then pages read for themselves what is left.
_MOST_S = 20.0
#: What no page asked for during half a day is not read again: windows end with the day.
_LATELY_S = 12 * 3600.0


def read_ahead(data: Path, stop: Event) -> None:
    """Caches of each new snapshot what pages read of the one before, until `stop` is set."""
    seen: Snapshot | None = None
    while not stop.is_set():
        with suppress(Exception):  # a page says what is wrong, and the next snapshot may be right
            seen = look(data, seen, stop)
        stop.wait(_EVERY_S)


def look(data: Path, seen: Snapshot | None, stop: Event) -> Snapshot:
    """Reads ahead of the current snapshot, unless it is the one seen last; returns it.

    Raises:
        StoreError: it cannot be opened.
    """
    snapshot, began = latest_snapshot(data), monotonic()
    if seen is not None and snapshot is not seen:
        for _ in read_again(snapshot, seen, began - _LATELY_S):
            if stop.is_set() or monotonic() > began + _MOST_S:
                break
    return snapshot
