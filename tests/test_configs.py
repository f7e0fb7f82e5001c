"""The store keeps clear text of named config keys only, and snapshots have none at all."""

import os
import signal
import stat
import subprocess
import sys
from datetime import timedelta
from functools import partial

import duckdb
import pytest

from tests.builders import at, run, without_runs
from tests.commands import ROOT
from tests.earlier_store import write_earlier_store
from tests.sampling import one_in
from tests.stores import bytes_of, contents, copied
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


@pytest.fixture
def server(monkeypatch):
    runs = [node(n, config=config) for n, config in enumerate(CONFIGS)]
    with ProtocolServer(World(runs)) as running:
        point_client_at(running, monkeypatch)
        yield running


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def synced(data, settings=Settings(), *, days=1, bring=sync_wandb, **options):  # noqa: B008 - frozen
    clock = NOON + timedelta(days=days)
    done = bring(data, settings, projects=["lab/vision"], clock=lambda: clock, **options)
    (project,) = done.projects
    assert project.error is None
    return project


pulled = partial(synced, bring=pull_wandb)


def recorded(data, columns, *, settings=None, table="raw_run"):
    with open_live(data, settings) as store:
        return store.record.connection.run(f"SELECT {columns} FROM {table} ORDER BY ALL")  # noqa: S608


def told_of(data):
    return [told for (told,) in recorded(data, "DISTINCT named_values")]


@pytest.mark.usefixtures("server")
def test_no_config_value_is_in_any_byte_of_the_folder(data):
    synced(data, GPUS)
    assert HIDDEN.encode() not in bytes_of(data)
    assert b"innocent_name" in (data / "record.duckdb").read_bytes()
    assert recorded(data, "count(*), count(config_hashes)", settings=GPUS) == [(6, 6)]
    (path,) = (data / "snapshots").glob("*.duckdb")
    with duckdb.connect(path, read_only=True) as connection:
        columns = connection.execute("SELECT column_name FROM duckdb_columns()").fetchall()
    assert not [name for (name,) in columns if name.startswith("config")]


@pytest.mark.thorough
@pytest.mark.usefixtures("server")
def test_only_its_owner_can_read_the_salt_and_it_is_not_in_the_store(data):
    synced(data)
    path = data / "config.salt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    salt = path.read_text()
    for form in (salt.encode(), bytes.fromhex(salt), HIDDEN.encode()):
        assert {data / it for it, held in contents(data).items() if form in held} <= {path}
    pulled(data, days=2)
    assert path.read_text() == salt


@pytest.mark.parametrize("content", one_in(4, [None, "", "abcd", "zz" * 32]))
def test_a_store_without_its_salt_does_not_accept_another(content, tmp_path):
    rows = run_frame([run("r", "09:00", config='{"a":1}')])
    path = tmp_path / "config.salt"
    with open_live(copied(without_runs, tmp_path)) as store:
        store.record.merge_runs(rows)
    salt = path.read_text()
    path.unlink()
    if content is not None:
        path.write_text(content)
    with open_live(tmp_path) as store, pytest.raises(StoreError, match=r"config\.salt"):
        store.record.merge_runs(rows)
    path.write_text(salt)
    with open_live(tmp_path) as store:
        assert store.record.merge_runs(rows).unchanged == 1


def commits_of(data):
    return {it: commit for it, commit in recorded(data, "run_id, commit") if commit is not None}


@pytest.mark.thorough
def test_the_commit_is_stored_with_a_run_but_not_in_snapshots(server, data):
    server.world.change("lab", "vision", "r0001", commit="c0ffee")
    synced(data)
    assert commits_of(data) == {"r0001": "c0ffee"}
    published = bytes_of(data / "snapshots")
    assert published
    assert b"c0ffee" not in published
    server.world.change("lab", "vision", "r0001", commit="decade")
    assert pulled(data, days=1.1).counts.changed == 0
    assert pulled(data, days=1.2, full=True).counts.changed == 1
    assert commits_of(data) == {"r0001": "decade"}


