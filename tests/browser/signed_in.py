"""The app behind sign-in, a real identity provider beside it, and people who come in through it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scripts import browsing
from tests.browser.visitor import Visitor
from tests.commands import environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Response, WebSocket

SECRETS = {"client_secret": "zq-client-secret-kx", "cookie_secret": "zq-cookie-secret-kx" * 3}


@dataclass(frozen=True)
class App:
    """Where the app is, and what it wrote while it ran."""

    address: str
    log: Path
    data: Path


@contextmanager
def provider(people: dict[str, dict[str, object]], log: Path) -> Iterator[str]:
    """The address of an OpenID Connect provider, a process of its own, that knows some people."""
    port = browsing.free_port()
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    for subject, claims in people.items():
        command += ["--user-claims", json.dumps({"sub": subject, **claims})]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            address = f"http://localhost:{port}"
            for _ in range(300):
                with (
                    suppress(OSError),
                    urllib.request.urlopen(  # noqa: S310 - ours
                        f"{address}/.well-known/openid-configuration"
                    ),
                ):
                    break
                assert process.poll() is None, log.read_text(encoding="utf-8")
                time.sleep(0.1)
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)


@contextmanager
def served(data: Path, people: dict[str, dict[str, object]]) -> Iterator[App]:
    """The app over `data`, whose velocity.toml asks for sign-in."""
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
        )
        with browsing.served(data, data / "velocity.toml", log=log, env=settings, port=port):
            yield App(f"http://localhost:{port}", log, data)


class Person(Visitor):
    """Somebody in front of the app, with all that came over the wire in `received`."""

    def __init__(self, browser: Browser, app: App, email: str) -> None:
        super().__init__(browser, app.address)
        self.email = email
        self.received: list[bytes] = []
        self.page.on("websocket", self._listen)
        self.page.on("response", self._keep)

    def sign_in(self, path: str = "") -> None:
        """Opens the page at `path` and comes in through the provider, to the same page."""
        self.page.goto(f"{self.address}/{path}")
        self.page.get_by_role("button", name="Sign in").click()
        self.authorise()

    def authorise(self) -> None:
        """What the person does at the provider."""
        self.page.get_by_role("button", name=self.email, exact=True).first.click()
        self.page.wait_for_url(f"{self.address}/**")
        self.settle()
        self.problems.clear()  # that the provider's page is elsewhere

    def new_tab(self, path: str) -> None:
        """Another tab of the same browser, in front of `path`."""
        self.page = self._context.new_page()
        self.page.set_default_timeout(30_000)
        self.page.on("websocket", self._listen)
        self.page.goto(f"{self.address}/{path}")
        self.settle()

    def wire(self) -> str:
        """Everything received so far, as text; what is no text is lost."""
        return "\n".join(it.decode("utf-8", "ignore") for it in self.received)

    def _listen(self, socket: WebSocket) -> None:
        socket.on(
            "framereceived",
            lambda frame: self.received.append(frame.encode() if isinstance(frame, str) else frame),
        )

    def _keep(self, response: Response) -> None:
        if "/media/" in response.url and response.ok:
            with suppress(Exception):  # a download's body is the download's
                self.received.append(response.body())
