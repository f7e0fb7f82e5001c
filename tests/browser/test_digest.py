"""The digest: downloaded from Stand-up, opened in a browser, printed on one page."""

import re
from contextlib import contextmanager
from dataclasses import replace

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from tests.app_pages import BIDI, ten_weeks
from tests.browser import stores
from tests.browser.serving import served
from tests.browser.visitor import Visitor
from tests.stores import built
from velocity.reading.access import EVERYTHING
from velocity.report.digest import at_most, make_digest
from velocity.report.html import as_html
from velocity.report.parts import Line, Section
from velocity.report.text import as_markdown
from velocity.store import latest_snapshot

#: Width and height of a sheet without its margins, in CSS pixels.
SHEETS = {"A4": (718, 1046), "Letter": (740, 980)}
_CUT = """() => [...document.querySelectorAll('body *')].filter(it => {
  const box = it.getBoundingClientRect();
  return box.left < -1 || box.right > innerWidth + 1 || it.scrollWidth > it.clientWidth + 1
    && getComputedStyle(it).display === 'block';
}).map(it => it.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def hostile():
    return built(stores.hostile_names)


@pytest.fixture(scope="module")
def digest(hostile):
    return make_digest(latest_snapshot(hostile), scope=EVERYTHING)


@pytest.fixture(scope="module")
def fullest():
    """A digest of maximum length, with names of maximum length."""
    made = make_digest(latest_snapshot(built(ten_weeks)), scope=EVERYTHING)
    name = "a scholar with quite a long name, 40 of…"
    week, streams = made.news
    restated, trust = made.footing
    changed = "Settings or definitions changed."
    words = f"Concluded experiments a week, week of 9 Mar: 214 → 216. {changed}"

    def filled(section, line):
        shown = at_most([line] * 20)
        assert (len(shown), shown[-1].text) == (7, "and 14 more.")
        assert len(at_most([line] * 6)) == 6
        return Section(section.title, shown)

    week_lines = tuple(replace(it, text=f"{it.text} {name}") for it in week.lines)
    news = (Section("The week", week_lines), filled(streams, replace(streams.lines[0], name=name)))
    footing = (filled(restated, Line(words)), trust)
    return replace(made, about=name, news=news, footing=footing)


@contextmanager
def opened(browser, made, folder, **how):
    """A page that shows the digest file, and the requests it made."""
    file = folder / "digest.html"
    file.write_text(as_html(made), encoding="utf-8")
    page, asked = browser.new_page(**how), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    try:
        yield page
        assert asked == [file.as_uri()]
    finally:
        page.close()


def test_the_button_gives_the_same_digest_as_the_command(browser, hostile, digest):
    with served(hostile) as address, Visitor(browser, address) as visitor:
        page = visitor.open("")
        for label, write in (("One page, HTML", as_html), ("Markdown", as_markdown)):
            page.get_by_role("button", name="Share").click()
            page.get_by_role("menuitem", name=label).click()
            with page.expect_download() as found:
                page.get_by_role("button", name=f"Download {label}").click()
            assert found.value.suggested_filename.startswith("digest-2026-W02.")
            assert found.value.path().read_bytes() == write(digest).encode()
            page.keyboard.press("Escape")
            page.get_by_role("dialog").wait_for(state="detached")
        page.get_by_role("button", name="Share").click()
        page.get_by_role("menuitem", name="Copy for Slack").click()
        page.get_by_role("dialog").get_by_text("*Changed:*").wait_for()
        page.keyboard.press("Escape")
        assert visitor.look() == []


def test_malicious_names_are_plain_text_in_the_digest(browser, digest, tmp_path):
    with opened(browser, digest, tmp_path) as page:
        assert page.locator("img, script, a, iframe").count() == 0
        assert not page.evaluate("() => window.harmed")
        assert BIDI not in page.content()
        shown = page.inner_text("body")
        assert "<script>window.harmed" in shown


@pytest.mark.parametrize(
    "how", [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"media": "print"}]
)
def test_the_digest_has_no_accessibility_violations(browser, digest, fullest, how, tmp_path):
    for made in (digest, fullest):
        with opened(browser, made, tmp_path) as page:
            page.emulate_media(**how)
            # Light like paper in every browser mode: its charts have light colours.
            assert page.evaluate("() => getComputedStyle(document.body).color") == "rgb(20, 23, 26)"
            page.evaluate(AXE_SCRIPT)
            report = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
            assert [it["id"] for it in report["violations"]] == []


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_digest_prints_on_one_page_with_nothing_cut(browser, digest, fullest, sheet, tmp_path):
    width, height = SHEETS[sheet]
    for made in (digest, fullest):
        with opened(browser, made, tmp_path, viewport={"width": width, "height": height}) as page:
            printed = page.pdf(format=sheet, print_background=True)
            assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
            page.emulate_media(media="print")
            assert page.evaluate(_CUT) == []
