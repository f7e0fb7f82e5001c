"""The demo's raw data has every story, at any time of launch."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings, strategies as st

from tests.cohort_truth import ANCHOR, digest, environment
from velocity.demo import stories
from velocity.demo.cohort import Cohort, build_cohort
from velocity.demo.people import RENTED_HOST
from velocity.demo.stories import BIRDS, GUEST, SEED, SHARED_ACCOUNT, Story, agent_of
from velocity.demo.twists import SILENT
from velocity.demo.wandb_server.world import RunNode
from velocity.demo.workdays import Term

pytestmark = pytest.mark.thorough

LONDON = ZoneInfo("Europe/London")
#: Any minute between them can be drawn.
FIRST, LAST = datetime(2026, 1, 1), datetime(2028, 12, 31, 23, 59)  # noqa: DTZ001 - drawn with UTC


def of(cohort: Cohort, story: Story) -> list[RunNode]:
    """Runs of the story's seat (or service account) in its project."""
    name = BIRDS[story.seat] if story.seat >= 0 else None
    return [it for it in cohort.runs if it.username == name and it.project == story.project]


def started(node: RunNode) -> datetime:
    """Its first writer's start, else its creation."""
    starts = [datetime.fromisoformat(it["startedAt"]) for it in environment(node).values()]
    return min(starts, default=node.created_at)


def monday(cohort: Cohort, week: int) -> datetime:
    return datetime.fromtimestamp(Term.until(cohort.as_of).week(week), UTC)


def holds_what_is_told_backwards(cohort: Cohort) -> None:
    as_of = cohort.as_of
    for story, count in ((stories.OPEN_TOO_LONG, 1), (stories.UNDER_WAY, 3)):
        since = as_of - story.ago
        begun = [
            it
            for it in of(cohort, story)
            if it.state == "running" and timedelta() <= started(it) - since < timedelta(minutes=2)
        ]
        assert len(begun) == count, story
        assert all(as_of - it.heartbeat_at < timedelta(minutes=1) for it in begun)
    for story in (stories.STALE_RUN, stories.STALE_RUN_TOO, stories.ZOMBIE):
        last_heard = [it.heartbeat_at for it in of(cohort, story) if it.state == "running"]
        assert last_heard.count(as_of - story.ago) == 1, story
    for story, state in SILENT.items():
        last = max(of(cohort, story), key=started)
        assert last.state == state
        assert timedelta() <= last.heartbeat_at - (as_of - story.ago) < timedelta(seconds=10)
    synced = as_of - stories.OFFLINE_SYNC.ago
    offline = [it for it in of(cohort, stories.OFFLINE_SYNC) if it.created_at == synced]
    assert len(offline) == 2
    # The sync of the previous day did not have them: an old week is restated.
    assert not {it.name for it in offline} & {it.name for it in cohort.runs_before}
    arrived = [started(it) for it in of(cohort, stories.NEWCOMER)]
    assert 2 <= len(arrived) < 6
    assert min(arrived) > as_of - stories.NEWCOMER.ago
    # A clock three hours fast.
    assert any(started(it) > as_of for it in of(cohort, stories.SPOT_MACHINES))


def holds_what_is_told_by_week(cohort: Cohort) -> None:
    def within(story: Story, week: int) -> list[RunNode]:
        first = monday(cohort, week)
        return [it for it in of(cohort, story) if first <= started(it) < first + timedelta(weeks=1)]

    def deaths(week: int) -> int:
        return sum(
            it.heartbeat_at - started(it) < timedelta(minutes=2)
            and it.state in {"failed", "crashed"}
            for it in within(stories.CRASH_STORM, week)
        )

    assert deaths(stories.CRASH_STORM.week) > 30
    assert deaths(stories.CRASH_STORM.week - 1) < 20
    assert not within(stories.IDLE_WEEK, stories.IDLE_WEEK.week)
    assert within(stories.IDLE_WEEK, stories.IDLE_WEEK.week - 1)
    for story in (stories.TURNS_PARALLEL, stories.TWO_STREAMS):
        assert within(story, story.week - 1)
        assert within(story, story.week)
    fallen = within(stories.FALSE_STARTS, stories.FALSE_STARTS.week)
    falling = [it for it in fallen if started(it).astimezone(LONDON).weekday() == 2]
    assert len(falling) == 7
    assert all(it.state in {"failed", "crashed"} for it in falling)


