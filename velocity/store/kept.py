"""A cache for frames, and for objects with frames, that were made from a snapshot."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, Protocol, TypeVar, cast

import polars as pl


class _HoldsFrames(Protocol):
    @property
    def frames(self) -> Iterable[pl.DataFrame]: ...


Made = TypeVar("Made", bound="pl.DataFrame | _HoldsFrames")
#: Of one snapshot; two can be in use while pages change to a new one.
MOST_BYTES = 96 * 2**20


class Kept(Generic[Made]):
    """Keeps the most recently used objects whose frames fit. Safe to share between threads."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._made: OrderedDict[Hashable, tuple[Made, int]] = OrderedDict()
        self._making: dict[Hashable, Future[Made]] = {}
        self._lock = Lock()
        self.bytes = 0

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return the object cached under `key`, or make it.

        Several threads that ask for the same key share one call of `make`, and its exception: all
        pages ask at once when a snapshot is new. Other keys do not wait.
        """
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key][0]
            making = self._making.get(key)
            if making is None:
                promise = self._making[key] = Future[Made]()
        if making is not None:
            return making.result()
        try:
            made = make()
            frames = [made] if isinstance(made, pl.DataFrame) else cast("_HoldsFrames", made).frames
            size = sum(int(frame.estimated_size()) for frame in frames)
        except BaseException as error:
            with self._lock:
                del self._making[key]
            promise.set_exception(error)
            raise
        with self._lock:
            del self._making[key]
            self._made[key] = made, size
            self.bytes += size
            while self.bytes > self._most_bytes:
                self.bytes -= self._made.popitem(last=False)[1][1]
        promise.set_result(made)
        return made
