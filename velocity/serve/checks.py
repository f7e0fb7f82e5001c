"""Checks before the server starts: address, port, sign-in and roster."""

import os
import socket
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from velocity.errors import ConfigurationError, VelocityError
from velocity.roster.models import load_roster
from velocity.settings import Settings

HOST = "127.0.0.1"
#: The values that an identity provider needs, and the variables that replace the secrets file.
AUTH = {
    "redirect_uri": "VELOCITY_OIDC_REDIRECT_URI",
    "cookie_secret": "VELOCITY_OIDC_COOKIE_SECRET",
    "client_id": "VELOCITY_OIDC_CLIENT_ID",
    "client_secret": "VELOCITY_OIDC_CLIENT_SECRET",
    "server_metadata_url": "VELOCITY_OIDC_SERVER_METADATA_URL",
}
_SHORTEST_SECRET = 32


def check_address(settings: Settings, address: str, *, published_on_loopback: bool = False) -> None:
    """Checks that pages are served to other machines only with sign-in.

    `published_on_loopback`: the address is a container's, and only 127.0.0.1 of its host leads to
    it.

    Raises:
        ConfigurationError: they would be open to everybody who reaches the address.
    """
    try:
        alone = ip_address(address).is_loopback
    except ValueError as error:
        raise ConfigurationError(
            f"{address} is not an address of a network interface.",
            "Give one such as 127.0.0.1, or 0.0.0.0 for all interfaces of this machine.",
        ) from error
    if settings.access.mode == "open" and not (alone or published_on_loopback):
        raise ConfigurationError(
            f"Without sign-in, pages are served on this machine only, not on {address}.",
            'Set access.mode = "oidc"; docs/sign-in.md says what it needs. For a container, see '
            "docs/container.md.",
        )


def check_port(port: int, address: str = HOST) -> None:
    """Checks that the port can be served.

    Raises:
        VelocityError: it is in use or not permitted.
    """
    try:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        socket.create_server((address, port), family=family).close()
    except OSError as error:
        raise VelocityError(
            f"Port {port} cannot be served: {error.strerror}.",
            "Choose another with --port, or stop the program that uses it.",
        ) from error


def check_auth(auth: Mapping[str, Any]) -> None:
    """Checks that sign-in can work.

    Args:
        auth: the section `[auth]` of Streamlit's secrets. No error shows a value of it.

    Raises:
        ConfigurationError: a value is missing or too weak.
    """
    hint = "docs/sign-in.md lists what the secrets file must hold. Check that it is valid TOML."
    if missing := [name for name in AUTH if not auth.get(name)]:
        raise ConfigurationError(
            f"Sign-in is required, but {', '.join(missing)} of the identity provider is missing.",
            hint,
        )
    if len(str(auth["cookie_secret"])) < _SHORTEST_SECRET:
        raise ConfigurationError(
            f"The cookie_secret is shorter than {_SHORTEST_SECRET} characters: sign-ins could be "
            "forged.",
            "Make one with: openssl rand -hex 32",
        )
    if not str(auth["redirect_uri"]).endswith("/oauth2callback"):
        raise ConfigurationError("The redirect_uri does not end in /oauth2callback.", hint)


def check_roster(settings: Settings) -> None:
    """Checks that the roster allows at least one person to sign in.

    Raises:
        ConfigurationError: the roster is missing or has errors. The message does not show them:
            they name people, and it ends up in logs.
    """
    try:
        roster = load_roster(settings.roster)
    except ConfigurationError as error:
        raise ConfigurationError(
            "The roster has errors, so nobody could sign in.", "“velocity roster check” lists them."
        ) from error
    if roster is None:
        raise ConfigurationError(
            f"Sign-in is required, but there is no roster {settings.roster}, so nobody could sign "
            "in.",
            "“velocity roster suggest” writes one.",
        )


def auth_of_environment() -> dict[str, Any]:
    """Returns the section `[auth]` as the environment gives it; empty if no variable is set.

    Raises:
        ConfigurationError: as `check_auth`.
    """
    found = {name: os.environ[it] for name, it in AUTH.items() if it in os.environ}
    if found:
        check_auth(found)
    return found
