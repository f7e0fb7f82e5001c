"""Many workers pull into one record; some die, and none of it can be seen afterwards."""

import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from datetime import timedelta

import psycopg
import pytest

from scripts.waiting import PATIENCE_S, wait_until
from tests.builders import at, run
from tests.commands import environment
from tests.derived_tables import all_tables, assert_tables_agree
from tests.record_contract import frame, states
from tests.wandb_server import ProtocolServer, World
from tests.worlds import NOON, node, point_client_at
from velocity.errors import StoreError
from velocity.record.postgres_intake import PostgresIntake
from velocity.records import run_frame
from velocity.settings import Settings, Store
from velocity.store import open_live
from velocity.store.derive import derive
from velocity.sync.commands import sync_wandb

PROJECTS, WORKERS = 50, 8
AT = NOON + timedelta(days=2)
#: Pulls until every project is complete. Its fate: nothing, a kill between a merge and the end of
#: a pull or within a merge, or a dropped connection, each at the third merge.
_WORKER = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
import psycopg
from velocity.errors import StoreError
from velocity.record.postgres_intake import PostgresIntake
from velocity.record.postgres import Server
from velocity.settings import load_settings
from velocity.sync.commands import pull_wandb

data, config, at, projects, fate = sys.argv[1:]
settings, at, merges, told = load_settings(Path(config)), datetime.fromisoformat(at), [], []
merge_runs, add = PostgresIntake.merge_runs, Server.add

def third(name):
    merges.append(name)
    return merges.count(name) == 3

def merged(self, runs):
    counts = merge_runs(self, runs)
    if fate == "killed after a merge" and third("merge"):
        os.kill(os.getpid(), signal.SIGKILL)
    return counts

def added(self, table, frame):
    add(self, table, frame)
    if table == "written" and fate == "killed in a merge" and third("write"):
        os.kill(os.getpid(), signal.SIGKILL)
    if table == "written" and fate == "dropped" and third("write"):
        with psycopg.connect(settings.store.record, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [self._connection.info.backend_pid])

PostgresIntake.merge_runs, Server.add = merged, added
print("ready", flush=True)
sys.stdin.readline()
while True:
    try:
        pull_wandb(Path(data), settings, projects=["lab/*"], clock=lambda: at)
    except StoreError as error:
        told.append(error)
    with psycopg.connect(settings.store.record) as connection:
        done = "SELECT count(*) FROM velocity_record.project WHERE pulled_from = %s"
        if connection.execute(done, [at]).fetchone()[0] == int(projects):
            break
assert len(told) == (fate == "dropped"), told
"""


@pytest.fixture
def worker(tmp_path, database):
    """Another worker, by name."""
    with ExitStack() as opened:

        def make(name: str) -> PostgresIntake:
            (tmp_path / name).mkdir()
            intake = PostgresIntake(tmp_path / name, database)
            opened.callback(intake.close)
            return intake

        yield make


@pytest.mark.fault
def test_many_workers_of_which_some_die_bring_what_one_brings(tmp_path, monkeypatch, database):
    config = tmp_path / "velocity.toml"
    config.write_text(f'[store]\nrecord = "{database}"\n', encoding="utf-8")
    fates = ["killed after a merge", "killed in a merge", "dropped", *["-"] * (WORKERS - 3)]
    owners = [(f"p{it % PROJECTS:02}", f"u{it % 7}") for it in range(PROJECTS * 6)]
    runs = [node(it, project=own[0], username=own[1]) for it, own in enumerate(owners)]
    with ProtocolServer(World(runs)) as server:
        point_client_at(server, monkeypatch)
        sync_wandb(tmp_path / "one", Settings(), projects=["lab/*"], clock=lambda: AT)
        keys = {name: os.environ[name] for name in ("WANDB_BASE_URL", "WANDB_API_KEY")}
        given = [
            [tmp_path / f"worker-{it}", config, AT.isoformat(), PROJECTS, fate]
            for it, fate in enumerate(fates)
        ]
        codes = _run_all(given, environment(tmp_path, **keys))
    assert codes == [-9, -9, *[0] * (WORKERS - 2)]
    assert held(database) == 0
    with open_live(tmp_path / "one") as one, published(tmp_path, database) as many:
        derive(many, Settings(), None)
        derive(one, Settings(), None)
        assert_tables_agree(all_tables(many), all_tables(one))


def _run_all(workers: list[list], env: dict[str, str]) -> list[int]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    started = [
        subprocess.Popen([sys.executable, "-c", _WORKER, *map(str, words)], env=env, **pipes)
        for words in workers
    ]
    try:
        # They begin together: each of them gets some of the projects.
        assert [process.stdout.readline() for process in started] == ["ready\n"] * len(started)
        for process in started:
            process.stdin.close()
        return [process.wait(PATIENCE_S) for process in started]
    finally:
        for process in started:
            process.kill()


def held(database: str, which: str = "true") -> int:
    """How many locks are held, or waited for."""
    with psycopg.connect(database) as connection:
        sql = f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND {which}"  # noqa: S608
        return connection.execute(sql).fetchone()[0]


def published(folder, database):
    """The store of the publisher."""
    return open_live(folder / "publisher", Settings(store=Store(record=database)))


def test_a_project_is_leased_to_one_worker_and_pulled_once(worker):
    one, other = worker("one"), worker("other")
    with one.leased("e", "p", since=AT) as ours:
        assert ours
        with other.leased("e", "p", since=AT) as theirs, other.leased("e", "q", since=AT) as free:
            assert (theirs, free) == (False, True)
    with other.leased("e", "p", since=AT) as theirs:
        assert theirs


def test_an_older_row_never_replaces_a_newer_one(worker, tmp_path, database):
    """A worker that lost its lease cannot merge what it has read."""
    slow, fast = worker("slow"), worker("fast")
    older = run_frame([run("r", "09:00", state="running")])
    newer = run_frame([run("r", "09:00", "10:00")])
    with slow.leased("e", "p", since=AT):
        with psycopg.connect(database, autocommit=True) as connection:
            pid = slow._server._connection.info.backend_pid
            connection.execute("SELECT pg_terminate_backend(%s)", [pid])
        wait_until(lambda: held(database) == 0)
        with fast.leased("e", "p", since=AT) as ours:
            assert ours
            fast.merge_runs(newer)
        with pytest.raises(StoreError):
            slow.merge_runs(older)
    with published(tmp_path, database) as store:
        assert states(store) == ["finished"]


def test_an_import_waits_for_the_worker_that_pulls_its_project(worker, tmp_path, database):
    pulling, importing = worker("pulling"), worker("importing")
    with pulling.leased("e", "p", since=AT):
        finished = run_frame([run("r", "09:00", "10:00")])
        imported = threading.Thread(target=importing.merge_runs, args=[finished])
        imported.start()
        wait_until(lambda: held(database, "NOT granted") > 0)
        pulling.merge_runs(run_frame([run("r", "09:00", state="running")]))
    imported.join()
    with published(tmp_path, database) as store:
        assert states(store) == ["finished"]
        assert frame(store, "FROM raw_run").height == 1


def test_two_workers_number_their_projects_apart(worker):
    one, other = worker("one"), worker("other")
    for number in range(4):
        for intake, entity in ((one, "a"), (other, "b")):
            intake.merge_project(entity, f"p{number}", rejected=(), as_of=at("12:00"))
    keys = [key for (key,) in one._session.run("SELECT project_key FROM project ORDER BY 1")]
    assert keys == list(range(1, 9))
