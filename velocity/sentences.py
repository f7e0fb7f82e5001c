"""The one sentence on top of each page, computed, and the line that supports it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """What a page answers: one sentence of at most 110 characters, and one supporting line."""

    sentence: str
    support: str = ""
