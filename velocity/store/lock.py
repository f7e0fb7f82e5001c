"""One writer at a time: an advisory lock that names its holder and dies with it."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from velocity.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def writer_lock(data: Path) -> Iterator[None]:
    """Holds the write lock of the data folder.

    Raises:
        StoreError: another process holds it; its number is named.
    """
    with (data / "lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise StoreError(
                f"The store in {data} is being written by process {holder}.",
                "Wait for it to end, or stop that process, and try again.",
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
