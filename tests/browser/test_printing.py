"""Printed pages are complete, without overlaps, from a narrow and a wide window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.paper import measure, sheets_printed
from tests.browser.visitor import PAGES, Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    assert abs(sheets - printed) <= 1
