"""The record in PostgreSQL: what every record does, and what happens to its copy."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.record_contract import *  # noqa: F403
from tests.scale.postgres import new_database, settings_with

if TYPE_CHECKING:
    from collections.abc import Callable

    from velocity.settings import Settings


@pytest.fixture
def settings_of() -> Callable[[str], Settings]:
    """The record of every store is in a database of its own."""
    return cache(lambda _: settings_with(new_database()))
