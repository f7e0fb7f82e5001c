"""Everybody derived in shards is what one machine derives, and only with a setting."""

import sys

import pytest

from tests import sharded
from tests.builders import one_run, run
from tests.stores import copied
from velocity.errors import ConfigurationError, StoreError
from velocity.records import run_frame
from velocity.settings import Settings, load_settings
from velocity.store import open_live
from velocity.store.derive import derive

pytestmark = pytest.mark.sampled(4)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with sharded.opened(tmp_path_factory.mktemp("shards")) as made:
        yield made


@pytest.fixture
def small(tmp_path):
    with open_live(copied(one_run, tmp_path / "data")) as made:
        made.run("UPDATE derived_with SET fingerprint = ''")
        yield made


def test_shards_are_what_one_machine_derives(store, monkeypatch):
    monkeypatch.setattr("velocity.store.derive.connected", sharded.threads)
    expected = sharded.derived(store)
    assert {name for name, frame in expected.items() if frame.is_empty()} == {"aim"}
    sharded.assert_same(sharded.derived(store, 3), expected)


def test_a_small_change_stays_on_this_machine(small, monkeypatch):
    settings = sharded.settings(scheduler="tcp://127.0.0.1:1")
    with monkeypatch.context() as patched:
        patched.setattr("velocity.store.derive.connected", sharded.threads)
        derive(small, settings, None)
    monkeypatch.setitem(sys.modules, "distributed", None)
    small.record.merge_runs(run_frame([run("r2", "12:00", "13:00")]))
    assert derive(small, settings, None).scholars == 1
    assert small.run("SELECT count(*) FROM derived.run") == [(2,)]


def test_a_worker_of_another_version_is_refused_and_nothing_changes(small, monkeypatch):
    monkeypatch.setattr("velocity.store.derive.connected", sharded.threads)
    monkeypatch.setattr("velocity.store.shard.queries_fingerprint", lambda: "another")
    before = small.frame("FROM derived.run")
    with pytest.raises(StoreError, match="the worker has another version of velocity"):
        derive(small, sharded.settings(scheduler="tcp://127.0.0.1:1"), None)
    assert small.frame("FROM derived.run").equals(before)
    assert not (small.data / "velocity-shards").exists()


def test_what_a_killed_derivation_left_goes_with_the_next_one_of_everybody(small):
    left = small.data / "velocity-shards" / "raw_run"
    left.mkdir(parents=True)
    derive(small, Settings(), None)
    assert not left.parent.exists()


def test_without_the_extra_the_setting_says_how_to_install_it(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigurationError, match="distributed") as caught:
        derive(small, sharded.settings(scheduler="tcp://127.0.0.1:1"), None)
    assert 'pip install "research-velocity[scale]"' in caught.value.hint


def test_a_scheduler_without_tls_is_on_this_machine(tmp_path):
    def loaded(address):
        config = tmp_path / "velocity.toml"
        config.write_text(f'[derive]\nscheduler = "{address}"\n', encoding="utf-8")
        return load_settings(config).derive.scheduler

    local = [f"tcp://{host}:8786" for host in ("127.0.0.1", "localhost", "[::1]")]
    for address in (*local, "tls://scheduler.example:8786", "tls://10.0.0.7:8786"):
        assert loaded(address) == address
    others = ("tcp://scheduler.example", "tcp://127.0.0.1.example", "tcp://0.0.0.0")
    for address in (*others, "scheduler.example"):
        with pytest.raises(ConfigurationError, match="tcp:// is for this machine only"):
            loaded(f"{address}:8786")
