"""People who log in through the identity provider, in a browser."""

from contextlib import suppress

from playwright.sync_api import Browser, Response, WebSocket

from tests.browser.visitor import Visitor
from tests.identity import App


class Person(Visitor):
    """A person using the app; everything sent to their browser is in `received`."""

    def __init__(self, browser: Browser, app: App, email: str) -> None:
        super().__init__(browser, app.address)
        self.email = email
        self.received: list[bytes] = []
        self.page.on("websocket", self._listen)
        self.page.on("response", self._keep)

    def sign_in(self, path: str = "") -> None:
        """Open the page at `path`, and log in through the provider to the same page."""
        self.page.goto(f"{self.address}/{path}")
        self.page.get_by_role("button", name="Sign in").click()
        self.authorise()

    def authorise(self) -> None:
        """Log in on the provider's page."""
        self.page.get_by_role("button", name=self.email, exact=True).first.click()
        self.page.wait_for_url(f"{self.address}/**")
        self.settle()
        self.problems.clear()  # the provider's page is on another site

    def new_tab(self, path: str) -> None:
        """Open `path` in another tab of the same browser."""
        self.page = self.tab()
        self.page.on("websocket", self._listen)
        self.page.goto(f"{self.address}/{path}")
        self.settle()

    def wire(self) -> str:
        """Everything received so far, as text; other bytes are dropped."""
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
