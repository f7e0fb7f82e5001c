"""Reads of one snapshot by one viewer: what a page and a command have in common."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Any, TypeVar, cast

import polars as pl

from velocity.reading import reads
from velocity.reading.access import Scope
from velocity.reading.periods import Window
from velocity.state import ReadMark
from velocity.store import Snapshot

_Made = TypeVar("_Made")


@dataclass(frozen=True)
class ViewedDays:
    """Some days of a snapshot, as one viewer may see them.

    Without a cache, for a text; a page's `View` caches, and reads the marks of the moment.
    """

    snapshot: Snapshot
    scope: Scope  # what the viewer may see
    window: Window  # the days
    before: Window | None  # the days that they are compared with, if there are any
    marks: Sequence[ReadMark] = ()  # results that were marked as read: `velocity.state.read_marks`

    @cached_property
    def trust(self) -> dict[str, Any]:
        """The one row of `reads.trust`."""
        return self.read(reads.trust).row(0, named=True)

    @property
    def as_of(self) -> datetime:
        """The instant to which the data is complete, UTC."""
        return cast("datetime", self.trust["as_of"])

    @property
    def zone(self) -> str:
        """The programme's time zone."""
        return str(self.trust["timezone"])

    @cached_property
    def seen_whole(self) -> dict[str, str]:
        """Id -> name of the scholars whose every row the viewer may see, by name."""
        rows = self.read(reads.scholars).sort("name").select("scholar", "name").iter_rows()
        return {it: name for it, name in rows if self.scope.sees_whole(it)}

    def read(self, read: Callable[..., _Made], /, **filters: Any) -> _Made:
        """A read of the snapshot with the viewer's scope."""
        return read(self.snapshot, **filters, scope=self.scope)

    def soon(self, read: Callable[..., _Made], /, **filters: Any) -> Callable[[], _Made]:
        """Starts a read, if it can be made meanwhile; call the result for the rows."""
        return partial(self.read, read, **filters)

    def windowed(self, read: Callable[..., pl.DataFrame], /, **filters: Any) -> pl.DataFrame:
        """A read over the days."""
        return self.read(read, from_day=self.window.first, to_day=self.window.end, **filters)

    @cached_property
    def silent(self) -> pl.DataFrame:
        """The lines with runs that have shown no sign of life, rows of `reads.stuck`."""
        return self.read(reads.stuck, min_hours=0).filter(what="stale run")

    def needs_decision(self, **filters: Any) -> pl.DataFrame:
        """The lines of `reads.needs_decision`, with the results that were marked as read."""
        return self.read(reads.needs_decision, read=tuple(self.marks), **filters)


def soon(threads: Executor, make: Callable[[], _Made]) -> Callable[[], _Made]:
    """Returns a function that gives make()'s result: from a thread if it started, else computed."""
    begun = threads.submit(make)
    return lambda: make() if begun.cancel() else begun.result()
