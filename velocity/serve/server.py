"""Serves app.py with the theme and limits of .streamlit/config.toml, behind `Front`."""

from __future__ import annotations

import html
import os
import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from velocity.demo import RUN_PAGES, is_demo
from velocity.errors import ConfigurationError, VelocityError
from velocity.paths import SERVED_MODE, project_root
from velocity.roster.models import load_roster
from velocity.serve.door import TOKEN, Door
from velocity.serve.logs import keep_logs_quiet

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from velocity.settings import Settings

HOST = "127.0.0.1"
#: What an identity provider needs, and the variables that take the place of the secrets file.
AUTH = {
    "redirect_uri": "VELOCITY_OIDC_REDIRECT_URI",
    "cookie_secret": "VELOCITY_OIDC_COOKIE_SECRET",
    "client_id": "VELOCITY_OIDC_CLIENT_ID",
    "client_secret": "VELOCITY_OIDC_CLIENT_SECRET",
    "server_metadata_url": "VELOCITY_OIDC_SERVER_METADATA_URL",
}
_SHORTEST_SECRET = 32
_LONGEST_HEADER = 32_768
_TOKEN_BYTES = 24


def check_address(settings: Settings, address: str) -> None:
    """Makes sure that pages are served to others only with sign-in.

    Raises:
        ConfigurationError: they would be open to whoever reaches the address.
    """
    try:
        alone = ip_address(address).is_loopback
    except ValueError as error:
        raise ConfigurationError(
            f"{address} is not an address of a network interface.",
            "Give one such as 127.0.0.1 or 0.0.0.0 (all of this machine).",
        ) from error
    if settings.access.mode == "open" and not alone:
        raise ConfigurationError(
            f"Without sign-in, pages are served on this machine only, not on {address}.",
            'Set access.mode = "oidc"; docs/sign-in.md says what it needs.',
        )


def check_port(port: int, address: str = HOST) -> None:
    """Makes sure that the port can be served.

    Raises:
        VelocityError: it is taken, or not for us.
    """
    try:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        socket.create_server((address, port), family=family).close()
    except OSError as error:
        raise VelocityError(
            f"Port {port} cannot be served: {error.strerror}.",
            "Choose another with --port, or stop the program that has it.",
        ) from error


def serve(
    data: Path,
    config: Path,
    *,
    settings: Settings,
    port: int,
    open_browser: bool,
    say: Callable[[str], None],
    address: str = HOST,
) -> None:
    """Serves until Ctrl-C or SIGTERM.

    Args:
        data: data folder, which the pages find in VELOCITY_DATA.
        config: settings file, likewise in VELOCITY_CONFIG; how it lets people in now holds until
            the server stops, and the pages find that in VELOCITY_SERVED.
        settings: as they are in `config` now.
        port: of `address`.
        open_browser: whether to show the first page once it can be had.
        say: told where the pages are, once they can be had, and when the end has come. Without
            sign-in the address holds a token, which whoever opens it needs.
        address: of this machine, checked by `check_address`.

    Raises:
        ConfigurationError: sign-in is required, but cannot work as it is configured.
    """
    import streamlit as st  # noqa: PLC0415 - takes a second that other commands need not wait for

    os.environ["VELOCITY_DATA"] = str(data.resolve())
    os.environ["VELOCITY_CONFIG"] = str(config.resolve())
    os.environ[SERVED_MODE] = settings.access.mode
    # A provider's tokens fill cookies of several kilobytes, at which pages would not open:
    # websockets takes lines of 8192 bytes unless told otherwise before it is imported.
    os.environ.setdefault("WEBSOCKETS_MAX_LINE_LENGTH", str(_LONGEST_HEADER))
    signed_in = settings.access.mode == "oidc"
    auth = _auth_of_environment() if signed_in else {}
    # Other accounts of this machine reach loopback too. The demo's data is invented.
    token = None if signed_in or is_demo(data) else secrets.token_urlsafe(_TOKEN_BYTES)
    url = f"http://localhost:{port}" + (f"/?{TOKEN}={token}" if token else "")

    @asynccontextmanager
    async def lifespan(_app: st.App) -> AsyncIterator[None]:
        say(f"Serving {url} (Ctrl-C stops it)")
        if open_browser and _has_display():
            # Some browsers keep their starter waiting.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        yield

    script = project_root() / "app.py"
    # Streamlit looks for .streamlit/config.toml beside the program of sys.argv, which for a console
    # script is the wrong folder.
    sys.argv[:] = [str(script)]
    keep_logs_quiet()
    from starlette.middleware import Middleware  # noqa: PLC0415 - as Streamlit
    from starlette.routing import Route  # noqa: PLC0415

    from velocity.serve.front import Front  # noqa: PLC0415

    @cache
    def redirect_uri() -> str:
        return str(_configured_auth()["redirect_uri"])

    front = Middleware(
        Front,
        door=Door(redirect_uri=redirect_uri if signed_in else None, token=token, port=port),
        may_have=_may_have if signed_in else None,
    )
    app = st.App(
        script,
        lifespan=lifespan,
        secrets={"auth": auth} if auth else None,
        middleware=[front],
        routes=[
            Route("/healthz", _healthz),
            Route("/readyz", _readyz),
            *([Route(f"{RUN_PAGES}/{{run:path}}", _demo_run)] if is_demo(data) else ()),
        ],
    )
    if signed_in:
        check_auth(auth or _configured_auth())
        check_roster(settings)
    with suppress(KeyboardInterrupt):  # the way to stop it
        app.run(
            config={
                "server.address": address,
                "server.port": port,
                "logger.hideWelcomeMessage": True,
                # Who somebody is comes from the sign-in, whatever a settings file in the working
                # directory says.
                "server.trustedUserHeaders": {},
            }
        )
    say("Stopped.")


