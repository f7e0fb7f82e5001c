"""The demo: a seeded cohort and the W&B-protocol server that serves it on loopback."""

from pathlib import Path

#: A file that only a demo's data folder has.
NOTE = "DEMO"
#: Path of the pages that the app shows instead of W&B for runs of the demo.
RUN_PAGES = "/demo-run"


def is_demo(data: Path) -> bool:
    """Whether the folder holds the demo's data; if so, every page says so."""
    return (data / NOTE).is_file()
