"""Hypothesis strategies: small nasty run lists.

Instants come from a grid and from sums such as "an earlier end + exactly 60 s", so that ties and
the boundaries of every rule (60 s, 2 min, 15 min, 5 days, each with 1 µs to either side) occur
often rather than almost never.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from hypothesis import strategies as st

from tests.oracles.model import DAY, HOUR, MINUTE, SECOND, Person, Run, micros

_T = TypeVar("_T")

#: Fridays before Europe's clocks change, so that loops of some days cross 23 h and 25 h days.
BASES = (
    micros(datetime(2024, 3, 29, 8, tzinfo=UTC)),
    micros(datetime(2024, 10, 25, 8, tzinfo=UTC)),
)

_EDGES = (60 * SECOND, 2 * MINUTE, 15 * MINUTE, 5 * DAY)
#: Distances of two instants: none, small, exactly at an edge, 1 µs beside it, large.
DELTAS = (
    *(0,) * 6,
    *(1, SECOND),
    *(30 * SECOND,) * 4,
    *_EDGES * 2,
    *(edge + nudge for edge in _EDGES for nudge in (-1, 1)),
    *(5 * MINUTE, HOUR, DAY),
)
DURATIONS = (-MINUTE, *DELTAS, *(10 * MINUTE,) * 3, 3 * HOUR)
SCHOLARS = ("ada", "ada", "ada", "bob", None)
PROJECTS = (("e", "p"), ("e", "q"), ("f", "p"))
STATES = (
    *("finished",) * 4,
    *("failed",) * 3,
    *("running",) * 3,
    *("preempted",) * 3,
    "crashed",
    "killed",
    "preempting",
    "pending",
    "mystery",
)
#: One name for a tag, a sweep and a group: they must stay three keys.
_TAGS = (
    *((),) * 12,
    ("exp:",),
    ("exp:x",),
    ("exp:z",),
    ("other", "exp:z", "exp:x"),
    ("exp:é", "exp:z"),
)
_HOSTS = (None, "", "localhost", "h1", "h1", "h2")
_WINDOWS = ((540, 1260), (1320, 360), (0, 0), (0, 1440), (150, 180), (180, 150), (90, 90))
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")


@dataclass(frozen=True)
class Case:
    """Runs with unique keys in any order, as_of of each project, and some people's hours."""

    runs: tuple[Run, ...]
    as_of: dict[tuple[str, str], int]
    people: tuple[Person, ...] = field(default=())


class Pick(Protocol):
    """Picks one of several options, by any method."""

    def __call__(self, options: Sequence[_T], /) -> _T: ...


@st.composite
def cases(draw: st.DrawFn, max_runs: int = 12, *, one_as_of: bool = False) -> Case:
    """A case of 1 to `max_runs` runs; with `one_as_of` all projects share theirs.

    A third is drawn choice by choice, so that failures shrink; the rest comes from a seed, which
    spreads evenly and meets the boundaries far more often.
    """
    if draw(st.integers(0, 2)) == 0:
        return _case(lambda options: draw(st.sampled_from(options)), max_runs, one_as_of=one_as_of)
    return seeded_case(draw(st.integers(0, 2**32 - 1)), max_runs, one_as_of=one_as_of)


