"""How one sync of a watch ends, as the exit code by which its process tells the service."""

from __future__ import annotations

from enum import IntEnum


class Outcome(IntEnum):
    """Exit codes; any other is a crash."""

    SYNCED = 0
    FAILED = 1  # all or some of the projects
    SKIPPED = 75  # somebody else writes the store
