"""What a command leaves running. Every process that a test starts carries a mark."""

from __future__ import annotations

from pathlib import Path

from scripts.waiting import wait_until

MARK = "VELOCITY_TEST_MARK"  # in the environment of everything that a test starts


def assert_nothing_runs(folder: Path) -> None:
    """Waits until no process carries the folder as its mark; without /proc there is none to see."""
    wait_until(lambda: not carrying(folder))


def carrying(folder: Path) -> dict[int, bytes]:
    """Processes whose mark is the folder: the command line of each by its id."""
    wanted = f"{MARK}={folder}".encode()
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (process / "environ").read_bytes().split(b"\0"):
                found[int(process.name)] = (process / "cmdline").read_bytes()
        except OSError:
            continue  # ended meanwhile, or somebody else's
    return found
