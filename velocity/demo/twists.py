"""The events of the stories, written into a person's term once its ordinary days are there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from velocity.demo import stories
from velocity.demo.draws import chance
from velocity.demo.experiments import ORDINARY, Bench
from velocity.demo.planned import Experiment
from velocity.demo.workdays import DAY, HOUR, MINUTE, WEEK

if TYPE_CHECKING:
    from collections.abc import Callable

    from velocity.demo.lines import Draft
    from velocity.demo.stories import Story

#: After this long without an answer a line is looked after, unless a story says otherwise.
_ANSWERED_WITHIN = 18 * HOUR
#: A line that has launched nothing for so long has been given up.
_GIVEN_UP_AFTER = 6 * DAY


def fall_silent(draft: Draft, story: Story, state: str) -> None:
    """End the line with one run in `state` that ended `story.ago` before as_of."""
    signal = _ago(draft, story)
    start = draft.work.last_before(signal - 2 * HOUR)
    kept = [one for one in draft.experiments[story.project] if one.end < start]
    recovered = max(run.start for one in kept for run in one.runs if run.state == "finished")
    # What failed after the last success would be a failure not recovered of its own.
    kept = [one for one in kept if one.succeeded or one.signal <= recovered]
    last = _bench(draft, story).run(start, (signal - start) / HOUR, state=state)
    draft.experiments[story.project] = [*kept, Experiment([last])]


def go_stale(draft: Draft, story: Story) -> None:
    """Add a run whose machine died unheard `story.ago` before as_of."""
    heartbeat = _ago(draft, story)
    start = draft.work.last_before(heartbeat - 3 * HOUR)
    run = _bench(draft, story).run(start, (heartbeat - start) / HOUR, state="running")
    draft.add(story.project, Experiment([run]))


def work_too_long(draft: Draft) -> None:
    """A run that has been under way for days, and will be for one more."""
    story = stories.OPEN_TOO_LONG
    _clear_around(draft, story)
    hours = (_span(story) + DAY) / HOUR
    draft.add(story.project, Experiment([_bench(draft, story).run(_ago(draft, story), hours)]))


def be_under_way(draft: Draft) -> None:
    """Three seeds of one idea, of which none is done."""
    story = stories.UNDER_WAY
    _clear_around(draft, story)
    bench, start = _bench(draft, story), _ago(draft, story)
    config = bench.config()
    seeds = [
        bench.run(start + seed * 40, 2.5, config=config | {"seed": seed}, group="seeds-under-way")
        for seed in range(3)
    ]
    draft.add(story.project, Experiment(seeds))


def crash_storm(draft: Draft) -> None:
    """Three afternoons of launching again what dies at once, every few minutes."""
    story = stories.CRASH_STORM
    bench = _bench(draft, story)
    for day in (1, 2, 3):
        at = draft.work.after(_week(draft, story) + day * DAY + 6 * HOUR, 0.5)
        config = bench.config()
        for _ in range(draft.rng.randrange(11, 14)):
            if chance(draft.rng, 0.5):
                config = bench.config()
            draft.add(story.project, Experiment([bench.early_failure(at, config=config)]))
            # More than a minute after the death: a person tried again, not a script.
            at += draft.rng.randrange(170, 420)


def false_start_day(draft: Draft) -> None:
    """Replace a Wednesday's launches by seven false starts."""
    story = stories.FALSE_STARTS
    zone = ZoneInfo(draft.person.zone)
    wednesday = datetime.fromtimestamp(_week(draft, story), UTC) + timedelta(days=2)
    midnight = int(wednesday.replace(tzinfo=zone).timestamp())
    draft.experiments[story.project] = [
        one
        for one in draft.experiments[story.project]
        if not midnight <= one.start < midnight + DAY
    ]
    bench = _bench(draft, story)
    at = midnight + 10 * HOUR
    for _ in range(7):
        draft.add(story.project, Experiment([bench.early_failure(at)]))
        at += draft.rng.randrange(20 * MINUTE, 70 * MINUTE)


def idle_week(draft: Draft) -> None:
    """Leave nothing in flight in the idle week; its windows of work are gone already."""
    story = stories.IDLE_WEEK
    start = _week(draft, story)
    draft.experiments[story.project] = [
        one
        for one in draft.experiments[story.project]
        if one.end < start or one.start >= start + WEEK
    ]


def offline_sync(draft: Draft) -> None:
    """Two runs without a network, made known to W&B weeks later."""
    story = stories.OFFLINE_SYNC
    bench = _bench(draft, story)
    synced = _ago(draft, story)
    for day in (1, 3):
        start = draft.work.after(_week(draft, story) + day * DAY, 2.0)
        run = bench.run(start, draft.rng.uniform(2, 6), created=synced, heartbeat=synced + day)
        draft.add(story.project, Experiment([run]))


def arrive_late(draft: Draft) -> None:
    """A newcomer's first few launches."""
    story = stories.NEWCOMER
    bench = _bench(draft, story)
    at = draft.work.after(_ago(draft, story), 1.0)
    for _ in range(4):
        run = bench.run(at, draft.rng.uniform(0.5, 3.0))
        draft.add(story.project, Experiment([run]))
        at = draft.work.after(run.end, draft.rng.uniform(2.0, 5.0))


