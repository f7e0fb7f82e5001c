"""Begins what will be asked for in another thread, while something else is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

_Made = TypeVar("_Made")


def soon(threads: Executor, make: Callable[[], _Made]) -> Callable[[], _Made]:
    """What gives what `make` does: of a thread that has taken it up, else made here and now."""
    begun = threads.submit(make)
    return lambda: make() if begun.cancel() else begun.result()
