"""Writes the events of the stories into a person's term, after its ordinary days.

A function here makes the events of one story; velocity.demo.stories says what they show.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from velocity.demo import stories
from velocity.demo.experiments import Bench, chance
from velocity.demo.lines import Draft, look_after
from velocity.demo.people import AGENT_HOST, RENTED_HOST
from velocity.demo.planned import Experiment, PlannedRun
from velocity.demo.stories import Story
from velocity.demo.workdays import DAY, HOUR, MINUTE, WEEK

Twist = Callable[[Draft, Story, Bench], Iterator[PlannedRun] | None]


def tell_stories(draft: Draft, seat: int) -> None:
    """Write the seat's stories into its term, and answer waits on its other lines."""
    _tell(draft, seat, _TWISTS)
    for project in draft.experiments:
        if project not in {story.project for story in SILENT}:
            look_after(draft, project)


def tell_measures(draft: Draft, seat: int) -> None:
    """Write the seat's stories of single measures into its term, beside its ordinary days.

    Lines of their own end well before the term does: their last results have been given up.
    """
    _tell(draft, seat, _MEASURES)


def _tell(draft: Draft, seat: int, twists: Mapping[Story, Twist]) -> None:
    for story, twist in twists.items():
        if story.seat == seat:
            for run in twist(draft, story, draft.bench(story.project)) or ():
                draft.add_run(story.project, run)


def _fall_silent(draft: Draft, story: Story, bench: Bench, *, state: str) -> Iterator[PlannedRun]:
    """End the line with one run in `state` that ended `story.ago` before as_of."""
    end = draft.term.before(story)
    start = draft.work.last_before(end - 2 * HOUR)
    draft.keep(story.project, lambda one: one.end < start)
    runs = (run for one in draft.experiments[story.project] for run in one.runs)
    recovered = max(run.start for run in runs if run.state == "finished")
    # A failure after the last success would be a second unrecovered one.
    draft.keep(story.project, lambda one: one.succeeded or one.result_at <= recovered)
    yield bench.run(start, (end - start) / HOUR, state=state)


def _go_stale(draft: Draft, story: Story, bench: Bench) -> Iterator[PlannedRun]:
    heartbeat = draft.term.before(story)
    start = draft.work.last_before(heartbeat - 3 * HOUR)
    yield bench.run(start, (heartbeat - start) / HOUR, state="running")


def _work_too_long(draft: Draft, story: Story, bench: Bench) -> Iterator[PlannedRun]:
    start = _cleared(draft, story)
    yield bench.run(start, (draft.term.as_of - start + DAY) / HOUR)


def _be_under_way(draft: Draft, story: Story, bench: Bench) -> None:
    start = _cleared(draft, story)
    config = bench.config()
    seeds = [
        bench.run(start + seed * 40, 2.5, config=config | {"seed": seed}, group="seeds-under-way")
        for seed in range(3)
    ]
    draft.add(story.project, Experiment(seeds))


def _cleared(draft: Draft, story: Story) -> int:
    """When the story begins, far enough from other launches not to join their experiments."""
    at = draft.term.before(story)
    draft.keep(story.project, lambda one: abs(one.start - at) > 10 * MINUTE)
    return at


def _crash_storm(draft: Draft, story: Story, bench: Bench) -> Iterator[PlannedRun]:
    for day in (1, 2, 3):
        at = draft.work.after(draft.term.week(story.week) + day * DAY + 6 * HOUR, 0.5)
        config = bench.config()
        for _ in range(draft.rng.randrange(11, 14)):
            if chance(draft.rng, 0.5):
                config = bench.config()
            yield bench.early_failure(at, config=config)
            # More than a minute after the failure: a person retried, not a script.
            at += draft.rng.randrange(170, 420)


