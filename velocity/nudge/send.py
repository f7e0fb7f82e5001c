"""Sends what is due. A message is recorded before it is sent, so that it is sent at most once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from velocity import state
from velocity.delivery import LostResponseError
from velocity.errors import StoreError, VelocityError
from velocity.nudge.addresses import addresses, tell_operator
from velocity.nudge.due import Due, Round
from velocity.reading.access import current_roster
from velocity.record import exclusions
from velocity.state import SentMessage
from velocity.store import latest_snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from velocity.delivery import Address
    from velocity.settings import Settings
    from velocity.state import Where
    from velocity.sync.watch import Log

#: Few: what certainly did not arrive is sent after the next sync.
_WAITS_S = (2.0,)


def send_due(data: Path, settings: Settings, log: Log, *, now: datetime) -> int:
    """Sends every message that is due, and returns how many were sent.

    Raises:
        VelocityError: the roster or the addresses cannot be read.
    """
    roster = exclusions.load(data).keep_roster(current_roster(settings))
    if roster is None:
        return 0
    known = addresses()
    where = settings.state_of(data)
    with state.sending(where):
        # Messages that an earlier process recorded and may not have sent.
        for lost in state.unsettled_messages(where):
            recorded = lost.sent_at.isoformat(timespec="seconds")
            log.tell("warning", "message_may_be_lost", **_told(lost), recorded_at=recorded)
            state.settle_message(where, lost)
        try:
            snapshot = latest_snapshot(data)
        except StoreError:
            return 0  # nothing has been synced yet
        now_known = Round(data, settings, roster, snapshot, now)
        return sum(_send(where, due, known, log, now) for due in now_known.due())


def _send(where: Where, due: Due, known: Mapping[str, Address], log: Log, now: datetime) -> bool:
    """Records a message, sends it, and returns whether it was sent."""
    record = SentMessage(due.person, due.rule, due.subject, str(due.day), now)
    address = known.get(due.person)
    if address is None:
        log.tell("warning", "message_without_address", **_told(record))
        return False
    if not state.record_message(where, record):
        return False
    try:
        address.deliver(due.message.text, title=due.message.title, waits=_WAITS_S)
    except LostResponseError:
        log.tell("warning", "message_may_be_lost", **_told(record))
    except VelocityError as error:
        state.forget_message(where, record)
        log.tell("error", "message_failed", **_told(record), reason=error.message)
        text = "A message to somebody could not be sent. The log of velocity says why."
        tell_operator(where, log, "message_failed", str(now.date()), text, now=now)
        return False
    else:
        log.tell("info", "message_sent", **_told(record))
    state.settle_message(where, record)
    return True


def _told(message: SentMessage) -> dict[str, str]:
    return {"person": message.person, "rule": message.rule}