def seeded_case(
    seed: int, max_runs: int = 12, *, one_as_of: bool = False, base: int | None = None
) -> Case:
    """The case of a seed; its first runs begin within a day of `base` (default: one of BASES)."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    return _case(
        chance.choice, max_runs, one_as_of=one_as_of, bases=BASES if base is None else (base,)
    )


def _case(pick: Pick, max_runs: int, *, one_as_of: bool, bases: Sequence[int] = BASES) -> Case:
    base = pick(bases)
    names = _shuffled(pick, [f"r{number}" for number in range(pick(range(1, max_runs + 1)))])
    plans: list[_Plan] = []
    for name in names:
        alone = not plans or pick(range(5)) == 0
        plans.append(_fresh(pick, name, base) if alone else _following(pick, name, plans))
    shared = _as_of(pick, plans)
    as_of = {
        project: shared if one_as_of or pick((True, False)) else _as_of(pick, plans)
        for project in PROJECTS
    }
    runs = [_run(pick, plan, as_of[plan.key.entity, plan.key.project]) for plan in plans]
    people = [_person(pick, scholar) for scholar in ("ada", "bob") if pick((False, True))]
    return Case(tuple(_shuffled(pick, runs)), as_of, tuple(people))


def _shuffled(pick: Pick, values: Sequence[_T]) -> list[_T]:
    left, found = list(values), []
    while left:
        found.append(left.pop(pick(range(len(left)))))
    return found


def _person(pick: Pick, scholar: str) -> Person:
    opens, closes = pick(_WINDOWS)
    return Person(scholar, pick(ZONES), opens, closes)


@dataclass(frozen=True)
class _Plan:
    """A run and its true times; `_run` draws the known part."""

    key: Run
    starts: tuple[int, ...]
    end: int


def _fresh(pick: Pick, name: str, base: int) -> _Plan:
    """A run that is independent of earlier runs."""
    start = base + pick(range(11)) * MINUTE + pick((0, 0, 0, DAY))
    key = Run(
        *pick((PROJECTS[0], PROJECTS[0], *PROJECTS)),
        name,
        pick(SCHOLARS),
        pick(STATES),
        created_at=start,
        tags=pick(_TAGS),
        sweep=pick((*(None,) * 9, "x")),
        group_name=pick((None, None, "x", "g")),
        config_hash=pick((None, "a", "a", "b")),
    )
    return _plan(pick, key)


def _following(pick: Pick, name: str, plans: list[_Plan]) -> _Plan:
    """A run, usually with an earlier run's key, at a distance from it that meets a rule."""
    # Mostly the last run, so that chains grow.
    model = pick([*plans[-1:] * 3, *plans])
    since = pick((model.starts[0], model.end, model.end))
    same_key = pick(range(4)) > 0
    same_config = pick(range(3)) > 0
    key = replace(
        model.key,
        run_id=name,
        state=pick((model.key.state, *STATES)),
        created_at=since + pick(DELTAS),
        tags=model.key.tags if same_key else pick(_TAGS),
        group_name=model.key.group_name if same_key else pick((None, "x", "g")),
        config_hash=model.key.config_hash if same_config else pick((None, "b")),
    )
    return _plan(pick, key)


def _plan(pick: Pick, key: Run) -> _Plan:
    starts = [key.created_at]
    for _ in range(pick((*(0,) * 12, 1, 2, 3))):
        starts.append(starts[-1] + pick(DELTAS))
    return _Plan(key, tuple(starts), starts[-1] + pick(DURATIONS))


def _as_of(pick: Pick, plans: Sequence[_Plan]) -> int:
    """Usually after everything; sometimes at the start or end of a run."""
    starts, ends = [plan.starts[0] for plan in plans], [plan.end for plan in plans]
    late = [max(starts), *[max(ends)] * 3] * len(plans)
    mark = pick([*late, *starts, *ends])
    edges = (5 * DAY, 5 * DAY, 5 * DAY, -15 * MINUTE, -15 * MINUTE, -HOUR, -1)
    return mark + pick((*DELTAS, *edges))


def _run(pick: Pick, plan: _Plan, as_of: int) -> Run:
    """The row of a run; its times agree more or less with each other."""
    start, end = plan.starts[0], plan.end
    length = end - plan.starts[-1]
    near_as_of = as_of + pick((-1, -1, 1)) * pick(DELTAS)
    if plan.key.state == "running":
        heartbeats: tuple[int | None, ...] = (near_as_of, near_as_of, as_of, end, None)
    else:
        heartbeats = (*(end,) * 6, near_as_of, start - SECOND, None)
    resumed = len(plan.starts) > 1
    known_environment = resumed or pick(range(4)) > 0
    writers_known = known_environment and (resumed or pick((True, False)))
    queued = pick((0, 30 * SECOND, HOUR, -SECOND)) if known_environment else 0
    return replace(
        plan.key,
        created_at=start - queued,
        started_at=start if known_environment else None,
        writer_starts=plan.starts if writers_known else (),
        heartbeat_at=pick(heartbeats),
        runtime_us=pick((*(length,) * 6, end - start, None)),
        last_metric_at=pick((None, end, start - 1, start)),
        host=pick(_HOSTS),
        gpu_count=pick((None, 0, 1, 4, 8)),
        gpu_type=pick((None, "NVIDIA A100-SXM4-80GB", "NVIDIA H100 80GB HBM3")),
        gpu_count_config=pick((None, None, None, 2)),
        gpu_utilisation=pick((None, None, 0.0, 0.25, 0.7, 1.0)),
        first_metric_at=pick((None, start - 1, start, *(start + SECOND + pick(DELTAS),) * 3)),
    )
