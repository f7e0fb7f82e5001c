"""Fetching one step ahead: the server works on the next page while this one is used."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_Item = TypeVar("_Item")


def fetch_ahead(items: Iterable[_Item]) -> Iterator[_Item]:
    """The items, each fetched (in a thread) while the one before is used; errors come through.

    At most one item waits. The thread is a daemon: a program that is told to stop need not wait
    for a server that does not answer.
    """
    results: SimpleQueue[tuple[_Item] | BaseException | None] = SimpleQueue()
    wanted = threading.Semaphore(0)
    stopped = threading.Event()

    def work() -> None:
        try:
            for item in items:
                results.put((item,))
                wanted.acquire()
                if stopped.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 (raised again where the items are used)
            results.put(error)
        else:
            results.put(None)

    threading.Thread(target=work, name="fetch-ahead", daemon=True).start()
    try:
        while (result := results.get()) is not None:
            if isinstance(result, BaseException):
                raise result
            wanted.release()
            yield result[0]
    finally:
        stopped.set()
        wanted.release()
