"""`velocity demo`: a real sync and server, with nothing left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import urllib.request
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from scripts.waiting import PATIENCE_S
from tests.cohort_truth import ANCHOR
from tests.commands import VELOCITY, environment, velocity
from tests.processes import MARK, assert_nothing_runs
from tests.worlds import node, point_client_at
from velocity.demo import cohort, is_demo, launch
from velocity.demo.stories import OFFLINE_SYNC
from velocity.demo.wandb_server.server import ProtocolServer
from velocity.demo.wandb_server.world import World
from velocity.demo.workdays import Term
from velocity.reading import reads
from velocity.sources.wandb_api import connect
from velocity.sources.wandb_client import forget_environment
from velocity.store import latest_snapshot


@contextmanager
def _demo(folder, until):
    """Run a demo in the folder; yield its lines up to `until`, then interrupt it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # The user's own key and server, which the demo must not use.
    own = {"WANDB_API_KEY": "x" * 40, "WANDB_BASE_URL": "http://127.0.0.1:9", MARK: str(folder)}
    demo = subprocess.Popen(
        [*VELOCITY, "demo", "--no-browser", "--port", str(port)],
        cwd=folder,
        env=environment(folder, **own),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    lines = []
    try:
        for line in demo.stderr:
            lines.append(line)
            if line.startswith(until):
                break
        else:
            pytest.fail("".join(lines))
        yield demo, port, lines
        demo.send_signal(signal.SIGINT)
        out, err = demo.communicate(timeout=PATIENCE_S)
        lines.append(err)
        assert out == ""
        assert "Traceback" not in err
    finally:
        demo.kill()
        demo.wait()
    assert_nothing_runs(folder)


@pytest.mark.fault
def test_the_demo_syncs_serves_and_leaves_nothing_running(tmp_path):
    data = tmp_path / "data" / "demo"
    with _demo(tmp_path, until="Serving") as (demo, port, lines):
        with urllib.request.urlopen(
            f"http://127.0.0.1:{port}/_stcore/health", timeout=PATIENCE_S
        ) as answer:
            assert answer.read() == b"ok"
        with pytest.raises(OSError, match="refused"):  # only one address is served
            socket.create_connection(("127.0.0.2", port), timeout=PATIENCE_S)
    assert demo.returncode == 0
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    assert "data/demo" in lines[0]
    assert {"connect", "pull", "derive", "publish"} <= {line.split()[0] for line in lines}

    assert is_demo(data)
    snapshot = latest_snapshot(data)
    log = reads.sync_log(snapshot)
    assert set(log["command"]) == {"sync"}
    assert log["error"].null_count() == log.height > 1
    assert reads.scholars(snapshot).height == len(cohort.BIRDS)
    # Pulled twice, a day apart: an offline directory synced in between changed an old week.
    restated = reads.restated(snapshot, by="scholar", since=None)
    late = restated.filter(
        pl.col("group_id") == cohort.BIRDS[OFFLINE_SYNC.seat],
        pl.col("measure") == "runs_started",
    ).row(0, named=True)
    assert late["value_after"] - late["value_before"] == 2
    first = Term.until(late["restated_at"]).week(OFFLINE_SYNC.week)
    assert late["week_start"] == datetime.fromtimestamp(first, UTC).date()
    shown = velocity("metrics", "--data", data, "--by", "stream", "--format", "csv", cwd=tmp_path)
    assert len(shown.stdout.splitlines()) == 1 + reads.streams(snapshot).height

    with _demo(tmp_path, until="Serving") as (_, port, again):
        # The server of the runs has ended, so the app answers their links.
        link = reads.runs(snapshot)["url"][0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{link}", timeout=PATIENCE_S) as answer:
            assert link.removeprefix("/demo-run/") in answer.read().decode()
    assert not [line for line in again if line.startswith("pull")]
    assert latest_snapshot(data).name == snapshot.name


@pytest.mark.fault
def test_a_demo_stopped_during_its_pull_leaves_nothing_and_starts_over(tmp_path):
    with _demo(tmp_path, until="pull") as (demo, _, _):
        pass
    assert demo.returncode == 130
    assert not (tmp_path / "data" / "demo" / "CURRENT").exists()
    with _demo(tmp_path, until="Serving") as (demo, _, _):
        pass
    assert demo.returncode == 0


@pytest.fixture
def pulls(monkeypatch):
    """The as_of of every cohort that would have been pulled; nothing is pulled."""
    made = []

    def build(_seed, as_of, **_):
        return cohort.Cohort([], "leads = []\n", "[programme]\n", as_of, [], as_of)

    def pull(folder, _config, made_cohort, _on_progress):
        made.append(made_cohort.as_of)
        (folder / "CURRENT").write_text("00000001", encoding="ascii")

    monkeypatch.setattr(cohort, "build_cohort", build)
    monkeypatch.setattr(launch, "_pull", pull)
    return made


def _prepare(folder, now=ANCHOR):
    return launch.prepare_demo(folder, now, on_progress=lambda _: None)


def test_a_store_of_this_code_is_reused(pulls, tmp_path):
    folder = tmp_path / "demo"
    assert _prepare(folder) == (folder, folder / "velocity.toml")
    _prepare(folder, ANCHOR + timedelta(hours=11, minutes=59))
    assert pulls == [ANCHOR]


def test_an_old_store_is_rebuilt(pulls, tmp_path):
    _prepare(tmp_path, ANCHOR + timedelta(minutes=30))
    _prepare(tmp_path, ANCHOR + timedelta(hours=12, minutes=20))
    assert pulls == [ANCHOR, ANCHOR + timedelta(hours=12)]


def test_a_store_of_other_code_is_rebuilt(pulls, tmp_path, monkeypatch):
    _prepare(tmp_path)
    monkeypatch.setattr(launch, "SEED", launch.SEED + 1)
    _prepare(tmp_path)
    assert len(pulls) == 2


def test_an_unfinished_store_is_rebuilt(pulls, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(launch, "_pull", stop)
        with pytest.raises(KeyboardInterrupt):
            _prepare(tmp_path)
    assert is_demo(tmp_path)
    (tmp_path / "CURRENT").write_text("00000001", encoding="ascii")
    _prepare(tmp_path)
    assert len(pulls) == 1


def test_an_earlier_client_does_not_affect_a_later_one(monkeypatch):
    with ProtocolServer(World([node(0)])) as theirs, ProtocolServer(World([node(1)])) as demo:
        point_client_at(theirs, monkeypatch)
        connect(timeout_s=PATIENCE_S)
        with launch._signed_in(demo.url, demo.api_key):
            connect(timeout_s=PATIENCE_S)
        connect(timeout_s=PATIENCE_S)
        assert (len(theirs.calls), len(demo.calls)) == (2, 1)


def test_the_users_own_key_is_restored(monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "mine")
    monkeypatch.setenv("WANDB_ENTITY", "us")
    forget_environment()  # written by the client of an earlier test
    before = dict(os.environ)
    with launch._signed_in("http://127.0.0.1:1", "theirs"):
        assert os.environ["WANDB_API_KEY"] == "theirs"
        assert "WANDB_ENTITY" not in os.environ
    assert dict(os.environ) == before
