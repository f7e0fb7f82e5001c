"""What several sources need: rows in batches, the clients of optional extras, and addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from velocity.errors import SourceError
from velocity.extras import import_extra
from velocity.formats import plural
from velocity.records import RunBatch, run_frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from velocity.records import Rejected
    from velocity.sources.base import Asked

_ROWS = 5_000
_SHOWN_REASONS = 3


def in_batches(
    rows: Sequence[Mapping[str, Any]],
    rejected: Sequence[Rejected],
    *,
    noun: str,
    complete_to: datetime | None = None,
) -> Iterator[RunBatch]:
    """Batches of a few thousand rows of (some of) the columns of `RUN_SCHEMA`.

    The last one has the rejected rows, and a note about them that calls each a `noun`.
    """
    for start in range(0, len(rows), _ROWS):
        last = start + _ROWS >= len(rows)
        yield RunBatch(
            run_frame(rows[start : start + _ROWS]),
            tuple(rejected) if last else (),
            complete_to,
            (f"{plural(len(rejected), noun)} could not be read: {reasons(rejected)}.",)
            if last and rejected
            else (),
        )


def reasons(rejected: Sequence[Rejected]) -> str:
    """The first few reasons, in words."""
    shown = "; ".join(row.reason for row in rejected[:_SHOWN_REASONS])
    more = len(rejected) - _SHOWN_REASONS
    return f"{shown}; and {more:,} more" if more > 0 else shown


def client_of(extra: str, module: str) -> Any:
    """Return a module of the client that an extra brings.

    Raises:
        SourceError: the extra is not installed.
    """
    return import_extra(extra, module, asker=f'The source "{extra}"', error=SourceError)


def entity_of(asked: Asked, extra: str) -> str:
    """Return the entity that runs get, because their place does not have one.

    Raises:
        SourceError: the user did not name it.
    """
    if asked.entity is None:
        raise SourceError(
            f"Runs from {extra} do not say which entity they belong to.",
            "Name one, always the same for this place: --entity my-team.",
        )
    return asked.entity


def is_address(place: str) -> bool:
    """Whether a place is the address of a server."""
    return urlsplit(place).scheme in {"http", "https"}


def without_password(place: str) -> str:
    """Return the place without the name and password that its address may have."""
    parts = urlsplit(place)
    return (
        parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if parts.netloc else place
    )