def fast_clock(draft: Draft) -> None:
    """Three runs on a machine 3 h ahead: two end after as_of, one begins after it."""
    story = stories.SPOT_MACHINES
    bench = _bench(draft, story)
    for hours_ago, hours in ((3.4, 2.2), (3.1, 1.5), (1.0, 4.0)):
        start = draft.term.as_of - round(hours_ago * HOUR)
        run = bench.run(start, hours, host=draft.person.hosts[-1], skew=3 * HOUR)
        draft.add(story.project, Experiment([run]))


def negative_runtimes(draft: Draft) -> None:
    """Two runs during which the clock was set back."""
    story = stories.BAD_CLOCKS
    bench = _bench(draft, story)
    for week in (7, 10):
        start = draft.work.after(draft.term.week(week) + DAY, 4.0)
        draft.add(story.project, Experiment([bench.run(start, 1.2, runtime=-37 * week)]))


def look_after(draft: Draft) -> None:
    """Answer what has waited long, and recover what failed, on every line that still goes on."""
    as_of = draft.term.as_of
    silent = {story.project for story in SILENT}
    for project, line in draft.experiments.items():
        if project in silent:
            continue
        known = [one for one in line if one.start <= as_of and not one.runs[0].skew]
        launched = max((one.start for one in known), default=as_of)
        concluded = [one for one in known if one.signal <= as_of]
        waiting = [one.signal for one in concluded if one.signal > launched]
        recovered = max(
            (
                run.start
                for one in known
                for run in one.runs
                if run.state == "finished" and run.end <= as_of
            ),
            default=as_of,
        )
        failures = [one.signal for one in concluded if not one.succeeded and one.signal > recovered]
        if launched < as_of - _GIVEN_UP_AFTER:
            waiting = []
        overdue = [signal for signal in waiting + failures if signal < as_of - _ANSWERED_WITHIN]
        if overdue:
            _answer(draft, project, max(overdue))


def _answer(draft: Draft, project: str, signal: int) -> None:
    """A short success: soon after the signal on an old line, lately on one that still goes on."""
    as_of, rng = draft.term.as_of, draft.rng
    start = draft.work.after(signal, rng.uniform(0.3, 1.0))
    if signal > as_of - _GIVEN_UP_AFTER:
        start = draft.work.last_before(as_of - round(rng.uniform(2, 6) * HOUR))
        if start < max(signal, as_of - _ANSWERED_WITHIN):
            start = as_of - round(rng.uniform(3, 12) * HOUR)
    bench = _bench_of(draft, project)
    draft.add(project, Experiment([bench.run(start, rng.uniform(0.4, 1.4))]))


def _clear_around(draft: Draft, story: Story) -> None:
    """Leave no launch so near the story's that both would be taken for one experiment."""
    at = _ago(draft, story)
    draft.experiments[story.project] = [
        one for one in draft.experiments[story.project] if abs(one.start - at) > 10 * MINUTE
    ]


def _bench(draft: Draft, story: Story) -> Bench:
    return _bench_of(draft, story.project)


def _bench_of(draft: Draft, project: str) -> Bench:
    """The bench of one of the person's lines, with what its machine does and does not write."""
    person = draft.person
    machines = (line.machine for line in person.lines if line.project == project)
    return Bench(draft.rng, project, person.hosts, next(machines, ORDINARY))


def _ago(draft: Draft, story: Story) -> int:
    """The instant of a story told backwards from as_of."""
    return draft.term.as_of - _span(story)


def _span(story: Story) -> int:
    """Seconds from a story told backwards to as_of."""
    if story.ago is None:
        raise ValueError(story)
    return round(story.ago.total_seconds())


def _week(draft: Draft, story: Story) -> int:
    """First instant of the week of a story told by week."""
    if story.week is None:
        raise ValueError(story)
    return draft.term.week(story.week)


#: Lines that end without an answer, and the state of their last run.
SILENT: dict[Story, str] = {
    stories.RESULT_WAITING: "finished",
    stories.RESULT_WAITING_TOO: "finished",
    stories.FAILURE_UNRECOVERED: "failed",
    stories.FAILURE_UNRECOVERED_TOO: "crashed",
}

_TWISTS: dict[Story, Callable[[Draft], None]] = {
    stories.CRASH_STORM: crash_storm,
    stories.FALSE_STARTS: false_start_day,
    stories.IDLE_WEEK: idle_week,
    stories.OFFLINE_SYNC: offline_sync,
    stories.NEWCOMER: arrive_late,
    stories.OPEN_TOO_LONG: work_too_long,
    stories.UNDER_WAY: be_under_way,
    stories.SPOT_MACHINES: fast_clock,
    stories.BAD_CLOCKS: negative_runtimes,
}


def tell_stories(draft: Draft, seat: int) -> None:
    """Write the seat's stories into its term, and look after its other lines."""
    for story, twist in _TWISTS.items():
        if story.seat == seat:
            twist(draft)
    for story in (stories.STALE_RUN, stories.STALE_RUN_TOO):
        if story.seat == seat:
            go_stale(draft, story)
    for story, state in SILENT.items():
        if story.seat == seat:
            fall_silent(draft, story, state)
    look_after(draft)
