"""An archive removes old runs and people; published weeks and the credits left stay the same."""

import shutil
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.builders import at, run
from tests.commands import velocity
from tests.killed import kill_at
from tests.programmes import AS_OF, PEOPLE, WEEKS, programme, roster_text
from tests.stores import built, bytes_of, contents, copied
from tests.worlds import NOON, node, runs_served
from velocity import state
from velocity.errors import StoreError
from velocity.reading import reads
from velocity.reading.access import EVERYTHING, GROUPS_ALONE
from velocity.records import run_frame
from velocity.report.groups import make_term_report
from velocity.report.text import as_csv
from velocity.roster.models import load_roster
from velocity.settings import Settings, Store, load_settings
from velocity.store import latest_snapshot, open_live
from velocity.store.derive import derive
from velocity.store.publish import publish
from velocity.sync.archive import archive, archive_due
from velocity.sync.commands import sync_wandb

pytestmark = pytest.mark.thorough

FIRST, KEPT, WEEK = date(2026, 1, 5), date(2026, 2, 16), timedelta(weeks=1)
#: Their runs were over before the archive, and the roster no longer has them.
LEFT = "person9"


def with_one_who_left(folder):
    """The programme, somebody who left it, and an experiment that goes on after the archive."""
    programme(folder)
    roster = folder / "roster.toml"
    text = roster.read_text("utf-8")
    rows = [_an_hour(f"{LEFT}-{it}", LEFT, it) for it in range(10)]
    long = {"username": "person0", "project": "vision", "group_name": "long"}
    rows += [
        run(f"long-{days}", at("00:00", days=37), at("00:00", days=37 + days), **long)
        for days in (4, 8)
    ]
    for names in ((*PEOPLE, LEFT), PEOPLE):
        roster.write_text(roster_text("vision", names), "utf-8")
        _sync(folder, rows)
    assert text == roster.read_text("utf-8")


def _an_hour(name, person, day):
    hours = (at(it, days=day) for it in ("09:00", "10:00"))
    return run(name, *hours, username=person, project="vision")


def _sync(folder, rows):
    """Merge rows as a sync would, and publish."""
    settings = _settings(folder)
    with open_live(folder / "data", settings) as store:
        store.record.merge_runs(run_frame(rows))
        derive(store, settings, load_roster(settings.roster))
        publish(store)
    return latest_snapshot(folder / "data")


def _settings(folder):
    return load_settings(folder / "velocity.toml")


def _archive(folder, week=KEPT):
    return archive(folder / "data", _settings(folder), week)


@pytest.fixture
def home(tmp_path):
    """A folder before the archive."""
    return copied(with_one_who_left, tmp_path / "home")


@pytest.fixture(scope="module")
def after(tmp_path_factory):
    """A folder after the archive, and its report."""
    folder = copied(with_one_who_left, tmp_path_factory.mktemp("archived") / "home")
    return folder, _archive(folder)


@pytest.fixture(scope="module")
def snapshots(after):
    """The snapshots before and after the archive."""
    return [latest_snapshot(it / "data") for it in (built(with_one_who_left), after[0])]


def test_old_runs_and_people_are_gone_from_every_byte(after):
    folder, done = after
    left = bytes_of(folder / "data")
    assert LEFT.encode() not in left
    assert b"person1-1-1" not in left
    assert b"person1-10-1" in left
    assert done.people == (f"id-{LEFT}", LEFT)
    assert done.runs == 10 + 6 * 7 * len(PEOPLE)
    assert len(list((folder / "data" / "snapshots").iterdir())) == 1


def test_published_weeks_and_reports_on_them_stay_the_same(snapshots):
    reports = [make_term_report(it, scope=GROUPS_ALONE, first=FIRST) for it in snapshots]
    assert_frame_equal(*(it.rows for it in reports))
    assert as_csv(reports[1])
    for scope in (GROUPS_ALONE, EVERYTHING):
        assert_frame_equal(*(reads.group_weeks(it, scope=scope) for it in snapshots))
    # Ids stay only of people who may be seen by name.
    assert f"id-{LEFT}" not in str(snapshots[1].frame("FROM group_week").to_dicts())


def test_later_weeks_keep_every_sum_and_credits_stay_the_same(snapshots, after):
    asked = {"period": "week", "parts": ["volume", "compute"], "from_day": KEPT + WEEK}
    left = ("group_id", "credits_left", "runway_days", "exhausted_on")
    for by in ("scholar", "stream", "programme"):
        assert_frame_equal(*(reads.metrics(it, by=by, **asked) for it in snapshots))
        ledgers = (reads.ledger(it, by=by) for it in snapshots)
        granted = pl.col("credits_granted") != 0
        assert_frame_equal(*(it.filter(granted).select(left) for it in ledgers))
    assert after[1].credits > 0


