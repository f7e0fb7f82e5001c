"""The record in PostgreSQL: what every record does, and what happens to its copy."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.pulled_histories import check_history
from tests.record_contract import *  # noqa: F403
from velocity.settings import Settings, Store

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def settings_of(new_database) -> Callable[[str], Settings]:
    """The record of every store is in a database of its own."""
    return cache(lambda _: Settings(store=Store(record=new_database())))


@pytest.mark.fault
def test_after_any_history_the_record_equals_one_in_a_file(monkeypatch, tmp_path, settings_of):
    check_history(monkeypatch, tmp_path, 1, settings_of("kept"))
