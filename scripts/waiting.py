"""Waits for a condition, however slow the machine is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: Nothing takes as long as this. It only ends a wait for something that never happens.
PATIENCE_S = 600
_POLL_S = 0.05


def wait_until(condition: Callable[[], object]) -> None:
    """Return once the condition holds; pass on its exceptions.

    Raises:
        TimeoutError: it did not hold within `PATIENCE_S`.
    """
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > give_up:
            raise TimeoutError(f"This never happened: {condition}")
        time.sleep(_POLL_S)
