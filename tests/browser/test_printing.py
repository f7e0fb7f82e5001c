"""Printed pages are complete, without overlaps, from a narrow and a wide window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.paper import measure, sheets_printed
from tests.browser.visitor import PAGES, Visitor
from velocity.theme import DARK, LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator

_COLOURS = """() => ({
  paper: getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor,
  text: getComputedStyle(document.querySelector('h1')).color,
  marks: [...document.querySelectorAll('.js-plotly-plot path')].map(
    it => getComputedStyle(it).fill).sort(),
})"""


def _rgb(colour):
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"


@pytest.fixture(scope="module", params=[900, 1440])
def reader(request, browser, demo) -> Iterator[Visitor]:
    """A visitor with a window of either width; every page is opened anew."""
    with Visitor(browser, demo, width=request.param) as visitor:
        yield visitor


@pytest.mark.parametrize("path", PAGES)
def test_a_printed_page_is_complete(path, reader):
    page = reader.open(path)
    printed = sheets_printed(page)
    sheets, faults = measure(page)
    assert faults == []
    # Columns round differently than sheets: a page that just fits may need one more.
    assert abs(sheets - printed) <= 1 + sheets // 20


def test_a_dark_page_prints_on_white_paper(browser, demo):
    with Visitor(browser, demo, mode="dark") as visitor:
        page = visitor.open("streams")
        marks = page.evaluate(_COLOURS)["marks"]
        assert _rgb(DARK.machine) in marks
        page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
        printed = page.evaluate(_COLOURS)["marks"]
        assert _rgb(LIGHT.machine) in printed
        assert _rgb(DARK.machine) not in printed
        page.evaluate("() => dispatchEvent(new Event('afterprint'))")
        assert page.evaluate(_COLOURS)["marks"] == marks
        # A browser that prints does not draw charts again; one that emulates paper does.
        page.emulate_media(media="print", color_scheme="dark")
        colours = page.evaluate(_COLOURS)
        assert (colours["paper"], colours["text"]) == ("rgb(255, 255, 255)", _rgb(LIGHT.text))


def test_a_printed_page_has_plain_tables_instead_of_grids(reader):
    page = reader.open("data-health")
    grids, tables = page.get_by_test_id("stDataFrame"), page.locator(".on-paper table")
    assert grids.count() == tables.count() > 0
    assert not tables.first.is_visible()
    page.emulate_media(media="print")
    assert tables.first.is_visible()
    assert not grids.first.is_visible()
    page.emulate_media(media="null")


def test_a_printed_page_begins_with_a_note_on_names(reader):
    page = reader.open("streams")
    page.emulate_media(media="print")
    lines = page.get_by_test_id("stMain").inner_text().splitlines()
    assert next(line for line in lines if line).startswith("Names scholars; not for passing on.")
    assert page.locator("[class*=st-key-mentor-sheet]").count() == 1
    page.emulate_media(media="null")
