"""The store keeps clear text of named config keys only, and snapshots have none at all."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from datetime import timedelta

import duckdb
import pytest

from tests.builders import at, run, without_runs
from tests.commands import ROOT
from tests.earlier_store import write_earlier_store
from tests.sampling import one_in
from tests.stores import copied
from tests.wandb_server import ProtocolServer, World
from tests.worlds import NOON, node, point_client_at
from velocity.errors import StoreError
from velocity.reading import reads
from velocity.records import run_frame
from velocity.settings import Compute, Settings
from velocity.sources.base import Asked
from velocity.store import latest_snapshot, open_live
from velocity.sync.commands import import_runs, pull_wandb, sync_wandb
from velocity.sync.forget import forget_person, look_up

pytestmark = pytest.mark.sampled(3)

HIDDEN = "zf-hidden-value"
CONFIGS = [
    {"lr": 0.125, "innocent_name": HIDDEN, "seed": n, "hf_token": f"{HIDDEN}-{n}", "num_gpus": 2}
    for n in range(6)
]
GPUS = Settings(compute=Compute(gpu_count_key="num_gpus"))


def bytes_of(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def server(monkeypatch):
    runs = [node(n, config=config) for n, config in enumerate(CONFIGS)]
    with ProtocolServer(World(runs)) as running:
        point_client_at(running, monkeypatch)
        yield running


def synced(data, settings=Settings(), *, days=1, figures=False, **options):  # noqa: B008 - frozen
    (project,) = (sync_wandb if figures else pull_wandb)(
        data,
        settings,
        projects=["lab/vision"],
        clock=lambda: NOON + timedelta(days=days),
        **options,
    ).projects
    assert project.error is None
    return project


def told_of(store):
    rows = store.record.connection.run("SELECT DISTINCT named_values FROM raw_run")
    return sorted((told for (told,) in rows), key=str)


def test_no_config_value_is_in_any_byte_of_the_folder(server, tmp_path):  # noqa: ARG001
    data = tmp_path / "data"
    synced(data, figures=True)
    assert HIDDEN.encode() not in bytes_of(data)
    assert b"innocent_name" in (data / "record.duckdb").read_bytes()
    with open_live(data) as store:
        assert store.record.connection.run(
            "SELECT count(*), count(config_hashes) FROM raw_run"
        ) == [(6, 6)]


@pytest.mark.thorough
def test_only_its_owner_can_read_the_salt_and_it_is_not_in_the_store(server, tmp_path):  # noqa: ARG001
    data = tmp_path / "data"
    synced(data, figures=True)
    path = data / "config.salt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    salt = path.read_text()
    files = [it for it in data.rglob("*") if it.is_file() and it != path]
    for form in (salt.encode(), bytes.fromhex(salt)):
        assert all(form not in it.read_bytes() for it in files)
    synced(data, days=2)
    assert path.read_text() == salt


@pytest.mark.parametrize("content", one_in(4, [None, "", "abcd", "zz" * 32]))
def test_a_store_without_its_salt_does_not_accept_another(content, tmp_path):
    rows = run_frame([run("r", "09:00", config='{"a":1}')])
    with open_live(copied(without_runs, tmp_path)) as store:
        store.record.merge_runs(rows)
    salt = (tmp_path / "config.salt").read_text()
    (tmp_path / "config.salt").unlink()
    if content is not None:
        (tmp_path / "config.salt").write_text(content)
    with open_live(tmp_path) as store, pytest.raises(StoreError, match=r"config\.salt"):
        store.record.merge_runs(rows)
    (tmp_path / "config.salt").write_text(salt)
    with open_live(tmp_path) as store:
        assert store.record.merge_runs(rows).unchanged == 1


@pytest.mark.thorough
def test_snapshots_have_only_key_names_of_configs(server, tmp_path):  # noqa: ARG001
    data = tmp_path / "data"
    synced(data, GPUS, figures=True)
    (path,) = (data / "snapshots").glob("*.duckdb")
    with duckdb.connect(path, read_only=True) as connection:
        columns = connection.execute("SELECT table_name, column_name FROM duckdb_columns()")
        assert not {
            (table, name) for table, name in columns.fetchall() if name.startswith("config")
        }


def commits_of(data):
    with open_live(data) as store:
        return dict(store.record.connection.run("SELECT run_id, commit FROM raw_run"))


@pytest.mark.thorough
def test_the_commit_is_stored_with_a_run_but_not_in_snapshots(server, tmp_path):
    data = tmp_path / "data"
    server.world.change("lab", "vision", "r0001", commit="c0ffee")
    synced(data, figures=True)
    commits = commits_of(data)
    assert (commits.pop("r0001"), set(commits.values())) == ("c0ffee", {None})
    assert all(b"c0ffee" not in it.read_bytes() for it in (data / "snapshots").iterdir())
    server.world.change("lab", "vision", "r0001", commit="decade")
    assert synced(data, days=1.1).counts.changed == 0
    assert synced(data, days=1.2, full=True).counts.changed == 1
    assert commits_of(data)["r0001"] == "decade"


@pytest.mark.thorough
def test_key_names_of_a_forgotten_person_are_removed(tmp_path):
    rows = [
        run("r1", "09:00", "10:00", username="zf-person", config='{"zf-only-theirs":1,"lr":1}'),
        run("r2", "09:00", "10:00", config='{"lr":1}'),
    ]
    run_frame(rows).drop("source").write_parquet(tmp_path / "runs.parquet")
    asked = Asked([str(tmp_path / "runs.parquet")])
    import_runs(tmp_path / "data", Settings(), "table", asked)
    assert b"zf-only-theirs" in bytes_of(tmp_path / "data")
    data, settings = tmp_path / "data", Settings(roster=tmp_path / "none")
    forget_person(data, settings, look_up(data, settings, "zf-person"))
    assert b"zf-only-theirs" not in bytes_of(tmp_path / "data")
    with open_live(tmp_path / "data") as store:
        assert store.record.connection.run("SELECT paths FROM config_shape") == [(["/lr"],)]


@pytest.mark.thorough
def test_naming_a_key_reads_the_configs_again_with_a_note(server, tmp_path):
    server.world.put(node(20, config={"lr": 1}))
    data = tmp_path / "data"
    synced(data)
    with open_live(data) as store:
        assert told_of(store) == [None]
    project = synced(data, GPUS, days=1.2, figures=True)
    (note,) = project.notes
    assert "configs of 6 runs again" in note
    with open_live(data) as store:
        assert told_of(store) == [None, '{"num_gpus":2}']
    hours = reads.metrics(latest_snapshot(data), by="programme")["gpu_hours"][0]
    assert hours == pytest.approx((6 * 2 + 8) * 3540 / 3600)
    project = synced(data, GPUS, days=1.3)
    assert project.notes == []


@pytest.mark.thorough
def test_a_key_that_is_no_longer_named_leaves_no_value(server, tmp_path):  # noqa: ARG001
    data = tmp_path / "data"
    synced(data, GPUS)
    synced(data, days=1.2)
    with open_live(data) as store:
        assert told_of(store) == [None]
    synced(data, GPUS, days=1.3)
    with open_live(data) as store:
        assert told_of(store) == ['{"num_gpus":2}']


@pytest.mark.parametrize(
    ("name", "config", "told"),
    one_in(
        4,
        [
            ("a", '{"a":1,"b":2}', '{"a":1}'),
            ("a", '{"b":2}', None),
            ("a", '{"a":{"token":"x"}}', '{"a":null}'),
            ("a", '{"a":[1]}', '{"a":null}'),
            ("a.b", '{"a.b":1,"a":{"b":2}}', '{"a.b":1}'),
            ("a.b", '{"a.b":null,"a":{"b":2}}', '{"a.b":2}'),
            ("a.b", '{"a":{"b":"4"}}', '{"a.b":"4"}'),
            ("a.b", '{"a":[{"b":4}]}', None),
        ],
    ),
)
def test_a_named_key_is_found_as_one_name_or_nested(name, config, told, tmp_path):
    with open_live(copied(without_runs, tmp_path)) as store:
        store.record.name_keys([name])
        store.record.merge_runs(run_frame([run("r", "09:00", config=config)]))
        assert told_of(store) == [told]


@pytest.fixture
def earlier(tmp_path):
    """The folder of a store that the previous version made from the server's runs."""
    rows = [
        {
            "entity": "lab",
            "project": "vision",
            "run_id": it.name,
            "username": it.username,
            "display_name": it.display_name,
            "state": it.state,
            "created_at": it.created_at,
            "started_at": it.created_at + timedelta(seconds=30),
            "writer_starts": [it.created_at + timedelta(seconds=30)],
            "heartbeat_at": it.heartbeat_at,
            "runtime_s": 3540.0,
            "tags": [],
            "host": "node1",
            "gpu_type": "NVIDIA H100",
            "gpu_count": 8,
            "config": config,
            "source": "api",
        }
        for n, config in enumerate(CONFIGS)
        for it in [node(n)]
    ]
    data = tmp_path / "data"
    write_earlier_store(data, rows, NOON + timedelta(days=1))
    with duckdb.connect(data / "live.duckdb") as connection:
        connection.execute(
            "UPDATE project SET pulled_from = as_of, reconciled_at = as_of, filter_trusted = true"
        )
    assert HIDDEN.encode() in bytes_of(data)
    return data


