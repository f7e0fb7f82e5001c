"""The demo has a story for every measure, as its own sync and the reads of the pages tell it."""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from tests.builders import complete_to
from tests.cohort_truth import ANCHOR, at, read_roster
from velocity.demo import stories
from velocity.demo.cohort import build_cohort
from velocity.demo.people import AGENT_HOST, RENTED_HOST
from velocity.demo.stories import BIRDS, ENTITY, SHARED_ACCOUNT, WEEKS, Story, agent_of
from velocity.demo.workdays import Term
from velocity.reading import reads
from velocity.roster.rhythm import find_rhythms
from velocity.settings import load_settings
from velocity.sources.wandb_nodes import run_batch
from velocity.store import Snapshot, latest_snapshot, open_live
from velocity.store.derive import derive
from velocity.store.publish import publish

pytestmark = pytest.mark.thorough

LONDON = ZoneInfo("Europe/London")


@pytest.fixture(scope="module")
def demo(demo_data: Path) -> Snapshot:
    return latest_snapshot(demo_data)


def test_a_store_whose_weeks_are_derived_again_syncs(tmp_path):
    cohort = build_cohort(stories.SEED, at("2026-11-29T10:00:00"))
    (tmp_path / "velocity.toml").write_text(cohort.settings_toml, encoding="utf-8")
    settings, roster = load_settings(tmp_path / "velocity.toml"), read_roster(cohort)
    for runs, instant in ((cohort.runs_before, cohort.before), (cohort.runs, cohort.as_of)):
        of_project = defaultdict(list)
        for it in runs:
            of_project[it.entity, it.project].append(it.values())
        with open_live(tmp_path) as store:
            batches = [run_batch(*project, nodes) for project, nodes in of_project.items()]
            store.record.merge_runs(pl.concat(it.runs for it in batches))
            complete_to(store, dict.fromkeys(of_project, instant))
            # DuckDB 2.0.0 fails on the weeks that changed: a dictionary changed its identity.
            derive(store, settings, roster)
            publish(store)
    weeks = reads.weekly(latest_snapshot(tmp_path), by="programme")
    assert weeks["week_start"].max() == date(2026, 11, 23)


def monday(week: int) -> date:
    return datetime.fromtimestamp(Term.until(ANCHOR).week(week), UTC).date()


def figures(demo: Snapshot, story: Story, week: int | None = None) -> dict[str, object]:
    """Figures of the story's scholar, of all the data or of one week."""
    days = {} if week is None else {"from_day": monday(week), "to_day": monday(week + 1)}
    return reads.metrics(demo, by="scholar", groups=[BIRDS[story.seat]], **days).row(0, named=True)


def test_an_agent_launches_around_the_clock_and_is_counted_beside_its_scholar(demo):
    story, scholar = stories.AGENT, BIRDS[stories.AGENT.seat]
    runs = reads.runs(demo).filter(project=story.project)
    assert set(runs["username"]) == {agent_of(scholar)}
    assert set(runs["scholar"]) == {scholar}
    hours = runs.filter(pl.col("started_at").dt.date() == monday(WEEKS - 1))["started_at"].dt.hour()
    assert set(hours) == set(range(24))
    week = figures(demo, story, WEEKS - 1)
    assert week["automated_started"] > 10 * week["experiments_started"] > 0
    assert week["automated_concluded"] > 200
    before = figures(demo, story, story.week - 1)
    assert before["automated_started"] == 0
    # The scholar's own launches are as many as before.
    assert week["experiments_started"] < 3 * before["experiments_started"]
    others = reads.launches(demo)
    assert scholar in set(others["scholar"])
    assert story.project not in set(others["project"])
    # Nothing else looks automated.
    assert find_rhythms(others) == []


def test_one_sweep_was_run_by_hand_and_an_adaptive_search_is_none(demo):
    (found,) = reads.one_setting(demo).to_dicts()
    story = stories.SWEEP_BY_HAND
    assert (found["scholar"], found["project"]) == (BIRDS[story.seat], story.project)
    assert (found["key"], found["experiments"], found["ready_share"]) == ("layer", 5, 1.0)
    assert found["started_at"].date() >= monday(story.week)
    search = reads.loops(demo).filter(pl.col("project") == stories.ADAPTIVE_SEARCH.project)
    assert search.height == 6
    assert search.filter(pl.col("status") == "closed")["reaction_hours"].min() > 10 / 60


def test_a_holiday_has_no_working_hours(demo):
    day = monday(stories.HOLIDAY.week) + timedelta(days=2)
    ours = reads.scholars(demo).filter(pl.col("timezone") == LONDON.key)["scholar"]

    def within(day: date) -> pl.DataFrame:
        """Reactions from midnight to midnight of a day."""
        midnight = datetime.combine(day, time(), LONDON).astimezone(UTC)
        return reads.loops(demo).filter(
            pl.col("scholar").is_in(ours.implode())
            & (pl.col("reaction_awake_hours") > 0)
            & (pl.col("result_at") >= midnight)
            & (pl.col("next_at") < midnight + timedelta(days=1))
        )

    assert within(day).height >= 2
    assert set(within(day)["reaction_working_hours"]) == {0}
    ordinary = within(day - timedelta(days=7))
    assert ordinary["reaction_working_hours"].equals(ordinary["reaction_awake_hours"])


