"""On paper: every page whole, with nothing over anything else, from a narrow and a wide window."""

from __future__ import annotations

import pytest

from tests.browser.paper import measure, sheets_printed
from tests.browser.visitor import PAGES, Visitor


@pytest.mark.parametrize("width", [900, 1440])
@pytest.mark.parametrize("path", PAGES)
def test_a_printed_page_is_whole(path, width, browser, demo):
    with Visitor(browser, demo, width=width) as visitor:
        page = visitor.open(path)
        printed = sheets_printed(page)
        sheets, faults = measure(page)
    assert faults == []
    # Columns round otherwise than sheets do: what just fits on one may open another.
    assert abs(sheets - printed) <= 1
