"""The record in a file: what every record does, and what happens to the file itself."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.builders import run
from tests.derived_tables import assert_tables_agree, derived_tables
from tests.record_contract import *  # noqa: F403
from tests.record_contract import LATE, ON_TIME, bring, derived
from velocity.settings import Settings
from velocity.store import open_live

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.sampled(12)


@pytest.fixture
def settings_of() -> Callable[[str], Settings]:
    """The record of every store is in its folder."""
    return lambda _: Settings()


@pytest.mark.thorough
@pytest.mark.parametrize("later", [0, 3])
def test_tables_derived_from_another_record_are_rebuilt(tmp_path, later):
    """With any number of changes in the other record."""
    other = [run(f"other{number}", f"1{number}:00", f"1{number}:30") for number in range(1 + later)]
    with open_live(tmp_path) as store:
        bring(store, ON_TIME)
        bring(store, LATE)
        derived(store)
    (tmp_path / "record.duckdb").unlink()
    with open_live(tmp_path) as store:
        for row in other:
            bring(store, [row])
        derived(store)
        found = derived_tables(store)
    with open_live(tmp_path / "fresh") as store:
        bring(store, other)
        derived(store)
        assert_tables_agree(found, derived_tables(store))


@pytest.mark.thorough
def test_runs_missing_from_an_earlier_copy_of_the_record_are_not_shown(tmp_path):
    with open_live(tmp_path) as store:
        bring(store, ON_TIME)
        derived(store)
    copy = shutil.copy(tmp_path / "record.duckdb", tmp_path / "copy")
    with open_live(tmp_path) as store:
        bring(store, LATE)
        derived(store)
    shutil.move(copy, tmp_path / "record.duckdb")
    with open_live(tmp_path) as store:
        derived(store)
        found = derived_tables(store)
    with open_live(tmp_path / "fresh") as store:
        bring(store, ON_TIME)
        derived(store)
        assert_tables_agree(found, derived_tables(store))
