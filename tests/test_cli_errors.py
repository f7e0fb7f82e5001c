"""Each failure has its own error: one sentence and a hint, an exit code, no traceback."""

import socket
from functools import partial
from itertools import pairwise

import pytest

from tests.builders import one_run, run, store_of
from tests.commands import velocity
from tests.stores import copied
from tests.wandb_server import ProtocolServer, World
from tests.worlds import environment_of, node

pytestmark = pytest.mark.sampled(4)


@pytest.fixture(scope="module")
def server():
    with ProtocolServer(World([node(run_id="r1")])) as running:
        yield running


@pytest.fixture
def told_to(server, tmp_path):
    """A command for the server, with other variables if given; it never shows the key."""

    def command(*arguments, **variables):
        known = environment_of(server, tmp_path, **variables)
        env = {name: value for name, value in known.items() if value}
        done = velocity(*arguments, cwd=tmp_path, env=env)
        assert env.get("WANDB_API_KEY", server.api_key).encode() not in done.stdout + done.stderr
        return done

    return command


@pytest.fixture
def sync(told_to):
    """`velocity sync` of a project from the server."""
    return partial(told_to, "sync")


def _refused(done, *words, code=1):
    """Asserts one sentence with these words and a hint, and nothing on standard output."""
    told = done.stderr.decode()
    assert done.returncode == code, told
    assert done.stdout == b""
    assert "Traceback" not in told
    start = told.index("Error: ")
    message, hint = told[start:].strip().split("\n")
    for word in words:
        assert word in message
    assert hint.endswith((".", "?"))
    return message


@pytest.mark.thorough
def test_a_successful_sync_summarises_its_runs(sync, tmp_path):
    done = sync("--project", "lab/vision")
    assert done.returncode == 0, done.stderr
    assert b"lab/vision: 1 new." in done.stderr
    assert b"1 unchanged" in sync("--project", "lab/*", "--full").stderr
    shown = velocity("metrics", "--format", "csv", cwd=tmp_path)
    assert shown.stdout.splitlines()[1].startswith(b"ada,0.9833333333333333,")


@pytest.mark.thorough
def test_each_cause_of_a_failed_sync_has_its_own_error(sync, server):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    unreachable = {"WANDB_BASE_URL": nobody, "WANDB_HTTP_TIMEOUT": "2"}
    wanted = ("--project", "lab/vision")
    told = {
        _refused(sync(), "No W&B project is named"),
        _refused(sync(*wanted, WANDB_API_KEY=""), "No W&B API key", server.url),
        _refused(sync(*wanted, WANDB_API_KEY="x" * 40), "refused the API key"),
        _refused(sync(*wanted, **unreachable), "No server answers", nobody),
        _refused(sync("--project", "lab/visoin"), 'no project "visoin"'),
        _refused(sync("--project", "lap/vision"), 'does not have an entity "lap"'),
    }
    assert len(told) == 6


def test_one_failing_project_does_not_stop_the_others(sync, tmp_path):
    done = sync("--project", "lab/visoin", "--project", "lab/vision")
    assert done.returncode == 1
    assert b"lab/visoin: failed." in done.stderr
    assert b"lab/vision: 1 new." in done.stderr
    assert velocity("runs", "--format", "csv", cwd=tmp_path).stdout.count(b"r1") >= 1


@pytest.mark.thorough
@pytest.mark.parametrize(
    "asked",
    [
        ("metrics", "--scholar", "zoe\x1b[2J\nb"),
        ("metrics", "--from", "a\x1b[2J\nb"),
        ("explain", "--metric", "busy_hours", "--scholar", "ad\x1b[2"),
        ("explain", "--metric", "busy_hours", "--scholar", "ada", "--week", "\x1b[2J"),
        ("import", "runs.csv", "--as-of", "\x1b[2J"),
        ("forget", "\x1b[2J\udcff", "--yes"),  # a byte that is not UTF-8
    ],
)
def test_arguments_and_suggestions_cannot_move_the_cursor(tmp_path, asked):
    rows = [run("r1", "09:00", "10:00", username="ad\x1b[2J")]
    store_of(rows, "20:00", data=tmp_path / "data")
    done = velocity(*asked, cwd=tmp_path)
    assert done.returncode in {1, 2}
    assert done.stdout == b""
    assert b"\x1b" not in done.stderr
    assert b"Unexpected" not in done.stderr
    assert (b"Did you mean" in done.stderr) == ("ad\x1b[2" in asked)


@pytest.mark.thorough
def test_a_damaged_snapshot_is_an_error(tmp_path):
    (path,) = (copied(one_run, tmp_path / "data") / "snapshots").iterdir()
    path.write_bytes(b"\0" * 100)
    _refused(velocity("runs", cwd=tmp_path), "cannot be opened")
    (tmp_path / "data" / "CURRENT").write_bytes(b"\xff")
    _refused(velocity("runs", cwd=tmp_path), "cannot be opened")


@pytest.mark.thorough
def test_a_port_in_use_is_an_error_before_anything_is_written(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for command in ("demo", "app"):
            _refused(velocity(command, "--port", port, cwd=tmp_path), f"Port {port}")
    assert not (tmp_path / "data").exists()


@pytest.mark.thorough
def test_doctor_reports_good_and_broken_subjects(told_to, tmp_path):
    settings = '[wandb]\nprojects = ["lab/vision", "lab/*", "lab/gone"]\n'
    (tmp_path / "velocity.toml").write_text(settings, encoding="utf-8")
    (tmp_path / "roster.toml").write_text("leads = 3\n", encoding="utf-8")
    copied(one_run, tmp_path / "data")
    done = told_to("doctor")
    told = done.stdout.decode()
    assert done.returncode == 1, told
    assert "lab/*: 1 project\n" in told
    assert "runs of 1 scholar in 1 project\n" in told
    lines = told.splitlines()
    assert sorted(line.split()[1::-1] for line in lines if not line.startswith(" ")) == [
        ["age", "note"],
        ["key", "ok"],
        *(["projects", state] for state in ("broken", "ok", "ok")),
        ["roster", "broken"],
        *([about, "ok"] for about in ("server", "settings", "store", "versions")),
    ]
    for line, after in pairwise([*lines, ""]):
        if line.startswith(("note", "broken")):
            assert after.strip().startswith("-> ")


@pytest.mark.thorough
def test_doctor_does_not_count_runs_after_a_failed_first_sync(sync, told_to):
    sync("--project", "lab/gone")
    assert b"no snapshot in data yet\n" in told_to("doctor").stdout


@pytest.mark.thorough
def test_doctor_works_on_a_fresh_machine(tmp_path):
    done = velocity("doctor", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert b"Nothing is broken" in done.stderr