def _false_start_day(draft: Draft, story: Story, bench: Bench) -> Iterator[PlannedRun]:
    wednesday = datetime.fromtimestamp(draft.term.week(story.week), UTC) + timedelta(days=2)
    midnight = int(wednesday.replace(tzinfo=ZoneInfo(draft.person.zone)).timestamp())
    draft.keep(story.project, lambda one: not midnight <= one.start < midnight + DAY)
    at = midnight + 10 * HOUR
    for _ in range(7):
        yield bench.early_failure(at)
        at += draft.rng.randrange(20 * MINUTE, 70 * MINUTE)


def _idle_week(draft: Draft, story: Story, _bench: Bench) -> None:
    start = draft.term.week(story.week)
    draft.keep(story.project, lambda one: one.end < start or one.start >= start + WEEK)


def _offline_sync(draft: Draft, story: Story, bench: Bench) -> Iterator[PlannedRun]:
    synced = draft.term.before(story)
    for day in (1, 3):
        start = draft.work.after(draft.term.week(story.week) + day * DAY, 2.0)
        yield bench.run(start, draft.rng.uniform(2, 6), created=synced, heartbeat=synced + day)


def _arrive_late(draft: Draft, story: Story, bench: Bench) -> Iterator[PlannedRun]:
    at = draft.work.after(draft.term.before(story), 1.0)
    for _ in range(4):
        run = bench.run(at, draft.rng.uniform(0.5, 3.0))
        yield run
        at = draft.work.after(run.end, draft.rng.uniform(2.0, 5.0))


def _fast_clock(draft: Draft, _story: Story, bench: Bench) -> Iterator[PlannedRun]:
    """Three runs on a machine 3 h ahead: two end after as_of, one begins after it."""
    for hours_ago, hours in ((3.4, 2.2), (3.1, 1.5), (1.0, 4.0)):
        start = draft.term.as_of - round(hours_ago * HOUR)
        yield bench.run(start, hours, host=draft.person.hosts[-1], skew=3 * HOUR)


def _negative_runtimes(draft: Draft, _story: Story, bench: Bench) -> Iterator[PlannedRun]:
    for week in (7, 10):
        start = draft.work.after(draft.term.week(week) + DAY, 4.0)
        yield bench.run(start, 1.2, runtime=-37 * week)


def _launch_around_the_clock(draft: Draft, story: Story, bench: Bench) -> Iterator[PlannedRun]:
    at = draft.term.week(story.week)
    while at < draft.term.week(stories.WEEKS + 1):
        state = "failed" if chance(draft.rng, 0.1) else "finished"
        hours, account = draft.rng.uniform(0.2, 0.4), stories.agent_of("{name}")
        run = bench.run(at, hours, state=state, host=AGENT_HOST, account=account)
        yield run
        at = run.end + draft.rng.randrange(7 * MINUTE, 15 * MINUTE)


def _one_after_another(
    draft: Draft,
    story: Story,
    bench: Bench,
    *,
    key: str,
    values: Sequence[float],
    pause: tuple[int, int],
) -> Iterator[PlannedRun]:
    """One run per value of a config key, each some seconds after the end of the one before."""
    at = draft.work.after(draft.term.week(story.week) + DAY, 0.5)
    config = bench.config()
    for value in values:
        run = bench.run(at, draft.rng.uniform(0.6, 1.1), config=config | {key: value})
        yield run
        at = run.end + draft.rng.randrange(*pause)


def _be_away(draft: Draft, story: Story, _bench: Bench) -> None:
    """No launch in the week; it begins up to half a day earlier in the east."""
    start = draft.term.week(story.week)
    draft.keep(story.project, lambda one: not start - 12 * HOUR <= one.start < start + WEEK)


def _repeat(draft: Draft, story: Story, bench: Bench) -> Iterator[PlannedRun]:
    at = draft.work.after(draft.term.week(story.week) + DAY, 2.0)
    first = bench.run(at, 1.2, commit="5" * 40)
    again = bench.run(first.end + 40 * MINUTE, 1.2, config=first.config, commit=first.commit)
    yield from (first, again)


