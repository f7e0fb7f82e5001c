"""How many requests may be under way at once: fewer where the server is too slow for them."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Gate:
    """Lets so many requests through at once; may be used by any thread.

    Attributes:
        width: requests at once.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self._under_way = 0
        self._changed = threading.Condition()

    @contextmanager
    def passage(self) -> Iterator[int]:
        """Waits for a place and holds it; gives the width at which it was had."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way < self.width)
            self._under_way += 1
            width = self.width
        try:
            yield width
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify()

    def halve(self, width: int) -> None:
        """Half as many from now on, unless the width of that passage was halved meanwhile.

        Requests that time out together say one thing, and count once.
        """
        with self._changed:
            if self.width == width:
                self.width = max(1, width // 2)
