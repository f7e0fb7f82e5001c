"""The demo: a seeded cohort and the W&B-protocol server that serves it on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: File that only the data folder of a demo has.
NOTE = "DEMO"
#: Path of the pages that the app itself shows for runs of the demo, instead of W&B.
RUN_PAGES = "/demo-run"


def is_demo(data: Path) -> bool:
    """Whether the folder holds the demo's data; if so, every page says that."""
    return (data / NOTE).is_file()
