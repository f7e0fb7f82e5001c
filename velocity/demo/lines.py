"""A person's way along a line of work: what is launched when, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from velocity.demo.draws import chance, lognormal
from velocity.demo.experiments import ORDINARY, Bench, Machine
from velocity.demo.workdays import HOUR, MINUTE, USUAL_HOURS, WEEK, Hours, Windows

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from velocity.demo.planned import Experiment, Host
    from velocity.demo.term import Term


#: Nobody likes to wait longer for a result with nothing else going on.
_LONG_WAIT = 5 * HOUR


@dataclass(frozen=True)
class Habit:
    """How a person decides on the next launch.

    Args:
        react: median hours from a result to the next launch, if nothing comes between.
        react_spread: of the log of those hours.
        more: how many launches a sitting has beyond the first; mean.
        overlap: how likely a person goes on before the result is in.
        drift: what overlap gains in a week.
        impatience: what overlap gains when the result is more than a few hours away.
        pause: how likely days of reading, writing and meetings come before the next launch.
        blind_gap: mean awake hours between launches that look at no result; None for all others.
    """

    react: float = 2.1
    react_spread: float = 1.05
    more: float = 0.12
    overlap: float = 0.09
    drift: float = 0.0
    impatience: float = 0.55
    pause: float = 0.05
    blind_gap: float | None = None


@dataclass(frozen=True)
class Line:
    """Work in one project over some weeks of the term, `last` not included."""

    project: str
    habit: Habit
    machine: Machine = ORDINARY
    first: int = 0
    last: int | None = None


@dataclass(frozen=True)
class Person:
    """Who sits on one seat.

    Args:
        zone: IANA name.
        hosts: machines used.
        lines: what is worked on; may be empty.
        hours: habits of the day.
        awake: local hours [begin, end) of the roster's awake window; an end at or before the
            begin falls on the next day.
        idle_weeks: 0-based weeks without work.
        slow_weeks: week -> factor on the reaction time of that week.
    """

    zone: str
    hosts: tuple[Host, ...]
    lines: tuple[Line, ...] = ()
    hours: Hours = USUAL_HOURS
    awake: tuple[int, int] = (9, 21)
    idle_weeks: tuple[int, ...] = ()
    slow_weeks: Mapping[int, float] = field(default_factory=dict)


@dataclass
class Draft:
    """One person's term as it is being written: experiments by project."""

    term: Term
    person: Person
    rng: random.Random
    work: Windows
    awake: Windows
    experiments: dict[str, list[Experiment]] = field(default_factory=dict)

    def add(self, project: str, *experiments: Experiment) -> None:
        """Put experiments on the project's line."""
        self.experiments.setdefault(project, []).extend(experiments)


def work_along(draft: Draft, line: Line) -> None:
    """Launch experiments on the line until its last week, or the term, is over."""
    term, habit = draft.term, line.habit
    bench = Bench(draft.rng, line.project, draft.person.hosts, line.machine)
    until = term.week(term.weeks + 1 if line.last is None else line.last)
    since = term.week(line.first)
    # A week ahead, so that the first week kept is one like the others.
    at = draft.work.after(since - WEEK, draft.rng.uniform(0.1, 1.5))
    again: dict[str, Any] | None = None
    while at < until:
        if habit.blind_gap is not None:
            sitting = [bench.launch(at)]
            gap = draft.rng.expovariate(1 / habit.blind_gap)
            later = draft.awake.after(at, gap)
        else:
            sitting = _sit_down(draft, bench, habit, at, again)
            later = _next(draft, habit, sitting)
        draft.add(line.project, *(one for one in sitting if one.start >= since))
        at = max(later, sitting[-1].start + 4 * MINUTE)
        again = _to_repeat(draft, sitting, at)


def _sit_down(
    draft: Draft, bench: Bench, habit: Habit, at: int, again: dict[str, Any] | None
) -> list[Experiment]:
    """The launches of one sitting, some minutes apart: far enough to be decisions of their own."""
    launched = [bench.launch(at, again)]
    while chance(draft.rng, habit.more / (1 + habit.more)):
        at += round(draft.rng.uniform(4, 35) * MINUTE)
        launched.append(bench.launch(at))
    return launched


def _to_repeat(draft: Draft, sitting: list[Experiment], at: int) -> dict[str, Any] | None:
    """The config of a failure of the sitting that is tried again, code mended, at `at`."""
    failed = [one for one in sitting if not one.succeeded and one.end < at]
    return failed[0].runs[0].config if failed and chance(draft.rng, 0.5) else None


def _next(draft: Draft, habit: Habit, sitting: list[Experiment]) -> int:
    """When the next sitting begins: upon the first result, or without waiting for any."""
    rng, term = draft.rng, draft.term
    last = sitting[-1].start
    week = (last - term.start) // WEEK
    hours = lognormal(rng, habit.react, habit.react_spread)
    answer = min(sitting, key=lambda experiment: experiment.signal)
    impatience = habit.impatience if answer.signal > last + _LONG_WAIT else 0.0
    if chance(rng, habit.overlap + habit.drift * week + impatience):
        return _come_to(draft, last, lognormal(rng, 2.0, 0.6))
    if not answer.succeeded:
        hours *= 0.4  # a failure is looked into at once
    elif chance(rng, habit.pause):
        hours += lognormal(rng, 52, 0.5)
    return _come_to(draft, answer.signal, hours * draft.person.slow_weeks.get(week, 1.0))


def _come_to(draft: Draft, instant: int, hours: float) -> int:
    """That many hours later, or when the person is up and about again."""
    later = instant + round(hours * HOUR)
    return later if draft.work.holds(later) else draft.work.after(later, draft.rng.uniform(0, 2))
