"""“Sync now”: the server starts the command line's sync, with a real store and W&B server."""

import os
from types import SimpleNamespace

import pytest

from scripts.waiting import wait_until
from tests.app_pages import AS_OF, open_page
from tests.builders import run, store_of
from tests.conftest import ROOT
from tests.wandb_server import ProtocolServer, World
from tests.worlds import node, point_client_at
from velocity.database.lock import writer_lock
from velocity.errors import VelocityError
from velocity.reading.access import ANYBODY, Scope, Viewer
from velocity.settings import Settings, Store, Wandb
from velocity.store import latest_snapshot
from velocity.ui import sync_now
from velocity.ui.sign_in import Admission
from velocity.ui.sync_now import latest, may_sync


def store(data, *, projects):
    store_of([run("r1", "09:00", "10:00")], AS_OF, data=data)
    (data / "velocity.toml").write_text(f"[wandb]\nprojects = {projects}\n", encoding="utf-8")


def wait(data):
    sync = latest(data)
    wait_until(lambda: not sync.under_way)
    return sync


def labels(test):
    return [button.label for button in test.button]


@pytest.mark.thorough
def test_a_refused_sync_names_the_process_that_writes_the_store(tmp_path, monkeypatch):
    store(tmp_path, projects='["lab/vision"]')
    with writer_lock(tmp_path):
        test = open_page("data_health", tmp_path, monkeypatch)
        test.button(key="sync-now").click().run()
        sync = wait(tmp_path)
        test.run()
    assert "is being written by process" in sync.error.message
    assert "being written by process" in test.warning[0].value
    assert "try again" in test.warning[0].value
    assert "Sync now" in labels(test)


def test_viewers_with_limits_see_only_that_a_sync_runs_or_failed(tmp_path, monkeypatch):
    store(tmp_path, projects='["zq-person/vision"]')
    lead = Viewer("lead@x.example", "lead", frozenset({"lead"}), Scope(fixed_groups=True))
    monkeypatch.setattr(sync_now, "admission", lambda: Admission(lead, None))

    line = "pull     zq-person/vision  3 of 9"
    told = SimpleNamespace(under_way=True, last_line=line, error=None)
    monkeypatch.setitem(sync_now._begun, tmp_path, told)
    test = open_page("data_health", tmp_path, monkeypatch)
    assert [it.value for it in test.caption if it.value.startswith("Syncing")] == ["Syncing"]
    told.under_way = False
    told.error = VelocityError("zq-person/vision: failed.", "zq-person cannot be read.")
    test.run()
    assert [it.value for it in test.warning if "zq" in it.value] == []
    assert "The last sync failed" in test.warning[0].value


@pytest.mark.thorough
def test_a_click_syncs_and_never_runs_code_of_the_working_directory(tmp_path, monkeypatch):
    data, planted = tmp_path / "data", tmp_path / "planted"
    data.mkdir()
    store(data, projects='["lab/vision"]')
    before = latest_snapshot(data).name
    for name in ("velocity/__init__.py", "velocity/__main__.py", "orjson.py", "sitecustomize.py"):
        (planted / name).parent.mkdir(parents=True, exist_ok=True)
        (planted / name).write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r})")
    (planted / "wandb").mkdir()
    (planted / "wandb/settings").write_text("[default]\nbase_url = http://evil.example\n")
    monkeypatch.chdir(planted)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([".", "", str(ROOT)]))
    with ProtocolServer(World([node(0)])) as server:
        point_client_at(server, monkeypatch)
        test = open_page("data_health", data, monkeypatch)
        test.button(key="sync-now").click().run()
        assert not test.exception
        sync = wait(data)
    assert not (tmp_path / "ran").exists()
    assert sync.error is None
    assert latest_snapshot(data).name != before
    assert "Published snapshot" in sync.last_line


def test_the_sync_gets_only_the_secret_of_wandb():
    secrets = (
        *("VELOCITY_OIDC_CLIENT_SECRET", "VELOCITY_OIDC_COOKIE_SECRET", "VELOCITY_WEBHOOK_URL"),
        *("STREAMLIT_SERVER_PORT", "AWS_SECRET_ACCESS_KEY"),
        *("PYTHONSTARTUP", "PYTHONHOME", "LD_PRELOAD"),
    )
    kept = {"WANDB_API_KEY": "key", "https_proxy": "http://proxy", "HOME": "/home/x"}
    path = {"PYTHONPATH": f"relative{os.pathsep}/opt/more{os.pathsep}"}
    assert sync_now._environment(kept | path | dict.fromkeys(secrets, "zq")) == kept | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), "/opt/more"]),
        "PYTHONIOENCODING": "utf-8",
    }


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("projects", "file"), [("[]", "none"), ('["lab/vision"]', "DEMO")], ids=["no source", "demo"]
)
def test_a_demo_or_a_store_without_a_source_offers_no_sync(tmp_path, monkeypatch, projects, file):
    store(tmp_path, projects=projects)
    (tmp_path / file).touch()
    assert "Sync now" not in labels(open_page("data_health", tmp_path, monkeypatch))


def test_with_a_bucket_no_page_offers_a_sync(tmp_path):
    shared = Store(snapshots="s3://bucket/prefix")
    alone, many = (Settings(wandb=Wandb(projects=("e/p",)), store=it) for it in (Store(), shared))
    assert [may_sync(ANYBODY, it, tmp_path) for it in (alone, many)] == [True, False]
