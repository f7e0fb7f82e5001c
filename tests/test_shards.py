"""Everybody derived in shards is what one machine derives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.sharded import assert_same, derived, opened


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("shards")) as made:
        yield made


@pytest.fixture(scope="module")
def expected(store):
    return derived(store)


@pytest.fixture(autouse=True)
def cluster(monkeypatch):
    """Threads of this process instead of a cluster."""

    @contextmanager
    def connected(address):
        assert address == "tcp://127.0.0.1:1"
        with ThreadPoolExecutor(2) as executor:
            yield executor

    monkeypatch.setattr("velocity.store.derive.connected", connected)


@pytest.mark.parametrize("shards", [1, 3, 8])
def test_shards_are_what_one_machine_derives(store, expected, shards):
    assert_same(derived(store, shards), expected)
