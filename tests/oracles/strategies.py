"""Hypothesis strategies: small nasty run lists.

Instants come from a grid and from sums such as "an earlier end + exactly 60 s", so that ties and
the boundaries of every rule (60 s, 2 min, 15 min, 5 days, each with 1 µs to either side) are met
often rather than almost never.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.oracles.model import DAY, HOUR, MINUTE, SECOND, Person, Run, micros

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Fridays before Europe's clocks change, so that loops of some days cross 23 h and 25 h days.
BASES = (
    micros(datetime(2024, 3, 29, 8, tzinfo=UTC)),
    micros(datetime(2024, 10, 25, 8, tzinfo=UTC)),
)

_EDGES = (60 * SECOND, 2 * MINUTE, 15 * MINUTE, 5 * DAY)
#: From one instant to a later one.
DELTAS = (
    0,
    0,
    1,
    SECOND,
    30 * SECOND,
    5 * MINUTE,
    HOUR,
    DAY,
    *(edge + nudge for edge in _EDGES for nudge in (-1, 0, 1)),
)
DURATIONS = (-MINUTE, 0, 0, *DELTAS, 3 * HOUR)
SCHOLARS = ("ada", "bob", None)
PROJECTS = (("e", "p"), ("e", "q"), ("f", "p"))
STATES = (
    *("finished",) * 4,
    *("failed",) * 3,
    *("running",) * 3,
    *("preempted",) * 2,
    "crashed",
    "killed",
    "preempting",
    "pending",
    "mystery",
)
#: One name for a tag, a sweep and a group: they must stay three keys.
_TAGS = ((), (), (), (), ("exp:x",), ("other", "exp:y", "exp:x"), ("exp:",), ("exp:é", "exp:z"))
_HOSTS = (None, "", "localhost", "h1", "h1", "h2")
_WINDOWS = ((540, 1260), (1320, 360), (0, 0), (0, 1440), (150, 180), (90, 90))
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")


@dataclass(frozen=True)
class Case:
    """Runs with unique keys in any order, as_of of each project, and some people's habits."""

    runs: tuple[Run, ...]
    as_of: dict[tuple[str, str], int]
    people: tuple[Person, ...] = field(default=())


@st.composite
def cases(draw: st.DrawFn, max_runs: int = 12, *, one_as_of: bool = False) -> Case:
    """A case of 1 to `max_runs` runs; with `one_as_of` all projects share theirs."""
    base = draw(st.sampled_from(BASES))
    latest = base + draw(st.sampled_from((HOUR, DAY, 6 * DAY, 11 * DAY)))
    # Within the same week, before or after the base's other instants.
    as_of = {
        project: latest if one_as_of else latest - draw(st.sampled_from((0, 0, MINUTE, DAY)))
        for project in PROJECTS
    }
    count = draw(st.integers(1, max_runs))
    names = draw(st.permutations([f"r{number}" for number in range(count)]))
    runs: list[Run] = []
    for name in names:
        follows = bool(runs) and draw(st.integers(0, 2)) > 0
        if follows:
            runs.append(_following(draw, name, runs, as_of))
        else:
            runs.append(_fresh(draw, name, base, as_of))
    shuffled = draw(st.permutations(runs))
    return Case(tuple(shuffled), as_of, draw(people()))


@st.composite
def people(draw: st.DrawFn) -> tuple[Person, ...]:
    """Some of the scholars with a time zone and an awake window of their own."""
    found = []
    for scholar in ("ada", "bob"):
        if draw(st.booleans()):
            opens, closes = draw(st.sampled_from(_WINDOWS))
            found.append(Person(scholar, draw(st.sampled_from(ZONES)), opens, closes))
    return tuple(found)


