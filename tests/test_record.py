"""The record in a file: what every record does, and what happens to the file itself."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.builders import run, without_runs
from tests.derived_tables import assert_tables_agree, derived_tables
from tests.record_contract import *  # noqa: F403
from tests.record_contract import LATE, ON_TIME, bring, derived
from tests.stores import copied
from velocity.store import open_live

if TYPE_CHECKING:
    from pathlib import Path

    from tests.record_contract import Opened

pytestmark = pytest.mark.sampled(12)


@pytest.fixture
def opened(tmp_path) -> Opened:
    """Open the store of a name, whose record is in its folder."""

    def named(name="one"):
        folder = tmp_path / name
        return open_live(folder if folder.exists() else copied(without_runs, folder))

    return named


def on_time(folder: Path) -> None:
    with open_live(copied(without_runs, folder)) as store:
        bring(store, ON_TIME)
        derived(store)


def late(folder: Path) -> None:
    with open_live(copied(on_time, folder)) as store:
        bring(store, [*LATE, run("bob", "12:00", "13:00", username="bob")])
        derived(store)


@pytest.mark.thorough
@pytest.mark.parametrize("later", [0, 3])
def test_tables_derived_from_another_record_are_rebuilt(opened, tmp_path, later):
    """With any number of changes in the other record."""
    other = [
        run("other", "10:00", f"1{1 + number}:30", username="ben") for number in range(1 + later)
    ]
    (copied(late, tmp_path / "one") / "record.duckdb").unlink()
    with opened("one") as store:
        for row in other:
            bring(store, [row])
        derived(store)
        found = derived_tables(store)
    with opened("fresh") as store:
        bring(store, other[-1:])
        derived(store)
        assert_tables_agree(found, derived_tables(store))


@pytest.mark.thorough
def test_runs_missing_from_an_earlier_copy_of_the_record_are_not_shown(opened, tmp_path):
    copied(late, tmp_path / "one")
    earlier = copied(on_time, tmp_path / "earlier") / "record.duckdb"
    shutil.copy(earlier, tmp_path / "one")
    with opened("one") as store:
        derived(store)
        found = derived_tables(store)
    with opened("earlier") as store:
        assert_tables_agree(found, derived_tables(store))
