"""Figures of a single line: blind launching, work in progress, results waiting."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction

from tests.oracles import kaplan_meier
from tests.oracles.model import (
    HOUR,
    REACTION_LIMIT,
    Derived,
    Experiment,
    Interval,
    Line,
    awake_microseconds,
    hours,
)

#: Concluded experiments that a line must have before its open ones are called old.
MIN_CONCLUDED = 19


def blind_ratio(
    derived: Derived, experiments: Iterable[Experiment], window: Interval | None
) -> dict[Line, float | None]:
    """Median awake reaction / (ln 2 / launches per awake hour), by line; null if not known.

    Choice: gaps lie between successive experiments of the line that both began in the window,
    with any outcome or clock; two that began together have a gap of zero, which counts.
    """
    by_line: defaultdict[Line, list[Experiment]] = defaultdict(list)
    for experiment in experiments:
        if window is None or window[0] <= experiment.S < window[1]:
            by_line[experiment.line].append(experiment)
    found: dict[Line, float | None] = {}
    for line, members in by_line.items():
        person = derived.person(line[0])
        loops = [derived.loops[experiment.id] for experiment in members]
        reaction = kaplan_meier.estimate(
            [
                (loop.awake_us, bool(loop.reaction_event))
                for loop in loops
                if loop.awake_us is not None
            ]
        )
        starts = sorted(experiment.S for experiment in members)
        gaps = [
            (start, following)
            for start, following in itertools.pairwise(starts)
            if following - start <= REACTION_LIMIT
        ]
        awake = sum(awake_microseconds(person, start, following) for start, following in gaps)
        shown = reaction.events >= kaplan_meier.MIN_EVENTS and reaction.median is not None
        if shown and reaction.median is not None and awake and gaps:
            rate = len(gaps) / (awake / HOUR)
            found[line] = (reaction.median / HOUR) / (math.log(2) / rate)
        else:
            found[line] = None
    return found


def wip_ages(experiments: Sequence[Experiment]) -> list[tuple[str, float, bool | None]]:
    """(id, age in hours, is it above the line's 85th percentile) of open experiments, oldest first.

    The last is None where the line has fewer than 19 concluded experiments. Choice: experiments
    with a flagged clock take no part in the percentile, but an open one is still listed.
    """
    concluded: defaultdict[Line, list[int]] = defaultdict(list)
    for experiment in experiments:
        if (
            experiment.outcome in ("success", "partial")
            and experiment.F is not None
            and not experiment.clock
        ):
            concluded[experiment.line].append(experiment.F - experiment.S)
    ages = []
    for experiment in experiments:
        if experiment.outcome == "open":
            age = experiment.as_of - experiment.S
            past = concluded[experiment.line]
            old = age > percentile(past, Fraction(85, 100)) if len(past) >= MIN_CONCLUDED else None
            ages.append((experiment.id, hours(age), old))
    return sorted(ages, key=lambda row: (-row[1], row[0]))


def percentile(values: Sequence[int], share: Fraction) -> Fraction:
    """The linear percentile, exactly."""
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def waiting_results(derived: Derived) -> list[str]:
    """Ids of the experiments with a waiting result, oldest result first."""
    waiting = [loop for loop in derived.loops.values() if loop.status == "awaiting"]
    return [loop.experiment for loop in sorted(waiting, key=lambda x: (x.F or 0, x.experiment))]
