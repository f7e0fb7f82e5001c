"""Where messages to people go: a file of secrets that the environment names."""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path

from velocity.delivery import Address
from velocity.errors import ConfigurationError

ADDRESSES = "VELOCITY_ADDRESSES"


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
