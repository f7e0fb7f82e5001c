"""Makes sure that there is a browser for the browser tests.

An installed Chrome or Chromium is used. Otherwise a Chromium is installed: by apt if that is
permitted, or by Playwright into the home folder.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from scripts.apt import install, succeeds

NAMES = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome")
MAC_APPS = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)


def find_browser() -> str | None:
    """The path of an installed Chrome or Chromium; None if there is none."""
    found = [path for name in NAMES if (path := shutil.which(name))]
    found += [str(path) for path in MAC_APPS if path.is_file()]
    return next(filter(_answers, found), None)


def install_browser() -> bool:
    """Install a Chromium; False if the system does not permit that."""
    by_apt = install("chromium", "fonts-liberation") and find_browser() is not None
    return by_apt or succeeds(sys.executable, "-m", "playwright", "install", "chromium", minutes=10)


def _answers(browser: str) -> bool:
    """Whether it starts: Ubuntu's `chromium-browser` may only point to a snap."""
    return succeeds(browser, "--version", minutes=1, quiet=True)


def main() -> int:
    """Find or install a browser; return 1, after one sentence, if that is not possible."""
    if find_browser():
        return 0
    print("No Chrome or Chromium found: installing one for the browser tests")
    if install_browser():
        return 0
    print(
        "The browser tests need Chrome or Chromium, and neither could be installed. Install one "
        "and run this again (make quick runs the other tests).",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
