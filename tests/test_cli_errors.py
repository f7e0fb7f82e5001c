"""Each failure has its own error: one sentence and a hint, an exit code, no traceback."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from tests.builders import run, store_of
from tests.commands import environment, velocity
from tests.wandb_server import Fault, ProtocolServer, World
from velocity.demo.wandb_server.world import RunNode

pytestmark = pytest.mark.sampled(4)

NEEDED = "entity,project,run_id,state,created_at"


def _node(run_id, project="vision"):
    start = datetime(2026, 1, 5, 9, tzinfo=UTC)
    return RunNode.build(
        entity="lab",
        project=project,
        run_id=run_id,
        username="ada",
        display_name=run_id,
        state="finished",
        created_at=start,
        heartbeat_at=start + timedelta(hours=1),
        runtime_s=3600,
    )


@pytest.fixture(scope="module")
def server():
    with ProtocolServer(World([_node("r1")])) as running:
        yield running


@pytest.fixture
def sync(server, tmp_path):
    """`velocity sync` of a project from the server, with other variables if given."""

    def command(*arguments, **variables):
        known = {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": server.api_key} | variables
        env = environment(tmp_path, **{name: value for name, value in known.items() if value})
        return velocity("sync", *arguments, cwd=tmp_path, env=env)

    return command


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
    assert shown.stdout.splitlines()[1].startswith(b"ada,1.0,")


@pytest.mark.thorough
def test_each_cause_of_a_failed_sync_has_its_own_error(sync, server):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    wanted = ("--project", "lab/vision")
    told = {
        _refused(sync(), "No W&B project is named"),
        _refused(sync(*wanted, WANDB_API_KEY=""), "No W&B API key", server.url),
        _refused(sync(*wanted, WANDB_API_KEY="x" * 40), "refused the API key"),
        _refused(
            sync(*wanted, WANDB_BASE_URL=nobody, WANDB_HTTP_TIMEOUT="2"),
            *("No server answers", nobody),
        ),
        _refused(sync("--project", "lab/visoin"), 'no project "visoin"'),
        _refused(sync("--project", "lap/vision"), 'does not have an entity "lap"'),
    }
    assert len(told) == 6


@pytest.mark.thorough
def test_the_key_is_never_shown(sync):
    key = "k" * 40
    done = sync("--project", "lab/vision", WANDB_API_KEY=key)
    assert key.encode() not in done.stderr + done.stdout


def test_one_failing_project_does_not_stop_the_others(sync, tmp_path):
    done = sync("--project", "lab/visoin", "--project", "lab/vision")
    assert done.returncode == 1
    assert b"lab/visoin: failed." in done.stderr
    assert b"lab/vision: 1 new." in done.stderr
    assert velocity("runs", "--format", "csv", cwd=tmp_path).stdout.count(b"r1") >= 1


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, ("does not exist",)),
        ("", ("is empty",)),
        ("\0\1\2", ("neither a CSV file nor a Parquet file",)),
        ("entity,project,run_id,created_at\ne,p,r,2026-01-05", ('"state"',)),
        (f"{NEEDED}\n", ("has no rows",)),
    ],
)
def test_each_unusable_table_has_its_own_error(tmp_path, text, words):
    if text is not None:
        (tmp_path / "runs.csv").write_text(text, encoding="utf-8")
    _refused(velocity("import", "runs.csv", cwd=tmp_path), "runs.csv", *words)


@pytest.mark.thorough
def test_paths_without_run_directories_are_errors(tmp_path):
    (tmp_path / "empty").mkdir()
    first = _refused(velocity("ingest", "empty", cwd=tmp_path), "empty")
    assert first != _refused(velocity("ingest", "nowhere", cwd=tmp_path), "nowhere")


@pytest.mark.thorough
def test_a_store_without_data_is_an_error(tmp_path):
    for command in ("metrics", "runs", "experiments", "loops"):
        _refused(velocity(command, cwd=tmp_path), "There is no data in data yet")
    assert not (tmp_path / "data").exists()


def test_an_unknown_scholar_is_an_error_with_suggestions(tmp_path):
    rows = [run("r1", "09:00", "10:00"), run("r2", "09:00", "10:00", username="adam")]
    store_of(rows, "20:00", data=tmp_path / "data")
    done = velocity("metrics", "--scholar", "adda", cwd=tmp_path)
    _refused(done, "no scholar 'adda'")
    assert b"ada or adam" in done.stderr


@pytest.mark.thorough
@pytest.mark.parametrize(
    "asked",
    [
        ("metrics", "--scholar", "zoe\x1b[2J\nb"),
        ("metrics", "--from", "a\x1b[2J\nb"),
        ("explain", "--metric", "busy_hours", "--scholar", "ad\x1b[2"),
        ("explain", "--metric", "busy_hours", "--scholar", "ada", "--week", "\x1b[2J"),
        ("import", "runs.csv", "--as-of", "\x1b[2J"),
    ],
)
def test_arguments_and_suggestions_cannot_move_the_cursor(tmp_path, asked):
    rows = [run("r1", "09:00", "10:00", username="ad\x1b[2J")]
    store_of(rows, "20:00", data=tmp_path / "data")
    done = velocity(*asked, cwd=tmp_path)
    assert done.returncode in {1, 2}
    assert done.stdout == b""
    assert b"\x1b" not in done.stderr
    assert (b"Did you mean" in done.stderr) == ("ad\x1b[2" in asked)


@pytest.mark.thorough
def test_damaged_snapshots_and_unwritable_files_are_errors(tmp_path):
    snapshot = store_of([run("r1", "09:00", "10:00")], "20:00", data=tmp_path / "data")
    _refused(velocity("runs", "--out", "no/such/folder.csv", cwd=tmp_path), "folder.csv")
    path = tmp_path / "data" / "snapshots" / f"{snapshot.name}.duckdb"
    path.write_bytes(b"\0" * 100)
    _refused(velocity("runs", cwd=tmp_path), "cannot be opened")


@pytest.mark.thorough
def test_errors_in_the_settings_name_the_line(tmp_path):
    (tmp_path / "velocity.toml").write_text('[programme]\ntimezone = "Mars"\n', encoding="utf-8")
    _refused(velocity("sync", cwd=tmp_path), "programme.timezone: got", '"Mars"')


@pytest.mark.thorough
def test_a_port_in_use_is_an_error_before_anything_is_written(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for command in ("demo", "app"):
            _refused(velocity(command, "--port", port, cwd=tmp_path), f"Port {port}")
    assert not (tmp_path / "data").exists()


@pytest.mark.thorough
def test_a_response_without_a_field_is_an_error_that_names_it(sync, server):
    def without_config(data, _call):
        left = orjson.loads(orjson.dumps(data))
        for edge in left["project"]["runs"]["edges"]:
            del edge["node"]["config"]
        return left

    server.faults[:] = [Fault(change_data=without_config, times=None)]
    done = sync("--project", "lab/vision")
    server.faults.clear()
    assert done.returncode == 1
    assert b'"project.runs.edges.node.config"' in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.thorough
def test_doctor_reports_good_and_broken_subjects(server, tmp_path):
    (tmp_path / "velocity.toml").write_text(
        '[wandb]\nprojects = ["lab/vision", "lab/*", "lab/gone"]\n', encoding="utf-8"
    )
    (tmp_path / "roster.toml").write_text("leads = 3\n", encoding="utf-8")
    rows = [run("r1", "09:00", "10:00")]
    store_of(rows, "20:00", data=tmp_path / "data")
    env = environment(tmp_path, WANDB_BASE_URL=server.url, WANDB_API_KEY=server.api_key)
    done = velocity("doctor", cwd=tmp_path, env=env)
    told = done.stdout.decode()
    assert done.returncode == 1, told
    assert server.api_key not in told
    assert "lab/*: 1 project\n" in told
    assert "runs of 1 scholar in 1 project\n" in told
    states = {}
    for line in told.splitlines():
        if not line.startswith(" "):
            state, about, *_ = line.split()
            states.setdefault(about, []).append(state)
    assert states == {
        "versions": ["ok"],
        "settings": ["ok"],
        "roster": ["broken"],
        "key": ["ok"],
        "server": ["ok"],
        "projects": ["ok", "ok", "broken"],
        "store": ["ok"],
        "age": ["note"],
    }
    lines = told.splitlines()
    for number, line in enumerate(lines):
        if line.startswith(("note", "broken")):
            assert lines[number + 1].strip().startswith("-> ")


@pytest.mark.thorough
def test_doctor_does_not_count_runs_after_a_failed_first_sync(sync, server, tmp_path):
    sync("--project", "lab/gone")
    env = environment(tmp_path, WANDB_BASE_URL=server.url, WANDB_API_KEY=server.api_key)
    told = velocity("doctor", cwd=tmp_path, env=env).stdout.decode()
    assert "no snapshot in data yet\n" in told


@pytest.mark.thorough
def test_doctor_works_on_a_fresh_machine(tmp_path):
    done = velocity("doctor", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert b"Nothing is broken" in done.stderr
