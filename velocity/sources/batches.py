"""Rows of a source in batches, with what could not be read in the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from velocity.formats import plural
from velocity.records import RunBatch, run_frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from velocity.records import Rejected

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
