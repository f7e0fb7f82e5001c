"""The app over any data folder, with nothing of the person's own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from scripts import browsing
from tests.commands import environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def served(data: Path) -> Iterator[str]:
    """The address that the app prints over `data` and the settings in it, token and all."""
    home = data.parent
    with browsing.served(
        data,
        data / "velocity.toml",
        log=home / f"{data.name}-app.log",
        env=environment(home),
    ) as address:
        yield address
