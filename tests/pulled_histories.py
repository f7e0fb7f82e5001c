"""Pulls a store during a history of the server, and compares it with a fresh full pull."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from polars.testing import assert_frame_equal

from tests.builders import without_runs
from tests.derived_tables import assert_tables_agree, derived_tables
from tests.histories import DAY, History, in_pages_of
from tests.stores import copied
from tests.wandb_server import ProtocolServer, World
from tests.worlds import point_client_at, pull_into
from velocity.settings import Settings
from velocity.sources.wandb_api import connect
from velocity.store import LiveStore, open_live
from velocity.store.derive import derive

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    import pytest

    from velocity.sync.results import ProjectResult

RUN_COLUMNS = (
    "SELECT * EXCLUDE (run_key, deleted_at, seen_at, config_shape, config_hashes) FROM raw_run "
    "WHERE deleted_at IS NULL"
)


def check_history(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seed: int, kept_with: Settings
) -> None:
    """Assert that a store which was pulled during a history equals a fresh full pull.

    Args:
        monkeypatch: points the client at the server.
        tmp_path: of the stores.
        seed: of the history.
        kept_with: settings of the store that is pulled during it.
    """
    settings = {"kept": kept_with}
    for folder in ("kept", "now", "fresh"):  # configs compare under one salt only
        copied(without_runs, tmp_path / folder)
        (tmp_path / folder / "config.salt").write_text("5a" * 32, encoding="ascii")
    with ProtocolServer(World()) as server:
        point_client_at(server, monkeypatch)
        client = connect(timeout_s=20)
        history = History(server.world, seed)

        def opened(folder: str) -> AbstractContextManager[LiveStore]:
            return open_live(tmp_path / folder, settings.get(folder, Settings()))

        def pull(folder: str, *, full: bool = False) -> list[ProjectResult]:
            with opened(folder) as store:
                return pull_into(store, client, ["lab/*"], history.now, full=full)

        def raw_runs(folder: str) -> pl.DataFrame:
            with opened(folder) as store:
                store.record.catch_up()
                with store.reading_record():
                    return store.frame(RUN_COLUMNS).sort(pl.all())

        def derived(folder: str) -> dict[str, pl.DataFrame]:
            with opened(folder) as store:
                derive(store, Settings(), None)
                return derived_tables(store)

        for number in range(6):
            server.faults[:] = [in_pages_of(7), history.fault()]
            pull("kept")
            if number % 3 == 0:  # the rest takes in the changes of several pulls
                derived("kept")
            history.step()
        history.heal()
        server.faults[:] = [in_pages_of(7)]
        pull("kept")
        soon = raw_runs("kept")
        server.faults.clear()
        pull("now", full=True)
        history.now += DAY
        assert not any(it.error or it.rejected for it in pull("kept"))
        pull("fresh", full=True)

    # Changes with a sign are seen at once, all others within a day.
    gives_signs = ~pl.col("run_id").is_in(history.unseen)
    assert_frame_equal(soon.filter(gives_signs), raw_runs("now").filter(gives_signs))
    assert_frame_equal(raw_runs("kept"), raw_runs("fresh"))
    assert_tables_agree(derived("kept"), derived("fresh"))
