"""This machine's clock against the server's: which one is used, and the note about it."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.commands import velocity
from tests.worlds import NOON, connected, environment_of, node, runs_served
from velocity.reading import reads
from velocity.settings import Settings
from velocity.store import latest_snapshot, open_live
from velocity.sync.commands import publish_figures, pull_wandb
from velocity.sync.own_clock import describe_clock, find_clock_ahead

pytestmark = pytest.mark.thorough

MINUTE = timedelta(minutes=1)
NOW = NOON + timedelta(hours=2)


@pytest.mark.parametrize(
    ("server", "ahead"),
    [
        (None, 0),
        (NOW, 0),
        (NOW - MINUTE, 0),
        (NOW + 4 * MINUTE, 0),
        (NOW - 20 * MINUTE, 20),
        (NOW + 23 * MINUTE, -20),
    ],
)
def test_clocks_agree_within_a_minute_plus_the_response_time(server, ahead):
    assert find_clock_ahead(NOW, server, NOW + 3 * MINUTE) == ahead * MINUTE


@pytest.mark.parametrize(
    ("ahead", "told"),
    [(20, "20 min ahead of W&B's"), (-120, "2 h behind W&B's"), (600, "10 h ahead of W&B's")],
)
def test_the_difference_has_the_unit_that_fits(ahead, told):
    assert told in describe_clock(ahead * MINUTE)


@pytest.fixture
def server(monkeypatch):
    with runs_served(monkeypatch, 0) as running:
        going = {"state": "running", "heartbeat_at": NOW - MINUTE}
        running.world.put(node(0, **going), node(1, project="audio", **going))
        running.clock = lambda: NOW
        yield running


def pull(folder, own, *projects):
    """What a sync at a time of the own clock brings, without figures."""
    return pull_wandb(folder, Settings(), projects=projects or ("lab/vision",), clock=lambda: own)


def column(folder, sql):
    with open_live(folder) as store:
        return set(store.record.connection.frame(sql).to_series())


AS_OF = "SELECT as_of FROM project"


@pytest.mark.parametrize("off", [20, -20, 3000])
def test_a_wrong_clock_is_replaced_by_the_servers_with_one_note(server, tmp_path, off):
    assert server.clock is not None
    result = pull(tmp_path, NOW + off * MINUTE, "lab/vision", "lab/audio")
    (note,) = result.notes
    assert note.startswith("own clock: ")
    assert column(tmp_path, AS_OF) == {NOW}
    assert all("own clock" in it for it in column(tmp_path, "SELECT note FROM sync_log"))
    if off == 3000:
        publish_figures(tmp_path, Settings())
        assert set(reads.runs(latest_snapshot(tmp_path))["class"]) == {"running"}


@pytest.mark.parametrize(
    ("off_s", "clock"), [(0, lambda: NOW), (59, lambda: NOW), (-59, lambda: NOW), (1200, None)]
)
def test_a_clock_within_a_minute_or_the_only_one_is_used_to_the_microsecond(
    server, tmp_path, off_s, clock
):
    own = NOW + timedelta(seconds=off_s, microseconds=123)
    server.clock = clock
    assert pull(tmp_path, own).notes == ()
    assert column(tmp_path, AS_OF) == {own}


def test_the_next_pull_continues_from_the_servers_clock(server, tmp_path):
    pull(tmp_path, NOW + 2000 * MINUTE)
    server.clock = lambda: NOW + 30 * MINUTE
    server.world.put(node(5, heartbeat_at=NOW + 10 * MINUTE))
    (project,) = pull(tmp_path, NOW + 2030 * MINUTE).projects
    assert (project.counts.new, project.requests) == (1, 2)


def test_the_deletion_of_a_project_has_the_servers_time(server, tmp_path):
    pull(tmp_path, NOW, "lab/*")
    server.world.delete_project("lab", "audio")
    server.clock = lambda: NOW + 10 * MINUTE
    pull(tmp_path, NOW + 500 * MINUTE, "lab/*")
    assert column(tmp_path, AS_OF) == {NOW + 10 * MINUTE}


def test_the_date_comes_with_the_run_count_and_by_its_own_request(server):
    client = connected(server)
    assert client.clock is None
    client.count_runs("lab", "vision")
    assert client.clock == NOW
    server.clock = lambda: NOW + MINUTE
    assert client.fetch_clock() == NOW + MINUTE


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (0, "ok     own clock agrees"),
        (20, "note   own clock this machine's clock is 20 min ahead of W&B's"),
        (-3000, "note   own clock this machine's clock is 2 d behind W&B's"),
    ],
)
def test_doctor_shows_the_own_clock(server, tmp_path, ahead, told):
    server.clock = lambda: datetime.now(UTC) - ahead * MINUTE  # the command reads the real clock
    done = velocity("doctor", cwd=tmp_path, env=environment_of(server, tmp_path))
    assert told in done.stdout.decode()
    assert done.returncode == 0