def _fresh(draw: st.DrawFn, name: str, base: int, as_of: dict[tuple[str, str], int]) -> Run:
    """A run that owes nothing to the ones before it."""
    project = draw(st.sampled_from(PROJECTS))
    if draw(st.integers(0, 4)):
        start = base + draw(st.integers(0, 10)) * MINUTE + draw(st.sampled_from((0, 0, DAY)))
    else:  # close to as_of, on either side
        start = as_of[project] + draw(st.sampled_from((1, -1))) * draw(st.sampled_from(DELTAS))
    return _run(
        draw,
        Run(
            *project,
            name,
            draw(st.sampled_from(SCHOLARS)),
            draw(st.sampled_from(STATES)),
            created_at=start,
            tags=draw(st.sampled_from(_TAGS)),
            sweep=draw(st.sampled_from((None, None, None, "x"))),
            group_name=draw(st.sampled_from((None, None, "x", "g"))),
            config_hash=draw(st.sampled_from((None, "a", "b"))),
        ),
        as_of[project],
    )


def _following(
    draw: st.DrawFn, name: str, runs: Sequence[Run], as_of: dict[tuple[str, str], int]
) -> Run:
    """A run of an earlier one's key that begins at, or a telling while after, its start or end."""
    # Mostly the last run, so that chains grow.
    model = draw(st.sampled_from((runs[-1], runs[-1], *runs)))
    begun = model.created_at if model.started_at is None else model.started_at
    moments = [begun]
    if model.runtime_us is not None:
        moments += [begun + model.runtime_us] * 2
    if model.heartbeat_at is not None:
        moments.append(model.heartbeat_at)
    start = draw(st.sampled_from(moments)) + draw(st.sampled_from(DELTAS))
    project = (model.entity, model.project)
    return _run(
        draw,
        Run(
            *project,
            name,
            model.username,
            draw(st.sampled_from(STATES)),
            created_at=start,
            tags=model.tags,
            sweep=model.sweep,
            group_name=model.group_name,
            config_hash=draw(st.sampled_from((model.config_hash, model.config_hash, None, "b"))),
        ),
        as_of[project],
    )


def _run(draw: st.DrawFn, bare: Run, as_of: int) -> Run:
    """The run, begun at its created_at, with times that agree more or less with each other."""
    start = bare.created_at
    starts = [start]
    for _ in range(draw(st.sampled_from((0, 0, 0, 0, 1, 2, 3)))):
        starts.append(starts[-1] + draw(st.sampled_from(DELTAS)))
    length = draw(st.sampled_from(DURATIONS))
    end = starts[-1] + length
    near_as_of = as_of + draw(st.sampled_from((1, -1))) * draw(st.sampled_from(DELTAS))
    if bare.state == "running":
        heartbeats: tuple[int | None, ...] = (near_as_of, near_as_of, as_of, end, None)
    else:
        heartbeats = (end, end, end, near_as_of, start - SECOND, None)
    known_environment = len(starts) > 1 or draw(st.integers(0, 3)) > 0
    writers: tuple[int, ...] = ()
    if known_environment and (len(starts) > 1 or draw(st.booleans())):
        writers = tuple(starts)
    queued = draw(st.sampled_from((0, 30 * SECOND, HOUR, -SECOND))) if known_environment else 0
    return Run(
        bare.entity,
        bare.project,
        bare.run_id,
        bare.username,
        bare.state,
        created_at=start - queued,
        started_at=start if known_environment else None,
        writer_starts=writers,
        heartbeat_at=draw(st.sampled_from(heartbeats)),
        runtime_us=draw(st.sampled_from((length, length, length, end - start, None))),
        last_metric_at=draw(st.sampled_from((None, end, start - 1, start))),
        group_name=bare.group_name,
        sweep=bare.sweep,
        tags=bare.tags,
        config_hash=bare.config_hash,
        host=draw(st.sampled_from(_HOSTS)),
        gpu_count=draw(st.sampled_from((None, 0, 1, 4, 8))),
        gpu_type=draw(st.sampled_from((None, "NVIDIA A100-SXM4-80GB", "NVIDIA H100 80GB HBM3"))),
        gpu_count_config=draw(st.sampled_from((None, None, None, 2))),
    )
