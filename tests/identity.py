"""The app with sign-in, a real identity provider, and the cookies of a sign-in."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from benchmarks.browser_session import BrowserSession
from scripts import browsing
from scripts.waiting import PATIENCE_S, wait_until
from tests.commands import environment
from tests.coroutines import run

SECRETS = {"client_secret": "zq-client-secret-kx", "cookie_secret": "zq-cookie-secret-kx" * 3}


@dataclass(frozen=True)
class App:
    """The address of the app, and its log."""

    address: str
    log: Path
    data: Path


@contextmanager
def provider(people: dict[str, dict[str, object]], log: Path) -> Iterator[str]:
    """The address of an OpenID Connect provider in a separate process, with these people."""
    port = browsing.free_port()
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    for subject, claims in people.items():
        command += ["--user-claims", json.dumps({"sub": subject, **claims})]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            address = f"http://localhost:{port}"

            def answers() -> bool:
                assert process.poll() is None, log.read_text(encoding="utf-8")
                known = f"{address}/.well-known/openid-configuration"
                with suppress(OSError), urllib.request.urlopen(known):  # noqa: S310 - ours
                    return True
                return False

            wait_until(answers)
            yield address
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


@contextmanager
def served(data: Path, people: dict[str, dict[str, object]], **env: str) -> Iterator[App]:
    """The app on `data`, whose velocity.toml requires sign-in; `env` is added to its variables."""
    home = data.parent
    port = browsing.free_port()
    log = home / f"{data.name}-app.log"
    with provider(people, home / f"{data.name}-provider.log") as issuer:
        settings = environment(
            home,
            VELOCITY_OIDC_REDIRECT_URI=f"http://localhost:{port}/oauth2callback",
            VELOCITY_OIDC_COOKIE_SECRET=SECRETS["cookie_secret"],
            VELOCITY_OIDC_CLIENT_ID="velocity",
            VELOCITY_OIDC_CLIENT_SECRET=SECRETS["client_secret"],
            VELOCITY_OIDC_SERVER_METADATA_URL=f"{issuer}/.well-known/openid-configuration",
            **env,
        )
        with browsing.served(data, data / "velocity.toml", log=log, env=settings, port=port):
            yield App(f"http://localhost:{port}", log, data)


def sign_in(
    app: App, person: str, *, referer: str = "", cookie: str = ""
) -> tuple[requests.Session, requests.Response]:
    """Log in like a browser, as a person known to the provider.

    The browser names the page `referer` as its origin; `cookie` replaces the one with the page to
    return to. Returns the session, and the app's response to the provider's redirect.
    """
    browser = requests.Session()
    way = f"{app.address}{run(_way_in(app.address))}"
    asked = browser.get(way, headers={"Referer": referer}, allow_redirects=False)
    told = browser.post(asked.headers["Location"], data={"sub": person}, allow_redirects=False)
    for it in browser.cookies:
        if cookie and it.name == "velocity_return":
            it.value = cookie
    return browser, browser.get(told.headers["Location"], allow_redirects=False)


def cookies(app: App, person: str) -> dict[str, str]:
    """The cookies of a browser after its sign-in."""
    browser, _ = sign_in(app, person)
    # From now on pages have the token that a socket must send for the sign-in to count.
    browser.get(f"{app.address}/_stcore/health")
    return browser.cookies.get_dict()


async def _way_in(address: str) -> str:
    """The address to which the button "Sign in" sends the browser."""
    buttons, ways = [], []

    def hear(message: ForwardMsg, _: bytes) -> None:
        if button := message.delta.new_element.button.id:
            buttons.append(button)
        if way := message.auth_redirect.url:
            ways.append(way)

    async with BrowserSession(address, hear=hear) as tab:
        await tab.open("")
        await tab.rerun(WidgetState(id=buttons[0], trigger_value=True))
    return ways[0]
