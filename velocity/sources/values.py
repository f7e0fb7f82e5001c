"""What values mean that W&B's client writes as JSON, wherever they are read from."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_INT = 2**63


def instant_of(value: Any) -> datetime | None:
    """An instant in UTC of epoch seconds or ISO text (naive is UTC); None if it is neither."""
    try:
        if (seconds := finite(value)) is not None:
            return datetime.fromtimestamp(seconds, UTC)
        if isinstance(value, str):
            read = datetime.fromisoformat(value)
            return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def finite(value: Any) -> float | None:
    """The JSON value as a finite number, if it is one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # an integer beyond any float
        return None


def count_of(value: Any) -> int | None:
    """The JSON value as a number of things, if it is one that a column can hold."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LONGEST_INT:
        return value
    return None


def unwrapped(stored: Mapping[str, Any]) -> dict[str, Any]:
    """{name: {"value": value}} as {name: value}; what is not wrapped stays as it is."""
    try:
        return {name: value["value"] for name, value in stored.items()}
    except (KeyError, TypeError):
        return {
            name: value["value"] if isinstance(value, dict) and "value" in value else value
            for name, value in stored.items()
        }
