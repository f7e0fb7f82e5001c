"""Work in a thread for which the process does not wait when it ends."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

_Value = TypeVar("_Value")


def in_thread(work: Callable[[], _Value], name: str) -> Future[_Value]:
    """Start `work` in a thread of its own; its value or exception is that of the future.

    The thread is a daemon, so that a stopped program does not wait for a silent server.
    """
    future = Future[_Value]()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
