"""Starts work in another thread that will be asked for soon."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

_Made = TypeVar("_Made")


def soon(threads: Executor, make: Callable[[], _Made]) -> Callable[[], _Made]:
    """Returns make()'s result as a function; it calls make() itself unless a thread has started."""
    begun = threads.submit(make)
    return lambda: make() if begun.cancel() else begun.result()
