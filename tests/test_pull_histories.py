"""After any history of edits, deletions and faults, the store equals a fresh full pull."""

import pytest

from tests.pulled_histories import check_history
from velocity.settings import Settings


# Together they have every kind of change and of fault.
@pytest.mark.fault
@pytest.mark.parametrize("seed", [1, 2, 6])
def test_after_any_history_the_store_equals_a_fresh_full_pull(monkeypatch, tmp_path, seed):
    check_history(monkeypatch, tmp_path, seed, Settings())
