"""A visitor who opens pages and records every problem with them."""

import re
from collections import defaultdict
from contextlib import suppress
from typing import Any, Literal, Self

from axe_playwright_python.base import AXE_SCRIPT
from playwright import sync_api

from scripts import browsing
from scripts.browsing import settle
from scripts.waiting import PATIENCE_S
from velocity import pages

Mode = Literal["light", "dark"]

#: Path of every page that a lead has, the first by its empty path.
PAGES = ("", *(page.path for page in pages.PAGES[1:] if "lead" in page.roles))
#: For leads who may not see people.
GROUPS = next(page.path for page in pages.PAGES if page.roles == ("group lead",))
WIDTH, HEIGHT = 1440, 1400
#: How long a page may take to become as narrow as its window; only a faulty page takes so long.
_FOLLOWS_WITHIN_MS = 60_000
_AS_WIDE_AS_THEIR_ROOM = """() => [
  ...document.querySelectorAll('[data-testid=stPlotlyChart]')
].every(box => {
  const drawn = box.querySelector('.main-svg');
  return drawn && Math.abs(drawn.getBoundingClientRect().width - box.clientWidth) < 2;
})"""

#: A chart with data whose figure was not drawn, or drawn without a mark.
_BLANK_CHARTS = """() => [
  ...document.querySelectorAll('[data-testid=stPlotlyChart]')
].filter(box => {
  const plot = box.querySelector('.js-plotly-plot');
  if (!plot || !plot._fullData) return true;
  const marks = '.points path, .point, .lines path, .js-line, .hm image, .shapelayer path';
  return ![...plot.querySelectorAll(marks)].some(mark => {
    const size = mark.getBoundingClientRect();
    return size.width + size.height > 0;
  });
}).map(box => (box.querySelector('[aria-label]') || box).getAttribute('aria-label') || 'a chart')"""
_TOO_WIDE = """() => {
  const room = document.documentElement.clientWidth;
  const boxes = [document.scrollingElement, ...document.querySelectorAll(
    '[data-testid=stMain], [data-testid=stMainBlockContainer]')];
  return boxes.some(box => box.scrollWidth > Math.min(room, box.clientWidth) + 1);
}"""
#: Room above the first text, px, beyond the usual gap between two elements.
_EMPTY_BAND = """() => {
  const header = document.querySelector('[data-testid=stHeader]').getBoundingClientRect();
  const elements = document.querySelectorAll(
    '[data-testid=stMain] [data-testid=stElementContainer]');
  const tops = [...elements].map(it => it.getBoundingClientRect())
    .filter(box => box.height > 0).map(box => box.top);
  return Math.min(...tops) - header.bottom > 21;
}"""
#: What Back and Forward do: the app shows the page of the address without being loaded again.
_TURN = "to => { history.pushState(null, '', to); dispatchEvent(new PopStateEvent('popstate')); }"
#: Requested below a page's address first, and found one folder up.
_EXPECTED = re.compile(r"/[a-z-]+/_stcore/(health|host-config)$")
#: Contexts without a visitor, by address. The next visitor finds the app's scripts compiled there,
#: which is half of the work of a first page.
_left: defaultdict[str, list[sync_api.BrowserContext]] = defaultdict(list)


def title_of(path: str) -> str:
    """How the kicker of the page at `path` begins."""
    return path.partition("?")[0].replace("-", " ").capitalize() or "Stand-up"


