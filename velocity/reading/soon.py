"""Starts work in another thread whose result is needed soon."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

_Made = TypeVar("_Made")


def soon(threads: Executor, make: Callable[[], _Made]) -> Callable[[], _Made]:
    """Returns a function that gives make()'s result: from a thread if it started, else computed."""
    begun = threads.submit(make)
    return lambda: make() if begun.cancel() else begun.result()
