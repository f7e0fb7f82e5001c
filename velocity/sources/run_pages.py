"""Pages of runs that get smaller where the server cannot send them, down to a run alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from velocity.errors import RetryLaterError, SourceError, VelocityError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Connection = dict[str, Any] | None

_SHRINK = 2
_GROW = 2
#: Characters of config and summary that a page should hold at most: summaries may be of gigabytes.
_HEAVIEST = 32 * 2**20
#: Pages in a row that must come before a larger one is tried.
_GOOD_PAGES = 4
#: Pages without a row that may come in a row: hidden runs leave some, and no project has more.
_MOST_EMPTY_PAGES = 1000


class Page(NamedTuple):
    """A connection (None where there is no project), and why its only run came without its data."""

    connection: Connection
    trouble: RetryLaterError | None = None


def run_pages(
    ask: Callable[[str | None, int], Connection],
    ask_lightly: Callable[[str | None], Connection],
    page_size: int,
) -> Iterator[Page]:
    """Pages until the end of the list.

    A page that does not come, though the server answers small questions, is asked for in smaller
    ones; a run that does not come alone is passed over. After a heavy page they are smaller too.

    Args:
        ask: for the page after a cursor, of a number of runs.
        ask_lightly: for the one run after a cursor, without its data.
        page_size: runs a page at first, and at most.

    Raises:
        VelocityError: as `ask` raises it, where a smaller page would not help.
    """
    cursor = _Cursor()
    size, good = page_size, 0
    while True:
        try:
            page = Page(ask(cursor.at, size))
        except RetryLaterError as error:
            good = 0
            try:
                alone = ask_lightly(cursor.at)
            except VelocityError:
                raise error from None
            if size > 1:
                size = max(1, size // _SHRINK)
                continue
            page = Page(alone, error)
        yield page
        weight = _weight(page.connection)
        good += 1
        if weight > _HEAVIEST:
            size, good = max(1, size // _SHRINK), 0
        elif good % _GOOD_PAGES == 0 and weight * _GROW <= _HEAVIEST:
            size = min(page_size, size * _GROW)
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
    """Where the next page begins, going by the cursor and not by the rows.

    Hidden rows make short and empty pages.

    Attributes:
        at: what to ask for the next page with.
    """

    def __init__(self) -> None:
        self.at: str | None = None
        self._empty = 0

    def move(self, connection: Connection) -> bool:
        """Goes behind a page; returns whether there may be another one.

        A cursor that does not advance ends a list that would never end otherwise.

        Raises:
            SourceError: page after page is empty.
        """
        if connection is None:
            return False
        self._empty = 0 if connection["edges"] else self._empty + 1
        if self._empty >= _MOST_EMPTY_PAGES:
            raise SourceError(
                f"The server sent {_MOST_EMPTY_PAGES:,} pages in a row with nothing in them.",
                "Ask whoever runs that W&B server.",
            )
        info = connection["pageInfo"]
        before, self.at = self.at, info.get("endCursor")
        return bool(info.get("hasNextPage")) and self.at != before
