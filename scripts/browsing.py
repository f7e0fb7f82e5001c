"""Serves the app and opens it in a browser: for the browser tests and for the pictures of it."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from scripts.ensure_browser import find_browser
from scripts.waiting import PATIENCE_S, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Playwright

#: Without these, a browser asks for things of its own, or does not start as root or in a container.
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


def launch_browser(playwright: Playwright) -> Browser:
    """A headless Chromium: the installed one, else Playwright's own."""
    return playwright.chromium.launch(executable_path=find_browser(), args=[*_QUIET])


def free_port() -> int:
    """A port of this machine that nobody has at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def served(
    data: Path, config: Path, *, log: Path, env: Mapping[str, str], port: int | None = None
) -> Iterator[str]:
    """The address of `velocity app` over the folder `data`, for as long as the block lasts.

    Args:
        data: data folder.
        config: settings file, which need not exist.
        log: where the app's output goes.
        env: the app's whole environment.
        port: to serve on; None: a free one.

    Raises:
        RuntimeError: the app does not start; what it said is part of the message.
    """
    port = port or free_port()
    command = [sys.executable, "-m", "velocity", "app", "--port", str(port)]
    command += ["--data", str(data), "--config", str(config)]
    with log.open("wb") as output:
        app = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            _wait_for(app, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            app.terminate()
            app.wait(PATIENCE_S)


def _wait_for(app: subprocess.Popen[bytes], port: int, log: Path) -> None:
    def answers() -> bool:
        if app.poll() is not None:
            raise RuntimeError(f"The app did not start: {log.read_text(encoding='utf-8')}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), PATIENCE_S):
            return True
        return False

    wait_until(answers)


def settle(page: Page) -> None:
    """Waits until the script has run and everything it sent is drawn."""
    page.wait_for_function(_SETTLED)
