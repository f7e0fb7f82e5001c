"""Runs of an MLflow tracking server, or of a folder in which MLflow keeps its runs."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from velocity.errors import SourceError
from velocity.records import Rejected, RunBatch, config_text, run_frame
from velocity.sources.base import Asked
from velocity.sources.shared import client_of, entity_of, is_address, without_password
from velocity.sources.values import instant_of

_PAGE = 1000  # the most that a server returns at once
_TRUST = 2
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
        return chain.from_iterable(
            _Place(mlflow, place, entity, asked).batches() for place in asked.places
        )


class _Place:
    """One tracking server or folder."""

    def __init__(self, mlflow: Any, place: str, entity: str, asked: Asked) -> None:
        self._mlflow = mlflow
        self._place = place
        self._shown = without_password(place)
        self._address = self._shown.rstrip("/") if is_address(place) else None
        self._entity = entity
        self._asked = asked

    def batches(self) -> Iterator[RunBatch]:
        """The runs of every experiment, a page at a time."""
        try:
            client = self._mlflow.MlflowClient(self._place)
            experiments = list(chain.from_iterable(_pages(client.search_experiments)))
            for number, experiment in enumerate(experiments):
                what = f"{experiment.name} of {self._shown}"
                self._asked.on_progress(what, number, len(experiments))
                yield from self._runs_of(experiment, client.search_runs)
            self._asked.on_progress(self._shown, len(experiments), len(experiments))
        except self._mlflow.exceptions.MlflowException as error:
            why = getattr(error, "error_code", None) or type(error).__name__
            raise SourceError(
                f"MLflow cannot read {self._shown} ({why}).",
                "Check the address and the credentials (MLFLOW_TRACKING_USERNAME, "
                "MLFLOW_TRACKING_PASSWORD or MLFLOW_TRACKING_TOKEN), and whether the server is "
                "running.",
            ) from error

    def _runs_of(self, experiment: Any, search: Callable[..., Any]) -> Iterator[RunBatch]:
        ids = [experiment.experiment_id]
        children = _pages(search, experiment_ids=ids, filter_string=f"tags.`{_PARENT}` LIKE '%'")
        parents = {run.data.tags[_PARENT] for run in chain.from_iterable(children)}
        for page in _pages(search, experiment_ids=ids):
            rows, rejected = [], []
            for run in page:
                try:
                    rows.append(self._row(run, experiment, parents))
                except (OverflowError, RecursionError):
                    reason = "a time or a parameter of it cannot be read"
                    name = experiment.name
                    rejected.append(Rejected(self._entity, name, run.info.run_id, reason))
            yield RunBatch(run_frame(rows), tuple(rejected))

    def _row(self, run: Any, experiment: Any, parents: set[str]) -> dict[str, Any]:
        info, tags = run.info, run.data.tags
        metrics = [it.timestamp for it in run.to_proto().data.metrics]
        last_metric_at = _of_milliseconds(max(metrics, default=None))
        page = f"{self._address}/#/experiments/{info.experiment_id}/runs/{info.run_id}"
        return {
            "entity": self._entity,
            "project": experiment.name,
            "run_id": info.run_id,
            "username": tags.get("mlflow.user") or self._asked.username,
            "display_name": info.run_name,
            "state": info.status.lower(),
            "created_at": _of_milliseconds(info.start_time),
            "heartbeat_at": _of_milliseconds(info.end_time) or last_metric_at,
            "last_metric_at": last_metric_at,
            "sweep": tags.get(_PARENT) or (info.run_id if info.run_id in parents else None),
            "tags": [f"{name}={it}" for name, it in tags.items() if not name.startswith("mlflow.")],
            "config": config_text(run.data.params) if run.data.params else None,
            "commit": tags.get("mlflow.source.git.commit"),
            "notes": tags.get("mlflow.note.content"),
            "source": "mlflow",
            "trust": _TRUST,
            "url": page if self._address else None,
        }


def _pages(search: Callable[..., Any], **asked: Any) -> Iterator[Any]:
    """The pages of a search."""
    token = None
    while True:
        page = search(**asked, max_results=_PAGE, page_token=token)
        yield page
        token = page.token
        if not token:
            return


def _of_milliseconds(value: int | None) -> datetime | None:
    """The instant of milliseconds since 1970; OverflowError before 1970 and after 2199."""
    if value is None:
        return None
    if (read := instant_of(value / 1000)) is None:
        raise OverflowError(f"{value} ms")
    return read
