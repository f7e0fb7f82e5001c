"""Compares this machine's clock with the server's; a pull uses the server's if they differ."""

from datetime import datetime, timedelta

from velocity.formats import age, plain

#: Smaller differences are ignored: a Date header has whole seconds.
AGREE = timedelta(minutes=1)


def find_clock_ahead(before: datetime, server: datetime | None, after: datetime) -> timedelta:
    """How far this machine's clock is ahead of the server's; negative if it is behind.

    Zero if the clocks agree within a minute, or if the server did not send its own. `before` and
    `after` are this machine's, around the request.
    """
    if server is not None and before - server > AGREE:
        return before - server
    if server is not None and server - after > AGREE:
        return after - server
    return timedelta()


def describe_clock(ahead: timedelta) -> str:
    """A sentence about a clock that differs, without its full stop."""
    side = "ahead of" if ahead > timedelta() else "behind"
    length = age(timedelta(minutes=round(abs(ahead) / timedelta(minutes=1))))
    return f"this machine's clock is {plain(length)} {side} W&B's, so syncs use W&B's"
