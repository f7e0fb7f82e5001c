"""velocity forget: gone from every byte of the data folder, and not back with the next pull."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta

import pytest

from tests.builders import run, store_of
from tests.commands import velocity
from tests.conftest import ROOT
from tests.worlds import NOON, node, point_client_at
from velocity import state
from velocity.demo.wandb_server.server import ProtocolServer
from velocity.demo.wandb_server.world import World
from velocity.errors import StoreError
from velocity.reading import reads
from velocity.record import exclusions
from velocity.records import run_frame
from velocity.roster.models import load_roster
from velocity.settings import Settings, load_settings
from velocity.store import latest_snapshot, open_live
from velocity.sync.commands import import_tables, sync_wandb
from velocity.sync.forget import finish_forgetting, forget_person

PERSON = "zebrafinch"
_ROSTER = f"""
[[scholars]]
id = "zf-id-unique"
name = "Zebra Uniquename"
emails = ["{PERSON}@example.org"]
usernames = ["{PERSON}"]

[[scholars]]
id = "ada"
name = "Ada"
usernames = ["ada"]

[[streams]]
id = "s"
name = "S"
members = [{{ scholar = "zf-id-unique" }}, {{ scholar = "ada" }}]
"""

#: Forgets somebody and is killed at a step, before anything of it is done.
_KILLED = """
import os, signal, sys
from functools import reduce
from importlib import import_module
from pathlib import Path
from velocity.sync import forget
from velocity.settings import load_settings
step, data, config, person = sys.argv[1:]
module, _, names = step.partition(":")
*holders, name = names.split(".")
def kill(*_): os.kill(os.getpid(), signal.SIGKILL)
setattr(reduce(getattr, holders, import_module(module)), name, kill)
forget.forget_person(Path(data), load_settings(Path(config)), person)
"""


def _bytes(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def _people(data):
    return set(reads.runs(latest_snapshot(data))["username"])


def test_a_person_is_gone_from_every_byte_and_stays_away(tmp_path, monkeypatch):
    data, config = tmp_path / "data", tmp_path / "velocity.toml"
    (tmp_path / "roster.toml").write_text(_ROSTER)
    config.write_text("")
    settings = load_settings(config)
    runs = [
        node(n * 60, username=PERSON if n % 2 else "ada", display_name=f"{PERSON}'s {n}")
        if n % 2
        else node(n * 60)
        for n in range(12)
    ]

    def sync(days, *, full=False):
        sync_wandb(
            data,
            settings,
            projects=["lab/vision"],
            full=full,
            clock=lambda: NOON + timedelta(days=days),
        )

    with ProtocolServer(World(runs)) as server:
        point_client_at(server, monkeypatch)
        sync(2)
        sync(3)
        assert _people(data) == {"ada", PERSON}
        assert PERSON.encode() in _bytes(data)
        done = velocity("--data", data, "--config", config, "forget", "zf-id-unique", cwd=tmp_path)
        assert done.returncode == 2
        assert b"--yes" in done.stderr
        assert _people(data) == {"ada", PERSON}
        done = velocity("--data", data, "--config", config, "forget", PERSON, "--yes", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert b"Removed 6 runs" in done.stderr
        assert b"roster file" in done.stderr
        left = _bytes(data)
        for name in (PERSON, "zf-id-unique", "Uniquename"):
            assert name.encode() not in left
        sync(4, full=True)
        assert _people(data) == {"ada"}
        assert PERSON.encode() not in _bytes(data)
        assert latest_snapshot(data).name != "00000001"
    # What is written later still gets numbers of its own.
    with open_live(data) as store:
        store.record.merge_runs(run_frame([run("later", "09:00", username="ada")]))
        keys = store.record.connection.run("SELECT count(*), count(DISTINCT run_key) FROM raw_run")[
            0
        ]
        assert keys == (7, 7)


@pytest.mark.fault
@pytest.mark.parametrize(
    "step",
    [
        "velocity.record.duckdb_record:DuckDBRecord.erase",
        "velocity.store.live:LiveStore.erase",
        "velocity.sync.forget:derive",
        "velocity.state:forget",
        "velocity.store.live:LiveStore.rewrite",
    ],
)
def test_a_removal_that_was_killed_shows_the_person_whole_or_not_and_the_next_command_ends_it(
    step, tmp_path
):
    data, config, table = tmp_path / "data", tmp_path / "velocity.toml", tmp_path / "runs.parquet"
    config.write_text("", encoding="utf-8")
    (tmp_path / "roster.toml").write_text(_ROSTER, encoding="utf-8")
    rows = [
        run(f"{name}{n}", f"{10 + n}:00", f"{10 + n}:30", username=name)
        for n in range(5)
        for name in (PERSON, "ada")
    ]
    store_of(rows, "20:00", data=data, roster=load_roster(tmp_path / "roster.toml"))
    at = NOON - timedelta(hours=1)
    for who, whom in ((f"{PERSON}@example.org", "ada"), ("ada@example.org", "zf-id-unique")):
        state.record_look(data, scholar=whom, email=who, name=who, page="Runs", at=at, kept_days=90)
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, step, data, config, PERSON], cwd=ROOT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    shown = reads.runs(latest_snapshot(data))["username"].to_list()
    assert shown.count(PERSON) in {0, 5}
    assert shown.count("ada") == 5
    run_frame(rows).write_parquet(table)
    if "erase" in step:
        done = velocity("--data", data, "--config", config, "import", table, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert b"is done now" in done.stderr
    else:
        assert finish_forgetting(data, load_settings(config))
        import_tables(data, load_settings(config), [table])
    assert _people(data) == {"ada"}
    left = _bytes(data)
    for name in (PERSON, "zf-id-unique", "Uniquename"):
        assert name.encode() not in left
    assert not finish_forgetting(data, load_settings(config))


@pytest.mark.thorough
def test_tables_do_not_bring_a_person_back(tmp_path):
    rows = [run("r1", "09:00", "10:00"), run("r2", "09:00", "10:00", username=PERSON)]
    store_of(rows, "20:00", data=tmp_path)
    settings = Settings(roster=tmp_path / "none.toml")
    assert forget_person(tmp_path, settings, PERSON).runs == 1
    store_of(rows, "21:00", data=tmp_path)
    assert _people(tmp_path) == {"ada"}
    # Again is no error: an earlier one may have been stopped half way.
    assert forget_person(tmp_path, settings, PERSON).runs == 0


def test_nobody_is_forgotten_by_a_typing_error(tmp_path):
    store_of([run("r1", "09:00", "10:00")], "20:00", data=tmp_path)
    done = velocity("--data", tmp_path, "forget", "adda", "--yes", cwd=tmp_path)
    assert done.returncode == 1
    assert b"Nobody called 'adda'" in done.stderr
    assert _people(tmp_path) == {"ada"}


def test_a_damaged_list_of_the_forgotten_lets_nobody_in(tmp_path):
    store_of([run("r1", "09:00", "10:00")], "20:00", data=tmp_path)
    (tmp_path / "forgotten.json").write_text("{}")
    with pytest.raises(StoreError, match="cannot be read"):
        exclusions.load(tmp_path)
    with pytest.raises(StoreError), open_live(tmp_path) as store:
        store.record.merge_runs(run_frame([run("r2", "09:00")]))
