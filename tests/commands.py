"""Starts `velocity` as a person would: a process of its own, with an empty home and no key."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from scripts.waiting import PATIENCE_S
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: `velocity` of the clone under test, whatever is installed.
VELOCITY = (sys.executable, "-m", "velocity")
#: What a command keeps of the surroundings; also the clock, where the tests run by another one.
KEPT = ("PATH", "LANG", "LD_PRELOAD", "FAKETIME", "FAKETIME_SHARED")


def environment(home: Path, **more: str) -> dict[str, str]:
    """Variables for a command: nothing of the person's own, and `more`."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {"HOME": str(home), "PYTHONPATH": str(ROOT)} | more


def velocity(
    *arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """A command run to its end in the folder `cwd`, which is also its home."""
    return subprocess.run(
        [*VELOCITY, *map(str, arguments)],
        cwd=cwd,
        env=environment(cwd) if env is None else env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
