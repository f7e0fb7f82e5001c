"""One sync of a watch: `python -m velocity.sync.watch.cycle DATA CONFIG [ENTITY/PROJECT...]`.

Its standard input is a pipe from the service that started it: it ends when that does, however that
ends. What it did is told in lines of the log on standard output, and to the service by how it
exits.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from velocity.errors import StoreBusyError, VelocityError
from velocity.settings import load_settings
from velocity.sync.commands import SyncResult, sync_wandb
from velocity.sync.forget import finish_forgetting
from velocity.sync.results import brought
from velocity.sync.watch.lines import Log
from velocity.sync.watch.outcome import Outcome

if TYPE_CHECKING:
    from velocity.sync.results import Progress


_STANDARD_INPUT, _STANDARD_OUTPUT, _STANDARD_ERROR = range(3)
#: A page that times out in every size takes some minutes; nothing takes so long without a sign.
LIFELESS_S = 1800.0


def main() -> Outcome:
    """Syncs as the arguments say."""
    threading.Thread(target=_end_with_the_service, name="service", daemon=True).start()
    data, config, *projects = sys.argv[1:]
    # Standard output is for our lines alone, also where the W&B client starts a process.
    log = Log(os.dup(_STANDARD_OUTPUT))
    os.dup2(_STANDARD_ERROR, _STANDARD_OUTPUT)
    began = time.monotonic()
    try:
        settings = load_settings(Path(config))
        if finish_forgetting(Path(data), settings):
            log.tell("info", "forgotten", reason="a removal was stopped before its end: it is done")
        result = sync_wandb(
            Path(data), settings, projects=projects, on_progress=_SignsOfLife(log).take
        )
    except StoreBusyError as error:
        log.tell("warning", "skipped", reason=error.message)
        return Outcome.SKIPPED
    except VelocityError as error:
        log.tell("error", "failed", **_cause(error))
    except OSError as error:
        log.tell(
            "error", "failed", error=type(error).__name__, reason=error.strerror or "not known"
        )
    except Exception as error:  # noqa: BLE001 - its words may quote a run: only where is told
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.tell(
            "error", "failed", error=type(error).__name__, at=f"{place.filename}:{place.lineno}"
        )
    else:
        _tell_result(log, result, seconds=time.monotonic() - began)
        return Outcome.FAILED if result.errors else Outcome.SYNCED
    return Outcome.FAILED


def _end_with_the_service() -> None:
    """Nothing ever comes through the pipe: it ends when nobody holds the other end any more."""
    while os.read(_STANDARD_INPUT, 1):
        pass
    os.kill(os.getpid(), signal.SIGKILL)


class _SignsOfLife:
    """Ends this process when the sync tells nothing for too long.

    The client waits for its own helper process without a limit of time.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._last = time.monotonic()
        threading.Thread(target=self._watch, name="signs of life", daemon=True).start()

    def take(self, _progress: Progress) -> None:
        """How far the sync is: that it says so is enough."""
        self._last = time.monotonic()

    def _watch(self) -> None:
        while (left := self._last + LIFELESS_S - time.monotonic()) > 0:
            time.sleep(left)
        self._log.tell(
            "error",
            "failed",
            error="TimeoutError",
            reason=f"the sync told nothing for {LIFELESS_S / 60:.3g} minutes and was ended",
        )
        os._exit(Outcome.FAILED)


def _tell_result(log: Log, result: SyncResult, *, seconds: float) -> None:
    for project in result.projects:
        spent = {"requests": project.requests, "seconds": round(project.seconds, 2)}
        if project.error is not None:
            log.tell("error", "failed", project=project.name, **_cause(project.error), **spent)
        else:
            log.tell("info", "pulled", project=project.name, **brought([project]), **spent)
    log.tell(
        "info",
        "published",
        projects=len(result.projects),
        failed=len(result.errors),
        **brought(result.projects),
        requests=sum(it.requests for it in result.projects),
        weeks_restated=result.weeks_restated,
        snapshot=result.snapshot,
        seconds=round(seconds, 2),
    )


def _cause(error: VelocityError) -> dict[str, str]:
    return {"error": type(error).__name__, "reason": error.message, "hint": error.hint}


if __name__ == "__main__":
    sys.exit(main())
