"""Makes sure that there is HAProxy for `make test-scale`: by apt if that is permitted."""

from __future__ import annotations

import shutil
import sys

from scripts.apt import install


def main() -> int:
    """Find or install HAProxy; return 1, after one sentence, if that is not possible."""
    if shutil.which("haproxy"):
        return 0
    print("No HAProxy found: installing it for the tests of several processes")
    if install("haproxy") and shutil.which("haproxy"):
        return 0
    print(
        "These tests need HAProxy, which could not be installed. Install it (on Debian and Ubuntu: "
        "sudo apt install haproxy), and run this again.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
