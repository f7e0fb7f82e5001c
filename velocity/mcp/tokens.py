"""Tokens of people for the MCP server: one per person, of which only a hash is stored."""

import hashlib
import secrets
from datetime import UTC, datetime
from pathlib import Path

from velocity import state
from velocity.errors import ConfigurationError
from velocity.reading.access import ANYBODY, Viewer, current_roster, viewer_of
from velocity.settings import Settings
from velocity.state import Where


def make_token(data: Path, settings: Settings, email: str) -> str:
    """Make a token for a person; an earlier one stops working.

    Raises:
        ConfigurationError: the roster does not have the address.
    """
    viewer = viewer_with(settings, email)
    if viewer is None or viewer.email is None:
        raise ConfigurationError(
            f"The roster does not have the address {email}.",
            f"Add it to a scholar, a stream's mentors or the leads in {settings.roster}.",
        )
    token = secrets.token_urlsafe(32)
    state.keep_token(settings.state_of(data), viewer.email, _hashed(token), datetime.now(UTC))
    return token


def owner_of(where: Where, token: str) -> str | None:
    """Return the address that a token was made for; None if it is not valid."""
    return state.token_owner(where, _hashed(token))


def viewer_with(settings: Settings, email: str) -> Viewer | None:
    """Return the person with an address as the roster says now; None if it does not have them."""
    roster = current_roster(settings)
    if roster is None:
        return None
    sees = settings.access.leads_see_individuals
    return viewer_of(roster, email, leads_see_individuals=sees)


def viewer_at_start(data: Path, settings: Settings, token: str | None) -> str | None:
    """Return the address of the person who starts a server for themselves.

    None means anybody: without sign-in, those who can start it can read every file.

    Raises:
        ConfigurationError: the token is not valid, or there is none and sign-in is required.
    """
    email = owner_of(settings.state_of(data), token) if token else None
    if email is None and (token or settings.access.mode != "open"):
        raise ConfigurationError(
            "VELOCITY_MCP_TOKEN does not hold a valid token.",
            "Ask the operator for one: velocity mcp token EMAIL.",
        )
    return email


def viewer_now(settings: Settings, email: str | None) -> Viewer | None:
    """Return the viewer with an address (None: anybody); None if they have no access any more."""
    if email is None:
        return ANYBODY if settings.access.mode == "open" else None
    return viewer_with(settings, email)


def _hashed(token: str) -> str:
    """A plain hash is enough: nobody can guess 256 random bits."""
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()
