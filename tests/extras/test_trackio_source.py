"""Runs that Trackio's own client wrote, read from its folder and from a real Trackio server."""

import json
import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.extras.servers import served
from velocity.errors import SourceError
from velocity.reading import reads
from velocity.settings import Settings
from velocity.sources import trackio_runs
from velocity.sources.base import Asked, find_source
from velocity.store import latest_snapshot
from velocity.sync.commands import import_runs

pytest.importorskip("trackio")

_WRITE = """
import trackio
for name in ("first", "second"):
    trackio.init(
        project="vision", name=name, group="lr", config={"lr": 0.1, "name": name},
        auto_log_gpu=False, auto_log_cpu=False,
    )
    for step in range(3):
        trackio.log({"loss": 1 / (step + 1)})
    trackio.finish()
trackio.init(project="speech", name="third", auto_log_gpu=False, auto_log_cpu=False)
trackio.log({"loss": 1})
trackio.finish()
"""
_SERVER = """
import sys, uvicorn
from trackio.server import build_starlette_app_only
uvicorn.run(build_starlette_app_only()[0], host="127.0.0.1", port=int(sys.argv[1]))
"""
_MOVE = "UPDATE metrics SET timestamp = strftime('%Y-%m-%dT%H:%M:%S+00:00', timestamp, ?)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trackio")
    env = os.environ | {"TRACKIO_DIR": str(folder)}
    subprocess.run([sys.executable, "-c", _WRITE], env=env, check=True, cwd=folder)
    return folder


@pytest.fixture(scope="module", params=["server", "folder"])
def place(request, folder, tmp_path_factory):
    if request.param == "folder":
        yield str(folder)
        return
    log = tmp_path_factory.mktemp("server")
    with served(_SERVER, log, TRACKIO_DIR=str(folder)) as address:
        yield address


def _read(place, **asked):
    return [*find_source("trackio").read(Asked([str(place)], entity="lab", **asked))]


def _rows(place, **asked):
    batches = _read(place, **asked)
    assert [it for batch in batches for it in batch.rejected] == []
    return {row["display_name"]: row for batch in batches for row in batch.runs.to_dicts()}


def test_every_run_has_its_project_times_and_config(place):
    before = datetime.now(UTC) - timedelta(hours=1)
    rows = _rows(place, username="ada")
    projects = {name: row["project"] for name, row in rows.items()}
    assert projects == {"first": "vision", "second": "vision", "third": "speech"}
    first = rows["first"]
    assert json.loads(first["config"]) == {"lr": 0.1, "name": "first"}
    assert (first["entity"], first["group_name"], first["username"]) == ("lab", "lr", "ada")
    assert (first["history_rows"], first["trust"]) == (3, 2)
    assert before < first["created_at"] <= first["first_metric_at"] <= first["last_metric_at"]
    assert first["heartbeat_at"] == first["last_metric_at"]
    assert len(first["run_id"]) == 32


def test_pages_of_one_run_give_the_same_rows(place, monkeypatch):
    expected = _rows(place)
    monkeypatch.setattr(trackio_runs, "_PAGE", 1)
    assert _rows(place) == expected


def test_a_run_is_finished_once_it_has_been_quiet(folder, tmp_path):
    for by, state in (("-1 hour", "finished"), ("+1 hour", "running")):
        rows = _rows(_moved(folder, tmp_path / state, by))
        assert {row["state"] for row in rows.values()} == {state}


def _moved(folder, to, by):
    """A copy of the folder whose times are later or earlier."""
    to.mkdir()
    for path in folder.glob("*.db"):
        with sqlite3.connect(path) as source, sqlite3.connect(to / path.name) as target:
            source.backup(target)
            target.execute(_MOVE, [by])
        source.close()
        target.close()
    return to


def test_an_import_of_both_projects_can_be_repeated(place, tmp_path):
    asked = Asked([place], entity="lab", username="ada")
    as_of = datetime.now(UTC) + timedelta(minutes=1)
    done = import_runs(tmp_path, Settings(), "trackio", asked, as_of=as_of)
    assert "does not record how a run ended" in " ".join(done.notes)
    runs = reads.runs(latest_snapshot(tmp_path))
    assert set(runs["display_name"]) == {"first", "second", "third"}
    assert set(runs["scholar"]) == {"ada"}
    import_runs(tmp_path, Settings(), "trackio", asked, as_of=as_of)
    assert reads.runs(latest_snapshot(tmp_path)).equals(runs, null_equal=True)


def test_a_run_whose_time_cannot_be_read_does_not_stop_the_others(folder, tmp_path):
    damaged = _moved(folder, tmp_path / "damaged", "-1 hour")
    with sqlite3.connect(damaged / "vision.db") as database:
        database.execute("UPDATE metrics SET timestamp = 'soon' WHERE run_name = 'first'")
    database.close()
    batches = _read(damaged)
    reasons = [it.reason for batch in batches for it in batch.rejected]
    assert reasons == ["a time of it cannot be read"]
    names = {name for batch in batches for name in batch.runs["display_name"]}
    assert names == {"second", "third"}


@pytest.mark.parametrize("config", ['{"lr": ', '["lr"]', '{"a":' * 1000 + "1" + "}" * 1000])
def test_a_config_that_cannot_be_read_costs_only_itself(folder, tmp_path, config):
    damaged = _moved(folder, tmp_path / "damaged", "-1 hour")
    with sqlite3.connect(damaged / "vision.db") as database:
        database.execute("UPDATE configs SET config = ? WHERE run_name = 'first'", [config])
    database.close()
    rows = _rows(damaged)
    assert (rows["first"]["config"], rows["first"]["unreadable"]) == (None, ["config"])
    assert (rows["second"]["unreadable"], rows["first"]["history_rows"]) == (None, 3)


def test_a_damaged_file_or_no_folder_is_an_error_that_says_so(tmp_path):
    (tmp_path / "vision.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(SourceError, match="Trackio cannot read") as failed:
        _read(tmp_path)
    assert str(tmp_path) in str(failed.value)
    with pytest.raises(SourceError, match="There is no folder"):
        _read(tmp_path / "no")


def test_a_server_that_does_not_answer_is_an_error_without_its_password():
    with pytest.raises(SourceError) as failed:
        _read("http://ada:secret@127.0.0.1:9")
    assert "secret" not in f"{failed.value} {failed.value.hint}"
