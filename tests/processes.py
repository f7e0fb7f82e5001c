"""Finds processes that a command left running. Every process of a test carries a mark."""

from pathlib import Path

from scripts.waiting import wait_until

MARK = "VELOCITY_TEST_MARK"  # in the environment of everything that a test starts


def assert_nothing_runs(folder: Path) -> None:
    """Wait until no process has the folder as its mark; without /proc, return at once."""
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
            continue  # it has ended, or belongs to another user
    return found
