"""Opening files that other people made: regular files only, of a limited size, and no links."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Without O_NONBLOCK, opening a FIFO without a writer would wait forever.
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
_MIB = 1024 * 1024


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
