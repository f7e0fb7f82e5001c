"""The wheel and its demo work in an empty environment, away from the clone.

The environment borrows its dependencies from this one; the product comes only from the wheel.
"""

import re
import signal
import socket
import subprocess
import sys
import sysconfig
import tomllib
import urllib.request
import venv
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from uv import find_uv_bin
from websockets.sync.client import connect

from scripts.waiting import PATIENCE_S
from tests import commands
from tests.conftest import ROOT
from tests.outward import watched
from tests.processes import MARK, assert_nothing_runs
from velocity import __version__
from velocity.demo import cohort, is_demo
from velocity.demo.stories import OFFLINE_SYNC
from velocity.demo.workdays import Term
from velocity.reading import reads
from velocity.store import latest_snapshot

pytestmark = pytest.mark.fault  # slow, and it kills what it starts


@pytest.fixture(scope="module")
def away(tmp_path_factory):
    """A folder with the wheel installed in its `env`, and nothing else of ours."""
    folder = tmp_path_factory.mktemp("away")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(build, cwd=ROOT, check=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env")
    options = ["--offline", "--no-index", "--no-config", "--no-deps", "--python", folder / "env"]
    subprocess.run([find_uv_bin(), "pip", "install", "-q", *options, wheel], check=True)
    site = next((folder / "env" / "lib").glob("python*/site-packages"))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return folder


@pytest.fixture
def environment(tmp_path):
    """Variables with an empty home, and without the clone."""
    return commands.environment(tmp_path, PYTHONPATH="")


@pytest.fixture
def say(away, environment):
    """What a command of the wheel's environment prints, such as a program in Python."""

    def printed(*command):
        command = (away / "env" / "bin" / command[0], *command[1:])
        return subprocess.check_output(command, cwd=away, text=True, env=environment).strip()

    return printed


def test_the_wheel_prints_its_version(say):
    code = "from importlib.metadata import version; print(version('research-velocity'))"
    assert say("velocity", "--version") == say("python", "-c", code)


def test_the_wheel_contains_queries_theme_and_app(away, say):
    root = Path(say("python", "-c", "from velocity.paths import project_root as it; print(it())"))
    assert root.is_relative_to(away / "env")
    for path in ("app.py", ".streamlit/config.toml", "queries"):
        assert (root / path).exists()
    code = "from velocity.queries import list_queries as all; print(*(it.name for it in all()))"
    queries = (ROOT / "queries").rglob("*.sql")
    names = {path.relative_to(ROOT / "queries").with_suffix("").as_posix() for path in queries}
    assert set(say("python", "-c", code).split()) == names


def test_uvx_finds_the_command_by_the_name_of_the_package(away, say, environment, tmp_path):
    (wheel,) = away.glob("*.whl")
    listed = (
        "from importlib.metadata import requires; print(*requires('research-velocity'), sep='\\n')"
    )
    wanted = re.findall(r"^[\w.-]+", say("python", "-c", listed), re.MULTILINE)
    # Nothing is downloaded: uv gets no dependencies, and they are borrowed as above.
    left_out = tmp_path / "left-out.txt"
    left_out.write_text("".join(f"{name} ; python_version < '3'\n" for name in {*wanted}))
    options = ["--offline", "--no-index", "--no-config", "--python", sys.executable]
    options += ["--overrides", left_out, "--from", wheel]
    command = [find_uv_bin(), "tool", "run", *options, "research-velocity", "--version"]
    env = environment | {"PYTHONPATH": sysconfig.get_path("purelib")}
    assert subprocess.check_output(command, text=True, env=env) == f"{__version__}\n"


@contextmanager
def _demo(away, folder, until, **env):
    """Run a demo in the folder; yield its lines up to `until`, then interrupt it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # The user's own key and server, which the demo must not use.
    own = {"WANDB_API_KEY": "x" * 40, "WANDB_BASE_URL": "http://127.0.0.1:9", MARK: str(folder)}
    command = [away / "env" / "bin" / "velocity", "demo", "--no-browser", "--port", str(port)]
    env = commands.environment(folder, **own, **{"PYTHONPATH": ""} | env)
    pipes = {"stdin": subprocess.DEVNULL, **dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)}
    demo = subprocess.Popen(
        command, cwd=folder, env=env, **pipes, text=True, start_new_session=True
    )
    lines = []
    try:
        for line in demo.stderr:
            lines.append(line)
            if line.startswith(until):
                break
        else:
            pytest.fail("".join(lines))
        yield demo, port, lines
        demo.send_signal(signal.SIGINT)
        out, err = demo.communicate(timeout=PATIENCE_S)
        lines.append(err)
        assert out == ""
        assert "Traceback" not in err
    finally:
        demo.kill()
        demo.wait()
    assert_nothing_runs(folder)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def _get(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_S) as answer:
        return answer.read()


def test_a_stopped_demo_starts_over_syncs_serves_and_leaves_nothing_running(away, tmp_path):
    data = tmp_path / "data" / "demo"
    with _demo(away, tmp_path, until="pull") as (demo, _, _):
        pass
    assert demo.returncode == 130
    assert not (data / "CURRENT").exists()

    (tmp_path / "watch").mkdir()
    with watched(tmp_path / "watch") as watch:
        env = {it: watch.env[it] for it in watch.env.keys() - {"HOME"}}
        env["PYTHONPATH"] = str(tmp_path / "watch")
        with _demo(away, tmp_path, until="Serving", **env) as (demo, port, lines):
            assert _get(port, "/_stcore/health") == b"ok"
            with pytest.raises(OSError, match="refused"):  # only one address is served
                socket.create_connection(("127.0.0.2", port), timeout=PATIENCE_S)
            theme = _new_session(port).custom_theme
        assert watch.hosts() == {"127.0.0.1"}
        assert watch.elsewhere() == []
    assert demo.returncode == 0
    assert "data/demo" in lines[0]
    assert {"connect", "pull", "derive", "publish"} <= {line.split()[0] for line in lines}
    wanted = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
    assert theme.light.primary_color == wanted["light"]["primaryColor"]
    assert theme.dark.primary_color == wanted["dark"]["primaryColor"]

    assert is_demo(data)
    snapshot = latest_snapshot(data)
    log = reads.sync_log(snapshot)
    assert set(log["command"]) == {"sync"}
    assert log["error"].null_count() == log.height > 1
    assert reads.scholars(snapshot).height == len(cohort.BIRDS)
    # Pulled twice, a day apart: an offline directory synced in between changed an old week.
    restated = reads.restated(snapshot, by="scholar", since=None)
    late = restated.filter(group_id=cohort.BIRDS[OFFLINE_SYNC.seat], measure="runs_started")
    late = late.row(0, named=True)
    assert late["value_after"] - late["value_before"] == 2
    first = Term.until(late["restated_at"]).week(OFFLINE_SYNC.week)
    assert late["week_start"] == datetime.fromtimestamp(first, UTC).date()
    words = ("metrics", "--data", data, "--by", "stream", "--format", "csv")
    shown = commands.velocity(*words, cwd=tmp_path)
    assert len(shown.stdout.splitlines()) == 1 + reads.streams(snapshot).height

    with _demo(away, tmp_path, until="Serving") as (_, port, again):
        # The server of the runs has ended, so the app answers their links.
        link = reads.runs(snapshot)["url"][0]
        assert link.removeprefix("/demo-run/") in _get(port, link).decode()
    assert not [line for line in again if line.startswith("pull")]
    assert latest_snapshot(data).name == snapshot.name


def _new_session(port):
    """Streamlit's messages from the server to a browser that opens the first page."""
    address = f"127.0.0.1:{port}"
    # Like a browser, it names the page that opens the socket.
    origin = f"http://{address}"
    with connect(f"ws://{address}/_stcore/stream", origin=origin, max_size=None) as socket_:
        socket_.send(BackMsg(rerun_script={"query_string": ""}).SerializeToString())
        while True:
            message = ForwardMsg.FromString(socket_.recv(timeout=PATIENCE_S))
            if message.HasField("new_session"):
                return message.new_session
