"""The client in a fresh process: the origin of key and address, and what else it sends."""

import os
import pty
import subprocess
import sys

import pytest

from scripts.waiting import PATIENCE_S
from tests.conftest import ROOT
from tests.worlds import COUNT, runs_served
from velocity.demo.wandb_server.server import DEMO_API_KEY

pytestmark = pytest.mark.thorough


@pytest.fixture
def server(monkeypatch):
    with runs_served(monkeypatch) as running:
        yield running


SCRIPT = """
from velocity.errors import VelocityError
from velocity.sources.wandb_api import connect
try:
    server = connect(timeout_s=20)
    print(sum(len(batch.runs) for batch in server.fetch_runs("lab", "vision")))
except VelocityError as error:
    print(error.message, error.hint)
"""


def script(home, *, stdin=subprocess.DEVNULL, **variables):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=kept | {"HOME": str(home), "PYTHONPATH": str(ROOT)} | variables,
        cwd=home,
        stdin=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_missing_key_is_not_prompted_for_even_on_a_terminal(server, tmp_path):
    terminal, keyboard = pty.openpty()
    try:
        said = script(tmp_path, stdin=keyboard, WANDB_BASE_URL=server.url)
    finally:
        os.close(terminal)
        os.close(keyboard)
    assert said.startswith(f"No W&B API key is configured for {server.url}.")
    assert not server.calls


def test_the_key_is_found_in_netrc(server, tmp_path):
    host = server.url.removeprefix("http://")
    netrc = tmp_path / ".netrc"
    netrc.write_text(f"machine {host}\n  login user\n  password {server.api_key}\n")
    netrc.chmod(0o600)
    assert script(tmp_path, WANDB_BASE_URL=server.url) == str(COUNT)


def test_the_address_is_in_the_clients_settings_file_and_only_queries_are_sent(server, tmp_path):
    folder = tmp_path / ".config" / "wandb"
    folder.mkdir(parents=True)
    (folder / "settings").write_text(f"[default]\nbase_url = {server.url}\n")
    assert script(tmp_path, WANDB_API_KEY=server.api_key) == str(COUNT)
    assert {call.path for call in server.calls} == {"/graphql"}
    assert not (tmp_path / "wandb").exists()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("rubbish", ""),
        ("http://api.wandb.ai", "http is not secure"),  # without the prefix of the validator
    ],
)
def test_an_invalid_address_is_an_error_in_a_fresh_process_too(tmp_path, url, why):
    said = script(tmp_path, WANDB_BASE_URL=url, WANDB_API_KEY=DEMO_API_KEY)
    assert said.startswith(f'The W&B client cannot use the setting "{url}": {why}')


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"WANDB_API_KEY": f"{DEMO_API_KEY}\n"}, "API key cannot start or end with whitespace."),
        ({"WANDB_PROJECT": "lab/vision"}, "Invalid project name 'lab/vision': cannot contain"),
    ],
)
def test_a_setting_that_the_client_refuses_is_an_error(tmp_path, wrong, why):
    said = script(tmp_path, **{"WANDB_API_KEY": DEMO_API_KEY} | wrong)
    assert said.startswith(f"The W&B client cannot use its settings: {why}")
