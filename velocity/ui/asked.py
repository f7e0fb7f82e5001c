"""Cached reads of pages, by what was asked for and in whose scope."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from velocity.reading import reads
from velocity.reading.access import Scope
from velocity.store import Snapshot

#: A check of the arithmetic that names no person: the same for every viewer.
_FOR_EVERYBODY = frozenset({reads.littles_law_residual})


class Asked(NamedTuple):
    """A cached read of a page: what was asked for, and in whose scope."""

    read: Callable[..., Any]
    filters: tuple[tuple[str, Any], ...]
    scope: Scope

    def of(self, snapshot: Snapshot, asked_at: float | None = None) -> Any:
        """The only access to cached reads: the key holds the filters and the viewer's scope.

        `asked_at`: when a page asked for it, if this call only reads ahead.
        """
        filters = dict(self.filters)
        scope = {} if self.read in _FOR_EVERYBODY else {"scope": self.scope}

        def make() -> Any:
            return self.read(snapshot, **filters, **scope)

        return snapshot.kept.get(self, make, asked_at=asked_at)


def read_again(snapshot: Snapshot, before: Snapshot, since: float) -> Iterator[None]:
    """Reads of a new snapshot what pages read of the one before it, one read per step.

    The latest reads come first, each in the scope of its viewer; what no page asked for `since`
    then, by the monotonic clock, is left out.
    """
    for key, asked_at in before.kept.latest():
        if isinstance(key, Asked) and asked_at >= since:
            # Such as a figure of somebody who is gone: a page says so.
            with suppress(Exception):
                key.of(snapshot, asked_at)
            yield
