"""The demo: a seeded cohort and the W&B-protocol server that serves it on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: File that stands in the data folder of a demo and nowhere else.
NOTE = "DEMO"
#: Below which address the app itself answers where W&B would show a run of the demo.
RUN_PAGES = "/demo-run"


def is_demo(data: Path) -> bool:
    """Whether the data of the folder is the demo's, which every page then says."""
    return (data / NOTE).is_file()
