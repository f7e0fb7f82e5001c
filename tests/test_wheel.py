"""The wheel works in an empty environment, away from the clone.

The environment borrows its dependencies from this one; the product comes only from the wheel.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import tomllib
import urllib.request
import venv
from contextlib import suppress
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from uv import find_uv_bin
from websockets.sync.client import connect

from scripts.waiting import PATIENCE_S, wait_until
from tests.commands import KEPT
from tests.conftest import ROOT
from tests.processes import MARK, carrying
from velocity import __version__

pytestmark = pytest.mark.fault  # slow, and it kills what it starts


@pytest.fixture(scope="module")
def away(tmp_path_factory):
    """A folder with the wheel installed in its `env`, and nothing else of ours."""
    folder = tmp_path_factory.mktemp("away")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
    )
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", wheel],
        check=True,
        cwd=folder,
    )
    site = next((folder / "env" / "lib").glob("python*/site-packages"))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return folder


@pytest.fixture
def environment(tmp_path):
    """Variables with an empty home, and the mark of leftover processes."""
    kept = {key: value for key, value in os.environ.items() if key in KEPT}
    return kept | {"HOME": str(tmp_path), MARK: str(tmp_path)}


def _say(away, environment, *command):
    done = subprocess.run(
        [away / "env" / "bin" / command[0], *command[1:]],
        cwd=away,
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_wheel_prints_its_version(away, environment):
    code = "from importlib.metadata import version; print(version('research-velocity'))"
    version = _say(away, environment, "python", "-c", code)
    assert _say(away, environment, "velocity", "--version") == version


def test_the_wheel_contains_queries_theme_and_app(away, environment):
    code = "from velocity.paths import project_root; print(project_root())"
    root = Path(_say(away, environment, "python", "-c", code))
    assert root.is_relative_to(away / "env")
    for path in ("app.py", ".streamlit/config.toml", "queries"):
        assert (root / path).exists()
    code = "from velocity.queries import list_queries as all; print(*(it.name for it in all()))"
    queries = (ROOT / "queries").rglob("*.sql")
    names = {path.relative_to(ROOT / "queries").with_suffix("").as_posix() for path in queries}
    assert set(_say(away, environment, "python", "-c", code).split()) == names


def test_uvx_finds_the_command_by_the_name_of_the_package(away, environment, tmp_path):
    (wheel,) = away.glob("*.whl")
    code = (
        "from importlib.metadata import requires; print(*requires('research-velocity'), sep='\\n')"
    )
    wanted = re.findall(r"^[\w.-]+", _say(away, environment, "python", "-c", code), re.MULTILINE)
    # Nothing is downloaded: uv gets no dependencies, and they are borrowed as above.
    left_out = tmp_path / "left-out.txt"
    left_out.write_text("".join(f"{name} ; python_version < '3'\n" for name in {*wanted}))
    options = ["--offline", "--no-index", "--no-config", "--python", sys.executable]
    options += ["--overrides", left_out, "--from", wheel]
    done = subprocess.run(
        [find_uv_bin(), "tool", "run", *options, "research-velocity", "--version"],
        check=True,
        capture_output=True,
        text=True,
        env=environment | {"PYTHONPATH": sysconfig.get_path("purelib")},
    )
    assert done.stdout == f"{__version__}\n"


def test_the_demo_runs_from_the_wheel_with_its_theme_and_leaves_nothing_running(
    away, environment, tmp_path
):
    port = _free_port()
    log = tmp_path / "log"
    with log.open("wb") as output:
        demo = subprocess.Popen(
            [away / "env" / "bin" / "velocity", "demo", "--no-browser", "--port", str(port)],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_until_healthy(port, demo, log)
        theme = _new_session(port).custom_theme
        demo.send_signal(signal.SIGINT)
        demo.wait(PATIENCE_S)
    finally:
        demo.kill()
        demo.wait()
    said = log.read_text(encoding="utf-8")
    assert "Traceback" not in said
    wanted = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
    assert theme.light.primary_color == wanted["light"]["primaryColor"]
    assert theme.dark.primary_color == wanted["dark"]["primaryColor"]
    assert carrying(tmp_path) == {}
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def _wait_until_healthy(port, process, log):
    def answers():
        assert process.poll() is None, log.read_text(encoding="utf-8")
        health = f"http://127.0.0.1:{port}/_stcore/health"
        with suppress(OSError), urllib.request.urlopen(health, timeout=PATIENCE_S):
            return True
        return False

    wait_until(answers)


def _new_session(port):
    """Streamlit's messages from the server to a browser that opens the first page."""
    address = f"127.0.0.1:{port}"
    # Like a browser, it names the page that opens the socket.
    socket_of_page = connect(
        f"ws://{address}/_stcore/stream", origin=f"http://{address}", max_size=None
    )
    with socket_of_page as socket_:
        socket_.send(BackMsg(rerun_script={"query_string": ""}).SerializeToString())
        while True:
            message = ForwardMsg.FromString(socket_.recv(timeout=PATIENCE_S))
            if message.HasField("new_session"):
                return message.new_session
