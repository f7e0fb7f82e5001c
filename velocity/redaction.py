"""Removes secrets and addresses from log text, and describes where an error came from."""

from __future__ import annotations

import re
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

_EMAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
_QUERY = re.compile(r"\?\S+")
_KEY = re.compile(r"\w{40,}")  # W&B's keys have 40 characters and more


def without_addresses(text: str) -> str:
    """`text` without e-mail addresses."""
    return _EMAIL.sub("(address)", text)


def redacted(text: str) -> str:
    """`text` without e-mail addresses, query strings and possible keys."""
    return _KEY.sub("(key)", _QUERY.sub("?...", without_addresses(text)))


def where(kind: type[BaseException], trace: TracebackType | None) -> str:
    """Where an exception came from, without its message, which may quote a run or a person."""
    lines = [
        f"  {frame.filename}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(trace)
    ]
    return "\n".join([*lines, kind.__qualname__])
