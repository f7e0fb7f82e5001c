"""This machine's clock against the server's: which of the two a pull goes by."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from velocity.formats import age

if TYPE_CHECKING:
    from datetime import datetime

#: Clocks that are closer than this agree: a Date header has whole seconds only.
_AGREE = timedelta(minutes=1)


def find_clock_ahead(before: datetime, server: datetime | None, after: datetime) -> timedelta:
    """How far this machine's clock is ahead of the server's; negative if it is behind.

    Args:
        before: this machine's clock before the server was asked.
        server: the server's clock in its answer; None where it did not say.
        after: this machine's clock when the answer was there.

    Returns:
        Zero where the clocks agree within a minute, or where the server's is not known.
    """
    if server is not None and before - server > _AGREE:
        return before - server
    if server is not None and server - after > _AGREE:
        return after - server
    return timedelta()


def describe_clock(ahead: timedelta) -> str:
    """A sentence for people about a clock that does not agree, without its full stop."""
    side = "ahead of" if ahead > timedelta() else "behind"
    return f"this machine's clock is {age(abs(ahead))} {side} W&B's, so syncs use W&B's"