def test_one_week_is_away(demo):
    story = stories.AWAY
    weeks = reads.weekly(demo, by="scholar").filter(pl.col("away"))
    assert set(weeks["group_id"]) == {BIRDS[story.seat]}
    assert set(weeks["week_start"]) == {monday(story.week)}
    started = (figures(demo, story, story.week + it)["experiments_started"] for it in (-1, 0, 1))
    assert [it > 0 for it in started] == [True, False, True]


def test_notes_concern_a_scholar_a_stream_and_everybody(demo):
    scholar = BIRDS[stories.NEW_PHASE.seat]
    of_scholar = reads.notes(demo, by="scholar", groups=[scholar])
    assert set(of_scholar["about"]) == {"programme", "scholar", "holiday"}
    begun = monday(stories.NEW_PHASE.week)
    assert of_scholar.filter("new_phase")["week_start"].to_list() == [begun]
    assert reads.notes(demo, by="programme")["about"].to_list() == ["programme", "holiday"]
    of_stream = reads.notes(demo, by="stream", groups=["ember"])
    assert set(of_stream["about"]) == {"programme", "stream", "holiday"}
    later = reads.weekly(demo, by="scholar").filter(pl.col("phase") > 0)
    assert set(later["group_id"]) == {scholar}
    assert later["week_start"].min() == begun
    # Eight weeks suffice for a usual range of the new phase.
    assert later["limit_high"].is_not_null().any()


def test_a_scholar_and_a_stream_have_aims(demo):
    own = (BIRDS[stories.AIM.seat], "serial_share", "down")
    assert reads.aims(demo, by="scholar").rows() == [own]
    assert reads.aims(demo, by="stream").rows() == [("aurora", "experiments_concluded", "up")]


def test_the_price_of_a_gpu_changes(demo):
    story = stories.CHEAPER
    for week, price in ((story.week - 1, 2.0), (story.week, 1.7)):
        found = figures(demo, story, week)
        assert found["credits"] / found["gpu_hours"] == pytest.approx(price)


def test_one_stream_has_a_second_grant(demo):
    granted = reads.balance(demo, by="stream").filter(pl.col("granted") > 0)
    days = granted.filter(pl.col("group_id") == "aurora")["day"].to_list()
    assert days == [monday(0), monday(stories.SECOND_GRANT.week)]
    assert granted.filter(pl.col("group_id") != "aurora")["day"].unique().to_list() == [monday(0)]


def test_a_rented_host_is_idle(demo):
    idle = reads.idle_hosts(demo).filter(pl.col("host") == RENTED_HOST.name).row(0, named=True)
    assert idle["idle_now"]
    assert idle["idle_since"] == ANCHOR - stories.IDLE_HOST.ago
    assert idle["idle_gpu_hours"] == pytest.approx(5.5)
    assert AGENT_HOST.name not in set(reads.idle_hosts(demo)["host"])


def test_the_latest_runs_have_a_utilisation_from_the_server(demo):
    figures = reads.metrics(demo, by="programme").row(0, named=True)
    assert 0.4 < figures["gpu_utilisation"] < 0.9
    assert 0 < figures["gpu_measured_share"] < 1


def test_one_run_repeats_another_exactly(demo):
    story = stories.REPEAT
    shares = reads.metrics(demo, by="scholar").filter(pl.col("repeat_share") > 0)
    assert shares["scholar"].to_list() == [BIRDS[story.seat]]
    assert figures(demo, story, story.week)["repeat_share"] > 0
    assert reads.metrics(demo, by="programme")["repeat_share"].item() > 0


def test_debug_runs_and_one_ignored_run_count_nowhere(demo):
    left_out = reads.runs(demo).filter(pl.col("excluded") == "ignored")
    debugged = left_out.filter(pl.col("project") == stories.DEBUGGING.project)
    assert debugged.height == 6 * (WEEKS - stories.DEBUGGING.week)
    others = left_out.filter(pl.col("project") != stories.DEBUGGING.project)
    assert others.select("project", "tags").rows() == [(stories.IGNORED.project, "velocity:ignore")]
    assert reads.trust(demo)["ignored_runs"].item() == left_out.height
    assert stories.DEBUGGING.project not in set(reads.experiments(demo)["project"])


def test_two_scholars_share_an_account(demo):
    runs = reads.runs(demo).filter(pl.col("username") == SHARED_ACCOUNT)
    counts = dict(runs.group_by("scholar").len().iter_rows())
    assert [counts.pop(BIRDS[it.seat]) for it in (stories.SHARED, stories.SHARED_TOO)] == [2, 2]
    assert sum(counts.values()) == 1
    unowned = reads.unattributed(demo).filter(pl.col("username") == SHARED_ACCOUNT)
    assert unowned["runs"].to_list() == [1]
    assert set(runs["entity"]) == {ENTITY}
