"""The raw data of the demo cohort has every story."""

import math
import tomllib
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from itertools import pairwise

import pytest

from tests.cohort_truth import ANCHOR, Truth, at, environment, microseconds, truth
from tests.oracles.kaplan_meier import estimate
from tests.oracles.lines import wip_ages
from tests.oracles.model import DAY, Experiment, awake_microseconds, clip, hours, micros
from tests.test_cohort_any_instant import holds_every_story
from velocity.demo import stories
from velocity.demo.people import PEOPLE
from velocity.demo.stories import BIRDS, ENTITY, Story

pytestmark = pytest.mark.thorough

#: Awkward times to launch the demo; test_cohort_any_instant.py draws others.
INSTANTS = (
    ANCHOR,
    at("2026-11-23T00:00:00"),  # a Monday that has only begun
    at("2026-08-02T23:00:00"),  # a Sunday that is nearly over
    at("2027-03-28T01:30:00"),  # in the night to a Sunday, while Europe's clocks change
)


@pytest.fixture(scope="module", params=INSTANTS, ids=lambda it: f"{it:%a-%Y-%m-%dT%H%M}")
def data(request) -> Truth:
    return truth(request.param)


def line(story: Story) -> tuple[str, str, str]:
    return "" if story.seat < 0 else BIRDS[story.seat], ENTITY, story.project


def line_of(data: Truth, story: Story) -> list[Experiment]:
    return [one for one in data.experiments(story.seat) if one.line == line(story)]


def waited(*told: Story) -> set[tuple[tuple[str, str, str], int]]:
    """The line of each story, and how long ago it happened."""
    return {(line(it), microseconds(it.ago)) for it in told}


def memberships(data: Truth, story: Story) -> list[tuple[str, date | None, date | None]]:
    """(stream, from, to) of the story's scholar."""
    return [
        (stream.id, it.from_date, it.to_date)
        for stream in data.roster.streams
        for it in stream.members
        if it.scholar == BIRDS[story.seat]
    ]


def reaction_share(loops) -> float:
    closed = [loop for loop in loops if loop.status == "closed"]
    return sum(it.reaction_us for it in closed) / sum(it.loop_us for it in closed)


def off_share(data: Truth, *seats: int) -> float:
    closed = [loop for loop in data.loops(*seats) if loop.status == "closed"]
    return 1 - sum(it.awake_us for it in closed) / sum(it.reaction_us for it in closed)


def blind_ratio(data: Truth, story: Story) -> float:
    experiments = line_of(data, story)
    starts = sorted(one.S for one in experiments)
    gaps = [(a, b) for a, b in pairwise(starts) if b - a <= 5 * DAY]
    person = data.derived.person(BIRDS[story.seat])
    awake = sum(awake_microseconds(person, *gap) for gap in gaps)
    loops = [data.derived.loops[one.id] for one in experiments]
    median = estimate([(it.awake_us, it.reaction_event) for it in loops if it.awake_us is not None])
    return median.median / (math.log(2) * awake / len(gaps))


def test_every_story_is_there(data):
    holds_every_story(data.cohort)


def test_serial_starter_turns_parallel_in_the_fifth_week(data):
    story = stories.TURNS_PARALLEL
    turn, _ = data.week(story.week)
    assert data.serial_share(story.seat, window=(data.week(0)[0], turn)) > 0.95
    assert data.serial_share(story.seat, window=(turn, data.week(stories.LAST_WEEK)[1])) < 0.45


def test_steady_parallel_scholar_is_parallel_every_week(data):
    for week in range(stories.WEEKS):
        assert data.serial_share(stories.ALWAYS_PARALLEL.seat, window=data.week(week)) < 0.5


def test_crash_storm_is_in_one_week(data):
    story = stories.CRASH_STORM
    early = [
        run
        for run in data.derived.runs.values()
        if run.scholar == BIRDS[story.seat] and run.is_early_failure
    ]
    start, end = data.week(story.week)
    storm = [run for run in early if start <= run.start < end]
    assert len(storm) > 30
    assert len(early) - len(storm) < 20


