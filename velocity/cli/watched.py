"""What `velocity sync --watch` starts: a sync or nudges, with log lines and an exit code."""

import os
import signal
import threading
import traceback
from collections.abc import Callable, Mapping

from velocity.errors import StoreBusyError, VelocityError
from velocity.sync.results import OnProgress, Progress, Stages, SyncResult, brought
from velocity.sync.watch import SKIPPED, Log

_STANDARD_INPUT, _STANDARD_OUTPUT, _STANDARD_ERROR = range(3)


def log_sync(sync: Callable[[Log, OnProgress], SyncResult], *, patience_s: float) -> int:
    """Run a sync, log its result or its error on standard output, and return the exit code.

    The process ends silently when standard input ends, because the watch holds the other end; and
    with SIGALRM after `patience_s` seconds without progress, because the W&B client waits for its
    own helper process without a limit.
    """
    threading.Thread(target=_end_with_the_watch, name="watch", daemon=True).start()
    # Standard output is for our lines only, also if the W&B client starts a process.
    log = Log(os.dup(_STANDARD_OUTPUT))
    os.dup2(_STANDARD_ERROR, _STANDARD_OUTPUT)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def go_on(_progress: Progress | None) -> None:
        signal.setitimer(signal.ITIMER_REAL, patience_s)

    go_on(None)
    stages = Stages(go_on)
    try:
        result = sync(log, stages)
    except StoreBusyError as error:
        log.tell("warning", "skipped", reason=error.message)
        return SKIPPED
    except Exception as error:  # noqa: BLE001 - every error is a line of the log
        log.tell("error", "failed", **_cause(error))
        return 1
    tell_result(log, result, stages.seconds)
    return 1 if result.errors else 0


def log_nudges(work: Callable[[Log], object], *, watched: bool) -> int:
    """Run a function that logs on standard output, and return the exit code.

    With `watched`, the process ends silently when standard input ends, and an error is a line of
    the log.
    """
    log = Log(_STANDARD_OUTPUT)
    if not watched:
        work(log)
        return 0
    threading.Thread(target=_end_with_the_watch, name="watch", daemon=True).start()
    try:
        work(log)
    except Exception as error:  # noqa: BLE001 - every error is a line of the log
        log.tell("error", "nudges_failed", **_cause(error))
        return 1
    return 0


def tell_result(log: Log, result: SyncResult, seconds: Mapping[str, float]) -> None:
    """Log a line per project, and one for all of them with the seconds of each stage."""
    for note in result.notes:
        log.tell("warning", "noted", note=note)
    for project in result.projects:
        spent = {"requests": project.requests, "seconds": round(project.seconds, 2)}
        if project.error is not None:
            log.tell("error", "failed", project=project.name, **_cause(project.error), **spent)
        else:
            log.tell("info", "pulled", project=project.name, **brought([project]), **spent)
    log.tell(
        "info",
        "published" if result.snapshot else "ended",
        projects=len(result.projects),
        failed=len(result.errors),
        **brought(result.projects),
        requests=sum(it.requests for it in result.projects),
        weeks_restated=result.weeks_restated,
        snapshot=result.snapshot,
        seconds=round(sum(seconds.values()), 2),
        **{f"{stage}_s": round(it, 2) for stage, it in seconds.items()},
    )


def _end_with_the_watch() -> None:
    """Kill this process when the pipe from the watch, which carries no data, is closed."""
    while os.read(_STANDARD_INPUT, 1):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


def _cause(error: Exception) -> dict[str, str]:
    """The class of an error and its place; other text may quote a run or a person."""
    kind = {"error": type(error).__name__}
    if isinstance(error, VelocityError):
        return kind | {"reason": error.message, "hint": error.hint}
    if isinstance(error, OSError):
        return kind | {"reason": error.strerror or "unknown"}
    place = traceback.extract_tb(error.__traceback__)[-1]
    return kind | {"at": f"{place.filename}:{place.lineno}"}
