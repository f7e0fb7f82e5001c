"""An archive removes old runs and people; published weeks and the credits left stay the same."""

from __future__ import annotations

import shutil
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.builders import at, run
from tests.commands import velocity
from tests.killed import kill_at
from tests.programmes import AS_OF, PEOPLE, WEEKS, programme, roster_text
from tests.stores import built, copied
from tests.wandb_server import ProtocolServer, World
from tests.worlds import NOON, node, point_client_at
from velocity import state
from velocity.errors import StoreError
from velocity.reading import reads
from velocity.reading.access import GROUPS_ALONE
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

FIRST, KEPT = date(2026, 1, 5), date(2026, 2, 16)
#: Their runs were over before the archive, and the roster no longer has them.
LEFT = "person9"


def with_one_who_left(folder):
    """The programme, somebody who left it, and an experiment that goes on after the archive."""
    programme(folder)
    config, roster = folder / "velocity.toml", folder / "roster.toml"
    text = roster.read_text("utf-8")
    rows = [
        run(
            f"{LEFT}-{it}",
            at("09:00", days=it),
            at("10:00", days=it),
            username=LEFT,
            project="vision",
        )
        for it in range(10)
    ]
    rows += [
        run(
            f"long-{it}",
            begins,
            begins + timedelta(days=4 * (it + 1)),
            project="vision",
            group_name="long",
        )
        for it in range(2)
        for begins in [at("00:00", days=37)]
    ]
    for row in rows[10:]:
        row["username"] = "person0"
    for names in ((*PEOPLE, LEFT), PEOPLE):
        roster.write_text(roster_text("vision", names), "utf-8")
        settings = load_settings(config)
        with open_live(folder / "data", settings) as store:
            store.record.merge_runs(run_frame(rows))
            derive(store, settings, _roster(settings))
    assert text == roster.read_text("utf-8")
    _sync(folder)


def _roster(settings):
    return load_roster(settings.roster)


def _sync(folder, rows=()):
    """Merge rows as a sync would, and publish."""
    settings = load_settings(folder / "velocity.toml")
    with open_live(folder / "data", settings) as store:
        if rows:
            store.record.merge_runs(run_frame(rows))
        derive(store, settings, _roster(settings))
        publish(store)
    return latest_snapshot(folder / "data")


def _archive(folder, week=KEPT, **more):
    return archive(folder / "data", load_settings(folder / "velocity.toml"), week, **more)


@pytest.fixture(scope="module")
def before():
    return built(with_one_who_left)


@pytest.fixture(scope="module")
def after(tmp_path_factory):
    """A folder after the archive, and its report."""
    folder = copied(with_one_who_left, tmp_path_factory.mktemp("archived") / "home")
    return folder, _archive(folder)


def _snapshots(before, after):
    return latest_snapshot(before / "data"), latest_snapshot(after[0] / "data")


def test_old_runs_and_people_are_gone_from_every_byte(after):
    folder, done = after
    left = b"".join(it.read_bytes() for it in (folder / "data").rglob("*") if it.is_file())
    assert LEFT.encode() not in left
    assert b"person1-1-1" not in left
    assert b"person1-10-1" in left
    assert done.people == (f"id-{LEFT}", LEFT)
    assert done.runs == 10 + 6 * 7 * len(PEOPLE)
    assert len(list((folder / "data" / "snapshots").iterdir())) == 1


def test_published_weeks_and_reports_on_them_stay_the_same(before, after):
    for made in (
        lambda it: reads.group_weeks(it, scope=GROUPS_ALONE),
        reads.group_weeks,
        lambda it: make_term_report(it, scope=GROUPS_ALONE, first=FIRST).rows,
    ):
        assert_frame_equal(*map(made, _snapshots(before, after)))
    assert as_csv(make_term_report(_snapshots(before, after)[1], scope=GROUPS_ALONE, first=FIRST))
    # Ids stay only of people who may be seen by name.
    assert f"id-{LEFT}" not in str(_snapshots(before, after)[1].frame("FROM group_week").to_dicts())


def test_later_weeks_keep_every_sum_and_credits_stay_the_same(before, after):
    window = {"from_day": KEPT + timedelta(weeks=1)}
    for by in ("scholar", "stream", "programme"):
        one, other = (
            reads.metrics(it, by=by, period="week", parts=["volume", "compute"], **window)
            for it in _snapshots(before, after)
        )
        assert_frame_equal(one, other)
        ledgers = [
            reads.ledger(it, by=by).filter(pl.col("credits_granted") != 0)
            for it in _snapshots(before, after)
        ]
        for column in ("credits_left", "runway_days", "exhausted_on"):
            assert_frame_equal(*(it.select("group_id", column) for it in ledgers))
    assert after[1].credits > 0


def test_an_experiment_that_goes_on_is_kept_whole(before, after):
    found = [
        reads.experiments(it).filter(runs=2).drop("position", strict=False)
        for it in _snapshots(before, after)
    ]
    assert found[0].height == 1
    assert (
        found[0]
        .select("experiment_id", "started_at")
        .equals(found[1].select("experiment_id", "started_at"))
    )