def test_machine_dominates_the_loop_of_the_long_job(data):
    seat = stories.LONG_JOB.seat
    assert reaction_share(data.loops(seat)) < 0.25
    assert data.serial_share(seat) > 0.99
    for other in range(len(BIRDS)):
        if other not in (seat, stories.NOTHING.seat):
            assert reaction_share(data.loops(other)) > 0.4


def test_blind_launches_are_unrelated_to_results(data):
    assert 0.8 < blind_ratio(data, stories.BLIND) < 1.25
    for seen in (stories.EVENING, stories.LONG_JOB, stories.TURNS_PARALLEL, stories.IDLE_WEEK):
        assert blind_ratio(data, seen) < 0.75


def test_idle_week_has_nothing_in_flight(data):
    story = stories.IDLE_WEEK
    everything = data.experiments(story.seat)
    assert not any(clip(one.segments, data.week(story.week)) for one in everything)
    for week in (5, 7):
        assert data.experiments(story.seat, window=data.week(week))


def test_evening_scholar_waits_mostly_outside_the_awake_window(data):
    seat = stories.EVENING.seat
    assert off_share(data, seat) > max(0.62, off_share(data) + 0.08)
    assert reaction_share(data.loops(seat)) > 0.5


def test_one_day_has_only_false_starts(data):
    story = stories.FALSE_STARTS
    start, _ = data.week(story.week)
    wednesday = [
        one
        for one in data.experiments(story.seat, window=(start + DAY, start + 4 * DAY))
        if datetime.fromtimestamp(one.S / 1e6, UTC).weekday() == 2
    ]
    assert [one.outcome for one in wednesday] == ["false_start"] * 7


def test_only_basalt_reacts_beyond_its_usual_range(data):
    for stream in tomllib.loads(data.cohort.roster_toml)["streams"]:
        seats = [BIRDS.index(it["scholar"]) for it in stream["members"] if [*it] == ["scholar"]]
        by_week = (data.loops(*seats, window=data.week(week)) for week in range(stories.WEEKS))
        weekly = [
            estimate(
                [(it.reaction_us, it.reaction_event) for it in loops if it.reaction_us is not None]
            ).median
            for loops in by_week
        ]
        levels = [math.log(median) for median in weekly if median]
        moves = [abs(b - a) for a, b in pairwise(levels)]
        limit = sum(levels) / len(levels) + 2.66 * sum(moves) / len(moves)
        assert (levels[-1] > limit) == (stream["name"] == "Basalt"), (stream["name"], weekly)


def test_the_stuck_lines_are_those_of_the_stories(data):
    waiting = {
        (loop.line, data.as_of - loop.F)
        for loop in data.loops()
        if loop.status == "awaiting" and data.as_of - loop.F > DAY
    }
    assert waiting == waited(
        *(stories.RESULT_WAITING, stories.RESULT_WAITING_TOO),
        *(stories.FAILURE_UNRECOVERED, stories.FAILURE_UNRECOVERED_TOO),
    )
    stale = {
        (run.line, data.as_of - run.run.heartbeat_at)
        for run in data.derived.runs.values()
        if run.state_class == "stale"
    }
    assert stale == waited(stories.STALE_RUN, stories.STALE_RUN_TOO, stories.ZOMBIE)


def test_failures_not_recovered_are_those_of_the_stories(data):
    unrecovered = set()
    for one in data.experiments():
        if one.outcome not in ("failure", "false_start") or data.as_of - one.F <= DAY:
            continue
        successes = [
            run.start
            for other in data.experiments(BIRDS.index(one.scholar))
            if other.line == one.line
            for run in other.members
            if run.state_class == "finished"
        ]
        if max(successes) < one.F:
            unrecovered.add((one.line, data.as_of - one.F))
    assert unrecovered == waited(stories.FAILURE_UNRECOVERED, stories.FAILURE_UNRECOVERED_TOO)


def test_the_oldest_waiting_result_is_a_success_two_days_old(data):
    last = max(line_of(data, stories.RESULT_WAITING), key=lambda one: one.S)
    assert last.outcome == "success"
    assert 51 < hours(data.as_of - last.F) < 52


