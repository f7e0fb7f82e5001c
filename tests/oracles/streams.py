"""The experiments of a stream, and the part of the data within one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase

from tests.oracles.experiments import with_overlaps
from tests.oracles.model import Derived, Experiment, local_date


@dataclass(frozen=True)
class Membership:
    """A scholar's time in a stream, from the first day to the day after the last; None: open."""

    scholar: str
    stream: str
    first: date | None = None
    until: date | None = None


def attributed(
    derived: Derived, rules: Sequence[tuple[str, str]], memberships: Sequence[Membership]
) -> Derived:
    """Return the same data with the stream of each experiment.

    `rules` are (glob over "entity/project", stream), the first match first.
    """
    return replace(
        derived,
        experiments={
            key: replace(experiment, stream=_stream(derived, experiment, rules, memberships))
            for key, experiment in derived.experiments.items()
        },
    )


def _stream(
    derived: Derived,
    experiment: Experiment,
    rules: Sequence[tuple[str, str]],
    memberships: Sequence[Membership],
) -> str | None:
    scholar, entity, project = experiment.line
    for glob, stream in rules:
        if fnmatchcase(f"{entity}/{project}", glob):
            return stream
    # Choice: a membership's dates are days of the programme's time zone.
    day = local_date(experiment.S, derived.rules.timezone)
    active = {
        it.stream
        for it in memberships
        if it.scholar == scholar
        and (it.first is None or it.first <= day)
        and (it.until is None or day < it.until)
    }
    return active.pop() if len(active) == 1 else None


def within(derived: Derived, stream: str, is_known: Callable[[str], bool]) -> Derived:
    """Return the known scholars' data in one stream; others count only in programme totals.

    Integrals and overlaps use only this part of a scholar. Loops, recoveries and rework are facts
    of a line and do not change.
    """
    experiments = {
        key: it
        for key, it in derived.experiments.items()
        if it.stream == stream and is_known(it.scholar)
    }
    return replace(
        derived,
        runs={key: it for key, it in derived.runs.items() if it.experiment in experiments},
        experiments=with_overlaps(experiments),
        loops={key: it for key, it in derived.loops.items() if key in experiments},
    )
