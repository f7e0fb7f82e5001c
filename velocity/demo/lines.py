"""A person's progress along a line of work: what is launched when, and what it waits for."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from velocity.demo.experiments import ORDINARY, Bench, Machine, chance, lognormal
from velocity.demo.planned import Experiment, Host, PlannedRun
from velocity.demo.stories import WEEKS
from velocity.demo.workdays import DAY, HOUR, MINUTE, USUAL_HOURS, WEEK, Hours, Term, Windows

#: Nobody waits longer for a result without doing something else.
_LONG_WAIT = 5 * HOUR
#: If a result waits longer, the line gets an answer, unless a story says otherwise.
_ANSWERED_WITHIN = 18 * HOUR
#: A line without a launch for this long has been abandoned.
_GIVEN_UP_AFTER = 6 * DAY


@dataclass(frozen=True)
class Habit:
    """How a person decides about the next launch."""

    react: float = 2.1  # median hours from a result to the next launch, without interruptions
    react_spread: float = 1.05  # of the log of those hours
    more: float = 0.12  # mean number of launches in a sitting beyond the first
    overlap: float = 0.09  # chance of a launch before the result is in
    drift: float = 0.0  # increase of the overlap per week
    impatience: float = 0.55  # increase of the overlap when the result is hours away
    pause: float = 0.05  # chance of days of reading and meetings before the next launch
    blind_gap: float | None = None  # mean awake hours between launches that ignore results


@dataclass(frozen=True)
class Line:
    """Work in one project over some weeks of the term, `last` not included."""

    project: str
    habit: Habit
    machine: Machine = ORDINARY
    first: int = 0
    last: int = WEEKS + 1


@dataclass(frozen=True)
class Person:
    """The person in one seat."""

    zone: str  # IANA name
    hosts: tuple[Host, ...]
    lines: tuple[Line, ...] = ()
    hours: Hours = USUAL_HOURS
    awake: tuple[int, int] = (9, 21)  # hours of the roster; it may end on the next day
    idle_weeks: tuple[int, ...] = ()
    slow_weeks: Mapping[int, float] = field(default_factory=dict)  # week -> factor on reactions


@dataclass
class Draft:
    """One person's term while it is generated: experiments by project."""

    term: Term
    person: Person
    rng: random.Random
    work: Windows
    awake: Windows
    experiments: dict[str, list[Experiment]] = field(default_factory=dict)

    def add(self, project: str, *experiments: Experiment) -> None:
        """Add experiments to the project's line."""
        self.experiments.setdefault(project, []).extend(experiments)

    def add_run(self, project: str, run: PlannedRun) -> None:
        """Add an experiment with one run to the project's line."""
        self.add(project, Experiment([run]))

    def keep(self, project: str, is_kept: Callable[[Experiment], bool]) -> None:
        """Remove all other experiments from the project's line."""
        self.experiments[project] = list(filter(is_kept, self.experiments[project]))

    def bench(self, project: str) -> Bench:
        """A new bench for one of the lines, with what its machine writes and omits."""
        machines = (line.machine for line in self.person.lines if line.project == project)
        return Bench(self.rng, project, self.person.hosts, next(machines, ORDINARY))


def work_along(draft: Draft, line: Line) -> None:
    """Launch experiments on the line until its last week, or the term, is over."""
    term, habit = draft.term, line.habit
    bench = Bench(draft.rng, line.project, draft.person.hosts, line.machine)
    since = term.week(line.first)
    # A week earlier, so that the first week kept is like the others.
    at = draft.work.after(since - WEEK, draft.rng.uniform(0.1, 1.5))
    again: dict[str, Any] | None = None
    while at < term.week(line.last):
        if habit.blind_gap is not None:
            sitting = [bench.launch(at)]
            later = draft.awake.after(at, draft.rng.expovariate(1 / habit.blind_gap))
        else:
            sitting = _sit_down(draft, bench, habit, at, again)
            later = _next(draft, habit, sitting)
        draft.add(line.project, *(one for one in sitting if one.start >= since))
        at = max(later, sitting[-1].start + 4 * MINUTE)
        again = _to_repeat(draft, sitting, at)


def _sit_down(
    draft: Draft, bench: Bench, habit: Habit, at: int, again: dict[str, Any] | None
) -> list[Experiment]:
    """The launches of one sitting, some minutes apart: far enough to be separate decisions."""
    launched = [bench.launch(at, again)]
    while chance(draft.rng, habit.more / (1 + habit.more)):
        at += round(draft.rng.uniform(4, 35) * MINUTE)
        launched.append(bench.launch(at))
    return launched


def _to_repeat(draft: Draft, sitting: list[Experiment], at: int) -> dict[str, Any] | None:
    """The config of a failed run in the sitting that is retried at `at`, with corrected code."""
    failed = [one for one in sitting if not one.succeeded and one.end < at]
    return failed[0].runs[0].config if failed and chance(draft.rng, 0.5) else None


def _next(draft: Draft, habit: Habit, sitting: list[Experiment]) -> int:
    """When the next sitting begins: after the first result, or without waiting for one."""
    rng, last = draft.rng, sitting[-1].start
    week = (last - draft.term.start) // WEEK
    hours = lognormal(rng, habit.react, habit.react_spread)
    answer = min(sitting, key=lambda experiment: experiment.result_at)
    impatience = habit.impatience if answer.result_at > last + _LONG_WAIT else 0.0
    if chance(rng, habit.overlap + habit.drift * week + impatience):
        return _come_to(draft, last, lognormal(rng, 2.0, 0.6))
    if not answer.succeeded:
        hours *= 0.4  # people investigate a failure immediately
    elif chance(rng, habit.pause):
        hours += lognormal(rng, 52, 0.5)
    return _come_to(draft, answer.result_at, hours * draft.person.slow_weeks.get(week, 1.0))


def _come_to(draft: Draft, instant: int, hours: float) -> int:
    """That many hours later, or when the person is next at work."""
    later = instant + round(hours * HOUR)
    return later if draft.work.holds(later) else draft.work.after(later, draft.rng.uniform(0, 2))


def look_after(draft: Draft, project: str) -> None:
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
