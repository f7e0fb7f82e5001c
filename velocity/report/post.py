"""Sends the digest to a webhook or another address, never twice by mistake.

A post is recorded before it is sent. The record is removed only if the digest certainly was not
accepted, so a post that was killed, or whose response was lost, counts as posted. People notice a
missing digest; a second one annoys everybody.
"""

import time
from collections.abc import Callable

from velocity import state
from velocity.delivery import Address, LostResponseError
from velocity.errors import VelocityError
from velocity.state import Where

WEBHOOK = "VELOCITY_WEBHOOK_URL"


def title_of(week: str) -> str:
    """Subject of a mail with the digest of an ISO week."""
    return f"Stand-up digest {week}"


def post_once(
    where: Where,
    address: Address,
    text: str,
    *,
    week: str,
    stream: str | None,
    again: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Posts `text` unless the digest of that week and stream was posted before.

    `where` holds the record of posts, and `text` is the digest in the form of the address. `again`
    posts it even then. `sleep` waits between attempts, in seconds. Returns whether it was posted
    now; False if it was, or may have been, posted before.

    Raises:
        VelocityError: the digest was not accepted, or it is not known whether it was.
    """
    with state.sending(where):
        first = state.record_posted(where, week, stream)
        if not (first or again):
            return False
        try:
            address.deliver(text, title=title_of(week), form=address.form, sleep=sleep)
        except LostResponseError:
            raise
        except VelocityError:
            if first:
                state.forget_posted(where, week, stream)
            raise
    return True
