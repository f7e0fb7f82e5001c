"""Recognises DuckDB's errors for a full disk and Ctrl-C, and turns them into ours."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from velocity.errors import StoreError

#: Raised by a write, by a commit, and by every statement after a failed checkpoint.
WRITE_ERRORS = (duckdb.IOException, duckdb.TransactionException, duckdb.FatalException)

_FULL = ("no space left", "file too large", "quota exceeded")
#: DuckDB puts its own text around the system's: Could not write file "…": No space left.
_SYSTEM = re.compile(r'Could not \w+ (?:to )?file "[^"]*": ([^"\n]+)')


def is_full_disk(error: BaseException) -> bool:
    """Whether a write failed because there is no space left."""
    text = str(error).lower()
    return any(words in text for words in _FULL)


def cause(error: BaseException) -> str:
    """Why a write failed, in one line without a full stop."""
    found = _SYSTEM.search(str(error))
    lines = [found[1]] if found else str(error).splitlines()
    return lines[0].rstrip(". ") if lines else type(error).__name__


def cannot_write(data: Path, error: BaseException) -> StoreError:
    """The error for a store that could not be written."""
    return StoreError(
        f"The store in {data} cannot be written: {cause(error)}.",
        "Free some disk space, or check the permissions, and run the same command again. "
        "Committed data is kept, and the last snapshot stays in use.",
    )


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt if Ctrl-C stops a query; DuckDB raises a RuntimeError instead."""
    try:
        yield
    except RuntimeError as error:
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from error
