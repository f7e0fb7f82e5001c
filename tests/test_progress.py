"""The progress of a sync on the screen: how far each project is, the time left, the summary."""

import os
import pty
import subprocess
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.commands import VELOCITY
from tests.worlds import NOON, environment_of, node, runs_served
from velocity.cli import progress
from velocity.cli.progress import tell_result
from velocity.demo.wandb_server.world import Writer
from velocity.errors import NoProjectError
from velocity.settings import Settings
from velocity.sources.base import Asked
from velocity.sync import commands
from velocity.sync.commands import import_runs, sync_wandb
from velocity.sync.results import Progress, ProjectResult, Stages, SyncResult

pytestmark = pytest.mark.sampled(3)

WEEK = timedelta(weeks=1)


@pytest.fixture
def server(monkeypatch):
    with runs_served(monkeypatch, 1) as running:
        yield running


@pytest.fixture
def lines(monkeypatch, capsys):
    """The lines for progress at given seconds: said = lines((second, Progress), ...)."""
    moment = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: moment[0])

    def tell(*events):
        told = progress._Lines()
        for moment[0], event in events:
            told.tell(event)
        return [" ".join(line.split()) for line in capsys.readouterr().err.splitlines()]

    return tell


def at(done, total=1000, what="lab/vision", stage="pull", *, ended=False):
    return Progress(stage, what, done, total, ended=ended)


def test_a_line_has_the_count_the_rate_and_the_time_left(lines):
    assert lines((0, at(0)), (2, at(400)), (5, at(1000, ended=True))) == [
        "pull lab/vision 0 of 1,000",
        "pull lab/vision 400 of 1,000, 200/s, 3.0 s left",
        "pull lab/vision 1,000 in 5.0 s",
    ]


def test_an_unknown_count_is_left_out(lines):
    assert lines((0, at(0, None)), (2, at(400, None)), (3, at(400, ended=True))) == [
        "pull lab/vision",
        "pull lab/vision 400, 200/s",
        "pull lab/vision stopped at 400",
    ]


def test_each_project_has_about_one_line_per_second(lines):
    events = [
        (second / 10, at(second, what=f"lab/{name}"))
        for second in range(21)
        for name in ("audio", "vision")
    ]
    assert [line.split(",")[0] for line in lines(*events)] == [
        f"pull lab/{name} {done} of 1" for done in (0, 10, 20) for name in ("audio", "vision")
    ]


def test_each_project_has_one_line_about_merging(lines):
    events = [
        (second, at(second, stage=stage)) for second in range(4) for stage in ("merge", "pull")
    ]
    told = [line.split(" ")[0] for line in lines(*events)]
    assert told == ["merge", "pull", "pull", "pull", "pull"]


def test_a_stage_has_the_time_left_but_no_rate(lines):
    assert lines(
        (0, at(0, 40, "Ideas", "derive")),
        (0.1, at(1, 40, "Runs", "derive")),
        (2, at(20, 40, "Loops", "derive")),
        (3, at(40, 40, "Every figure", "derive", ended=True)),
        (3, Progress("publish", "snapshot")),
    ) == [
        "derive Ideas 0 of 40",
        "derive Loops 20 of 40, 2.0 s left",
        "derive Every figure in 3.0 s",
        "publish snapshot",
    ]


def test_files_that_are_read_one_after_another_have_one_time_left(lines):
    assert lines(
        (0, at(0, 90, "a.eval", "read")),
        (3, at(30, 90, "b.eval", "read")),
        (3.1, at(31, 90, "c.eval", "read")),
    ) == ["read a.eval 0 of 90", "read b.eval 30 of 90, 6.0 s left"]