def test_experiments_are_in_flight_and_some_are_older_than_usual(data):
    ages = {id_: (age, old) for id_, age, old in wip_ages(list(data.derived.experiments.values()))}
    found = {}
    for story in (stories.OPEN_TOO_LONG, stories.UNDER_WAY):
        since = data.as_of - microseconds(story.ago)
        (one,) = (it for it in line_of(data, story) if since == it.S)
        assert one.outcome == "open"
        found[story] = (len(one.members), ages[one.id])
    assert found == {
        stories.OPEN_TOO_LONG: (1, (pytest.approx(53), True)),
        stories.UNDER_WAY: (3, (pytest.approx(50 / 60), False)),
    }


def test_offline_runs_were_created_weeks_after_they_started(data):
    story = stories.OFFLINE_SYNC
    synced = [
        node
        for node in data.nodes(story.seat)
        if node.created_at == data.cohort.as_of - story.ago and node.project == story.project
    ]
    assert len(synced) == 2
    start, end = data.week(story.week)
    for node in synced:
        run = data.derived.runs[node.entity, node.project, node.name]
        assert start <= run.start < run.end < end
        assert micros(node.created_at) - run.end > 7 * DAY


def test_newcomer_has_fewer_than_six_loops(data):
    story = stories.NEWCOMER
    starts = [loop.S for loop in data.loops(story.seat)]
    assert 2 <= len(starts) < 6
    assert min(starts) > data.as_of - microseconds(story.ago)


def has_stream(data, project):
    globs = [glob for it in data.roster.streams for glob in it.projects]
    return any(fnmatchcase(f"{ENTITY}/{project}", glob) for glob in globs)


def test_scholar_in_two_streams_works_before_and_after_the_move(data):
    story = stories.TWO_STREAMS
    moved, _ = data.week(story.week)
    day = datetime.fromtimestamp(moved / 1e6, UTC).date()
    spans = [("aurora", day, None), ("cirrus", None, day)]
    assert sorted(memberships(data, story)) == spans
    assert not has_stream(data, story.project)
    starts = [one.S for one in line_of(data, story)]
    assert sum(start < moved for start in starts) > 30
    assert sum(start >= moved for start in starts) > 30


def test_sandbox_belongs_to_no_stream_and_its_scholar_to_two(data):
    story = stories.AMBIGUOUS
    assert not has_stream(data, story.project)
    assert [stream for stream, _, _ in memberships(data, story)] == ["cirrus", "ember"]
    assert len(line_of(data, story)) >= 5


def test_one_scholar_has_nothing_at_all(data):
    assert BIRDS[stories.NOTHING.seat] in {it.id for it in data.roster.scholars}
    assert [seat for seat in range(len(BIRDS)) if not data.nodes(seat)] == [stories.NOTHING.seat]


def test_old_sdk_wrote_no_environment(data):
    begun = [node for node in data.cohort.runs if node.state != "pending"]
    without = {node.username for node in begun if not environment(node)}
    assert without - {None} == {BIRDS[stories.OLD_SDK.seat]}


def test_five_runs_have_contradictory_facts(data):
    def seats(flag):
        runs = [run for run in data.derived.runs.values() if flag in run.flags]
        return [BIRDS.index(run.scholar) for run in runs], runs

    assert seats("clock") == ([], [])
    seat, fast = seats("clock_ahead")
    assert seat == [stories.SPOT_MACHINES.seat] * 3
    # The server saw them begin, so the machine's clock does not matter.
    assert all(run.start == run.run.created_at for run in fast)
    seat, negative = seats("runtime_refuted")
    assert seat == [stories.BAD_CLOCKS.seat] * 2
    assert all(run.end == run.run.heartbeat_at for run in negative)


def test_every_story_is_about_a_seat_and_its_project(data):
    told = [it for it in vars(stories).values() if isinstance(it, Story)]
    assert len(told) >= 20
    for story in told:
        if story.seat >= 0 and story is not stories.NOTHING:
            assert story.project in data.projects(story.seat)
            assert len(PEOPLE[story.seat].lines) >= 1 or story is stories.NEWCOMER
