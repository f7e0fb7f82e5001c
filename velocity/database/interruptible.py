"""Ctrl-C while DuckDB is at a query."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C ends a query as it ends anything else: DuckDB takes it and raises a RuntimeError.

    Raises:
        KeyboardInterrupt: a query was interrupted.
    """
    try:
        yield
    except RuntimeError as error:
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from error
