"""Tells the operator what people cannot see: that syncs or messages fail."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

from velocity import formats, state
from velocity.delivery import Address
from velocity.errors import StoreError, VelocityError
from velocity.reading import reads
from velocity.state import SentMessage
from velocity.store import latest_snapshot

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from velocity.settings import Settings
    from velocity.state import Where
    from velocity.sync.watch import Log

OPERATOR = "VELOCITY_OPERATOR_URL"
#: The operator in the record of messages: not an id that a scholar can have.
_PERSON = "(operator)"
_WAITS_S = (2.0,)


def tell_operator(
    where: Where, log: Log, rule: str, subject: str, text: str, *, now: datetime
) -> bool:
    """Sends the operator a message, once for each subject, and returns whether it was sent.

    Args:
        where: where the state is.
        log: gets a line about a failure.
        rule: the kind of problem.
        subject: which one it is.
        text: the message; it names nobody.
        now: the time.
    """
    url = os.environ.get(OPERATOR)
    record = SentMessage(_PERSON, rule, subject, str(now.date()), now)
    if not url or not state.record_message(where, record):
        return False
    try:
        Address(url, OPERATOR).deliver(text, title="velocity", waits=_WAITS_S)
    except VelocityError as error:
        log.tell("error", "operator_not_told", rule=rule, reason=error.message)
        return False
    finally:
        state.settle_message(where, record)
    return True


def check_syncs(data: Path, settings: Settings, log: Log, *, now: datetime) -> bool:
    """Tells the operator if no sync has succeeded for long; returns whether a message was sent."""
    try:
        newest = reads.edge(latest_snapshot(data))["newest"][0]
    except StoreError:
        return False  # nothing has been synced yet
    if newest is None or now - newest <= timedelta(hours=settings.messages.no_sync_hours):
        return False
    text = (
        f"No sync has succeeded since {formats.instant(newest, settings.programme.timezone)}, "
        f"{formats.age(now - newest)} ago. The pages show older data, and no messages are sent. "
        "The log of velocity says why; `velocity doctor` checks the connection."
    )
    where = settings.state_of(data)
    return tell_operator(where, log, "no_sync", newest.isoformat(), formats.plain(text), now=now)