def runs_asked_for(server):
    return [call for call in server.calls if call.operation == "Runs"]


@pytest.mark.thorough
def test_configs_of_an_earlier_store_are_hashed_without_another_pull(server, earlier):
    server.world.change("lab", "vision", "r0001", commit="c0ffee")
    project = synced(earlier, GPUS, days=1.5, figures=True)
    assert len(runs_asked_for(server)) == 1  # for new runs
    assert (project.counts.new, project.counts.changed, project.counts.unchanged) == (0, 0, 0)
    assert HIDDEN.encode() not in bytes_of(earlier)
    with open_live(earlier) as store:
        columns = {
            name
            for (name,) in store.record.connection.run("SELECT column_name FROM (DESCRIBE raw_run)")
        }
        assert "clear_config" not in columns
        assert store.record.connection.run("SELECT paths FROM config_shape") == [
            (["/innocent_name", "/lr", "/num_gpus", "/seed"],)
        ]
        assert told_of(store) == ['{"num_gpus":2}']
        assert store.record.connection.run(
            "SELECT DISTINCT config_earlier, config_hash, commit FROM raw_run"
        ) == [(True, None, None)]
    # Runs that are read again have all hashes, and are compared by them.
    assert synced(earlier, GPUS, days=1.6, full=True).counts.changed == 6
    with open_live(earlier) as store:
        assert store.record.connection.run(
            "SELECT DISTINCT config_earlier, len(config_hashes) FROM raw_run"
        ) == [(False, 5)]
    assert commits_of(earlier)["r0001"] == "c0ffee"


