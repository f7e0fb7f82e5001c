"""One writer at a time: an advisory lock that names its holder and dies with it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import BinaryIO

from velocity.errors import StoreBusyError, no_data

#: `velocity doctor` holds the lock for much less than this; a command that writes, for longer.
_PATIENCE_S = 0.3


@contextmanager
def writer_lock(data: Path) -> Iterator[None]:
    """Hold the write lock of the data folder.

    Raises:
        StoreBusyError: another process holds it; the message has its pid and start.
        StoreError: there is no such folder.
    """
    try:
        opened = (data / "lock").open("a+b", buffering=0)
    except FileNotFoundError as error:
        raise no_data(data) from error
    with opened as file:
        try:
            _take(file)
        except BlockingIOError as error:
            raise StoreBusyError(
                f"The store in {data} is being written by {_holder(file)}.",
                "Wait until it has finished, or stop it, and try again.",
            ) from error
        since = datetime.now(UTC).isoformat(" ", "seconds").removesuffix("+00:00")
        with suppress(OSError):  # on a full disk the lock holds all the same
            file.truncate(0)
            file.write(f"process {os.getpid()} since {since} UTC".encode())
        yield


def _take(file: BinaryIO) -> None:
    until = monotonic() + _PATIENCE_S
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() > until:
                raise
            sleep(0.02)


def _holder(file: BinaryIO) -> str:
    """Describe the process that holds the lock.

    A process that has only just started has not written its entry yet; the old one is of a process
    that has ended.
    """
    file.seek(0)
    entry = file.read().decode()
    with suppress(IndexError, ProcessLookupError):
        pid = int(entry.split()[1])
        with suppress(PermissionError):  # somebody else's
            os.kill(pid, 0)
        return entry
    return "another process, which has only just started"