@pytest.mark.thorough
def test_key_names_of_a_forgotten_person_are_removed(data, tmp_path):
    rows = [
        run("r1", "09:00", "10:00", username="zf-person", config='{"zf-only-theirs":1,"lr":1}'),
        run("r2", "09:00", "10:00", config='{"lr":1}'),
    ]
    run_frame(rows).drop("source").write_parquet(tmp_path / "runs.parquet")
    import_runs(data, Settings(), "table", Asked([str(tmp_path / "runs.parquet")]))
    assert b"zf-only-theirs" in bytes_of(data)
    settings = Settings(roster=tmp_path / "none")
    forget_person(data, settings, look_up(data, settings, "zf-person"))
    assert b"zf-only-theirs" not in bytes_of(data)
    assert recorded(data, "paths", table="config_shape") == [(["/lr"],)]


@pytest.mark.thorough
def test_a_key_has_values_only_while_it_is_named_and_naming_it_reads_the_configs_again(
    server, data
):
    server.world.put(node(20, config={"lr": 1}))
    pulled(data)
    assert told_of(data) == [None]
    (note,) = synced(data, GPUS, days=1.2).notes
    assert "configs of 6 runs again" in note
    assert told_of(data) == ['{"num_gpus":2}', None]
    hours = reads.metrics(latest_snapshot(data), by="programme")["gpu_hours"][0]
    assert hours == pytest.approx((6 * 2 + 8) * 3540 / 3600)
    assert pulled(data, GPUS, days=1.3).notes == []
    pulled(data, days=1.4)
    assert told_of(data) == [None]
    pulled(data, GPUS, days=1.5)
    assert told_of(data) == ['{"num_gpus":2}', None]


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
    assert told_of(tmp_path) == [told]


@pytest.fixture
def earlier(data):
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
    write_earlier_store(data, rows, NOON + timedelta(days=1))
    with duckdb.connect(data / "live.duckdb") as connection:
        connection.execute(
            "UPDATE project SET pulled_from = as_of, reconciled_at = as_of, filter_trusted = true"
        )
    assert HIDDEN.encode() in bytes_of(data)
    return data


@pytest.mark.thorough
def test_configs_of_an_earlier_store_are_hashed_without_another_pull(server, earlier):
    server.world.change("lab", "vision", "r0001", commit="c0ffee")
    counts = synced(earlier, GPUS, days=1.5).counts
    assert [it.operation for it in server.calls].count("Runs") == 1  # for new runs
    assert (counts.new, counts.changed, counts.unchanged) == (0, 0, 0)
    assert HIDDEN.encode() not in bytes_of(earlier)
    assert ("clear_config",) not in recorded(earlier, "column_name", table="(DESCRIBE raw_run)")
    shapes = [(["/innocent_name", "/lr", "/num_gpus", "/seed"],)]
    assert recorded(earlier, "paths", table="config_shape") == shapes
    assert told_of(earlier) == ['{"num_gpus":2}']
    assert recorded(earlier, "DISTINCT config_earlier, config_hash, commit") == [(True, None, None)]
    # Runs that are read again have all hashes, and are compared by them.
    assert pulled(earlier, GPUS, days=1.6, full=True).counts.changed == 6
    assert recorded(earlier, "DISTINCT config_earlier, len(config_hashes)") == [(False, 5)]
    assert commits_of(earlier) == {"r0001": "c0ffee"}


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
    hashed = "count(config_hashes), count(*)"
    assert recorded(earlier, hashed, settings=Settings()) == [(6, 6)]
    assert HIDDEN.encode() not in bytes_of(earlier)


def test_hashes_of_the_previous_version_go_and_those_of_tables_stay(tmp_path):
    rows = [
        run("none", "09:00"),
        run("given", "09:00", config_hash="theirs"),
        run("given-as-hash", "09:00", config_hash="a" * 64),
        run("made", "09:00", config={"a": 1}),
    ]
    write_earlier_store(tmp_path, rows, at("20:00"))
    kept = dict(recorded(tmp_path, "run_id, config_hash", settings=Settings()))
    assert kept == {"none": None, "given": "theirs", "given-as-hash": "a" * 64, "made": None}
