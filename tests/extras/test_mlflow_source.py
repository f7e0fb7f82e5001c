"""Runs that MLflow's own client wrote, read from a real server and from a folder."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.extras.servers import served
from velocity.cli.application import make_group
from velocity.errors import SourceError
from velocity.reading import reads
from velocity.settings import Settings
from velocity.sources import mlflow_runs
from velocity.sources.base import Asked, find_source
from velocity.store import latest_snapshot
from velocity.sync.commands import import_runs

mlflow = pytest.importorskip("mlflow")

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
_SERVER = """
import sys
from mlflow.cli import cli
cli(["server", "--backend-store-uri", "sqlite:///runs.db", "--port", sys.argv[1], "--workers", "1"])
"""


def _ms(hours):
    """The instant some hours after START."""
    return int((START + hours * HOUR).timestamp() * 1000)


def _write(place):
    """Write runs with MLflow's client: of ada, a sweep of ben, one that runs and one deleted."""
    client = mlflow.MlflowClient(place)
    vision = client.create_experiment("vision")

    def run(name, start, end=None, state="FINISHED", user="ada", **tags):
        tags = {"mlflow.user": user} | {it.replace("__", "."): tags[it] for it in tags}
        made = client.create_run(vision, start_time=_ms(start), tags=tags, run_name=name)
        if end is not None:
            client.set_terminated(made.info.run_id, state, end_time=_ms(end))
        return made.info.run_id

    ids = {
        "first": run("first", 0, 1, mlflow__source__git__commit="c0ffee", team="a b"),
        "failed": run("failed", 1, 2, "FAILED"),
        "killed": run("killed", 2, 3, "KILLED"),
        "running": run("running", 4),
        "sweep": run("sweep", 0, 3, user="ben"),
        "deleted": run("deleted", 0, 1),
    }
    for number in range(2):
        own = {"user": "ben", "mlflow__parentRunId": ids["sweep"]}
        ids[f"part {number}"] = run(f"part {number}", number, number + 1, **own)
    client.log_param(ids["first"], "lr", 0.1)
    client.log_metric(ids["running"], "loss", 0.5, timestamp=_ms(5))
    client.log_metric(ids["running"], "loss", 0.4, timestamp=_ms(6))
    client.delete_run(ids["deleted"])
    return ids


