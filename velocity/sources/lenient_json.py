"""JSON as it is written in practice: Python's NaN and infinities, and half characters."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson


def read_json(text: str | bytes) -> Any:
    """The value of JSON text. NaN and infinities become text, half characters U+FFFD.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return _read_leniently(text)


def _read_leniently(text: str | bytes) -> Any:
    try:
        value = json.loads(text, strict=False, parse_constant=str, parse_float=_finite_or_text)
        written = json.dumps(value, ensure_ascii=False)
    except RecursionError as error:
        raise ValueError(str(error)) from error
    # A surrogate without its other half cannot be encoded: it is read as "replacement character".
    return json.loads(written.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _finite_or_text(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else text