class Visitor:
    """One browser tab at the address that the app prints; `problems` is what went wrong in it."""

    def __init__(
        self, browser: sync_api.Browser, address: str, *, mode: Mode = "light", width: int = WIDTH
    ) -> None:
        self.address = browsing.origin(address)
        self.problems: list[str] = []
        self._mode: Mode = mode
        self._width = width
        self._opened: str | None = None
        left = _left[self.address]
        self._context = left.pop() if left else browser.new_context()
        for name, value in browsing.cookies(address).items():
            self._context.add_cookies([{"name": name, "value": value, "url": self.address}])
        self.page: sync_api.Page = self.tab()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.problems.append(f"page error: {error}"))
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        stored = {"origin": self.address, "storageTypes": "local_storage,indexeddb,service_workers"}
        self._context.new_cdp_session(self.page).send("Storage.clearDataForOrigin", stored)
        self._context.clear_cookies()
        for page in self._context.pages:
            page.close()
        _left[self.address].append(self._context)

    def tab(self) -> sync_api.Page:
        """A new tab with the colour mode and width of the visitor."""
        page = self._context.new_page()
        page.set_viewport_size({"width": self._width, "height": HEIGHT})
        page.emulate_media(color_scheme=self._mode, reduced_motion="reduce")
        page.set_default_timeout(1000 * PATIENCE_S)
        return page

    def open(self, path: str) -> sync_api.Page:
        """Open the page at `path` ("runs?period=Programme") and wait until it is complete."""
        self.page.goto(f"{self.address}/{path}")
        self.settle()
        self._opened = path
        return self.page

    def at(self, path: str) -> sync_api.Page:
        """The page at `path`, which is not opened again if it was the last to be opened."""
        return self.page if self._opened == path else self.open(path)

    def turn_to(self, path: str) -> sync_api.Page:
        """The page at `path`, shown in place of another one, which costs less than `open`."""
        if self._opened is None:
            return self.open(path)
        if self._opened != path:
            self.page.evaluate(_TURN, f"/{path}")
            sync_api.expect(self._kicker).to_have_text(re.compile(f"^{title_of(path)}"))
            self.settle()
            self._opened = path
        return self.page

    def settle(self) -> None:
        """Wait until the script has run and everything it sent is drawn."""
        settle(self.page)

    def narrow(self, width: int) -> None:
        """Make the window `width` wide and wait until the page fits it."""
        if width == self._width:
            return
        self._width = width
        self.page.set_viewport_size({"width": width, "height": HEIGHT})
        self.settle()
        self.page.wait_for_function(_AS_WIDE_AS_THEIR_ROOM)
        # Tables follow after the charts. A page that stays too wide is for `look` to report.
        with suppress(sync_api.TimeoutError):
            self.page.wait_for_function(f"() => !({_TOO_WIDE})()", timeout=_FOLLOWS_WITHIN_MS)

    def look(self) -> list[str]:
        """Return the problems of the complete page, and problems since the last look."""
        # The text may appear before the charts, as after Back.
        self.settle()
        found, self.problems = self.problems, []
        boxes = self.page.locator(
            "[data-testid=stException], [data-testid=stErrorElementContainer]"
        )
        found += [f"error box: {box.inner_text()}" for box in boxes.all()]
        found += [f"blank chart: {chart}" for chart in self.page.evaluate(_BLANK_CHARTS)]
        if self.page.evaluate(_TOO_WIDE):
            found.append("wider than the window")
        if self.page.evaluate(_EMPTY_BAND):
            found.append("an empty band above the page")
        return found

    def text(self) -> str:
        """All text of the page."""
        return self.page.locator("[data-testid=stMain]").inner_text()

    def kicker(self) -> str:
        """The line above the title: what the page is about."""
        return self._kicker.inner_text().replace("\u00a0", " ")

    @property
    def _kicker(self) -> sync_api.Locator:
        return self.page.get_by_test_id("stCaptionContainer").first

    def barriers(self, *rules: str) -> list[str]:
        """Serious and critical findings of axe-core, by all of its rules or by these."""
        self.page.evaluate(AXE_SCRIPT)
        how = {"resultTypes": ["violations"]} | ({"runOnly": [*rules]} if rules else {})
        report: dict[str, Any] = self.page.evaluate("how => axe.run(document, how)", how)
        return [
            f"{finding['id']}: {finding['help']}: {node['html'][:200]}"
            for finding in report["violations"]
            if finding["impact"] in {"serious", "critical"}
            for node in finding["nodes"]
        ]

    def _heard(self, message: sync_api.ConsoleMessage) -> None:
        # Missing files are recognised by their responses.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.problems.append(f"console: {message.text}")

    def _asked(self, request: sync_api.Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.problems.append(f"asked elsewhere: {request.url}")

    def _answered(self, response: sync_api.Response) -> None:
        if response.status >= 400 and not _EXPECTED.search(response.url):
            self.problems.append(f"{response.status} for {response.url}")