@pytest.fixture(scope="module", params=["server", "folder"])
def place(request, tmp_path_factory):
    """Where the runs are, and their ids by name."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "folder":
        place = str(folder / "mlruns")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # the source sets it by itself
            ids = _write(place)
        yield place, ids
        return
    with served(_SERVER, folder) as address:
        yield address, _write(address)


def _rows(place, **asked):
    batches = [*find_source("mlflow").read(Asked([place], entity="lab", **asked))]
    assert [it for batch in batches for it in batch.rejected] == []
    return {row["run_id"]: row for batch in batches for row in batch.runs.to_dicts()}


def test_every_run_has_its_user_state_times_and_parameters(place):
    address, ids = place
    rows = _rows(address)
    assert set(rows) == {it for name, it in ids.items() if name != "deleted"}
    first = rows[ids["first"]]
    assert (first["entity"], first["project"], first["display_name"]) == ("lab", "vision", "first")
    assert (first["username"], first["state"], first["trust"]) == ("ada", "finished", 2)
    assert (first["created_at"], first["heartbeat_at"]) == (START, START + HOUR)
    assert (first["commit"], first["tags"]) == ("c0ffee", ["team=a b"])
    assert json.loads(first["config"]) == {"lr": "0.1"}
    states = {name: rows[ids[name]]["state"] for name in ("failed", "killed", "running")}
    assert states == {"failed": "failed", "killed": "killed", "running": "running"}


def test_a_running_run_was_alive_at_its_last_metric(place):
    address, ids = place
    row = _rows(address)[ids["running"]]
    assert row["heartbeat_at"] == row["last_metric_at"] == START + 6 * HOUR


def test_a_time_that_cannot_be_read_costs_only_itself(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    folder = str(tmp_path / "mlruns")
    client = mlflow.MlflowClient(folder)
    experiment = client.create_experiment("vision")
    nanoseconds = 10**18
    for name, logged, end in (("metric", nanoseconds, _ms(2)), ("end", _ms(1), nanoseconds)):
        made = client.create_run(experiment, start_time=_ms(0), run_name=name).info.run_id
        client.log_metric(made, "loss", 0.5, timestamp=logged)
        client.log_metric(made, "accuracy", 0.5, timestamp=_ms(1))
        client.set_terminated(made, end_time=end)
    early = client.create_run(experiment, start_time=1262304000000, run_name="2010").info.run_id
    client.log_metric(early, "steps", 1, timestamp=1000)
    client.log_metric(early, "loss", 0.5, timestamp=1262304060000)
    seconds = client.create_run(experiment, start_time=_ms(0) // 1000, run_name="start").info.run_id
    client.log_metric(seconds, "loss", 0.5, timestamp=_ms(1))
    rows = {row["display_name"]: row for row in _rows(folder).values()}
    assert (rows["start"]["created_at"], rows["start"]["unreadable"]) == (
        START + HOUR,
        ["start_time"],
    )
    assert rows["2010"]["unreadable"] is None
    assert rows["2010"]["last_metric_at"] == datetime(2010, 1, 1, 0, 1, tzinfo=UTC)
    assert rows["metric"]["unreadable"] == ["metrics"]
    assert rows["metric"]["heartbeat_at"] == START + 2 * HOUR
    assert rows["metric"]["last_metric_at"] == START + HOUR
    assert rows["end"]["unreadable"] == ["end_time"]
    assert rows["end"]["heartbeat_at"] == START + HOUR


def test_the_page_of_a_run_is_known_for_a_server(place):
    address, ids = place
    urls = {row["url"] for row in _rows(address).values()}
    if not address.startswith("http"):
        assert urls == {None}
        return
    assert any(url.startswith(f"{address}/#/experiments/") for url in urls)
    assert any(url.endswith(f"/runs/{ids['first']}") for url in urls)


def test_pages_of_two_runs_give_the_same_rows(place, monkeypatch):
    expected = _rows(place[0])
    monkeypatch.setattr(mlflow_runs, "_PAGE", 2)
    assert _rows(place[0]) == expected


def test_an_import_counts_a_parent_and_its_children_as_one_experiment(place, tmp_path):
    address, ids = place
    asked = Asked([address], entity="lab")
    import_runs(tmp_path, Settings(), "mlflow", asked, as_of=START + 7 * HOUR)
    snapshot = latest_snapshot(tmp_path)
    runs = reads.runs(snapshot)
    joined = dict(runs.select("run_id", "experiment_id").iter_rows())
    assert len({joined[ids[name]] for name in ("sweep", "part 0", "part 1")}) == 1
    running = runs.filter(run_id=ids["running"])["class"].item()
    expected = {"finished": 4, "failed": 1, "killed": 1, running: 1}
    assert dict(runs.group_by("class").len().iter_rows()) == expected
    assert set(runs["scholar"]) == {"ada", "ben"}
    import_runs(tmp_path, Settings(), "mlflow", asked, as_of=START + 7 * HOUR)
    assert reads.runs(latest_snapshot(tmp_path)).equals(runs, null_equal=True)


def test_the_command_imports_from_the_source(place, tmp_path):
    arguments = ["import", "--from", "mlflow", place[0], "--entity", "lab"]
    arguments += ["--data", str(tmp_path / "data"), "--config", str(tmp_path / "none.toml")]
    make_group()(arguments, standalone_mode=False)
    assert reads.runs(latest_snapshot(tmp_path / "data")).height == 7


def test_without_an_entity_or_a_folder_nothing_is_read_or_made(tmp_path):
    with pytest.raises(SourceError, match="which entity they belong to"):
        [*find_source("mlflow").read(Asked(["mlruns"]))]
    missing = tmp_path / "mlruns"
    with pytest.raises(SourceError, match="There is no folder"):
        [*find_source("mlflow").read(Asked([str(missing)], entity="lab"))]
    assert not missing.exists()


def test_a_server_that_does_not_answer_is_an_error_without_its_password(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(SourceError) as failed:
        [*find_source("mlflow").read(Asked(["http://ada:secret@127.0.0.1:9"], entity="lab"))]
    assert "http://127.0.0.1:9" in str(failed.value)
    assert "secret" not in f"{failed.value} {failed.value.hint}"
