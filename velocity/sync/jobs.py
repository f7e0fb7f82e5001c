"""Jobs in threads side by side, and what they tell while they are at it."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_Told = TypeVar("_Told")


def run_jobs(jobs: Iterable[Callable[[], None]], *, threads: int) -> None:
    """Runs jobs, so many at once, until all have ended.

    What a job raises is raised here at once. The jobs that are under way then go on until what they
    work with is closed. Their threads are daemons: a program that is told to stop need not wait for
    a server that does not answer.
    """
    waiting = list(jobs)
    threads = min(threads, len(waiting))
    job_after_job = iter(waiting)  # threads may share the iterator of a list
    ended: SimpleQueue[BaseException | None] = SimpleQueue()

    def work() -> None:
        try:
            for job in job_after_job:
                job()
        except BaseException as error:  # noqa: BLE001 - raised again below
            ended.put(error)
        else:
            ended.put(None)

    for number in range(threads):
        threading.Thread(target=work, name=f"job-{number}", daemon=True).start()
    for _ in range(threads):
        if (error := ended.get()) is not None:
            raise error


class Listener(Generic[_Told]):
    """A function that threads may call: it hears one at a time, and nothing once it has left."""

    def __init__(self, hear: Callable[[_Told], None]) -> None:
        self._hear: Callable[[_Told], None] | None = hear
        self._turn = threading.Lock()

    def __call__(self, told: _Told) -> None:
        """Calls the function."""
        with self._turn:
            if self._hear is not None:
                self._hear(told)

    def leave(self) -> None:
        """Calls it no more; a call that is under way comes to its end first."""
        with self._turn:
            self._hear = None
