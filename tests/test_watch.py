"""`velocity sync --watch` against the stand-in server, stopped, starved and killed."""

import os
import re
import resource
import signal
import subprocess
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from unittest.mock import Mock, call

import pytest
from typer import BadParameter

from scripts.waiting import PATIENCE_S, wait_until
from tests.commands import VELOCITY, environment, velocity
from tests.faults import slow
from tests.processes import MARK, assert_nothing_runs, carrying
from tests.wandb_server import ProtocolServer, World
from tests.worlds import node, point_client_at
from velocity.cli.bring import _seconds
from velocity.cli.watched import tell_result
from velocity.database.lock import writer_lock
from velocity.demo.wandb_server.server import DEMO_API_KEY
from velocity.reading import reads
from velocity.record import exclusions
from velocity.settings import Settings
from velocity.store import latest_snapshot
from velocity.sync import watch
from velocity.sync.commands import sync_wandb
from velocity.sync.watch import SKIPPED, Log, pause_s

_PATIENCE = 10  # cycles: some may fail on a busy machine
FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)')


def surroundings(folder, url):
    known = {"WANDB_BASE_URL": url, "WANDB_API_KEY": DEMO_API_KEY, "WANDB_HTTP_TIMEOUT": "10"}
    return environment(folder, **known, **{MARK: str(folder)})


def fields_of(line):
    return {name: value.strip('"') for name, value in FIELD.findall(line)}


def ids_in(data):
    return sorted(reads.runs(latest_snapshot(data))["run_id"])


