"""Writes the events of the stories into a person's term, after its ordinary days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from velocity.demo import stories
from velocity.demo.experiments import chance
from velocity.demo.planned import Experiment
from velocity.demo.workdays import DAY, HOUR, MINUTE, WEEK

if TYPE_CHECKING:
    from collections.abc import Callable

    from velocity.demo.experiments import Bench
    from velocity.demo.lines import Draft
    from velocity.demo.stories import Story

#: If a result waits longer, the line gets an answer, unless a story says otherwise.
_ANSWERED_WITHIN = 18 * HOUR
#: A line without a launch for this long has been abandoned.
_GIVEN_UP_AFTER = 6 * DAY


def tell_stories(draft: Draft, seat: int) -> None:
    """Write the seat's stories into its term, and answer waits on its other lines."""
    for story, twist in _TWISTS.items():
        if story.seat == seat:
            twist(draft, story, draft.bench(story.project))
    for project in draft.experiments:
        if project not in {story.project for story in SILENT}:
            _look_after(draft, project)


def _fall_silent(draft: Draft, story: Story, bench: Bench, *, state: str) -> None:
    """End the line with one run in `state` that ended `story.ago` before as_of."""
    end = draft.term.before(story)
    start = draft.work.last_before(end - 2 * HOUR)
    draft.keep(story.project, lambda one: one.end < start)
    recovered = max(
        run.start
        for one in draft.experiments[story.project]
        for run in one.runs
        if run.state == "finished"
    )
    # A failure after the last success would be a second unrecovered one.
    draft.keep(story.project, lambda one: one.succeeded or one.result_at <= recovered)
    draft.add_run(story.project, bench.run(start, (end - start) / HOUR, state=state))


def _go_stale(draft: Draft, story: Story, bench: Bench) -> None:
    """Add a run whose machine died silently `story.ago` before as_of."""
    heartbeat = draft.term.before(story)
    start = draft.work.last_before(heartbeat - 3 * HOUR)
    draft.add_run(story.project, bench.run(start, (heartbeat - start) / HOUR, state="running"))


def _work_too_long(draft: Draft, story: Story, bench: Bench) -> None:
    """A run that has been in progress for days, and will be for one more."""
    start = _cleared(draft, story)
    hours = (draft.term.as_of - start + DAY) / HOUR
    draft.add_run(story.project, bench.run(start, hours))


def _be_under_way(draft: Draft, story: Story, bench: Bench) -> None:
    """Three unfinished seeds of one idea."""
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


def _crash_storm(draft: Draft, story: Story, bench: Bench) -> None:
    """Three afternoons of relaunching, every few minutes, a run that dies immediately."""
    for day in (1, 2, 3):
        at = draft.work.after(draft.term.week(story.week) + day * DAY + 6 * HOUR, 0.5)
        config = bench.config()
        for _ in range(draft.rng.randrange(11, 14)):
            if chance(draft.rng, 0.5):
                config = bench.config()
            draft.add_run(story.project, bench.early_failure(at, config=config))
            # More than a minute after the failure: a person retried, not a script.
            at += draft.rng.randrange(170, 420)


def _false_start_day(draft: Draft, story: Story, bench: Bench) -> None:
    """Replace a Wednesday's launches with seven false starts."""
    wednesday = datetime.fromtimestamp(draft.term.week(story.week), UTC) + timedelta(days=2)
    midnight = int(wednesday.replace(tzinfo=ZoneInfo(draft.person.zone)).timestamp())
    draft.keep(story.project, lambda one: not midnight <= one.start < midnight + DAY)
    at = midnight + 10 * HOUR
    for _ in range(7):
        draft.add_run(story.project, bench.early_failure(at))
        at += draft.rng.randrange(20 * MINUTE, 70 * MINUTE)


def _idle_week(draft: Draft, story: Story, _bench: Bench) -> None:
    """Leave nothing in flight in the idle week, which does not have working windows."""
    start = draft.term.week(story.week)
    draft.keep(story.project, lambda one: one.end < start or one.start >= start + WEEK)


def _offline_sync(draft: Draft, story: Story, bench: Bench) -> None:
    """Two offline runs that W&B first learns of weeks later."""
    synced = draft.term.before(story)
    for day in (1, 3):
        start = draft.work.after(draft.term.week(story.week) + day * DAY, 2.0)
        run = bench.run(start, draft.rng.uniform(2, 6), created=synced, heartbeat=synced + day)
        draft.add_run(story.project, run)


def _arrive_late(draft: Draft, story: Story, bench: Bench) -> None:
    """A newcomer's first few launches."""
    at = draft.work.after(draft.term.before(story), 1.0)
    for _ in range(4):
        run = bench.run(at, draft.rng.uniform(0.5, 3.0))
        draft.add_run(story.project, run)
        at = draft.work.after(run.end, draft.rng.uniform(2.0, 5.0))


def _fast_clock(draft: Draft, story: Story, bench: Bench) -> None:
    """Three runs on a machine 3 h ahead: two end after as_of, one begins after it."""
    for hours_ago, hours in ((3.4, 2.2), (3.1, 1.5), (1.0, 4.0)):
        start = draft.term.as_of - round(hours_ago * HOUR)
        run = bench.run(start, hours, host=draft.person.hosts[-1], skew=3 * HOUR)
        draft.add_run(story.project, run)


def _negative_runtimes(draft: Draft, story: Story, bench: Bench) -> None:
    """Two runs during which the clock was set back."""
    for week in (7, 10):
        start = draft.work.after(draft.term.week(week) + DAY, 4.0)
        draft.add_run(story.project, bench.run(start, 1.2, runtime=-37 * week))


def _look_after(draft: Draft, project: str) -> None:
    """Answer an old waiting result, and a failure, on a line that is still active."""
    as_of = draft.term.as_of
    known = [
        one for one in draft.experiments[project] if one.start <= as_of and not one.runs[0].skew
    ]
    launched = max((one.start for one in known), default=as_of)
    finished = (run for one in known for run in one.runs if run.state == "finished")
    recovered = max((run.start for run in finished if run.end <= as_of), default=as_of)
    is_given_up = launched < as_of - _GIVEN_UP_AFTER
    overdue = [
        one.result_at
        for one in known
        if one.result_at < as_of - _ANSWERED_WITHIN
        and (
            (one.result_at > launched and not is_given_up)
            or (one.result_at > recovered and not one.succeeded)
        )
    ]
    if overdue:
        _answer(draft, project, max(overdue))


def _answer(draft: Draft, project: str, result_at: int) -> None:
    """A short success: soon after the result on an old line, recently on an active one."""
    as_of, rng = draft.term.as_of, draft.rng
    start = draft.work.after(result_at, rng.uniform(0.3, 1.0))
    if result_at > as_of - _GIVEN_UP_AFTER:
        start = draft.work.last_before(as_of - round(rng.uniform(2, 6) * HOUR))
        if start < max(result_at, as_of - _ANSWERED_WITHIN):
            start = as_of - round(rng.uniform(3, 12) * HOUR)
    draft.add_run(project, draft.bench(project).run(start, rng.uniform(0.4, 1.4)))


#: Lines that end without an answer, and the state of their last run.
SILENT: dict[Story, str] = {
    stories.RESULT_WAITING: "finished",
    stories.RESULT_WAITING_TOO: "finished",
    stories.FAILURE_UNRECOVERED: "failed",
    stories.FAILURE_UNRECOVERED_TOO: "crashed",
}

_TWISTS: dict[Story, Callable[[Draft, Story, Bench], None]] = {
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
