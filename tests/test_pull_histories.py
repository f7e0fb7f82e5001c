"""After any history of edits, deletions and faults, the store equals a fresh full pull."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.derived_tables import assert_tables_agree, derived_tables
from tests.histories import DAY, History, in_pages_of
from tests.worlds import point_client_at, pull_into
from velocity.demo.wandb_server.server import ProtocolServer
from velocity.demo.wandb_server.world import World
from velocity.settings import Settings
from velocity.sources.wandb_api import connect
from velocity.store import open_live
from velocity.store.derive import derive

if TYPE_CHECKING:
    from pathlib import Path

    from velocity.sync.results import ProjectResult

RUN_COLUMNS = (
    "SELECT * EXCLUDE (run_key, deleted_at, seen_at, config_shape, config_hashes) FROM raw_run "
    "WHERE deleted_at IS NULL"
)


@pytest.mark.fault
@pytest.mark.parametrize("seed", range(4))
def test_after_any_history_the_store_equals_a_fresh_full_pull(monkeypatch, tmp_path, seed):
    for folder in ("kept", "now", "fresh"):  # configs compare under one salt only
        (tmp_path / folder).mkdir(mode=0o700)
        (tmp_path / folder / "config.salt").write_text("5a" * 32, encoding="ascii")
    with ProtocolServer(World()) as server:
        point_client_at(server, monkeypatch)
        client = connect(timeout_s=20)
        history = History(server.world, seed)

        def pull(folder: str, *, full: bool = False) -> list[ProjectResult]:
            with open_live(tmp_path / folder) as store:
                results = pull_into(store, client, ["lab/*"], history.now, full=full)
                derive(store, Settings(), None)
            return results

        for _ in range(6):
            server.faults[:] = [in_pages_of(7), history.fault()]
            pull("kept")
            history.step()
        history.heal()
        server.faults[:] = [in_pages_of(7)]
        pull("kept")
        shutil.copytree(tmp_path / "kept", tmp_path / "soon")
        pull("now", full=True)
        history.now += DAY
        assert not any(it.error or it.rejected for it in pull("kept"))
        pull("fresh", full=True)

    # Changes with a sign are seen at once, all others within a day.
    soon, now = raw_runs(tmp_path / "soon"), raw_runs(tmp_path / "now")
    gives_signs = ~pl.col("run_id").is_in(history.unseen)
    assert_frame_equal(soon.filter(gives_signs), now.filter(gives_signs))
    assert_frame_equal(raw_runs(tmp_path / "kept"), raw_runs(tmp_path / "fresh"))
    assert_tables_agree(derived(tmp_path / "kept"), derived(tmp_path / "fresh"))


def raw_runs(folder: Path) -> pl.DataFrame:
    with open_live(folder) as store:
        return store.record.connection.frame(RUN_COLUMNS).sort(pl.all())


def derived(folder: Path) -> dict[str, pl.DataFrame]:
    with open_live(folder) as store:
        return derived_tables(store)
