"""Everybody derived on a Dask cluster, of which workers and the coordinator die."""

import os
import shutil
import signal
import subprocess
import sys
from functools import partial

import dask
import pytest

from tests import sharded
from tests.commands import environment
from tests.derived_tables import derived_tables
from tests.scale import servers
from velocity.cli import main
from velocity.errors import StoreError, VelocityError
from velocity.store import open_live, shard, shards
from velocity.store.publish import publish

#: Dies when the shards of scholars are made.
_COORDINATOR = """
import os, signal, sys
from pathlib import Path
from tests import sharded
from velocity.store import open_live, shards

shards._shards_of_hosts = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with open_live(Path(sys.argv[1])) as store:
    sharded.derived(store, 3, scheduler=sys.argv[2])
"""


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """The variables of a certificate, which this process has too."""
    found = servers.certificate(tmp_path_factory.mktemp("certificate"))
    with pytest.MonkeyPatch.context() as patched:
        for name, value in found.items():
            patched.setenv(name, value)
        dask.config.refresh()
        yield found
    dask.config.refresh()


@pytest.fixture(scope="module")
def scheduler(there, tmp_path_factory):
    """The address of a scheduler with two workers."""
    with servers.dask(tmp_path_factory.mktemp("dask"), there, workers=2) as (address, _):
        yield address


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The data folder of a published store, and what is derived in it."""
    data = tmp_path_factory.mktemp("made") / "data"
    with sharded.opened(data) as store:
        expected = sharded.derived(store)
        publish(store)
    return data, expected


@pytest.fixture(scope="module")
def expected(made):
    return made[1]


@pytest.fixture
def data(made, tmp_path):
    """A copy of the store."""
    return shutil.copytree(made[0], tmp_path / "data")


@pytest.fixture(scope="module")
def store(made, tmp_path_factory):
    with open_live(shutil.copytree(made[0], tmp_path_factory.mktemp("store") / "data")) as opened:
        yield opened


@pytest.mark.parametrize("count", [1, 3, 8])
def test_a_cluster_derives_what_one_machine_does(store, expected, scheduler, count):
    sharded.assert_same(sharded.derived(store, count, scheduler=scheduler), expected)


@pytest.mark.fault
@pytest.mark.parametrize("stage", ["scholar", "host"])
def test_a_worker_that_died_is_replaced(store, expected, scheduler, stage, monkeypatch):
    mark = store.data / f"died with a {stage}"
    monkeypatch.setattr(shards, "make_shard", partial(sharded.die_once, mark, stage))
    sharded.assert_same(sharded.derived(store, 3, scheduler=scheduler), expected)
    assert mark.exists()
    assert not (store.data / "velocity-shards").exists()


@pytest.mark.fault
def test_the_next_coordinator_completes_a_killed_one(made, data, scheduler, there, tmp_path):
    variables = environment(tmp_path) | there
    command = [sys.executable, "-c", _COORDINATOR, data, scheduler]
    assert subprocess.run(command, env=variables, check=False).returncode == -signal.SIGKILL
    assert (data / "velocity-shards").exists()
    assert (data / "CURRENT").read_bytes() == (made[0] / "CURRENT").read_bytes()
    with open_live(data) as store:
        sharded.assert_same(sharded.derived(store, 3, scheduler=scheduler), made[1])
        assert not (data / "velocity-shards").exists()
        assert publish(store) != (made[0] / "CURRENT").read_text(encoding="ascii")


@pytest.mark.fault
def test_a_scheduler_that_ends_changes_nothing(expected, data, there, tmp_path, monkeypatch):
    with servers.dask(tmp_path, there, workers=1) as (address, process), open_live(data) as store:
        monkeypatch.setattr(shards, "make_shard", partial(sharded.kill, process))
        with pytest.raises(StoreError, match="the scheduler has ended"):
            sharded.derived(store, 3, scheduler=address)
    with open_live(data) as store:
        sharded.assert_same(derived_tables(store), expected)


@pytest.mark.usefixtures("scheduler")  # a certificate is there
def test_a_scheduler_that_does_not_answer_is_named(made, data, tmp_path, monkeypatch, capsys):
    address, config = f"tls://127.0.0.1:{servers.closed_port()}", tmp_path / "velocity.toml"
    config.write_text(f'[derive]\nscheduler = "{address}"\n', encoding="utf-8")
    monkeypatch.setattr(shards, "_PATIENCE_S", 1)
    monkeypatch.setattr(os, "umask", lambda _: 0)
    argv = ["velocity", "publish", "--data", str(data), "--config", str(config)]
    monkeypatch.setattr(sys, "argv", argv)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1
    told = capsys.readouterr().err
    assert f"The Dask scheduler at {address} cannot be reached: " in told
    assert "Traceback" not in told
    assert (data / "CURRENT").read_bytes() == (made[0] / "CURRENT").read_bytes()
    with open_live(data) as store:
        sharded.assert_same(derived_tables(store), made[1])


def test_a_scheduler_without_workers_says_so(tmp_path, there, monkeypatch):
    monkeypatch.setattr(shards, "_WORKER_S", 1)
    refused = pytest.raises(StoreError, match="has no worker")
    with servers.dask(tmp_path, there, workers=0) as (address, _), refused:  # noqa: SIM117
        with shards.connected(address):
            pass


@pytest.mark.parametrize("has_another", [False, True])
def test_nobody_without_its_certificate_reaches_a_scheduler(scheduler, tmp_path, has_another):
    servers.certificate(tmp_path)
    files = {"ca-file": "cert.pem", "client.cert": "cert.pem", "client.key": "key.pem"}
    files = {it: str(tmp_path / file) if has_another else None for it, file in files.items()}
    tls = {f"distributed.comm.tls.{it}": file for it, file in files.items()}
    told = "certificate does not match" if has_another else "There is no certificate"
    refused = pytest.raises(VelocityError, match=told)
    with dask.config.set(tls), refused, shards.connected(scheduler):
        pass


def by_scholar(connection, rows, path, *options, real=shard.write):
    """Makes shards of hosts by scholar."""
    real(connection, rows.replace("host_key %", "host_session.scholar_key %"), path, *options)


def without_one(stage, executor, tasks, tell, real=shards._run):
    """Leaves out the first shard of a stage."""
    return real(executor, tasks, tell)[tasks[0].stage == stage :]


@pytest.mark.parametrize(
    ("target", "wrong"),
    [
        ("shard.write", by_scholar),
        ("shards._run", partial(without_one, "scholar")),
        ("shards._run", partial(without_one, "host")),
    ],
    ids=["shards of hosts by scholar", "a missing shard of scholars", "a missing shard of hosts"],
)
def test_wrong_shards_are_noticed(store, expected, monkeypatch, target, wrong):
    monkeypatch.setattr("velocity.store.derive.connected", sharded.threads)
    monkeypatch.setattr(f"velocity.store.{target}", wrong)
    with pytest.raises(AssertionError):
        sharded.assert_same(sharded.derived(store, 3), expected)
