"""Prints the section of CHANGELOG.md about a release, for its page.

python -m scripts.release_notes v1.2.0
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from velocity import __version__

_CHANGELOG = Path(__file__).resolve().parent.parent / "CHANGELOG.md"


def section(changelog: str, version: str) -> str:
    """Return the text below the heading of a version, such as "## [1.2.0] - 2026-12-01".

    Raises:
        LookupError: there is no such section, or it is empty.
    """
    heading = re.compile(rf"^## \[{re.escape(version)}\].*\n", re.MULTILINE)
    found = heading.search(changelog)
    text = changelog[found.end() :].partition("\n## [")[0].strip() if found else ""
    if not text:
        raise LookupError(f"CHANGELOG.md says nothing about {version}.")
    return f"{text}\n"


def main(tag: str) -> None:
    """Print the section of the version that a tag names.

    Raises:
        SystemExit: tag, version and changelog do not agree.
    """
    if tag != f"v{__version__}":
        sys.exit(f"The tag is {tag}, but velocity/__init__.py says {__version__}.")
    try:
        sys.stdout.write(section(_CHANGELOG.read_text(encoding="utf-8"), __version__))
    except LookupError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1])
