"""Files that commands write are private to their user, with any umask."""

import os
from datetime import UTC, datetime

import pytest

from scripts import browsing
from tests import people
from tests.builders import one_run, without_runs
from tests.commands import environment
from tests.conftest import ROOT
from tests.forked import Commands
from tests.stores import copied
from tests.test_serve import App
from tests.worlds import environment_of, runs_served
from velocity import state
from velocity.demo import launch

RUNS = (
    "entity,project,run_id,state,created_at,username\n"
    "lab,vision,r1,finished,2026-01-05T09:00:00Z,ada\n"
)


@pytest.fixture(autouse=True, scope="module")
def everybody_may_read():
    """Set the most permissive umask."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture(scope="module")
def velocity(everybody_may_read):  # noqa: ARG001 - commands inherit the umask
    def velocity(*arguments, cwd, env=None):
        done = commands.run(*arguments, cwd=cwd, env=env or environment(cwd))
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    with Commands(ROOT, environment(ROOT)) as commands:
        yield velocity


def open_to_others(folder):
    """Modes of files and folders that another account could read."""
    return {
        str(path): oct(path.stat().st_mode)
        for path in (folder, *folder.rglob("*"))
        if path.stat().st_mode & 0o077
    }


@pytest.mark.thorough
def test_commands_write_files_only_their_user_can_read(velocity, tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "runs.csv").touch(mode=0o600)
    (home / "runs.csv").write_text(RUNS, encoding="utf-8")
    velocity("import", "runs.csv", cwd=home)
    with runs_served(monkeypatch, 1) as server:
        env = environment_of(server, home)
        velocity("sync", "--project", "lab/vision", cwd=home, env=env)
    velocity("report", "--out", "week.md", cwd=home)
    velocity("runs", "--out", "runs.parquet", cwd=home)
    written = {it.name for it in home.glob("data/*")}
    assert written >= {"derived.duckdb", "record.duckdb", "CURRENT", "snapshots", "lock"}
    assert open_to_others(home) == {}


@pytest.mark.thorough
def test_the_app_writes_files_only_its_user_can_read(tmp_path):
    data = copied(people.populate, tmp_path / "data")
    for path in (data, *data.rglob("*")):
        path.chmod(0o700)
    log, env = tmp_path / "log", environment(tmp_path)
    with browsing.served(data, data / "velocity.toml", log=log, env=env) as printed:
        assert App(printed, log).ask("/readyz")[0].status == 200
    assert open_to_others(data) == {}


@pytest.mark.parametrize(
    "make",
    [
        without_runs,
        lambda folder: state.sign_out(folder, "a@x.example", datetime.now(UTC)),
        launch._start_over,
    ],
    ids=["store", "state", "demo"],
)
def test_a_new_folder_is_private(tmp_path, make):
    make(tmp_path / "data")
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


@pytest.mark.thorough
def test_doctor_finds_a_folder_of_an_older_version(velocity, tmp_path):
    copied(one_run, tmp_path / "data")
    assert "other accounts" not in velocity("doctor", cwd=tmp_path)
    (tmp_path / "data").chmod(0o755)
    told = velocity("doctor", cwd=tmp_path)
    assert "other accounts on this machine can open it" in told
    assert "chmod -R go= data" in told
