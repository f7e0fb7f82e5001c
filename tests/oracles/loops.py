"""The loops of experiments: result, next launch and what the reaction took."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from tests.oracles.model import (
    REACTION_LIMIT,
    Derived,
    Experiment,
    Line,
    Loop,
    Person,
    awake_microseconds,
)
from tests.oracles.working import working_microseconds


def loops_of(derived: Derived) -> dict[str, Loop]:
    by_line: defaultdict[Line, list[Experiment]] = defaultdict(list)
    for experiment in derived.experiments.values():
        by_line[experiment.line].append(experiment)
    launches: defaultdict[str, list[int]] = defaultdict(list)
    for experiment in derived.experiments.values():
        launches[experiment.scholar].append(experiment.S)
    return {
        key: _with_working_hours(
            _loop(experiment, by_line[experiment.line], derived.person(experiment.scholar)),
            derived.person(experiment.scholar),
            launches[experiment.scholar],
            derived.rules.timezone,
        )
        for key, experiment in derived.experiments.items()
    }


def _with_working_hours(loop: Loop, person: Person, launches: Sequence[int], zone: str) -> Loop:
    if loop.F is None or loop.reaction_us is None:
        return loop
    until = loop.F + loop.reaction_us
    return replace(loop, working_us=working_microseconds(person, launches, loop.F, until, zone))


def _loop(experiment: Experiment, of_line: Sequence[Experiment], person: Person) -> Loop:
    """Section 4's table for one experiment."""
    start, result, as_of = experiment.S, experiment.F, experiment.as_of
    bare = Loop(experiment.id, experiment.line, start, result, None, "none")
    # Choice: an experiment with a flagged clock has no loop at all, like a false start; its S can
    # still be the N of another experiment.
    if experiment.outcome == "false_start" or experiment.clock:
        return bare
    if result is None:
        return replace(
            bare, status="open", machine_us=as_of - start, machine_event=False,
            loop_us=as_of - start, loop_event=False,
        )  # fmt: skip

    following = min(
        (other.S for other in of_line if result <= other.S and other is not experiment),
        default=None,
    )
    machine = result - start
    loop = replace(
        bare,
        N=following,
        machine_us=machine,
        machine_event=experiment.outcome not in ("killed", "other"),
    )
    if following is not None and following - result <= REACTION_LIMIT:
        status, reaction, is_event = "closed", following - result, True
    elif following is not None or as_of - result > REACTION_LIMIT:
        status, reaction, is_event = "abandoned", REACTION_LIMIT, False
    else:
        status, reaction, is_event = "awaiting", as_of - result, False
    return replace(
        loop,
        status=status,
        reaction_us=reaction,
        reaction_event=is_event,
        awake_us=awake_microseconds(person, result, result + reaction),
        loop_us=machine + reaction,
        loop_event=is_event,
    )
