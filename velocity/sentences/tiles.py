"""A headline figure and the words around it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tile:
    """A figure and the words around it, as `ui.tile` takes them."""

    label: str
    value: str
    change: str = ""
    before: str = ""
    second: str = ""
    note: str = ""
