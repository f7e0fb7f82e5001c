"""`velocity pull` and `velocity publish` do together what `velocity sync` does."""

from datetime import timedelta

import pytest

from tests.derived_tables import all_tables, assert_tables_agree
from tests.wandb_server import ProtocolServer, World
from tests.worlds import NOON, node, point_client_at
from velocity.errors import StoreError
from velocity.settings import Settings
from velocity.store import latest_snapshot, open_live
from velocity.sync.commands import publish_figures, pull_wandb, sync_wandb

PROJECTS = ["lab/vision"]


def test_a_pull_and_a_publish_are_a_sync(tmp_path, monkeypatch):
    given = {"projects": PROJECTS, "clock": lambda: NOON + timedelta(days=2)}
    halves, whole = tmp_path / "halves", tmp_path / "whole"
    with ProtocolServer(World([node(it) for it in range(5)])) as server:
        point_client_at(server, monkeypatch)
        result = pull_wandb(halves, Settings(), **given)
        assert [it.counts.new for it in result.projects] == [5]
        assert result.snapshot == ""
        with pytest.raises(StoreError, match="no data"):
            latest_snapshot(halves)
        sync_wandb(whole, Settings(), **given)
    assert publish_figures(halves, Settings()).scholars_derived == 1
    assert latest_snapshot(halves).name == latest_snapshot(whole).name
    with open_live(halves) as one, open_live(whole) as other:
        assert_tables_agree(all_tables(one), all_tables(other))
