"""Stores that the app shows; each is served once."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from scripts.waiting import PATIENCE_S
from tests.browser import stores
from tests.browser.serving import served
from tests.browser.visitor import Visitor

#: Same patience as a visitor's: a busy machine is not an error of the page.
expect.set_options(timeout=1000 * PATIENCE_S)


@pytest.fixture(scope="session")
def demo(demo_data):
    """The address of the demo."""
    with served(demo_data) as address:
        yield address


@pytest.fixture(scope="module")
def light(browser, demo) -> Iterator[Visitor]:
    """A visitor of the demo."""
    with Visitor(browser, demo) as visitor:
        yield visitor


@pytest.fixture(scope="module")
def dark(browser, demo) -> Iterator[Visitor]:
    """A visitor of the demo in dark mode."""
    with Visitor(browser, demo, mode="dark") as visitor:
        yield visitor


@pytest.fixture(scope="module")
def growing(tmp_path_factory):
    """Folder and address of a store that is empty at first."""
    data = tmp_path_factory.mktemp("odd") / "store"
    data.mkdir(mode=0o700)
    with served(data) as address:
        yield data, address


@pytest.fixture(scope="module", params=list(stores.ODD))
def odd_store(request, growing) -> tuple[str, str]:
    """Name and address of a store that is very different from the demo; the same store grows."""
    data, address = growing
    stores.ODD[request.param](data)
    return request.param, address
