"""What several sources need: rows in batches, the clients of optional extras, and addresses.

Files that other people made are opened here: only regular ones of a limited size, and no links.
"""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from velocity.errors import SourceError, import_extra
from velocity.formats import plural
from velocity.records import Rejected, RunBatch, run_frame
from velocity.sources.base import Asked

_ROWS = 5_000
_SHOWN_REASONS = 3
#: Without O_NONBLOCK, opening a FIFO without a writer would wait forever.
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
_MIB = 1024 * 1024


def in_batches(
    rows: Sequence[Mapping[str, Any]],
    rejected: Sequence[Rejected],
    *,
    noun: str,
    complete_to: datetime | None = None,
) -> Iterator[RunBatch]:
    """Batches of a few thousand rows of (some of) the columns of `RUN_SCHEMA`.

    The last one has the rejected rows, and a note about them that calls each a `noun`.
    """
    note = f"{plural(len(rejected), noun)} could not be read: {reasons(rejected)}."
    for start in range(0, len(rows), _ROWS):
        others = rejected if start + _ROWS >= len(rows) else ()
        frame = run_frame(rows[start : start + _ROWS])
        yield RunBatch(frame, tuple(others), complete_to, (note,) if others else ())


def reasons(rejected: Sequence[Rejected]) -> str:
    """The first few reasons, in words."""
    shown = "; ".join(row.reason for row in rejected[:_SHOWN_REASONS])
    more = len(rejected) - _SHOWN_REASONS
    return f"{shown}; and {more:,} more" if more > 0 else shown


def client_of(extra: str, module: str) -> Any:
    """Return a module of the client that an extra brings.

    Raises:
        SourceError: the extra is not installed.
    """
    return import_extra(extra, module, asker=f'The source "{extra}"', error=SourceError)


def entity_of(asked: Asked, extra: str) -> str:
    """Return the entity that runs get, because their place does not have one.

    Raises:
        SourceError: the user did not name it.
    """
    if asked.entity is None:
        raise SourceError(
            f"Runs from {extra} do not say which entity they belong to.",
            "Name one, always the same for this place: --entity my-team.",
        )
    return asked.entity


def is_address(place: str) -> bool:
    """Whether a place is the address of a server."""
    return urlsplit(place).scheme in {"http", "https"}


def without_password(place: str) -> str:
    """Return the place without the name and password that its address may have."""
    parts = urlsplit(place)
    return (
        parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if parts.netloc else place
    )


class UnfitFileError(OSError):
    """A file that is not read; `strerror` says why."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(None, why, str(path))


@contextmanager
def open_inside(root: Path, path: Path, longest: int) -> Iterator[BinaryIO]:
    """Open a file of at most `longest` bytes, without following links below the folder `root`.

    Raises:
        UnfitFileError: a part of the path is a link, or it is not a regular file, or too large.
        OSError: it cannot be opened.
    """
    with ExitStack() as opened:
        at = os.open(root, _READ | os.O_DIRECTORY)
        opened.callback(os.close, at)
        parts = path.relative_to(root).parts
        for left, part in zip(reversed(range(len(parts))), parts, strict=True):
            at = _open_at(at, part, path, os.O_DIRECTORY if left else 0)
            opened.callback(os.close, at)
        _require_fit(at, path, longest)
        with os.fdopen(at, "rb", closefd=False) as stream:
            yield stream


def require_regular(path: Path, longest: int) -> None:
    """Refuse a file that the user named, if reading it might never end or take too much memory.

    Raises:
        UnfitFileError: it is not a regular file, or it is too large.
        OSError: it cannot be opened.
    """
    descriptor = os.open(path, _READ)
    try:
        _require_fit(descriptor, path, longest)
    finally:
        os.close(descriptor)


def _open_at(folder: int, name: str, path: Path, flags: int) -> int:
    try:
        return os.open(name, _READ | os.O_NOFOLLOW | flags, dir_fd=folder)
    except OSError:
        # Which error a link causes depends on the system and on its target.
        if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise UnfitFileError(path, "links are not followed") from None
        raise


def _require_fit(descriptor: int, path: Path, longest: int) -> None:
    found = os.fstat(descriptor)
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(None, "it is a directory", str(path))
    if not stat.S_ISREG(found.st_mode):
        raise UnfitFileError(path, "it is not a regular file")
    if found.st_size > longest:
        raise UnfitFileError(path, f"it is larger than {longest // _MIB:,} MiB")
