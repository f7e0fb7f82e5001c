"""Imports the clients of optional extras, and reads what several of them return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from velocity.errors import SourceError
from velocity.extras import import_extra
from velocity.sources.values import instant_of

if TYPE_CHECKING:
    from datetime import datetime

    from velocity.sources.base import Asked


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


def of_milliseconds(value: int | None) -> datetime | None:
    """Return the instant of milliseconds since 1970; None if there is none.

    Raises:
        OverflowError: it is before 1970 or after 2199.
    """
    if value is None:
        return None
    if (read := instant_of(value / 1000)) is None:
        raise OverflowError(f"{value} ms")
    return read
