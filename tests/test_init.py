"""velocity init: from a key to settings, figures and a roster, against the W&B-protocol server."""

import io
import os
import signal
import socket
import subprocess
import sys
import tomllib
from functools import partial
from itertools import count
from types import SimpleNamespace

import pytest

from scripts.waiting import PATIENCE_S
from tests.commands import VELOCITY, in_this_process, velocity
from tests.wandb_server import Fault, ProtocolServer, World
from tests.worlds import SHORT_S, environment_of, node
from velocity.cli import init as module
from velocity.cli.init import estimate_seconds
from velocity.errors import SourceError
from velocity.roster.models import load_roster
from velocity.settings import load_settings
from velocity.sources import wandb_client

NODES = [node(0), node(1, username="grace"), node(2, project="audio")]
ZONE = "Europe/Zurich"


@pytest.fixture(scope="module")
def server():
    with ProtocolServer(World(NODES)) as running:
        yield running


@pytest.fixture
def init(server, tmp_path, monkeypatch, capfdbinary):
    """`velocity init` in this process: with variables, and the lines that a person types, if any.

    Without lines, there is no terminal.
    """
    monkeypatch.chdir(tmp_path)
    velocity = in_this_process(monkeypatch, capfdbinary)

    def command(*arguments, typed=(), **variables):
        for name, value in (environment_of(server, tmp_path, TZ=ZONE) | variables).items():
            monkeypatch.setenv(name, value)
        lines = io.StringIO("".join(f"{line}\n" for line in typed))
        lines.isatty = lambda: bool(typed)
        monkeypatch.setattr(sys, "stdin", lines)
        return velocity("init", *arguments)

    return command


def _refused(done, *words, code=1):
    told = done[2]
    assert done == (code, b"", told)
    for word in words:
        assert word in told


@pytest.mark.thorough
def test_one_command_leads_from_a_key_to_settings_figures_and_a_roster(server, tmp_path):
    env = environment_of(server, tmp_path, TZ=ZONE)
    done = velocity("init", "--project", "lab/*", cwd=tmp_path, env=env)
    told = done.stderr.decode()
    assert (done.returncode, done.stdout) == (0, b""), told
    assert "Logged in as demo-lead" in told
    assert "Reading 3 runs of 2 projects takes up to " in told
    assert told.index("takes up to") < told.index("lab/vision: 2 new")
    settings = load_settings(tmp_path / "velocity.toml")
    assert settings.wandb.projects == ("lab/*",)
    assert settings.programme.timezone == ZONE
    roster = load_roster(tmp_path / "roster.toml")
    assert [it.usernames for it in roster.scholars] == [("ada",), ("grace",)]
    figures = velocity("metrics", "--format", "csv", cwd=tmp_path).stdout
    assert figures.startswith(b"scholar,")
    assert len(figures.splitlines()) == 3
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert server.api_key.encode() not in path.read_bytes(), path
            assert path.stat().st_mode & 0o077 == 0, path


def test_a_quiet_setup_says_nothing_and_a_roster_that_exists_stays(init, tmp_path):
    roster = '[[scholars]]\nid = "ada"\nname = "Ada"\nusernames = ["ada", "grace"]\n'
    (tmp_path / "roster.toml").write_text(roster, encoding="utf-8")
    done = init("--project", "lab/audio", "--project", "lab/vision", "--quiet")
    assert done == (0, b"", "")
    assert (tmp_path / "roster.toml").read_text(encoding="utf-8") == roster


def test_settings_that_exist_are_replaced_only_if_asked(init, tmp_path):
    settings = tmp_path / "velocity.toml"
    settings.write_text('[programme]\nname = "Mine"\n', encoding="utf-8")
    _refused(init("--project", "lab/audio"), "velocity.toml exists already.", "velocity sync")
    assert "Mine" in settings.read_text(encoding="utf-8")
    assert init("--project", "lab/audio", "--force", "--no-sync")[0] == 0
    assert load_settings(settings).wandb.projects == ("lab/audio",)
    assert not (tmp_path / "data").exists()


