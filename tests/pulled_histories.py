"""Pulls a store during a history of the server, and compares it with a fresh full pull."""

import polars as pl
from polars.testing import assert_frame_equal

from tests.builders import without_runs
from tests.derived_tables import assert_tables_agree, derived_tables
from tests.histories import DAY, History, in_pages_of
from tests.stores import copied
from tests.worlds import pull_into, runs_served
from velocity.settings import Settings
from velocity.sources.wandb_api import connect
from velocity.store import open_live
from velocity.store.derive import derive

RUN_COLUMNS = (
    "SELECT * EXCLUDE (run_key, deleted_at, seen_at, config_shape, config_hashes) FROM raw_run "
    "WHERE deleted_at IS NULL"
)


def check_history(monkeypatch, tmp_path, seed, kept_with):
    """Assert that a store which was pulled during a history equals a fresh full pull.

    The history has the seed; the store that is pulled during it has the settings `kept_with`.
    """
    settings = {"kept": kept_with}
    for folder in ("kept", "now", "fresh"):  # configs compare under one salt only
        copied(without_runs, tmp_path / folder)
        (tmp_path / folder / "config.salt").write_text("5a" * 32, encoding="ascii")
    with runs_served(monkeypatch, 0) as server:
        client = connect(timeout_s=20)
        history = History(server.world, seed)

        def opened(folder):
            return open_live(tmp_path / folder, settings.get(folder, Settings()))

        def pull(folder, *, full=False):
            with opened(folder) as store:
                return pull_into(store, client, ["lab/*"], history.now, full=full)

        def raw_runs(folder):
            with opened(folder) as store:
                store.record.catch_up()
                with store.reading_record():
                    return store.frame(RUN_COLUMNS).sort(pl.all())

        def derived(folder):
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