class Service:
    """A watch of lab/* every second, and the lines of its log so far."""

    def __init__(self, folder, url):
        self.data = folder / "data"
        self.process = subprocess.Popen(
            [*VELOCITY, "sync", "--watch", "1s", "--project", "lab/*"],
            cwd=folder,
            env=surroundings(folder, url),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log = ""

    def until(self, event, **fields):
        """Read to the next line of an event with these fields and return its fields."""
        wanted = {"event": event} | fields
        cycles = 0
        for line in self.process.stderr:
            self.log += line
            cycles += "event=waiting" in line
            if cycles > _PATIENCE:
                break
            if wanted.items() <= (told := fields_of(line)).items():
                return told
        pytest.fail(self.log)

    def ends(self, by):
        """Send a signal and return how the service ends."""
        self.process.send_signal(by)
        self.log += self.process.communicate(timeout=PATIENCE_S)[1]
        return self.process.returncode


@contextmanager
def watching(folder, url):
    service = Service(folder, url)
    try:
        yield service
    finally:
        service.process.kill()
        service.process.wait()
    assert_nothing_runs(folder)


@pytest.fixture
def server():
    with ProtocolServer(World([node(0)])) as running:
        yield running


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A watch that published twice, first after an interrupted removal, and its exit code."""
    folder = tmp_path_factory.mktemp("stopped")
    data = folder / "data"
    data.mkdir()
    exclusions.load(data).begun(exclusions.Names(usernames=frozenset({"zoe"}))).save(data)
    with (
        ProtocolServer(World([node(0), node(2, username="zoe")])) as server,
        watching(folder, server.url) as service,
    ):
        service.until("published")
        server.world.put(node(1, project="audio"))
        told = service.until("published", projects="2", new="1")
        assert (told["failed"], told["rejected"]) == ("0", "0")
        assert int(told["requests"]) > 0
        assert service.until("waiting")["outcome"] == "synced"
        code = service.ends(signal.SIGTERM)
    return service, code


@pytest.mark.thorough
def test_a_watch_syncs_repeatedly_and_stops_on_a_signal(stopped):
    service, code = stopped
    assert code == 0
    assert "event=stopped signal=SIGTERM" in service.log
    assert ids_in(service.data) == ["r0000", "r0001"]


@pytest.mark.thorough
def test_an_interrupted_removal_is_finished_and_logged_before_the_sync(stopped):
    service, _ = stopped
    events = [fields_of(line)["event"] for line in service.log.splitlines()]
    assert events[:4] == ["started", "forgotten", "pulled", "published"]


def test_modules_in_the_working_directory_are_not_imported(tmp_path, monkeypatch):
    begin = Mock(side_effect=watch._StoppedError(signal.SIGTERM))
    monkeypatch.setattr(watch, "_sync_for_ever", begin)
    monkeypatch.setattr(watch.signal, "signal", lambda *_: None)
    monkeypatch.setattr(watch.os, "execv", become := Mock())
    asked = tmp_path, tmp_path / "velocity.toml", ["lab/*"]
    watch.watch(*asked, interval_s=1)
    watch.become_watch(*asked, command="sync", interval_s=1)
    (tmp_path / "velocity").mkdir()
    (tmp_path / "velocity/__init__.py").write_text("raise SystemExit('planted')")
    for module, command in (
        ("velocity", begin.call_args.args[0]),
        ("velocity.sync.watch", become.call_args.args[1]),
    ):
        # The watch fails for lack of arguments.
        program = [*command[: command.index(module) + 1], "--version"]
        done = subprocess.run(program, cwd=tmp_path, capture_output=True, check=False)
        assert b"planted" not in done.stderr
        assert (done.returncode == 0) == (module == "velocity")


@pytest.mark.thorough
def test_every_line_has_a_time_and_an_event_and_no_secret_or_run_name(stopped):
    log = stopped[0].log
    for line in log.splitlines():
        assert re.match(r"ts=\d{4}-\d\d-\d\dT[\d:.]+Z level=(info|warning|error) event=\w+", line)
        assert re.search(r" rss_mib=[\d.]+$", line)
    pulled = next(line for line in log.splitlines() if "event=pulled" in line)
    assert fields_of(pulled).keys() >= {"project", "new", "changed", "requests", "seconds"}
    for secret in (DEMO_API_KEY, "ada", "example.org", "run 0", "r0000"):
        assert secret not in log


def test_text_from_outside_cannot_forge_a_line_or_leak_a_secret(tmp_path):
    with (tmp_path / "log").open("wb") as file:
        words = f"no\nts=1 event=stopped \x1b[2J {'k' * 40} a@b.example https://x/?key=1"
        Log(file.fileno()).tell("error", "failed", reason=words)
    (line,) = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert r'reason="no\nts=1 event=stopped \u001b[2J (key) (address) https://x/?..."' in line


@pytest.mark.fault
def test_a_sync_without_progress_ends(server, tmp_path):
    server.faults.append(slow(PATIENCE_S))
    command = [*VELOCITY, "sync", "--watched=2", "--project", "lab/*", "--data", "data"]
    env = surroundings(tmp_path, server.url)
    holding, held = map(os.fdopen, os.pipe(), "rw")  # a watch keeps its end open while it runs
    with holding, held:
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=env,
            stdin=holding,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
    assert (done.returncode, done.stdout) == (-signal.SIGALRM, b"")
    assert_nothing_runs(tmp_path)


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    """A watch, its server, and how it met a lock at first; each test ends when it publishes."""
    folder = tmp_path_factory.mktemp("troubled")
    (folder / "data").mkdir()
    with ProtocolServer(World([node(0)])) as server, watching(folder, server.url) as service:
        with writer_lock(service.data):
            locked = service.until("skipped")["reason"], service.until("waiting")["outcome"]
        service.until("published")
        yield service, server, locked


@pytest.mark.fault
def test_a_watch_skips_a_sync_while_another_process_writes_the_store(troubled):
    _, _, (reason, outcome) = troubled
    assert f"by process {os.getpid()}" in reason
    assert outcome == "skipped"


@pytest.mark.fault
def test_a_sync_that_is_killed_is_logged_and_the_next_one_publishes(troubled):
    service, server, _ = troubled
    kills = ((signal.SIGKILL, "crashed:-9"), (signal.SIGALRM, "failed"))
    for failures, (by, outcome) in enumerate(kills, 1):
        begun = threading.Event()
        server.faults.append(slow(PATIENCE_S).at(when=lambda _, begun=begun: begun.set() or True))
        assert begun.wait(PATIENCE_S)
        server.faults.clear()
        server.world.put(node(5, heartbeat_at=datetime.now(UTC)))
        carried = carrying(service.data.parent)
        (sync,) = (pid for pid, command in carried.items() if b"--watched" in command)
        os.kill(sync, by)
        if by is signal.SIGALRM:
            assert "made no progress for 30 minutes" in service.until("failed")["reason"]
        told = service.until("waiting", level="warning")
        assert (told["outcome"], told["failures"]) == (outcome, str(failures))
    service.until("published", new="1")
    assert service.until("waiting")["failures"] == "0"


@pytest.mark.fault
def test_a_watch_recovers_from_a_full_disk(troubled):
    service, server, _ = troubled
    _, hard = resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (0, hard))
    # The client, which starts first, needs room for a file of its own.
    reason = service.until("failed")["reason"]
    assert "File too large" in reason or "temporary directory" in reason
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    server.world.put(node(1, heartbeat_at=datetime.now(UTC)))
    service.until("published", new="1")
    assert "r0001" in ids_in(service.data)


@pytest.mark.fault
def test_a_watch_survives_an_outage_of_the_server(troubled):
    """The last one here, because the first server does not come back."""
    service, server, _ = troubled
    service.until("published")
    server.stop()
    assert service.until("failed")["error"] == "RetryLaterError"
    told = service.until("waiting", outcome="failed")
    assert told["failures"] == "1"
    assert float(told["next_s"]) >= 0.9  # regardless of how long the failure took
    with ProtocolServer(server.world, port=int(server.url.rpartition(":")[2])):
        service.until("published")
        assert service.until("waiting")["failures"] == "0"


@pytest.mark.fault
@pytest.mark.parametrize(
    ("by", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_a_sync_in_progress_ends_with_the_service(server, tmp_path, by, code):
    server.faults.append(slow(PATIENCE_S))
    with watching(tmp_path, server.url) as service:
        service.until("started")
        wait_until(lambda: any(call.operation == "Runs" for call in server.calls))
        assert len(carrying(tmp_path)) >= 2
        assert service.ends(by) == code
        assert_nothing_runs(tmp_path)
    assert not (service.data / "CURRENT").exists()


def test_an_entity_without_projects_is_not_a_failure(server, tmp_path, monkeypatch):
    server.world.entities["empty"] = {}
    point_client_at(server, monkeypatch)
    result = sync_wandb(tmp_path, Settings(), projects=["empty/*"])
    with (tmp_path / "log").open("wb") as file:
        tell_result(Log(file.fileno()), result, {"derive": 0.75, "publish": 0.251})
    logged = (tmp_path / "log").read_text()
    assert "event=published projects=0 failed=0 new=0" in logged
    assert "seconds=1.0 derive_s=0.75 publish_s=0.25 " in logged


def test_the_pause_grows_with_each_failure_and_a_good_sync_resets_it(tmp_path, monkeypatch):
    # A failed nudge does not make the next sync come sooner.
    nudge = Mock(return_value=1)
    sync = Mock(side_effect=[1, -signal.SIGKILL, 1, 0, 1, SKIPPED])
    sleep = Mock(side_effect=[*[None] * 5, InterruptedError])
    monkeypatch.setattr(watch, "_run", lambda command: {"sync": sync, "nudge": nudge}[command[0]]())
    monkeypatch.setattr(watch.random, "uniform", lambda *_: 0)
    monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=sleep))
    with (tmp_path / "log").open("wb") as file, pytest.raises(InterruptedError):
        watch._sync_for_ever(["sync"], ["nudge"], Log(file.fileno()), 3600)
    assert sleep.call_args_list == [call(it) for it in (30, 60, 120, 3600, 30, 3600)]
    assert nudge.call_count == 6  # also after a failed sync: the operator may have to know
    lines = map(fields_of, (tmp_path / "log").read_text(encoding="utf-8").splitlines())
    waits = [(it["outcome"], it["failures"]) for it in lines if it["event"] == "waiting"]
    first = [("failed", "1"), ("crashed:-9", "2"), ("failed", "3")]
    assert waits == [*first, ("synced", "0"), ("failed", "1"), ("skipped", "0")]


@pytest.mark.parametrize(
    ("told", "code"), [("exit 3", 3), (":", -signal.SIGKILL)], ids=["obeys", "ignores"]
)
def test_a_sync_is_terminated_and_killed_only_if_that_fails(monkeypatch, told, code):
    monkeypatch.setattr(watch, "_STOP_WITHIN_S", PATIENCE_S if code == 3 else 0.2)
    script = f"trap '{told}' TERM; echo ready; while :; do sleep 0.05; done"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE) as sync:
        assert sync.stdout.readline() == b"ready\n"
        watch._stop(sync)
    assert sync.returncode == code


def test_failures_in_a_row_wait_longer_up_to_the_interval():
    waits = [600, 30, 60, 120, 240, 480, 600, 600]
    assert [pause_s(600, failures, 0) for failures in range(8)] == waits
    assert (pause_s(600, 5000, 0), pause_s(10, 3, 0)) == (600, 10)


def test_services_start_their_syncs_at_different_times():
    draws = [pause_s(600, failures, draw) for failures in (0, 1) for draw in (-1, 1)]
    assert draws == pytest.approx([540, 660, 27, 33])


@pytest.mark.parametrize("text", ["", "10", "m", "0s", "-1m", "1.5h", "10 m", "10d", "9999999s"])
def test_an_invalid_interval_is_refused(text):
    with pytest.raises(BadParameter, match="is not a length of time such as 30s"):
        _seconds(text)


def test_a_watch_that_can_never_work_fails_at_once(tmp_path):
    done = velocity("sync", "--watch", "10m", cwd=tmp_path)
    assert done.returncode == 1
    assert b"No W&B project is named" in done.stderr
    assert velocity("sync", "--watch", "10m", "--full", cwd=tmp_path).returncode == 2
