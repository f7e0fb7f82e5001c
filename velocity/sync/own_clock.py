"""This machine's clock against the server's: which of the two a pull goes by."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

#: Clocks that are closer than this agree: a Date header has whole seconds only.
_AGREE = timedelta(minutes=1)
_ONE_UNIT_BELOW = 99.5


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
    told = f"{_spoken(abs(ahead))} {side} W&B's"
    return f"this machine's clock is {told}, so syncs use W&B's"


def _spoken(length: timedelta) -> str:
    minutes = length / timedelta(minutes=1)
    if minutes < _ONE_UNIT_BELOW:
        return f"{minutes:.0f} min"
    hours = minutes / 60
    return f"{hours:.0f} h" if hours < _ONE_UNIT_BELOW else f"{hours / 24:.0f} days"
