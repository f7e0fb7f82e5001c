"""The service of `velocity sync --watch`: when to sync, and how to stop.

It loads neither store nor client. Every sync is a process of its own, so that nothing piles up over
months, and a crash costs one cycle.
"""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from velocity.sync.watch.lines import Log
from velocity.sync.watch.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_STOPPING = (signal.SIGTERM, signal.SIGINT)
_STANDARD_ERROR = 2
_STOP_WITHIN_S = 1.0
_FIRST_BACK_OFF_S = 30.0
_JITTER = 0.1
_NAMES = {int(it): it.name.lower() for it in Outcome}


def watch(
    data: Path, config: Path, projects: Sequence[str], *, interval_s: float
) -> signal.Signals:
    """Syncs from start to start every `interval_s`, until this process is told to stop.

    After a failure it tries again sooner, counted from its end. A sync that takes longer is
    followed by the next at once.

    Args:
        data: the data folder.
        config: the settings file; every sync reads it anew.
        projects: "ENTITY/PROJECT" or "ENTITY/*"; none: those of the settings.
        interval_s: seconds, more than 0.

    Returns:
        SIGTERM or SIGINT, whichever stopped it.
    """
    command = [sys.executable, "-m", "velocity.sync.watch.cycle", str(data), str(config), *projects]
    log, failures = Log(_STANDARD_ERROR), 0
    with _signals() as signals:
        log.tell("info", "started", pid=os.getpid(), interval_s=interval_s)
        while True:
            began = time.monotonic()
            outcome, stopped = _cycle(command, signals)
            if stopped is None:
                failures = 0 if outcome in ("synced", "skipped") else failures + 1
                took = time.monotonic() - began
                draw = random.uniform(-1, 1)  # noqa: S311 - no secret is drawn
                pause = pause_s(interval_s, failures, draw)
                # A server that is slow to fail is not asked again at once.
                left = pause if failures else max(0.0, pause - took)
                log.tell(
                    "info" if failures == 0 else "warning",
                    "waiting",
                    outcome=outcome,
                    failures=failures,
                    seconds=round(took, 2),
                    next_s=round(left, 1),
                )
                stopped = signals.wait(left)
            if stopped is not None:
                log.tell("info", "stopped", signal=stopped.name)
                return stopped


def pause_s(interval_s: float, failures: int, draw: float) -> float:
    """Seconds from the start of a sync, or the end of one that failed, to the start of the next.

    Args:
        interval_s: between syncs that work.
        failures: how many syncs have failed in a row: each doubles the wait, up to the interval.
        draw: -1 to 1, by chance: several services do not all ask the server at once.
    """
    whole = interval_s
    if failures:
        # Past the tenth, 30 s have become hours.
        whole = min(interval_s, _FIRST_BACK_OFF_S * 2 ** min(failures - 1, 10))
    return whole * (1 + _JITTER * draw)


def _cycle(command: Sequence[str], signals: _Signals) -> tuple[str, signal.Signals | None]:
    """Runs one sync: how it ended, and the signal that stopped it if one did."""
    with subprocess.Popen(  # noqa: S603 (our own command line, no shell)
        command,
        stdin=subprocess.PIPE,  # by which it knows that this process is there
        stdout=_STANDARD_ERROR,  # lines of the log, and nothing that other code says
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl-C comes by way of this process
    ) as cycle:
        while (code := cycle.poll()) is None:
            stopped = signals.wait(None)
            if stopped is not None:
                _stop(cycle)
                return "stopped", stopped
    return _NAMES.get(code, f"crashed:{code}"), None


def _stop(cycle: subprocess.Popen[bytes]) -> None:
    """Ends a sync. What it has merged stays, and the last snapshot stays in use."""
    cycle.terminate()
    try:
        cycle.wait(_STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        cycle.kill()


class _Signals:
    """Signals in the order they came, waited for together with the end of a child."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def wait(self, seconds: float | None) -> signal.Signals | None:
        """The next signal to stop; None after the time, or when a child has ended meanwhile."""
        until = None if seconds is None else time.monotonic() + seconds
        while True:
            left = None if until is None else max(0.0, until - time.monotonic())
            ready, _, _ = select.select([self._descriptor], [], [], left)
            if not ready:
                return None
            came = signal.Signals(os.read(self._descriptor, 1)[0])
            if came in _STOPPING:
                return came
            if until is None:
                return None


@contextmanager
def _signals() -> Iterator[_Signals]:
    """Takes the signals to stop and those of children for as long as it lasts."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    wakeup = signal.set_wakeup_fd(writing)
    taken = (*_STOPPING, signal.SIGCHLD)
    handlers = [signal.signal(it, lambda *_: None) for it in taken]
    try:
        yield _Signals(reading)
    finally:
        for it, handler in zip(taken, handlers, strict=True):
            signal.signal(it, handler)
        signal.set_wakeup_fd(wakeup)
        os.close(reading)
        os.close(writing)