def test_a_large_table_is_merged_in_parts_and_shows_how_far_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(commands, "_PART", 2)
    rows = [f"lab,vision,r{number},finished,2026-01-05T09:00Z" for number in range(5)]
    table = tmp_path / "runs.csv"
    table.write_text("\n".join(["entity,project,run_id,state,created_at", *rows]), "utf-8")
    told = []
    asked = Asked([str(table)])
    result = import_runs(tmp_path / "d", Settings(), "table", asked, on_progress=told.append)
    assert result.projects[0].counts.new == 5
    assert [(it.done, it.total, it.ended) for it in told if it.stage == "merge"] == [
        *((0, 5, False), (2, 5, False), (4, 5, False)),
        (5, 5, True),
    ]


def test_a_quiet_command_shows_no_progress_and_says_only_what_needs_a_look(capsys):
    with progress.show_progress(quiet=True) as tell:
        tell(at(0))
    lost = ProjectResult("lab", "audio", error=NoProjectError("It is gone.", "Look for it."))
    noted = ProjectResult("lab", "vision", notes=["one run is odd."])
    tell_result(SyncResult((lost, noted), "00000001", 3), quiet=True)
    assert capsys.readouterr().err.splitlines() == [
        "lab/audio: failed. It is gone. Look for it.",
        "lab/vision: Note: one run is odd.",
    ]


def sync(folder, at):
    return sync_wandb(folder, Settings(), projects=["lab/*"], clock=lambda: at)


@pytest.mark.thorough
def test_the_summary_counts_every_outcome(server, tmp_path, capsys):
    server.world.put(*(node(number) for number in range(6)), node(9, project="audio"))
    sync(tmp_path, NOON + WEEK)
    for number in (0, 1):
        server.world.delete("lab", "vision", f"r{number:04}")
    sync(tmp_path, NOON + 2 * WEEK)
    server.world.put(node(0), node(2, state="killed"), node(6, heartbeat_at=NOON + 3 * WEEK))
    tell_result(sync(tmp_path, NOON + 3 * WEEK))
    said = capsys.readouterr().err
    counts = "1 new, 1 changed, 1 back after deletion"
    assert f"lab/vision: {counts}. 6 requests in " in said
    assert "lab/audio: nothing new. 5 requests in " in said
    assert f"Total: {counts}. 11 requests." in said
    assert "Restated: figures changed in 1 past week." in said


@pytest.mark.thorough
def test_activity_in_a_week_already_reported_restates_it(server, tmp_path):
    sync(tmp_path, NOON + WEEK)
    assert sync(tmp_path, NOON + 2 * WEEK).weeks_restated == 0
    # Synced late from an offline directory: W&B's own times are those of the sync.
    now = NOON + 2 * WEEK
    server.world.put(node(1, created_at=now, heartbeat_at=now, writers=[Writer("w0", NOON)]))
    assert sync(tmp_path, now + timedelta(hours=1)).weeks_restated == 1


@pytest.mark.thorough
def test_a_terminal_shows_a_line_for_every_project_and_the_summary(server, tmp_path):
    env = environment_of(server, tmp_path, TERM="xterm")
    shown, screen = pty.openpty()
    command = [*VELOCITY, "sync", "--project", "lab/vision"]
    with subprocess.Popen(command, cwd=tmp_path, env=env, stderr=screen) as done:
        os.close(screen)
        said = b""
        try:
            while part := os.read(shown, 65536):
                said += part
        except OSError:  # the terminal was closed at the other end
            pass
    os.close(shown)
    assert done.returncode == 0
    assert b"lab/vision  1 in " in said
    assert b"lab/vision: 1 new. " in said


def test_a_stage_lasts_until_another_begins(monkeypatch):
    clock = SimpleNamespace(monotonic=iter([0.0, 1.0, 3.0, 6.0, 10.0]).__next__)
    monkeypatch.setattr("velocity.sync.results.time", clock)
    told = []
    stages = Stages(told.append)
    for stage in ("connect", "pull", "merge", "derive"):
        stages(Progress(stage, "it"))
    assert stages.seconds == {"start": 1.0, "connect": 2.0, "pull": 3.0, "derive": 4.0}
    assert [it.stage for it in told] == ["connect", "pull", "merge", "derive"]