def _debug(draft: Draft, story: Story, bench: Bench) -> Iterator[PlannedRun]:
    for week in range(story.week, stories.WEEKS):
        at = draft.work.after(draft.term.week(week), 3.0)
        for _ in range(6):
            yield bench.early_failure(at)
            at += draft.rng.randrange(4 * MINUTE, 12 * MINUTE)


def _ignore_one(draft: Draft, story: Story, bench: Bench) -> Iterator[PlannedRun]:
    at = draft.work.after(draft.term.week(story.week) + DAY, 1.0)
    yield bench.run(at, 2.0, tags=("velocity:ignore",))


def _share(draft: Draft, story: Story, bench: Bench) -> Iterator[PlannedRun]:
    """Runs in a shared account, told apart by their tag; the last one has none."""
    for day, tags in ((1, (stories.EARLY_TAG,)), (2, (stories.EARLY_TAG,)), (3, ())):
        at = draft.work.after(draft.term.week(story.week) + day * DAY, 1.0)
        yield bench.run(at, 1.0, tags=tags, account=stories.SHARED_ACCOUNT)


def _share_too(draft: Draft, story: Story, bench: Bench) -> Iterator[PlannedRun]:
    """Runs in the same account, told apart by a key of their config."""
    for day in (1, 2):
        at = draft.work.after(draft.term.week(story.week) + day * DAY, 5.0)
        config = bench.config() | stories.LATE_SHIFT
        yield bench.run(at, 1.0, config=config, account=stories.SHARED_ACCOUNT)


def _leave_idle(draft: Draft, story: Story, bench: Bench) -> Iterator[PlannedRun]:
    last = draft.term.before(story)
    for end in (last - 8 * HOUR, last):
        yield bench.run(end - 150 * MINUTE, 2.5, host=RENTED_HOST)


#: Lines that end without an answer, and the state of their last run.
SILENT: dict[Story, str] = {
    stories.RESULT_WAITING: "finished",
    stories.RESULT_WAITING_TOO: "finished",
    stories.FAILURE_UNRECOVERED: "failed",
    stories.FAILURE_UNRECOVERED_TOO: "crashed",
}

_TWISTS: dict[Story, Twist] = {
    stories.CRASH_STORM: _crash_storm,
    stories.FALSE_STARTS: _false_start_day,
    stories.IDLE_WEEK: _idle_week,
    stories.OFFLINE_SYNC: _offline_sync,
    stories.NEWCOMER: _arrive_late,
    stories.OPEN_TOO_LONG: _work_too_long,
    stories.UNDER_WAY: _be_under_way,
    stories.SPOT_MACHINES: _fast_clock,
    stories.BAD_CLOCKS: _negative_runtimes,
    stories.STALE_RUN: _go_stale,
    stories.STALE_RUN_TOO: _go_stale,
    **{story: partial(_fall_silent, state=state) for story, state in SILENT.items()},
}

_MEASURES: dict[Story, Twist] = {
    stories.AGENT: _launch_around_the_clock,
    # Every launch was ready: it came too soon for a look at the result.
    stories.SWEEP_BY_HAND: partial(
        _one_after_another, key="layer", values=(4, 8, 12, 16, 20), pause=(2 * MINUTE, 6 * MINUTE)
    ),
    # Every launch came after a look at the result.
    stories.ADAPTIVE_SEARCH: partial(
        _one_after_another,
        key="lr",
        values=(1e-3, 1e-4, 3e-4, 5e-4, 4e-4, 4.5e-4),
        pause=(25 * MINUTE, 90 * MINUTE),
    ),
    stories.AWAY: _be_away,
    stories.REPEAT: _repeat,
    stories.DEBUGGING: _debug,
    stories.IGNORED: _ignore_one,
    stories.SHARED: _share,
    stories.SHARED_TOO: _share_too,
    stories.IDLE_HOST: _leave_idle,
}