@pytest.mark.thorough
def test_each_cause_of_a_failed_setup_has_its_own_error_and_writes_nothing(
    init, tmp_path, monkeypatch
):
    monkeypatch.setattr(wandb_client, "_TIMEOUT_S", SHORT_S)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    wanted = ("--project", "lab/vision")
    _refused(init(*wanted, WANDB_API_KEY="x" * 40), "refused the API key")
    _refused(init(*wanted, WANDB_BASE_URL=nobody), "No server answers", nobody)
    _refused(init("--project", "lab/visoin"), 'no project "visoin"')
    _refused(init("--project", "lap/*"), 'does not have an entity "lap"')
    _refused(init("--project", "vision"), "is not ENTITY/PROJECT", code=2)
    _refused(init(), "there is no terminal to ask on", code=2)
    (tmp_path / "file").touch()
    _refused(init(*wanted, "--config", "file/velocity.toml"), "cannot be written")
    assert not [*tmp_path.glob("*.toml*"), *tmp_path.glob("data")]


@pytest.mark.fault
def test_after_ctrl_c_in_the_first_sync_another_sync_continues(server, tmp_path):
    env = environment_of(server, tmp_path)
    held = Fault(delay_s=PATIENCE_S, operation="Runs", after=1)  # after the page of the estimate
    server.faults[:] = [held]
    command = [*VELOCITY, "init", "--project", "lab/vision"]
    with subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.PIPE) as running:
        for line in running.stderr:
            if line.startswith(b"pull"):
                running.send_signal(signal.SIGINT)
                break
        told = running.stderr.read().decode()
    server.faults.clear()
    # The page never came: it ended at once, and this is the last that it said.
    assert running.returncode == 130, told
    assert told.startswith("Stopped. Nothing is broken: `velocity sync` continues"), told
    assert told.count("\n") == 1
    assert velocity("sync", cwd=tmp_path, env=env).returncode == 0
    assert velocity("roster", "suggest", cwd=tmp_path).stdout.count(b"[[scholars]]") == 2


def test_it_asks_until_entity_and_projects_exist(init, tmp_path):
    code, _, told = init(typed=("lap", "lab", "audoi", "audio", "n"))
    assert code == 0
    assert 'does not have an entity "lap"' in told
    assert "Projects: audio, vision." in told
    assert 'no project "audoi". Did you mean audio?' in told
    assert told.index("Reading 1 run of 1 project takes up to ") < told.index("Start now?")
    written = tomllib.loads((tmp_path / "velocity.toml").read_text(encoding="utf-8"))
    assert written["wandb"] == {"projects": ["lab/audio"]}


def test_an_answer_that_does_not_come_writes_nothing(init, tmp_path):
    code, _, told = init(typed=("lab",))
    assert (code, "Aborted" in told) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_the_estimate_is_the_rate_of_one_page_of_the_largest_project():
    def fetch_runs(entity, project):
        assert (entity, project) == ("lab", "large")
        yield SimpleNamespace(runs=SimpleNamespace(height=499), rejected=[1])
        raise SourceError("Only one page is read.", "")

    # Each page takes a second.
    estimate = partial(estimate_seconds, SimpleNamespace(fetch_runs=fetch_runs))
    assert estimate({"lab/small": 100, "lab/large": 9_900}, count().__next__) == 20
    assert estimate({"lab/empty": 0}) == estimate({}) == 0


@pytest.mark.parametrize(
    ("variable", "path", "zone"),
    [
        (ZONE, "/usr/share/zoneinfo/Asia/Tokyo", ZONE),
        (":/nowhere", "/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
        (":/nowhere", "/etc/localtime", "UTC"),
    ],
)
def test_the_time_zone_is_this_machines_if_its_name_is_known(monkeypatch, variable, path, zone):
    monkeypatch.setenv("TZ", variable)
    monkeypatch.setattr(os.path, "realpath", lambda _: path)
    assert module._own_zone() == zone
