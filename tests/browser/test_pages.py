"""Every page in a browser: complete, readable, inside the window, and accessible."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.app_pages import BIDI
from tests.browser.visitor import PAGES, Visitor

#: Number of charts on each page of the demo.
CHARTS = {"": 6, "my-velocity?scholar=heron": 9, "streams": 8, "compute": 2}

WITHOUT_DATA = {"nothing-published", "no-runs"}


@pytest.mark.parametrize("path", [*PAGES, "my-velocity?scholar=heron"])
def test_a_page_of_the_demo_is_complete_and_accessible(demo_visitor, path):
    page = demo_visitor.open(path)
    title = path.partition("?")[0].replace("-", " ").capitalize() or "Stand-up"
    assert demo_visitor.kicker().startswith(title)
    assert page.locator("[data-testid=stPlotlyChart]").count() >= CHARTS.get(path, 0)
    assert page.locator("[data-testid=stAlert]").count() == 0
    assert demo_visitor.look() == []
    assert demo_visitor.barriers() == []
    demo_visitor.narrow(900)
    assert demo_visitor.look() == []
    demo_visitor.narrow(1440)


def test_every_column_of_why_this_number_fits(demo_visitor):
    page = demo_visitor.open("why?scholar=lapwing&metric=reaction_hours_median")
    scrollers = page.locator("[data-testid=stDataFrame] .dvn-scroller")
    expect(scrollers).to_have_count(6)  # lengths, runs, sessions, experiments, loops, left out
    cut = "boxes => boxes.filter(it => it.scrollWidth > it.clientWidth).length"
    assert scrollers.evaluate_all(cut) == 0
    demo_visitor.narrow(900)
    # Runs and loops: the names stay while the rest scrolls.
    assert scrollers.evaluate_all(cut) == 2
    demo_visitor.narrow(1440)


def test_what_the_keyboard_reaches_is_outlined(demo_visitor):
    page = demo_visitor.open("streams")
    outlines = set()
    for _ in range(12):  # over the pages and the controls to the first links
        page.keyboard.press("Tab")
        outlines.add(page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle"))
    assert outlines == {"solid"}


@pytest.mark.parametrize("path", ["streams", "compute"])
def test_tables_on_a_phone_are_accessible(demo_visitor, path):
    demo_visitor.open(path)
    demo_visitor.narrow(420)
    assert demo_visitor.barriers() == []
    demo_visitor.narrow(1440)


def test_an_open_menu_is_accessible(demo_visitor):
    page = demo_visitor.open("streams")
    for button in ("Data", "Evidence"):
        page.get_by_role("button", name=button).first.click()
        expect(page.get_by_role("menu")).to_be_visible()
        assert demo_visitor.barriers() == []
        page.keyboard.press("Escape")


def test_every_page_works_on_a_store_unlike_the_demo(browser, odd_store):
    name, address = odd_store
    wrong = {}
    with Visitor(browser, address) as visitor:
        for path in PAGES:
            page = visitor.open(path)
            if found := visitor.look():
                wrong[path] = found
            assert visitor.text().strip(), f"{path} is empty"
            assert not page.evaluate("() => window.harmed"), f"{path} ran a name"
            assert page.locator("[data-testid=stMain] img").count() == 0, f"{path} shows an image"
            assert BIDI not in visitor.text(), f"{path} lets a name turn around what follows it"
            if name in WITHOUT_DATA and path != "definitions":
                assert "velocity init" in visitor.text(), f"{path} does not say what to do"
    assert wrong == {}
