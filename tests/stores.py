"""Stores that several tests read. Each is made once per test run, for all its processes.

A function that fills a folder names the store: `built(ten_weeks)` is the folder that
`ten_weeks(folder)` filled, in any of the processes. The folders live in the temporary folder
of the run, and a store made with other queries is another store, so none can be stale.
"""

import fcntl
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from velocity.queries import queries_fingerprint

_run_folder: Path | None = None


def keep_in(folder: Path) -> None:
    """Set the folder of the run, the same in all its processes."""
    global _run_folder  # noqa: PLW0603 - one run per process
    _run_folder = folder


def built(make: Callable[[Path], object]) -> Path:
    """Return the folder that `make` filled; read-only, because other tests read it too."""
    folder = _run_folder or Path(_of_this_process().name)
    name = f"{make.__module__}.{make.__qualname__}.{queries_fingerprint()[:16]}"
    done = folder / name
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            unfinished = folder / f"{name}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            # Private, as the product makes it.
            unfinished.mkdir(mode=0o700)
            make(unfinished)
            unfinished.rename(done)
    return done


def contents(folder: Path, *but: str) -> dict[Path, bytes]:
    """Return what each file below a folder holds, except files of these names."""
    files = (it for it in folder.rglob("*") if it.is_file() and it.name not in but)
    return {it.relative_to(folder): it.read_bytes() for it in files}


def bytes_of(folder: Path) -> bytes:
    """Return everything that the files below a folder hold."""
    return b"".join(contents(folder).values())


@cache
def _of_this_process() -> TemporaryDirectory[str]:
    """The folder of stores that are made outside of a test run."""
    return TemporaryDirectory()


def copied(make: Callable[[Path], object], folder: Path) -> Path:
    """Return a copy of `built(make)` in `folder`, which may be changed."""
    return shutil.copytree(built(make), folder, dirs_exist_ok=True, symlinks=True)
