"""Takes the pictures of docs/images: every page of the demo, light and dark."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

from scripts.browsing import launch_browser, served, settle
from velocity.demo.launch import prepare_demo
from velocity.pages import PAGES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
MODES = ("light", "dark")
_WIDTH = 1440
_HEIGHT = 1400
_TALLEST = 2600  # of a picture: the page of definitions is much longer
_LARGEST = 250_000  # bytes
_COLOURS = (256, 128, 64, 32)
_PAINTING_MS = 600
_FULL_HEIGHT = "() => document.querySelector('[data-testid=stMain]').scrollHeight"


def main() -> int:
    """Prepare the demo, open every page in both modes, and write the pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    env = {name: value for name, value in os.environ.items() if not name.startswith("VELOCITY_")}
    with tempfile.TemporaryDirectory() as folder:
        print("Preparing the demo")
        data, config = prepare_demo(
            Path(folder) / "demo", datetime.now(UTC), on_progress=lambda _: None
        )
        with (
            served(data, config, log=Path(folder) / "app.log", env=env) as address,
            sync_playwright() as playwright,
        ):
            browser = launch_browser(playwright)
            for mode in MODES:
                _take_all(browser, address, mode)
            browser.close()
    return 0


def _take_all(browser: Browser, address: str, mode: str) -> None:
    context = browser.new_context(
        viewport={"width": _WIDTH, "height": _HEIGHT},
        color_scheme="dark" if mode == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    for declared in PAGES:
        # A demo has no leads of groups only.
        if "lead" not in declared.roles:
            continue
        page.set_viewport_size({"width": _WIDTH, "height": _HEIGHT})
        path = "" if declared is PAGES[0] else declared.path
        whose = "?scholar=curlew" if "scholar" in (declared.choices or ()) else ""
        page.goto(f"{address}/{path}{whose}")
        picture = IMAGES / f"{declared.path}-{mode}.png"
        picture.write_bytes(_small(_whole(page)))
        print(f"{picture.relative_to(IMAGES.parent.parent)}, {picture.stat().st_size:,} bytes")
    context.close()


def _whole(page: Page) -> bytes:
    """The whole page, in a window of its height."""
    settle(page)
    height = min(_TALLEST, int(page.evaluate(_FULL_HEIGHT)))
    page.set_viewport_size({"width": _WIDTH, "height": height})
    page.wait_for_timeout(_PAINTING_MS)
    settle(page)
    return page.screenshot()


def _small(png: bytes) -> bytes:
    """The picture in as many colours as its size allows."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in _COLOURS:
        out = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() < _LARGEST:
            break
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
