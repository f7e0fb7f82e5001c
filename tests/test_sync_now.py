"""“Sync now”: the command line's sync begun by the server, against a real store and server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.waiting import wait_until
from tests.app_pages import AS_OF, open_page
from tests.builders import run, store_of
from tests.worlds import node, point_client_at
from velocity.database.lock import writer_lock
from velocity.demo.wandb_server.server import ProtocolServer
from velocity.demo.wandb_server.world import World
from velocity.store import latest_snapshot
from velocity.ui.sync_now import latest

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest


def store(data, *, projects):
    store_of([run("r1", "09:00", "10:00")], AS_OF, data=data)
    (data / "velocity.toml").write_text(f"[wandb]\nprojects = {projects}\n", encoding="utf-8")


def wait(data):
    sync = latest(data)
    wait_until(lambda: not sync.under_way)
    return sync


def labels(test: AppTest) -> list[str]:
    return [button.label for button in test.button]


def test_a_click_brings_what_is_new_without_waiting_for_it(tmp_path, monkeypatch):
    store(tmp_path, projects='["lab/vision"]')
    before = latest_snapshot(tmp_path).name
    with ProtocolServer(World([node(0)])) as server:
        point_client_at(server, monkeypatch)
        test = open_page("data_health", tmp_path, monkeypatch)
        test.button(key="sync-now").click().run()
        assert not test.exception
        sync = wait(tmp_path)
    assert sync.error is None
    assert latest_snapshot(tmp_path).name != before
    assert "Published snapshot" in sync.last_line


def test_who_writes_the_store_is_named_to_whom_asks_for_a_sync(tmp_path, monkeypatch):
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


def test_where_there_is_nothing_to_sync_from_nothing_is_offered(tmp_path, monkeypatch):
    store(tmp_path, projects="[]")
    assert "Sync now" not in labels(open_page("data_health", tmp_path, monkeypatch))


def test_a_demo_is_not_synced(tmp_path, monkeypatch):
    store(tmp_path, projects='["lab/vision"]')
    (tmp_path / "DEMO").touch()
    assert "Sync now" not in labels(open_page("data_health", tmp_path, monkeypatch))
