"""Backups and archives of a store whose record is in PostgreSQL."""

from datetime import date

import pytest
from polars.testing import assert_frame_equal

from tests.builders import at, run
from tests.programmes import programme
from tests.stores import copied
from velocity.errors import StoreError
from velocity.reading import reads
from velocity.records import run_frame
from velocity.settings import load_settings
from velocity.store import latest_snapshot, open_live
from velocity.store.live import move
from velocity.sync.archive import archive, archive_due
from velocity.sync.backup import back_up
from velocity.sync.commands import publish_figures
from velocity.sync.restore import restore


def _moved(folder, address):
    """Name a server in the settings, and return them."""
    config = folder / "velocity.toml"
    config.write_text(f'{config.read_text()}\n[store]\nrecord = "{address}"\n')
    return load_settings(config)


def test_a_backup_is_restored_into_an_empty_server(tmp_path, new_database):
    home, other = copied(programme, tmp_path / "home"), tmp_path / "other"
    settings = _moved(home, new_database())
    move(home / "data", settings, "server")
    publish_figures(home / "data", settings)
    back_up(home / "data", home / "velocity.toml", tmp_path / "backup")
    with pytest.raises(StoreError, match="on a server"):
        restore(home / "data", home / "velocity.toml", tmp_path / "backup", replace=True)
    other.mkdir()
    (other / "velocity.toml").write_text(f'[store]\nrecord = "{new_database()}"\n')
    (other / "roster.toml").write_bytes((home / "roster.toml").read_bytes())
    restore(other / "data", other / "velocity.toml", tmp_path / "backup")
    before, after = (reads.runs(latest_snapshot(it / "data")) for it in (home, other))
    assert_frame_equal(before.sort("run_id"), after.sort("run_id"))
    settings = load_settings(other / "velocity.toml")
    with open_live(other / "data", settings) as store:
        row = run("later", at("09:00", days=80), project="vision", username="person1")
        assert store.record.merge_runs(run_frame([row])).new == 1


def test_a_server_leaves_archived_runs_out(tmp_path, new_database):
    home = copied(programme, tmp_path / "home")
    week = date(2026, 2, 16)
    archive(home / "data", load_settings(home / "velocity.toml"), week)
    settings = _moved(home, new_database())
    move(home / "data", settings, "server")
    days = {"old": 8, "new": 80}.items()
    hour = [(it, at("09:00", days=n), at("10:00", days=n)) for it, n in days]
    rows = [run(*it, project="vision") for it in hour]
    with open_live(home / "data", settings) as store:
        assert store.record.merge_runs(run_frame(rows)).new == 1
        assert store.record.list_differing("e", "vision", run_frame(rows)) == ["new"]
        assert archive_due(store, settings) is None
    publish_figures(home / "data", settings)
    found = reads.runs(latest_snapshot(home / "data"))["run_id"].to_list()
    assert "new" in found
    assert "old" not in found
    ledger = reads.ledger(latest_snapshot(home / "data"), by="programme")
    assert ledger["credits_granted"].item() < 5000