def test_no_archived_week_is_restated_or_has_figures(after):
    snapshot = latest_snapshot(after[0] / "data")
    assert reads.weekly(snapshot, by="programme")["week_start"].min() == KEPT
    assert reads.restated(snapshot, by="programme").filter(pl.col("week_start") < KEPT).is_empty()


def test_archived_runs_do_not_come_back(after, tmp_path):
    folder, done = after
    assert done.runs_left
    rows = [
        run("person1-1-1", at("09:00", days=8), at("10:00", days=8), username="person1"),
        run("new", at("09:00", days=80), at("10:00", days=80), username="person1"),
    ]
    for row in rows:
        row["project"] = "vision"
    home = shutil.copytree(folder, tmp_path / "home", symlinks=True)
    found = reads.runs(_sync(home, rows))["run_id"].to_list()
    assert "new" in found
    assert "person1-1-1" not in found
    listing = run_frame(rows).with_columns(source=pl.lit("api"))
    with open_live(home / "data") as store:
        assert store.record.list_differing("e", "vision", listing) == ["new"]


def test_a_dry_run_says_everything_and_changes_nothing(tmp_path):
    folder = copied(with_one_who_left, tmp_path / "home")
    kept = {it: it.read_bytes() for it in (folder / "data").rglob("*") if it.is_file()}
    done = velocity("archive", "--before", "2026-02-18", cwd=folder)
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
    now = {it: it.read_bytes() for it in (folder / "data").rglob("*") if it.is_file()}
    assert {it for it in kept.keys() | now.keys() if kept.get(it) != now.get(it)} <= {
        folder / "data" / "lock"
    }
    done = velocity("archive", "--before", "2026-02-18", "--yes", cwd=folder)
    assert b"Archived 262" in done.stderr
    assert not state.messages(folder / "data", "nobody")


def test_a_week_that_is_not_published_is_not_archived(tmp_path):
    folder = copied(with_one_who_left, tmp_path / "home")
    with pytest.raises(StoreError, match="not all published yet"):
        _archive(folder, date(2026, 4, 6))


def test_the_setting_archives_once_a_week(tmp_path):
    folder = copied(with_one_who_left, tmp_path / "home")
    settings = load_settings(folder / "velocity.toml")
    # The data ends in the thirteenth week.
    weeks = settings.model_copy(update={"store": Store(keep_weeks=12)})
    nearer = settings.model_copy(update={"store": Store.model_construct(keep_weeks=WEEKS - 6)})
    with open_live(folder / "data") as store:
        assert archive_due(store, settings) is None
        assert archive_due(store, weeks) is None
        assert archive_due(store, nearer) == KEPT
    archive(folder / "data", settings, KEPT)
    with open_live(folder / "data") as store:
        assert archive_due(store, nearer) is None
    assert AS_OF.date() - KEPT > timedelta(weeks=6)


def test_a_sync_archives_what_the_setting_does_not_keep(tmp_path, monkeypatch):
    runs = [node(7 * 24 * 60 * week, run_id=f"w{week}") for week in range(20)]
    settings = Settings(roster=tmp_path / "none.toml", store=Store(keep_weeks=12))
    with ProtocolServer(World(runs)) as server:
        point_client_at(server, monkeypatch)
        for hour in range(2):
            clock = NOON + timedelta(weeks=19, days=3, hours=hour)
            done = sync_wandb(
                tmp_path, settings, projects=["lab/vision"], full=True, clock=lambda now=clock: now
            )
            kept = reads.runs(latest_snapshot(tmp_path))["run_id"].to_list()
            assert kept == [f"w{week}" for week in range(19, 6, -1)]
            assert done.snapshot == latest_snapshot(tmp_path).name
    assert not any("archived" in it for it in done.notes)


@pytest.mark.fault
def test_a_killed_archive_is_all_or_nothing(tmp_path):
    """Killed at one step after the other; each archive begins with what the last one left."""
    folder = copied(with_one_who_left, tmp_path / "home")
    whole = latest_snapshot(folder / "data").frame("SELECT run_key FROM run").height
    settings = load_settings(folder / "velocity.toml")
    for step, archived in (
        ("velocity.sync.archive:derive", False),
        ("velocity.sync.archive:accept", False),
        ("velocity.store.restored:finish_restore", True),
        ("velocity.sync.archive:publish", True),
    ):
        kill_at(step, archive, folder / "data", settings, KEPT)
        with open_live(folder / "data") as store, store.reading_record():
            found = {name for (name,) in store.run("SELECT username FROM raw_run")}
            ((left,),) = store.run("SELECT count(*) FROM raw_run")
        assert (LEFT in found) is not archived
        assert left == whole - (262 if archived else 0)
    assert _archive(folder).runs == 0
    assert not list((folder / "data").glob("*.partial"))