def test_an_experiment_that_goes_on_is_kept_whole(snapshots):
    columns = ("experiment_id", "started_at")
    one, other = (reads.experiments(it).filter(runs=2).select(columns) for it in snapshots)
    assert one.height == 1
    assert one.equals(other)


def test_no_archived_week_is_restated_or_has_figures(snapshots):
    _, snapshot = snapshots
    assert reads.weekly(snapshot, by="programme")["week_start"].min() == KEPT
    assert reads.restated(snapshot, by="programme").filter(pl.col("week_start") < KEPT).is_empty()


def test_archived_runs_do_not_come_back(after, tmp_path):
    folder, done = after
    assert done.runs_left
    rows = [_an_hour("person1-1-1", "person1", 8), _an_hour("new", "person1", 80)]
    home = shutil.copytree(folder, tmp_path / "home", symlinks=True)
    found = reads.runs(_sync(home, rows))["run_id"].to_list()
    assert "new" in found
    assert "person1-1-1" not in found
    listing = run_frame(rows).with_columns(source=pl.lit("api"))
    with open_live(home / "data") as store:
        assert store.record.list_differing("e", "vision", listing) == ["new"]


def test_a_dry_run_says_everything_and_changes_nothing(home):
    kept = contents(home / "data", "lock")
    done = velocity("archive", "--before", "2026-02-18", cwd=home)
    assert done.returncode == 0, done.stderr
    said = done.stderr.decode().replace("\u00a0", " ")
    for words in (
        "To be removed: 262 runs of experiments that were over before 2026-02-16",
        f"To be removed with their last runs: id-{LEFT}, {LEFT}.",
        "6 published weeks of groups before 2026-02-16, unchanged",
        "credits that these runs spent will be taken off the grants",
        "Nothing was changed.",
    ):
        assert words in said
    assert contents(home / "data", "lock") == kept
    done = velocity("archive", "--before", "2026-02-18", "--yes", cwd=home)
    assert b"Archived 262" in done.stderr
    assert not state.messages(home / "data", "nobody")


def test_the_setting_archives_once_a_week_and_only_published_weeks(home):
    with pytest.raises(StoreError, match="not all published yet"):
        _archive(home, date(2026, 4, 6))
    settings = _settings(home)
    # The data ends in the thirteenth week.
    weeks = settings.model_copy(update={"store": Store(keep_weeks=12)})
    nearer = settings.model_copy(update={"store": Store.model_construct(keep_weeks=WEEKS - 6)})
    with open_live(home / "data") as store:
        assert archive_due(store, settings) is None
        assert archive_due(store, weeks) is None
        assert archive_due(store, nearer) == KEPT
    _archive(home)
    with open_live(home / "data") as store:
        assert archive_due(store, nearer) is None
    assert AS_OF.date() - KEPT > timedelta(weeks=6)


def test_a_sync_archives_what_the_setting_does_not_keep(tmp_path, monkeypatch):
    runs = [node(7 * 24 * 60 * week, run_id=f"w{week}") for week in range(20)]
    settings = Settings(roster=tmp_path / "none.toml", store=Store(keep_weeks=12))
    with runs_served(monkeypatch, 0) as server:
        server.world.put(*runs)
        for hour in range(2):
            clock = NOON + timedelta(weeks=19, days=3, hours=hour)
            asked = {"projects": ["lab/vision"], "full": True, "clock": lambda now=clock: now}
            done = sync_wandb(tmp_path, settings, **asked)
            kept = reads.runs(latest_snapshot(tmp_path))["run_id"].to_list()
            assert kept == [f"w{week}" for week in range(19, 6, -1)]
            assert done.snapshot == latest_snapshot(tmp_path).name
    assert not any("archived" in it for it in done.notes)


@pytest.mark.fault
def test_a_killed_archive_is_all_or_nothing(home):
    """Killed at one step after the other; each archive begins with what the last one left."""
    data = home / "data"
    whole = latest_snapshot(data).frame("SELECT run_key FROM run").height
    for step, archived in (
        ("velocity.sync.archive:derive", False),
        ("velocity.sync.archive:accept", False),
        ("velocity.store.restored:finish_restore", True),
        ("velocity.sync.archive:publish", True),
    ):
        kill_at(step, archive, data, _settings(home), KEPT)
        with open_live(data) as store, store.reading_record():
            found = {name for (name,) in store.run("SELECT username FROM raw_run")}
            ((left,),) = store.run("SELECT count(*) FROM raw_run")
        assert (LEFT in found) is not archived
        assert left == whole - (262 if archived else 0)
    assert _archive(home).runs == 0
    assert not list(data.glob("*.partial"))
