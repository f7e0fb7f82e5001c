"""Runs of an MLflow tracking server, or of a folder in which MLflow keeps its runs."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from velocity.errors import SourceError
from velocity.records import Rejected, RunBatch, config_text, run_frame
from velocity.sources.base import Asked
from velocity.sources.shared import client_of, entity_of, is_address, without_password
from velocity.sources.values import instant_of, noted

_PAGE = 1000  # the most that a server returns at once
_TRUST = 2
_SECONDS = 4e10  # less is seconds, a step or nothing: as milliseconds, it would be before 1972
_PARENT = "mlflow.parentRunId"
#: Of the client: it would refuse folders, report its use, and try a dead server for minutes.
_SETTINGS = {
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
}


class MlflowSource:
    """A `Source` whose places are tracking addresses, or folders such as `mlruns`.

    The project of a run is its MLflow experiment. A run with child runs and its children are one
    experiment here, because they were one decision. MLflow sends no heartbeats: a running run was
    alive when it last logged a metric. Deleted runs are not read.
    """

    def read(self, asked: Asked) -> Iterator[RunBatch]:
        """The runs of each place, a page at a time."""
        entity = entity_of(asked, "MLflow")
        for place in asked.places:
            if "://" not in place and not Path(place).is_dir():  # the client would create it
                raise SourceError(
                    f"There is no folder {place}.",
                    "Name the folder of the runs, such as mlruns, or the address of a tracking "
                    "server.",
                )
        for name, value in _SETTINGS.items():
            os.environ.setdefault(name, value)
        mlflow = client_of("mlflow", "mlflow")
        return chain.from_iterable(_batches(mlflow, place, entity, asked) for place in asked.places)


def _batches(mlflow: Any, place: str, entity: str, asked: Asked) -> Iterator[RunBatch]:
    """The runs of every experiment of a server or folder, a page at a time."""
    shown = without_password(place)
    address = shown.rstrip("/") if is_address(place) else None
    try:
        client = mlflow.MlflowClient(place)
        experiments = list(chain.from_iterable(_pages(client.search_experiments)))
        for number, experiment in enumerate(experiments):
            name = experiment.name
            asked.on_progress(f"{name} of {shown}", number, len(experiments))
            search = partial(_pages, client.search_runs, experiment_ids=[experiment.experiment_id])
            children = chain.from_iterable(search(filter_string=f"tags.`{_PARENT}` LIKE '%'"))
            parents = {run.data.tags[_PARENT] for run in children}
            own = {"entity": entity, "project": name}
            for page in search():
                rows, rejected = [], []
                for run in page:
                    try:
                        rows.append(own | _row(run, address, parents, asked.username))
                    except ValueError as error:
                        rejected.append(Rejected(entity, name, run.info.run_id, str(error)))
                yield RunBatch(run_frame(rows), tuple(rejected))
        asked.on_progress(shown, len(experiments), len(experiments))
    except mlflow.exceptions.MlflowException as error:
        why = getattr(error, "error_code", None) or type(error).__name__
        raise SourceError(
            f"MLflow cannot read {shown} ({why}).",
            "Check the address and the credentials (MLFLOW_TRACKING_USERNAME, "
            "MLFLOW_TRACKING_PASSWORD or MLFLOW_TRACKING_TOKEN), and whether the server is "
            "running.",
        ) from error


def _row(run: Any, address: str | None, parents: set[str], username: str | None) -> dict[str, Any]:
    """A run in columns of `RUN_SCHEMA`, without its entity and project.

    Raises:
        ValueError: neither its start nor the time of a metric is known.
    """
    info, tags, unreadable = run.info, run.data.tags, list[str]()
    metrics = [it.timestamp for it in run.to_proto().data.metrics]
    known = [it for it in map(_of_milliseconds, metrics) if it is not None]
    noted(_of_milliseconds, max(metrics, default=None), "metrics", unreadable)
    last_metric_at = max(known, default=None)
    created_at = noted(_of_milliseconds, info.start_time, "start_time", unreadable)
    if (created_at := created_at or min(known, default=None)) is None:
        raise ValueError(f"the start {info.start_time} cannot be read")
    ended_at = noted(_of_milliseconds, info.end_time, "end_time", unreadable)
    page = f"{address}/#/experiments/{info.experiment_id}/runs/{info.run_id}"
    return {
        "run_id": info.run_id,
        "username": tags.get("mlflow.user") or username,
        "display_name": info.run_name,
        "state": info.status.lower(),
        "created_at": created_at,
        "heartbeat_at": ended_at or last_metric_at,
        "last_metric_at": last_metric_at,
        "sweep": tags.get(_PARENT) or (info.run_id if info.run_id in parents else None),
        "tags": [f"{name}={it}" for name, it in tags.items() if not name.startswith("mlflow.")],
        "config": config_text(run.data.params) if run.data.params else None,
        "commit": tags.get("mlflow.source.git.commit"),
        "notes": tags.get("mlflow.note.content"),
        "unreadable": unreadable or None,
        "source": "mlflow",
        "trust": _TRUST,
        "url": page if address else None,
    }


def _pages(search: Callable[..., Any], **asked: Any) -> Iterator[Any]:
    page = search(**asked, max_results=_PAGE, page_token=None)
    yield page
    while page.token:
        page = search(**asked, max_results=_PAGE, page_token=page.token)
        yield page


def _of_milliseconds(value: int) -> datetime | None:
    """The instant of milliseconds since 1970; None of what must be seconds, and after 2199."""
    return None if value < _SECONDS else instant_of(value / 1000)