_KILLED = """
import os, signal, sys
from pathlib import Path
from velocity.database.connection import Connection
from velocity.store import open_live
from velocity.record import configs, duckdb_record
from velocity.settings import Settings
step, data = sys.argv[1:]
def kill(*_): os.kill(os.getpid(), signal.SIGKILL)
if step == "between":
    Connection.rewrite = kill
elif step == "after":
    configs.drop_clear = kill
else:
    duckdb_record._MIGRATED_ROWS = 2
    record, turns = duckdb_record.DuckDBRecord, iter(range(9))
    real = record._hashed
    record._hashed = lambda *words: kill() if next(turns) else real(*words)
with open_live(Path(data), Settings()):
    pass
"""


@pytest.mark.fault
@pytest.mark.parametrize("step", ["within", "between", "after"])
def test_a_killed_migration_is_finished_by_the_next_command(step, earlier):
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, step, earlier],
        cwd=ROOT,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert killed.returncode == -signal.SIGKILL
    with open_live(earlier, Settings()) as store:
        assert store.record.connection.run(
            "SELECT count(config_hashes), count(*) FROM raw_run"
        ) == [(6, 6)]
    assert HIDDEN.encode() not in bytes_of(earlier)


def test_hashes_of_the_previous_version_go_and_those_of_tables_stay(tmp_path):
    rows = [
        run("none", "09:00"),
        run("given", "09:00", config_hash="theirs"),
        run("given-as-hash", "09:00", config_hash="a" * 64),
        run("made", "09:00", config={"a": 1}),
    ]
    write_earlier_store(tmp_path, rows, at("20:00"))
    with open_live(tmp_path, Settings()) as store:
        kept = dict(store.record.connection.run("SELECT run_id, config_hash FROM raw_run"))
    assert kept == {"none": None, "given": "theirs", "given-as-hash": "a" * 64, "made": None}
