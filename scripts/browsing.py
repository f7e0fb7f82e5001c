"""Serves the app and opens it in a browser: for the browser tests and for the pictures of it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from scripts.ensure_browser import find_browser
from scripts.waiting import PATIENCE_S, wait_until
from velocity.serve.door import TOKEN, Door

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Playwright

#: Without these, a browser sends requests of its own, or does not start as root or in a container.
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_SETTLED = """() => {
  const app = document.querySelector('[data-testid=stApp]');
  const charts = [...document.querySelectorAll('[data-testid=stPlotlyChart]')];
  return app && app.dataset.testScriptState === 'notRunning'
    && document.querySelector('[data-testid=stMainBlockContainer] *')
    && !document.querySelector('[data-testid=stSkeleton], [data-stale=true]')
    && charts.every(chart => chart.querySelector('.js-plotly-plot .main-svg'));
}"""
_PRINTED = re.compile(r"^Serving (\S+) ", re.MULTILINE)


def launch_browser(playwright: Playwright) -> Browser:
    """A headless Chromium: the installed one, or Playwright's own."""
    return playwright.chromium.launch(executable_path=find_browser(), args=[*_QUIET])


def free_port() -> int:
    """A port of this machine that is free at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def served(
    data: Path,
    config: Path,
    *options: str,
    log: Path,
    env: Mapping[str, str],
    port: int | None = None,
) -> Iterator[str]:
    """Run `velocity app` on the folder `data` inside the block; yield the address that it prints.

    Without sign-in the address ends in a token; `origin` and `cookies` take it apart.

    Args:
        data: data folder.
        config: settings file, which does not have to exist.
        options: more options of `velocity app`.
        log: file for the app's output.
        env: the app's whole environment.
        port: to serve on; None for a free one.

    Raises:
        RuntimeError: the app does not start; the message has its output.
    """
    port = port or free_port()
    command = [sys.executable, "-m", "velocity", "app", "--port", str(port)]
    command += ["--data", str(data), "--config", str(config), *options]
    with log.open("wb") as output:
        app = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            yield _printed_address(app, log)
        finally:
            app.terminate()
            app.wait(PATIENCE_S)


def origin(address: str) -> str:
    """The printed address without its path and token, such as "http://localhost:8501"."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def cookies(address: str) -> dict[str, str]:
    """The cookie that a browser has after opening the printed address; none without a token."""
    parts = urlsplit(address)
    tokens = parse_qs(parts.query).get(TOKEN, [])
    return {Door(None, it, parts.port or 0).cookie: it for it in tokens}


def _printed_address(app: subprocess.Popen[bytes], log: Path) -> str:
    def printed() -> str | None:
        output = log.read_text(encoding="utf-8", errors="replace")
        if app.poll() is not None:
            raise RuntimeError(f"The app did not start: {output}")
        found = _PRINTED.search(output)
        return found and found[1]

    wait_until(printed)
    return printed() or ""


def settle(page: Page) -> None:
    """Wait until the script has run and the page is drawn."""
    page.wait_for_function(_SETTLED)
