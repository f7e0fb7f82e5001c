"""Runs jobs in several threads, and passes on their progress one call at a time."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_Heard = TypeVar("_Heard")
#: Python heeds a Ctrl-C between waits, if it came just before one or something restarts the wait.
_HEED_CTRL_C_S = 0.2


def run_jobs(jobs: Iterable[Callable[[], None]], *, threads: int) -> None:
    """Run jobs in at most so many threads until all have ended.

    An exception of a job is raised here at once; the other jobs then go on until the caller closes
    what they work with. The threads are daemons: a program that is stopped does not wait for a
    server that does not answer.
    """
    waiting = list(jobs)
    threads = min(threads, len(waiting))
    shared = iter(waiting)  # an iterator of a list is safe to share
    ended: SimpleQueue[BaseException | None] = SimpleQueue()

    def work() -> None:
        try:
            for job in shared:
                job()
        except BaseException as error:  # noqa: BLE001 - raised again below
            ended.put(error)
        else:
            ended.put(None)

    for number in range(threads):
        threading.Thread(target=work, name=f"job-{number}", daemon=True).start()
    while threads:
        try:
            error = ended.get(timeout=_HEED_CTRL_C_S)
        except Empty:
            continue
        if error is not None:
            raise error
        threads -= 1


class Listener(Generic[_Heard]):
    """Calls a function from several threads, one call at a time, until `leave`."""

    def __init__(self, hear: Callable[[_Heard], None]) -> None:
        self._hear: Callable[[_Heard], None] | None = hear
        self._turn = threading.Lock()

    def __call__(self, heard: _Heard) -> None:
        """Call the function."""
        with self._turn:
            if self._hear is not None:
                self._hear(heard)

    def leave(self) -> None:
        """Stop calling it, after a call in progress has ended."""
        with self._turn:
            self._hear = None
