"""Reads values that W&B's client writes as JSON, including NaN, infinities and half characters."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson

from velocity.queries import constant

_Value = TypeVar("_Value")

_LONGEST_INT = 2**63
#: A time outside these stands for "none" or is a mistake: the days of a run that lasts thousands of
#: years would not fit in memory.
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
#: A client's clock before this was never set.
CLOCKS_SET = datetime(2015, 1, 1, tzinfo=UTC)
#: One impossible runtime must not make all other runs stale.
LONGEST_RUNTIME_S = constant("longest_runtime_us") / 1e6
MOST_GPUS = 1_000_000  # more would exceed everybody's hours
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_WHOLE = 100.0
#: Name of the client's measurement of how much of the time a GPU was busy.
GPU_PERCENT = re.compile(r"gpu\.\d+\.gpu")


def read_json(text: str | bytes) -> Any:
    """The value of JSON text. NaN and infinities become text, and half characters U+FFFD.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass  # it may still be JSON to others
    try:
        value = json.loads(text, strict=False, parse_constant=str, parse_float=_finite_or_text)
        written = json.dumps(value, ensure_ascii=False)
    except RecursionError as error:
        raise ValueError(str(error)) from error
    # A surrogate without its other half cannot be encoded, and becomes a replacement character.
    return json.loads(written.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def read_object(text: str | bytes) -> dict[str, Any] | None:
    """The object in JSON text, or in JSON text inside that; None for null.

    Raises:
        ValueError: it is something else.
    """
    value = read_json(text)
    if isinstance(value, str):
        value = read_json(value)
    if value is not None and not isinstance(value, dict):
        raise ValueError("it is not an object")
    return value


def _finite_or_text(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else text


def instant_of(value: Any) -> datetime | None:
    """The instant in UTC of epoch seconds or ISO text (naive is UTC); None if it is neither.

    Also None before 1970 and after 2199.
    """
    try:
        if isinstance(value, str):
            read = datetime.fromisoformat(value)
            if read.tzinfo is not UTC:
                read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
        elif (seconds := finite(value)) is not None:
            read = datetime.fromtimestamp(seconds, UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return read if EARLIEST <= read < LATEST else None


def finite(value: Any) -> float | None:
    """The JSON value as a finite number; None if it is not one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # an integer too large for a float
        return None


def count_of(value: Any) -> int | None:
    """The JSON value as a count that fits a column, also if it is written 8.0; None if not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LONGEST_INT:
        return value
    return None


def gpu_count_of(value: Any) -> int | None:
    """The JSON value as a number of GPUs; None if it is not one, or too large for any machine."""
    count = count_of(value)
    return count if count is not None and count <= MOST_GPUS else None


def text_of(value: Any) -> str | None:
    """The JSON value, if it is text."""
    return value if isinstance(value, str) else None


def mapping_of(value: Any) -> dict[str, Any] | None:
    """The JSON value, if it is an object."""
    return value if isinstance(value, dict) else None


def noted(
    read: Callable[[Any], _Value | None], value: Any, name: str, unreadable: list[str]
) -> _Value | None:
    """What `read` makes of a value; the `name` of one that is not null but unreadable is noted."""
    if value is None:
        return None
    if (found := read(value)) is None:
        unreadable.append(name)
    return found


def unwrapped(stored: Mapping[str, Any]) -> dict[str, Any]:
    """{name: {"value": value}} as {name: value}; other values stay as they are."""
    return {
        name: value["value"] if isinstance(value, dict) and "value" in value else value
        for name, value in stored.items()
    }


def mean_share(percents: Sequence[float]) -> float | None:
    """The mean of percentages as a share; None if there are none."""
    return sum(percents) / len(percents) / _WHOLE if percents else None
