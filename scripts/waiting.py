"""Waiting for something to come to be, however slow the machine is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: Nothing takes as long as this. It only keeps what will never come from being waited for for good.
PATIENCE_S = 600
_POLL_S = 0.05


def wait_until(condition: Callable[[], object]) -> None:
    """Comes back once the condition holds, and hands on what it raises.

    Raises:
        TimeoutError: it did not hold for `PATIENCE_S`.
    """
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > give_up:
            raise TimeoutError(f"This never came to be: {condition}")
        time.sleep(_POLL_S)
