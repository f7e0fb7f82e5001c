"""Where messages go: to people, by a file of secrets that the environment names; to the operator.

The operator hears what people cannot see: that syncs or messages fail.
"""

import os
import stat
import tomllib
from datetime import datetime, timedelta
from pathlib import Path

from velocity import formats, state
from velocity.delivery import Address
from velocity.errors import ConfigurationError, StoreError, VelocityError
from velocity.reading import reads
from velocity.settings import Settings
from velocity.state import SentMessage, Where
from velocity.store import latest_snapshot
from velocity.sync.watch import Log

ADDRESSES, OPERATOR = "VELOCITY_ADDRESSES", "VELOCITY_OPERATOR_URL"
#: The operator in the record of messages: not an id that a scholar can have.
_PERSON = "(operator)"
_WAITS_S = (2.0,)


def addresses() -> dict[str, Address]:
    """Returns the address of each person, by roster id or by e-mail address of a lead.

    Raises:
        ConfigurationError: the file cannot be read, has no such table, or can be read by others.
    """
    place = os.environ.get(ADDRESSES)
    if not place:
        return {}
    try:
        mode = Path(place).stat().st_mode
        found = tomllib.loads(Path(place).read_text(encoding="utf-8")).get("addresses")
    except OSError as error:
        raise ConfigurationError(
            f"The file that {ADDRESSES} names cannot be read: {error.strerror}.",
            "Check its path and permissions.",
        ) from error
    except ValueError:  # whose own text may quote the file
        found, mode = None, 0
    if not isinstance(found, dict) or not all(isinstance(it, str) for it in found.values()):
        raise ConfigurationError(
            f"The file that {ADDRESSES} names cannot be used.",
            'It needs a table [addresses] with lines such as ada = "ntfy://...".',
        )
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigurationError(
            f"Other users may use the file that {ADDRESSES} names.", "Run `chmod 600` on it."
        )
    return {name: Address(url, ADDRESSES) for name, url in found.items()}


def tell_operator(
    where: Where, log: Log, rule: str, subject: str, text: str, *, now: datetime
) -> bool:
    """Sends the operator a message, once for each subject, and returns whether it was sent.

    `rule` is the kind of problem and `subject` which one it is. The text names nobody.
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
