"""The thread that owns the store, and jobs in threads beside it.

The store has one writer and W&B is asked by several threads: these hand over whatever concerns the
store, and wait until it is done. So at most one batch a thread is ever waiting, and memory stays
flat however many runs there are.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from velocity.database.connection import LiveStore

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class StoppedError(BaseException):
    """The owner has left: nothing more is done for the job, which ends."""


class StoreOwner:
    """Runs jobs in threads, and in its own thread what they do with the store."""

    def __init__(self, store: LiveStore) -> None:
        self._store = store
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | BaseException | None]
        self._tasks = SimpleQueue()
        self._entrance = threading.Lock()
        self._left = False

    def do(
        self,
        work: Callable[Concatenate[LiveStore, _Arguments], _Result],
        *args: _Arguments.args,
        **kwargs: _Arguments.kwargs,
    ) -> _Result:
        """For jobs: does `work(store, ...)` in the owner's thread; gives or raises what that does.

        Raises:
            StoppedError: the owner has left.
        """
        future: Future[_Result] = Future()
        with self._entrance:
            if self._left:
                raise StoppedError
            self._tasks.put((future, partial(work, self._store, *args, **kwargs)))
        return future.result()

    def run(self, jobs: Iterable[Callable[[], None]], *, threads: int) -> None:
        """Runs the jobs, so many at once, until all have ended.

        What a job raises is raised here, and the other jobs end at the next thing they hand over.
        The threads are daemons: a program that is told to stop need not wait for a server that
        does not answer.
        """
        waiting = deque(jobs)
        under_way = min(threads, len(waiting))
        for number in range(under_way):
            threading.Thread(
                target=self._work, args=(waiting,), name=f"job-{number}", daemon=True
            ).start()
        try:
            while under_way:
                task = self._tasks.get()
                if task is None:
                    under_way -= 1
                elif isinstance(task, BaseException):
                    raise task
                else:
                    _settle(*task)
        finally:
            self._leave()

    def _work(self, waiting: deque[Callable[[], None]]) -> None:
        """In a thread: job after job until none is waiting."""
        try:
            while True:
                try:
                    job = waiting.popleft()
                except IndexError:
                    break
                job()
        except BaseException as error:  # noqa: BLE001 (raised again by the owner)
            self._tasks.put(error)
        else:
            self._tasks.put(None)

    def _leave(self) -> None:
        with self._entrance:
            self._left = True
        while not self._tasks.empty():
            task = self._tasks.get()
            if isinstance(task, tuple):
                task[0].set_exception(StoppedError())


def _settle(future: Future[_Result], work: Callable[[], _Result]) -> None:
    try:
        future.set_result(work())
    except Exception as error:  # noqa: BLE001 (raised again in the job)
        future.set_exception(error)
    except BaseException:  # the owner is told to stop, maybe while it hands over the result
        if not future.done():
            future.set_exception(StoppedError())
        raise
