"""`velocity sync --watch`: starts `velocity sync` once per interval until it is stopped.

Every sync has its own process, so that memory does not grow over months and a crash costs one sync.
So have the messages to people (`velocity nudge`), which follow each sync, also a failed one.
"""

import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Literal, NoReturn

from velocity.cleaning import redacted

#: Exit code of a sync that another process kept from writing the store.
SKIPPED = 75
_OUTCOMES = {0: "synced", 1: "failed", SKIPPED: "skipped", -signal.SIGALRM: "failed"}

_STANDARD_ERROR = 2
_STOPPING = (signal.SIGTERM, signal.SIGINT)
_STOP_WITHIN_S = 1.0
#: A page that times out in every size takes some minutes; no sync needs longer without progress.
_PATIENCE_S = 1800
_FIRST_BACK_OFF_S = 30.0
_JITTER = 0.1

_PLAIN = re.compile(r"[A-Za-z0-9_./:*+-]+")


class Log:
    """Writes one line of `key=value` fields per event to an open file descriptor.

    A watch and its sync write to the same file, whole lines at a time.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def tell(
        self, level: Literal["info", "warning", "error"], event: str, **fields: object
    ) -> None:
        """Write an event with the time and the memory of this process in MiB.

        A log that cannot be written (a full disk, a closed pipe) does not stop the service.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        whole = {"ts": now, "level": level, "event": event, **fields, "rss_mib": _resident_mib()}
        line = " ".join(f"{name}={_written(value)}" for name, value in whole.items())
        with suppress(OSError):
            os.write(self._descriptor, f"{line}\n".encode())


class _StoppedError(BaseException):
    """Raised by a signal at any point of the watch."""

    def __init__(self, by: signal.Signals) -> None:
        super().__init__(by)
        self.by = by


def become_watch(
    data: Path, config: Path, projects: Sequence[str], *, command: str, interval_s: float
) -> NoReturn:
    """Replace this process by one that runs `watch`, without what a sync imports (80 MiB)."""
    given = [str(data), str(config), command, str(interval_s), *projects]
    os.execv(sys.executable, [sys.executable, "-P", "-m", __name__, *given])  # noqa: S606


def watch(
    data: Path,
    config: Path,
    projects: Sequence[str],
    *,
    command: str = "sync",
    interval_s: float,
) -> signal.Signals:
    """Sync every `interval_s` seconds, from start to start, until SIGTERM or SIGINT; return which.

    `command` is sync, or one of its halves: pull or publish. Messages to people follow what
    publishes.

    After a failure, retry sooner, counted from its end. A sync that takes longer than the interval
    is followed by the next at once. Every sync reads the settings again. Call this in the main
    thread of a process that ends with it.
    """
    # -P: nothing in the working directory becomes a module.
    places = [f"--data={data}", f"--config={config}"]
    begin = [sys.executable, "-P", "-m", "velocity"]
    work = [*begin, command, f"--watched={_PATIENCE_S}", *places]
    work += [f"--project={it}" for it in projects]
    nudges = [] if command == "pull" else [*begin, "nudge", "--watched", *places]
    log = Log(_STANDARD_ERROR)
    try:
        for it in _STOPPING:
            signal.signal(it, _raise_stopped)
        log.tell("info", "started", pid=os.getpid(), interval_s=interval_s)
        _sync_for_ever(work, nudges, log, interval_s)
    except _StoppedError as stopped:
        log.tell("info", "stopped", signal=stopped.by.name)
        return stopped.by


def pause_s(interval_s: float, failures: int, draw: float) -> float:
    """Seconds from the start of a sync, or the end of a failed one, to the start of the next.

    Each of the `failures` in a row doubles the wait, up to the interval. `draw` is random, -1 to 1,
    so that several services do not ask the server at the same time.
    """
    whole = interval_s
    if failures:
        # After ten doublings, 30 s have become hours.
        whole = min(interval_s, _FIRST_BACK_OFF_S * 2 ** min(failures - 1, 10))
    return whole * (1 + _JITTER * draw)


def _raise_stopped(number: int, _frame: FrameType | None) -> NoReturn:
    for it in _STOPPING:  # a second signal must not interrupt the stop
        signal.signal(it, signal.SIG_IGN)
    raise _StoppedError(signal.Signals(number))


def _sync_for_ever(
    command: Sequence[str], nudges: Sequence[str], log: Log, interval_s: float
) -> NoReturn:
    failures = 0
    while True:
        began = time.monotonic()
        code = _run(command)
        took = time.monotonic() - began
        if code == -signal.SIGALRM:
            reason = f"the sync made no progress for {_PATIENCE_S / 60:.3g} minutes and was stopped"
            log.tell("error", "failed", error="TimeoutError", reason=reason)
        failures = 0 if code in (0, SKIPPED) else failures + 1
        pause = pause_s(interval_s, failures, random.uniform(-1, 1))  # noqa: S311 - not a secret
        if nudges:
            _run(nudges)
        # After a slow failure, the server still gets the whole pause.
        left = pause if failures else max(0.0, pause - (time.monotonic() - began))
        log.tell(
            "warning" if failures else "info",
            "waiting",
            outcome=_OUTCOMES.get(code, f"crashed:{code}"),
            failures=failures,
            seconds=round(took, 2),
            next_s=round(left, 1),
        )
        time.sleep(left)


def _run(command: Sequence[str]) -> int:
    """Run a command and return its exit code; stop it when this process is told to stop."""
    with subprocess.Popen(  # noqa: S603 (our own command line, no shell)
        command,
        stdin=subprocess.PIPE,  # the command ends when this pipe does, however the watch ends
        stdout=_STANDARD_ERROR,  # only log lines, nothing that other code prints
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches it through the watch only
    ) as process:
        try:
            return process.wait()
        except _StoppedError:
            _stop(process)
            raise


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a command. Merged runs stay, and the last snapshot stays in use."""
    process.terminate()
    try:
        process.wait(_STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()


def _resident_mib() -> float:
    """Memory of this process in MiB; its peak on systems that do not report the current size."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        size = int(pages) * os.sysconf("SC_PAGESIZE")
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        size = peak if sys.platform == "darwin" else peak * 1024
    return round(size / 2**20, 1)


def _written(value: object) -> str:
    """A value that cannot pass for another field, another line or a terminal's escape sequence."""
    text = redacted(value) if isinstance(value, str) else str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


if __name__ == "__main__":
    _data, _config, _command, _interval_s, *_projects = sys.argv[1:]
    _by = watch(
        Path(_data), Path(_config), _projects, command=_command, interval_s=float(_interval_s)
    )
    sys.exit(0 if _by is signal.SIGTERM else 128 + _by)
