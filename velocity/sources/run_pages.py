"""Pages of runs that get smaller where the server cannot send them, down to a run alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from velocity.errors import RetryLaterError, VelocityError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Connection = dict[str, Any] | None

_SHRINK = 2
_GROW = 2
#: Characters of config and summary that a page should hold at most: summaries may be of gigabytes.
_HEAVIEST = 32 * 2**20
#: Pages in a row that must come before a larger one is tried.
_GOOD_PAGES = 4


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
    cursor: str | None = None
    size, good = page_size, 0
    while True:
        try:
            page = Page(ask(cursor, size))
        except RetryLaterError as error:
            good = 0
            try:
                alone = ask_lightly(cursor)
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
        following = _next_cursor(page.connection, cursor)
        if following is None:
            return
        cursor = following


def _weight(connection: Connection) -> int:
    nodes = (edge["node"] or {} for edge in connection["edges"]) if connection else ()
    return sum(len(node.get(part) or "") for node in nodes for part in ("config", "summaryMetrics"))


def walk(ask: Callable[[str | None], Connection]) -> Iterator[Connection]:
    """Pages of one size until the end of the list."""
    cursor: str | None = None
    while True:
        connection = ask(cursor)
        yield connection
        cursor = _next_cursor(connection, cursor)
        if cursor is None:
            return


def _next_cursor(connection: Connection, cursor: str | None) -> str | None:
    """Where the next page begins, going by the cursor and not by the rows; None at the end.

    Hidden rows make short and empty pages. A cursor that does not advance ends a list that would
    never end otherwise.
    """
    info = connection["pageInfo"] if connection else {}
    following: str | None = info.get("endCursor")
    return following if info.get("hasNextPage") and following != cursor else None