def holds_what_goes_on_all_along(cohort: Cohort) -> None:
    spot = of(cohort, stories.SPOT_MACHINES)
    assert sum(it.state.startswith("preempt") for it in spot) >= 15
    assert sum(len(environment(it)) > 1 for it in spot) >= 3
    assert len({it.sweep_name for it in cohort.runs} - {None}) >= 30
    assert {GUEST, None} < {it.username for it in cohort.runs}
    assert not [it for it in cohort.runs if it.username == BIRDS[stories.NOTHING.seat]]
    for story in (stories.AMBIGUOUS, stories.OLD_SDK, stories.BLIND):
        assert of(cohort, story), story
    assert not any(environment(it) for it in of(cohort, stories.OLD_SDK))
    for story in (stories.LONG_JOB, stories.EVENING, stories.SLOW_STREAM, stories.ALWAYS_PARALLEL):
        assert len(of(cohort, story)) >= 30
    assert sum('"_runtime": -' in it.summary_metrics for it in of(cohort, stories.BAD_CLOCKS)) == 2


def holds_what_single_measures_tell(cohort: Cohort) -> None:
    def of_account(username: str, project: str) -> list[RunNode]:
        return [it for it in cohort.runs if (it.username, it.project) == (username, project)]

    agent = of_account(agent_of(BIRDS[stories.AGENT.seat]), stories.AGENT.project)
    for day in range(7):
        since = monday(cohort, stories.LAST_WEEK) + timedelta(days=day)
        inside = [it for it in agent if since <= started(it) < since + timedelta(days=1)]
        assert len({started(it).hour for it in inside}) == 24
    layers = [_value(it, "layer") for it in of(cohort, stories.SWEEP_BY_HAND)]
    assert sorted(layers) == [4, 8, 12, 16, 20]
    assert len({_value(it, "lr") for it in of(cohort, stories.ADAPTIVE_SEARCH)}) == 6
    away = monday(cohort, stories.AWAY.week)
    spans = (started(it) - away for it in of(cohort, stories.AWAY))
    assert not [it for it in spans if -timedelta(hours=12) <= it < timedelta(weeks=1)]
    repeated = [it for it in of(cohort, stories.REPEAT) if it.commit == "5" * 40]
    first, again = sorted(repeated, key=started)
    assert first.state == again.state == "finished"
    assert first.heartbeat_at < started(again)
    assert len(of(cohort, stories.DEBUGGING)) >= 30
    assert sum("velocity:ignore" in it.tags for it in of(cohort, stories.IGNORED)) == 1
    assert len(of_account(SHARED_ACCOUNT, stories.SHARED.project)) == 5
    rented = [it for it in cohort.runs if RENTED_HOST.name in it.config]
    assert {it.state for it in rented} == {"finished"}
    end = max(it.heartbeat_at for it in rented)
    assert timedelta() <= end - (cohort.as_of - stories.IDLE_HOST.ago) < timedelta(seconds=10)


def _value(node: RunNode, key: str) -> object:
    return json.loads(node.config)[key]["value"]


def holds_every_story(cohort: Cohort) -> None:
    holds_what_is_told_backwards(cohort)
    holds_what_is_told_by_week(cohort)
    holds_what_goes_on_all_along(cohort)
    holds_what_single_measures_tell(cohort)


@settings(max_examples=4, phases=(Phase.generate,))  # a build takes a second
@given(st.datetimes(FIRST, LAST, timezones=st.just(UTC)))
def test_every_story_is_there_at_any_time_of_launch(as_of: datetime) -> None:
    holds_every_story(build_cohort(SEED, as_of.replace(second=0, microsecond=0)))


def test_the_time_zone_of_the_instant_changes_nothing() -> None:
    there = ANCHOR.astimezone(ZoneInfo("Pacific/Auckland"))
    assert digest(build_cohort(SEED, there)) == digest(build_cohort(SEED, ANCHOR))
