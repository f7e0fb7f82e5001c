"""Serves app.py with the theme and limits of .streamlit/config.toml, behind `Front`."""

import html
import os
import secrets
import sys
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import orjson
import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from streamlit.auth_util import get_secrets_auth_section
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks

import velocity.pages  # noqa: F401 - they take a second to load, before anybody waits for one
from velocity.demo import RUN_PAGES, is_demo
from velocity.errors import VelocityError
from velocity.paths import SERVED_MODE, data_folder, project_root
from velocity.reading import reads
from velocity.serve.ahead import read_ahead
from velocity.serve.checks import HOST, auth_of_environment, check_auth, check_roster
from velocity.serve.door import TOKEN, Door
from velocity.serve.front import Front, page
from velocity.serve.logs import keep_logs_quiet
from velocity.settings import Settings
from velocity.store import latest_snapshot
from velocity.store.bucket import Bucket
from velocity.store.replica import Replica
from velocity.threads import in_thread
from velocity.ui.files import may_have
from velocity.ui.sign_in import sign_in_of

_TOKEN_BYTES = 24


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

    The pages find `data` and `config` in VELOCITY_DATA and VELOCITY_CONFIG, and in VELOCITY_SERVED
    how people sign in, which is fixed until the server stops. `say` is called with the address of
    the pages when they are ready, and at the end. Without sign-in that address holds a token that a
    browser must present. `address` was checked by `check_address`.

    Raises:
        ConfigurationError: sign-in is required but cannot work as configured, or the extra `scale`
            is not installed and snapshots come from a bucket.
    """
    os.environ["VELOCITY_DATA"] = str(data.resolve())
    os.environ["VELOCITY_CONFIG"] = str(config.resolve())
    os.environ[SERVED_MODE] = settings.access.mode
    signed_in = settings.access.mode == "oidc"
    auth = auth_of_environment() if signed_in else {}
    # Other accounts on this machine can reach loopback too. The demo's data is invented.
    invented = is_demo(data) and address == HOST
    token = None if signed_in or invented else secrets.token_urlsafe(_TOKEN_BYTES)
    url = f"http://localhost:{port}" + (f"/?{TOKEN}={token}" if token else "")

    place = settings.store.snapshots
    bucket = Bucket(place) if place else None
    stop = threading.Event()

    @asynccontextmanager
    async def lifespan(_app: st.App) -> AsyncIterator[None]:
        if bucket is not None:
            follow = Replica(data, bucket).follow
            in_thread(partial(follow, stop), "replica")
        ahead = in_thread(partial(read_ahead, data, stop), "read-ahead")
        say(f"Serving {url} (Ctrl-C stops it)")
        if open_browser and _has_display():
            # Some browsers block the program that starts them.
            in_thread(partial(webbrowser.open, url), "browser")
        yield
        stop.set()
        # Python must not end during a query.
        ahead.result()

    script = project_root() / "app.py"
    # Streamlit looks for .streamlit/config.toml beside the program in sys.argv, which is the wrong
    # folder for a console script.
    sys.argv[:] = [str(script)]
    keep_logs_quiet()
    door = Door(redirect_uri=_redirect_uri if signed_in else None, token=token, port=port)
    routes = [Route("/healthz", _healthz), Route("/readyz", _readyz)]
    if is_demo(data):
        routes.append(Route(f"{RUN_PAGES}/{{run:path}}", _demo_run))
    app = st.App(
        script,
        lifespan=lifespan,
        secrets={"auth": auth} if auth else None,
        middleware=[Middleware(Front, door=door, may_have=_may_have if signed_in else None)],
        routes=routes,
    )
    if signed_in:
        check_auth(auth or _configured_auth())
        check_roster(settings)
    with suppress(KeyboardInterrupt):  # Ctrl-C is how to stop it
        app.run(
            config={
                "server.address": address,
                "server.port": port,
                "logger.hideWelcomeMessage": True,
                # A settings file in the working directory must not decide who can sign in as whom.
                "server.trustedUserHeaders": {},
            }
        )
    say("Stopped.")


def _configured_auth() -> dict[str, Any]:
    """Returns the section `[auth]` of Streamlit's secrets; empty if there is none."""
    section = get_secrets_auth_section()
    return dict(section) if isinstance(section, Mapping) else {}


@cache
def _redirect_uri() -> str:
    return str(_configured_auth()["redirect_uri"])


async def _may_have(cookies: Mapping[str, str], content: bytes) -> bool:
    claims = _get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
    if claims is None:
        return False
    return await run_in_threadpool(may_have, sign_in_of(orjson.loads(claims)), content)


async def _healthz(_request: Request) -> Response:
    return PlainTextResponse("ok")


def _readyz(_request: Request) -> Response:
    """Returns the snapshot that pages show and the age of its data; 503 if there is none."""
    try:
        snapshot = latest_snapshot(data_folder())
        as_of = reads.edge(snapshot)["as_of"].item()
    except VelocityError:
        return JSONResponse({"ready": False}, 503)
    age = as_of and round((datetime.now(UTC) - as_of) / timedelta(hours=1), 2)
    found = {"snapshot": snapshot.name, "as_of": as_of and as_of.isoformat(), "age_hours": age}
    return JSONResponse({"ready": True, **found})


def _demo_run(request: Request) -> Response:
    """Returns a page in place of W&B's page of a run of the demo."""
    run = html.escape(request.path_params["run"])
    return page(
        "Here W&amp;B would show the run",
        f"<code>{run}</code></p><p>The cohort of this demo is invented. With your own runs, the "
        'link opens the run\'s page on W&amp;B.</p><p><a href="/">Back to the dashboard</a>',
        status=200,
    )


def _has_display() -> bool:
    """Returns whether a browser would open a window; without one it may start in the terminal."""
    return sys.platform == "darwin" or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
