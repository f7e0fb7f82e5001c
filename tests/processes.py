"""What a command leaves running. Every process that a test starts carries a mark."""

from __future__ import annotations

import time
from pathlib import Path

MARK = "VELOCITY_TEST_MARK"  # in the environment of everything that a test starts


def assert_nothing_runs(folder: Path) -> None:
    """No process carries the folder as its mark (systems without /proc have none to look at)."""
    deadline = time.monotonic() + 10
    while left := carrying(folder):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def carrying(folder: Path) -> list[bytes]:
    """Command lines of the processes whose mark is the folder."""
    wanted = f"{MARK}={folder}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes())
        except OSError:
            continue  # ended meanwhile, or somebody else's
    return found
