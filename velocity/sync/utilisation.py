"""Reads the GPU utilisation of runs that have ended from W&B, within a budget of requests.

Each run is requested once, which is noted before the request: a sync that is killed loses at most
the utilisation of the runs in one request. Nothing here makes a sync fail.
"""

from velocity.errors import ConfigurationError, RetryLaterError, SourceError
from velocity.record import Intake
from velocity.sources.base import Server
from velocity.sync.results import OnProgress, Progress

_RUNS_A_REQUEST = 50
#: After a failure, a request asks for fewer runs; the last of these failures is about a single one.
_SHRINK = 8
_MOST_FAILURES = 3
_GROW = 2


def read_utilisation(
    record: Intake, server: Server, *, most_requests: int, on_progress: OnProgress
) -> tuple[str, ...]:
    """Request the utilisation of the runs that ended last, as far as it was never requested.

    A run that the server cannot send even by itself gets a flag. If the server refuses, or does not
    answer small requests either, the sync goes on without.

    Returns:
        A sentence if the server refuses; else nothing.
    """
    size, failures, read = _RUNS_A_REQUEST, 0, 0
    for number in range(most_requests):
        taken = None if failures == _MOST_FAILURES else record.take_unmeasured(size)
        if taken is None:
            break
        entity, project, run_ids = taken
        try:
            measured = server.fetch_utilisation(entity, project, run_ids)
        except RetryLaterError:
            failures += 1
            if not _answers(server):
                record.give_back(entity, project, run_ids)
                break
            if len(run_ids) > 1:
                record.give_back(entity, project, run_ids)
                size = max(1, size // _SHRINK)
                continue
            measured = dict.fromkeys(run_ids)
        except (SourceError, ConfigurationError) as error:
            record.give_back(entity, project, run_ids)
            off = "`utilisation_requests = 0` under [wandb] turns these requests off."
            return (f"{error.message} GPU utilisation is not known without it: {off}",)
        else:
            size = min(_RUNS_A_REQUEST, size * _GROW)
        if measured:
            record.keep_utilisation(entity, project, measured)
        read += len(run_ids)
        on_progress(Progress("measure", "GPU utilisation", number + 1, most_requests))
    if read:
        on_progress(Progress("measure", "GPU utilisation", read, read, ended=True))
    return ()


def _answers(server: Server) -> bool:
    try:
        server.fetch_clock()
    except (SourceError, ConfigurationError):
        return False
    return True
