"""Lines that wait for a decision of their scholar."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from tests.oracles.lines import percentile
from tests.oracles.model import DAY, HOUR, REACTION_LIMIT, Derived, Experiment, Line, local_date
from tests.oracles.working import usual_weekdays, working_microseconds, working_windows

#: Closed loops that a usual wait needs.
LEAST = 19
_FAR = 60 * DAY


@dataclass(frozen=True)
class Decision:
    """A line whose latest result has had no launch after it; lengths in microseconds."""

    experiment: Experiment
    kind: str
    waited: int
    working: int
    usual: Fraction | None
    median: Fraction | None
    n: int
    usual_of: str | None
    parked: bool
    away: bool
    marked: bool
    #: When it had waited longer than its usual; None if it has not.
    met: Fraction | None

    @property
    def needed(self) -> bool:
        return self.met is not None and not (self.parked or self.away or self.marked)


def decisions(derived: Derived, marks: Mapping[str, int] | None = None) -> list[Decision]:
    """Every such line; `marks` has the instants at which results were read, by experiment."""
    lines: defaultdict[Line, list[Experiment]] = defaultdict(list)
    scholars: defaultdict[str, list[Experiment]] = defaultdict(list)
    for experiment in derived.experiments.values():
        lines[experiment.line].append(experiment)
        scholars[experiment.scholar].append(experiment)
    found = [
        _decision(derived, members, scholars[line[0]], marks or {})
        for line, members in lines.items()
    ]
    return [it for it in found if it is not None]


def _decision(
    derived: Derived,
    of_line: Sequence[Experiment],
    of_scholar: Sequence[Experiment],
    marks: Mapping[str, int],
) -> Decision | None:
    ended = [(it.F, it.S, it.id, it) for it in of_line if it.F is not None and not it.clock]
    if not ended:
        return None
    result, _, _, last = max(ended, key=lambda it: it[:2])
    person, as_of, zone = derived.person(last.scholar), last.as_of, derived.rules.timezone
    first, today = (local_date(it, person.timezone) for it in (result, as_of))
    span = (first + timedelta(days=n) for n in range((today - first).days + 1))
    pause = sum(it in person.days_off for it in span) * DAY
    followed = any(result <= it.S and it is not last for it in of_line)
    if followed or last.recovered or as_of - result > REACTION_LIMIT + pause:
        return None
    launches = [it.S for it in of_scholar]
    working = working_microseconds(person, launches, result, as_of, zone)
    past = [_waits(derived, it) for it in (of_line, of_scholar)]
    waits, usual_of = next(
        ((it, of) for it, of in zip(past, ("line", "scholar"), strict=True) if len(it) >= LEAST),
        (past[1], None),
    )
    usual = percentile(waits, Fraction(85, 100)) if usual_of else None
    weekdays = usual_weekdays(person, launches, result, zone)
    read = marks.get(last.id)
    return Decision(
        last,
        kind="result" if last.recovered is None else "failure",
        waited=as_of - result,
        working=working,
        usual=usual,
        median=percentile(waits, Fraction(1, 2)) if usual_of else None,
        n=len(waits),
        usual_of=usual_of,
        parked=any(result <= it.S and it.line != last.line for it in of_scholar),
        away=today in person.days_off,
        marked=read is not None
        and (
            usual is None
            or sum(e - s for s, e in working_windows(person, weekdays, read, as_of)) <= usual
        ),
        met=None
        if usual is None or working <= usual or working < HOUR
        else _met(working_windows(person, weekdays, result, result + _FAR), usual),
    )


def _waits(derived: Derived, experiments: Sequence[Experiment]) -> list[int]:
    loops = [derived.loops[it.id] for it in experiments]
    return [it.working_us or 0 for it in loops if it.status == "closed"]


def _met(windows: Sequence[tuple[int, int]], usual: Fraction) -> Fraction:
    """The first instant after which the waited time exceeds `usual`, and is at least an hour."""
    needed, waited = max(usual, Fraction(HOUR)), 0
    for start, end in windows:
        waited += end - start
        if waited > usual and waited >= HOUR:
            return end - (waited - needed)
    raise AssertionError