def check_auth(auth: Mapping[str, Any]) -> None:
    """Makes sure that sign-in can work.

    Args:
        auth: the section `[auth]` of Streamlit's secrets; no value of it is ever told.

    Raises:
        ConfigurationError: something is absent or too weak.
    """
    hint = (
        "docs/sign-in.md says what the secrets file must hold; one that is not valid TOML holds "
        "nothing."
    )
    if absent := [name for name in AUTH if not auth.get(name)]:
        raise ConfigurationError(
            f"Sign-in is required, but {', '.join(absent)} of the identity provider is not there.",
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
    """Makes sure that somebody can be let in.

    Raises:
        ConfigurationError: there is no roster, or one that cannot be read. What is wrong in it
            names people, and is for no log.
    """
    try:
        roster = load_roster(settings.roster)
    except ConfigurationError as error:
        raise ConfigurationError(
            "The roster cannot be read, so nobody would be let in.",
            "“velocity roster check” says what is wrong with it.",
        ) from error
    if roster is None:
        raise ConfigurationError(
            f"Sign-in is required, but there is no roster {settings.roster}, so nobody would be "
            "let in.",
            "“velocity roster suggest” writes one.",
        )


def _auth_of_environment() -> dict[str, Any]:
    """The section `[auth]` as the environment has it; empty where it has none of it."""
    found = {
        name: os.environ[variable] for name, variable in AUTH.items() if variable in os.environ
    }
    if found:
        check_auth(found)
    return found


def _configured_auth() -> dict[str, Any]:
    """The section `[auth]` as Streamlit has it; empty where there is none."""
    from streamlit.auth_util import get_secrets_auth_section  # noqa: PLC0415 - as in serve

    section = get_secrets_auth_section()
    return dict(section) if isinstance(section, Mapping) else {}


async def _may_have(cookies: Mapping[str, str], content: bytes) -> bool:
    """Whether the holder of the cookies may have a file with that content."""
    import orjson  # noqa: PLC0415 - as in serve
    from starlette.concurrency import run_in_threadpool  # noqa: PLC0415
    from streamlit.web.server.starlette.starlette_server_config import (  # noqa: PLC0415
        USER_COOKIE_NAME,
    )
    from streamlit.web.server.starlette.starlette_websocket import (  # noqa: PLC0415
        _get_signed_cookie_with_chunks,
    )

    from velocity.ui.owners import may_have  # noqa: PLC0415
    from velocity.ui.sign_in import sign_in_of  # noqa: PLC0415

    claims = _get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
    if claims is None:
        return False
    return await run_in_threadpool(may_have, sign_in_of(orjson.loads(claims)), content)


async def _healthz(_request: Request) -> Response:
    """Whether the process answers."""
    from starlette.responses import PlainTextResponse  # noqa: PLC0415 - as in serve

    return PlainTextResponse("ok")


def _readyz(_request: Request) -> Response:
    """Whether there is a snapshot to show, and how old its data is; 503 where there is none."""
    from starlette.responses import JSONResponse  # noqa: PLC0415 - as in serve

    from velocity.paths import data_folder  # noqa: PLC0415
    from velocity.reading import reads  # noqa: PLC0415
    from velocity.store import latest_snapshot  # noqa: PLC0415

    try:
        snapshot = latest_snapshot(data_folder())
        as_of = reads.edge(snapshot)["as_of"].item()
    except VelocityError:
        return JSONResponse({"ready": False}, 503)
    age = None if as_of is None else (datetime.now(UTC) - as_of).total_seconds() / 3600
    return JSONResponse(
        {
            "ready": True,
            "snapshot": snapshot.name,
            "as_of": as_of and as_of.isoformat(),
            "age_hours": age and round(age, 2),
        }
    )


def _demo_run(request: Request) -> Response:
    """In the place of W&B's page of a run of the demo."""
    from starlette.responses import HTMLResponse  # noqa: PLC0415 - as in serve

    run = html.escape(request.path_params["run"])
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Demo run</title>'
        '<body style="font:1rem/1.5 sans-serif;margin:3rem;max-width:36rem">'
        f"<h1>Here W&amp;B would show the run</h1><p><code>{run}</code></p>"
        "<p>The cohort of this demo is invented. With runs of your own, the link opens the run's "
        'page on W&amp;B.</p><p><a href="/">Back to the dashboard</a></p></body></html>'
    )


def _has_display() -> bool:
    """Whether a browser would be a window: without one, Python may start it in the terminal."""
    return sys.platform == "darwin" or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
