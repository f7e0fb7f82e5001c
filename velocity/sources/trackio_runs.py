"""Runs of Trackio: of its folder on this machine, or of a Trackio server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from velocity.errors import SourceError
from velocity.records import Rejected, RunBatch, config_text, run_frame
from velocity.sources.base import Asked
from velocity.sources.shared import client_of, entity_of, is_address, without_password
from velocity.sources.values import instant_of, noted, read_object, text_of

_TRUST = 2
_PAGE = 5000  # Trackio refuses answers with more than 10,000 rows
#: A run that has not logged anything for this long is over.
_QUIET = timedelta(minutes=15)
_NOTE = (
    "Trackio does not record how a run ended: one that has logged nothing for 15 minutes counts as "
    "finished."
)
#: One row per run with its first and last signs of life, a page at a time.
_RUNS = """
WITH logged AS (
  SELECT run_id, max(run_name) AS name, min(timestamp) AS first_at, max(timestamp) AS last_at,
    count(*) AS logged_rows
  FROM metrics GROUP BY run_id ORDER BY run_id LIMIT {page} OFFSET {start}
)
SELECT logged.*, configs.config,
  (SELECT max(timestamp) FROM system_metrics WHERE run_id = logged.run_id) AS seen_at
FROM logged LEFT JOIN configs ON configs.run_id = logged.run_id
"""


class TrackioSource:
    """A `Source` whose places are folders of Trackio, or addresses of Trackio servers.

    Trackio knows neither heartbeats nor states: a run was alive when it last logged something, and
    `_QUIET` later it counts as finished.
    """

    def read(self, asked: Asked) -> Iterator[RunBatch]:
        """The runs of each place, a page at a time."""
        entity = entity_of(asked, "Trackio")
        client_of("trackio", "trackio")
        stores = [_Server(it) if is_address(it) else _Folder(Path(it)) for it in asked.places]
        return _batches(stores, entity, asked)


def _batches(stores: Sequence[_Server | _Folder], entity: str, asked: Asked) -> Iterator[RunBatch]:
    now = datetime.now(UTC)
    for store in stores:
        projects = store.projects()
        for number, project in enumerate(projects):
            asked.on_progress(f"{project} of {store.shown}", number, len(projects))
            for start in count(0, _PAGE):
                rows = store.rows(project, _RUNS.format(page=_PAGE, start=start))
                if rows:
                    yield _batch(rows, (entity, project), asked.username, now)
                if len(rows) < _PAGE:
                    break
        asked.on_progress(store.shown, len(projects), len(projects))


class _Server:
    """A Trackio server, read through Trackio's client."""

    def __init__(self, address: str) -> None:
        self.shown = without_password(address)
        client = client_of("trackio", "trackio.remote_client")
        with self._readable():
            self._client = client.RemoteClient(address)

    def projects(self) -> list[str]:
        with self._readable():
            return list(self._client.predict(api_name="/get_all_projects"))

    def rows(self, project: str, sql: str) -> list[dict[str, Any]]:
        with self._readable():
            found = self._client.predict(api_name="/query_project", project=project, query=sql)
        return list(found["rows"])

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # the client raises what its own libraries raise
            raise SourceError(
                f"Trackio cannot read {self.shown}: {type(error).__name__}.",
                "Check the address, and whether the server is running.",
            ) from error


class _Folder:
    """A folder of Trackio, read through Trackio's command line.

    The folder is an environment variable that Trackio reads once per process.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise SourceError(
                f"There is no folder {folder}.",
                "Name the folder of Trackio (TRACKIO_DIR), or the address of a Trackio server.",
            )
        self._folder = folder
        self.shown = str(folder)

    def projects(self) -> list[str]:
        return list(self._ask("list", "projects")["projects"])

    def rows(self, project: str, sql: str) -> list[dict[str, Any]]:
        return list(self._ask("query", "project", f"--project={project}", f"--sql={sql}")["rows"])

    def _ask(self, *arguments: str) -> Any:
        done = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", "from trackio.cli import main; main()", *arguments, "--json"],
            env=os.environ | {"TRACKIO_DIR": str(self._folder.resolve())},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return json.loads(done.stdout)
        why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SourceError(
            f"Trackio cannot read {self._folder}: {why}",
            "Check the folder and its permissions, or install the Trackio that wrote it.",
        )


def _batch(
    rows: list[dict[str, Any]], of: tuple[str, str], username: str | None, now: datetime
) -> RunBatch:
    """The runs of a page; `of`: their entity and project."""
    runs, rejected = [], []
    for row in rows:
        try:
            runs.append(_run(row, username, now) | {"entity": of[0], "project": of[1]})
        except ValueError as error:
            rejected.append(Rejected(*of, str(row["run_id"]), str(error)))
    return RunBatch(run_frame(runs), tuple(rejected), notes=(_NOTE,))


def _run(row: Mapping[str, Any], username: str | None, now: datetime) -> dict[str, Any]:
    """The columns of a run; ValueError if no time of it can be read."""
    unreadable: list[str] = []
    config = noted(_config, row["config"] or None, "config", unreadable) or {}
    logged_at = [noted(instant_of, row[it], it, unreadable) for it in ("first_at", "last_at")]
    known = [it for it in logged_at if it is not None]
    if not known:
        raise ValueError("a time of it cannot be read")
    first_at, last_at = known[0], known[-1]
    created_at = min(first_at, instant_of(config.get("_Created")) or first_at)
    seen_at = max(last_at, instant_of(row["seen_at"]) or last_at)
    own = {name: value for name, value in config.items() if not name.startswith("_")}
    return {
        "run_id": row["run_id"],
        "username": text_of(config.get("_Username")) or username,
        "display_name": row["name"],
        "state": "running" if now - seen_at < _QUIET else "finished",
        "created_at": created_at,
        "heartbeat_at": seen_at,
        "first_metric_at": first_at,
        "last_metric_at": last_at,
        "group_name": text_of(config.get("_Group")),
        "config": config_text(own) if own else None,
        "history_rows": row["logged_rows"],
        "unreadable": unreadable or None,
        "source": "trackio",
        "trust": _TRUST,
    }


def _config(text: str) -> dict[str, Any] | None:
    """The config; None if it cannot be read, or is nested too deeply to be written again."""
    try:
        config = read_object(text) or {}
        config_text(config)
    except (ValueError, RecursionError):
        return None
    return config
