"""What a disk that takes no more looks like, and what to say of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb

from velocity.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

#: As DuckDB raises them: when writing, when committing, and ever after a checkpoint that failed.
WRITE_ERRORS = (duckdb.IOException, duckdb.TransactionException, duckdb.FatalException)

_NO_ROOM = ("no space left", "file too large", "quota exceeded")
#: DuckDB wraps the system's own words several times over: Could not write file "…": No space left.
_SYSTEM = re.compile(r'Could not \w+ (?:to )?file "[^"]*": ([^"\n]+)')


def lacks_room(error: BaseException) -> bool:
    """Whether it is for want of room that something could not be written."""
    text = str(error).lower()
    return any(words in text for words in _NO_ROOM)


def cause(error: BaseException) -> str:
    """Why something could not be written, in one line and without an end."""
    found = _SYSTEM.search(str(error))
    lines = [found[1]] if found else str(error).splitlines()
    return lines[0].rstrip(". ") if lines else type(error).__name__


def cannot_write(data: Path, error: BaseException) -> StoreError:
    """The error of a store that could not be written to its end."""
    return StoreError(
        f"The store in {data} cannot be written: {cause(error)}.",
        "Make room on its disk, or correct the permissions, and run the same command again: "
        "what was written is kept, and the last snapshot stays in use.",
    )
