"""Pages of runs: smaller if the server cannot send them, and fetched one step ahead."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, TypeVar

from velocity.errors import RetryLaterError, SourceError, VelocityError
from velocity.sources.wandb_http import ClientError
from velocity.threads import in_thread

Connection = dict[str, Any] | None

_Item = TypeVar("_Item")

#: Most characters of config and summary that a page should hold: a summary may have gigabytes.
_HEAVIEST = 32 * 2**20
#: Pages in a row that must arrive before a larger one is tried.
_GOOD_PAGES = 4
#: Empty pages allowed in a row: hidden runs cause some, but no project has more.
_MOST_EMPTY_PAGES = 1000


class Page(NamedTuple):
    """A page of runs, or one run that the server could not send with its data."""

    connection: Connection  # None if there is no project
    trouble: RetryLaterError | None = None  # why the only run has no data


def run_pages(ask: Callable[[str | None, int, bool], Connection], page_size: int) -> Iterator[Page]:
    """Pages until the end of the list.

    `ask` returns a page with a number of runs after a cursor, at first and at most `page_size`,
    and on demand without their data. If the server cannot send a page but answers small requests,
    smaller pages are requested. A run that it cannot send even by itself comes without its data.
    Pages shrink after a heavy one.

    Raises:
        VelocityError: `ask` raised it, and a smaller page would not help.
    """
    cursor = _Cursor()
    size, good = page_size, 0
    while True:
        try:
            page = Page(ask(cursor.at, size, False))
        except RetryLaterError as error:
            good = 0
            try:
                alone = ask(cursor.at, 1, True)
            except VelocityError:
                raise error from None
            if size > 1:
                size //= 2
                continue
            page = Page(alone, error)
        yield page
        weight = _weight(page.connection)
        good += 1
        if weight > _HEAVIEST:
            size, good = max(1, size // 2), 0
        elif good % _GOOD_PAGES == 0 and weight * 2 <= _HEAVIEST:
            size = min(page_size, size * 2)
        if not cursor.move(page.connection):
            return


def _weight(connection: Connection) -> int:
    edges = connection["edges"] if connection else ()
    nodes = [edge["node"] or {} for edge in edges if edge]
    parts = (node.get(part) for node in nodes for part in ("config", "summaryMetrics"))
    return sum(len(part) for part in parts if isinstance(part, str))


def walk(ask: Callable[[str | None], Connection]) -> Iterator[Connection]:
    """Pages of one size until the end of the list."""
    cursor = _Cursor()
    while True:
        connection = ask(cursor.at)
        yield connection
        if not cursor.move(connection):
            return


class _Cursor:
    """Where the next page begins: at the cursor `at`, since hidden rows make short pages."""

    def __init__(self) -> None:
        self.at: str | None = None
        self._empty = 0

    def move(self, connection: Connection) -> bool:
        """Moves past a page; returns whether there may be another one.

        If the cursor does not advance, the list ends here; it would never end otherwise.
        """
        if connection is None:
            return False
        self._empty = 0 if connection["edges"] else self._empty + 1
        if self._empty >= _MOST_EMPTY_PAGES:
            raise SourceError(
                f"The server sent {_MOST_EMPTY_PAGES:,} empty pages in a row.",
                "Ask the administrator of that W&B server.",
            )
        info = connection["pageInfo"]
        before, self.at = self.at, info.get("endCursor")
        return bool(info.get("hasNextPage")) and self.at != before


class Gate:
    """Limits the requests at once to `width`, which halves if they time out; for any thread."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._under_way = 0
        self._changed = threading.Condition()

    @contextmanager
    def passage(self) -> Iterator[None]:
        """Wait for a slot and hold it."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way < self.width)
            self._under_way += 1
            width = self.width
        try:
            yield
        except ClientError as error:
            with self._changed:
                # Requests that time out together count once.
                if error.kind == "late" and self.width == width:
                    self.width = max(1, width // 2)
            raise
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify()


def fetch_ahead(items: Iterable[_Item]) -> Iterator[_Item]:
    """The items up to a None, each fetched in a thread while the previous one is used.

    Errors are passed on.
    """
    fetch = partial(next, iter(items), None)
    ahead = in_thread(fetch, "fetch-ahead")
    while (item := ahead.result()) is not None:
        ahead = in_thread(fetch, "fetch-ahead")
        yield item
