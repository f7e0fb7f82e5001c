"""Small stores for tests: a new case is three lines.

snapshot = store_of([run("r1", "09:00", "10:00"), run("r2", "11:00", state="running")], "20:00")
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from tests.stores import copied
from velocity.queries import queries_fingerprint
from velocity.record import PullState
from velocity.record.duckdb_record import DuckDBRecord
from velocity.records import run_frame
from velocity.roster.models import Roster
from velocity.settings import Settings
from velocity.store import LiveStore
from velocity.store.derive import derive
from velocity.store.live import open_live
from velocity.store.publish import publish
from velocity.store.snapshot import Snapshot

_FIRST_PROJECTS = """
INSERT INTO project (project_key, entity, project, as_of, pulled_from)
SELECT row_number() OVER (), it[1], it[2], as_of, if($is_pulled, as_of, NULL)
FROM (
  SELECT unnest($projects::VARCHAR[][]) AS it, unnest($instants::TIMESTAMPTZ[]) AS as_of
)
WHERE as_of IS NOT NULL
"""

#: The day of times without one: a Monday.
DAY = date(2026, 1, 5)

Moment = str | datetime
#: Where the data ends: one instant, or one per project.
Ends = Moment | Mapping[tuple[str, str], datetime]


def at(moment: Moment, *, days: int = 0) -> datetime:
    """A UTC time: "09:00" (on `DAY`), "2026-01-06 09:00" or an aware datetime; `days` later."""
    if isinstance(moment, str):
        if len(moment) <= len("09:00:00.000000"):
            moment = datetime.combine(DAY, time.fromisoformat(moment))
        else:
            moment = datetime.fromisoformat(moment)
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC) + timedelta(days=days)


def run(
    run_id: str,
    start: Moment,
    end: Moment | None = None,
    *,
    state: str = "finished",
    **columns: Any,
) -> dict[str, Any]:
    """One row of `RUN_SCHEMA`: a run of ada in e/p; its start comes from the environment.

    `end` is the heartbeat of any run, and sets the runtime of a run that is over; without it the
    run has neither. `columns` override anything; values of `_at` columns may be written as times.
    `started_at`, `writer_starts`, `host`, `gpu_type`, `gpu_count` and `job_id` make its writers.
    """
    started_at = at(start)
    row: dict[str, Any] = {
        "entity": "e",
        "project": "p",
        "run_id": run_id,
        "username": "ada",
        "display_name": run_id,
        "state": state,
        "created_at": started_at,
        "started_at": started_at,
        "source": "table",
    }
    if end is not None:
        row["heartbeat_at"] = at(end)
        if state not in ("running", "pending"):
            row["runtime_s"] = (at(end) - started_at).total_seconds()
    times = {name: at(value) for name, value in columns.items() if name.endswith("_at") and value}
    return with_writers(row | columns | times)


def with_writers(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with `writers` made of `started_at` or `writer_starts` and the machine's columns."""
    names = ("host", "gpu_type", "gpu_count")
    job = {"job_id": row["job_id"]} if "job_id" in row else {}
    machine = {name: row.get(name) for name in names}
    starts = list(row.get("writer_starts") or ()) or [row.get("started_at")]
    machines = row.get("machines") or [tuple(machine.values())] * len(starts)
    writers = [
        {"start": start} | dict(zip(names, it, strict=True)) | job
        for start, it in zip(starts, machines, strict=True)
    ]
    told = [it for it in writers if any(value is not None for value in it.values())]
    made = {*names, "job_id", "machines", "started_at", "writer_starts"}
    return {"writers": told or None} | {name: it for name, it in row.items() if name not in made}


def apart(case: str, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows as a case of its own in a store of several: with its own entities, ids and users.

    Ada's runs are those of the user with the name of the case.
    """
    return [
        {
            **row,
            "entity": f"{row['entity']} {case}",
            "run_id": f"{case}/{row['run_id']}",
            "username": case if row["username"] == "ada" else f"{row['username']} {case}",
        }
        for row in rows
    ]


def without_runs(folder: Path) -> None:
    """A store without runs: copying it costs less than making its tables."""
    with open_live(folder):
        pass


def store_of(
    rows: Iterable[Mapping[str, Any]],
    as_of: Ends,
    *,
    settings: Settings | None = None,
    roster: Roster | None = None,
    data: Path | None = None,
) -> Snapshot:
    """Merge, derive and publish rows, complete to `as_of`.

    With a `data` folder the store stays there (for commands, and to be added to); without one, only
    the snapshot lives on, in memory of its open file. Equal stores are made once and copied.
    """
    settings = settings or Settings()
    rows = list(rows)
    if data is not None and {it.suffix for it in data.glob("*")} - {".toml"}:
        _add(rows, as_of, settings, roster, data)
        return _opened(data)
    make = partial(_add, rows, as_of, settings, roster)
    made = _made(_Wanted(repr((queries_fingerprint(), rows, as_of, settings, roster)), make))
    if data is None:
        return _opened(Path(made.name))
    return _opened(shutil.copytree(made.name, data, dirs_exist_ok=True))


def _add(rows: list, as_of: Ends, settings: Settings, roster: Roster | None, data: Path) -> None:
    """Merge rows into the store in a folder, derive and publish."""
    runs = run_frame(rows)
    with open_live(data) as store:
        store.record.name_keys(settings.named_keys)
        store.record.merge_runs(runs)
        if not isinstance(as_of, Mapping):
            projects = runs.select("entity", "project").unique().iter_rows()
            as_of = dict.fromkeys(projects, at(as_of))
        complete_to(store, as_of)
        derive(store, settings, roster)
        publish(store)


def complete_to(
    store: LiveStore, as_of: Mapping[tuple[str, str], datetime | None], *, is_pulled: bool = False
) -> None:
    """Say how far each project is complete, and whether a pull found that.

    The first projects of a store are written at once: hundreds would take seconds one by one.
    """
    record = store.record
    assert isinstance(record, DuckDBRecord)
    if not record.connection.run("SELECT 1 FROM project LIMIT 1"):
        given = {"projects": [*as_of], "instants": [*as_of.values()], "is_pulled": is_pulled}
        record.connection.run(_FIRST_PROJECTS, given)
        return
    for (entity, project), instant in as_of.items():
        pull = PullState(pulled_from=instant) if is_pulled else None
        record.merge_project(entity, project, rejected=(), as_of=instant, pull=pull)


def _opened(data: Path) -> Snapshot:
    """The latest snapshot, opened anew: no object made from it is cached."""
    name = (data / "CURRENT").read_text(encoding="ascii")
    return Snapshot(data / "snapshots" / f"{name}.duckdb")


@dataclass(frozen=True)
class _Wanted:
    """A store, by all that it is made of."""

    made_of: str
    make: Callable[..., None] = field(compare=False)


@lru_cache(maxsize=16)
def _made(wanted: _Wanted) -> tempfile.TemporaryDirectory[str]:
    """A folder with the store, which is removed with the last reference to it."""
    folder = tempfile.TemporaryDirectory()
    wanted.make(copied(without_runs, Path(folder.name)))
    return folder


def one_run(folder: Path) -> None:
    """A store of one run of Ada's."""
    store_of([run("r1", "09:00", "10:00")], "20:00", data=folder)
