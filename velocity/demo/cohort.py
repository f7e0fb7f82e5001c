"""The demo cohort: two dozen scholars, five streams, twelve weeks and the running one.

Everything is drawn from generators seeded with the cohort's seed and the scholar's seat, so one
scholar's numbers depend on nobody else's, and on nobody's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from velocity.demo.draws import chance, seeded
from velocity.demo.experiments import Bench
from velocity.demo.lines import Draft, Person, work_along
from velocity.demo.nodes import run_node
from velocity.demo.people import GUEST_PERSON, PEOPLE, SERVICE_HOSTS
from velocity.demo.roster_text import roster_text, settings_text
from velocity.demo.stories import BIRDS, GUEST, SERVICE_PROJECT, ZOMBIE
from velocity.demo.term import Term
from velocity.demo.twists import tell_stories
from velocity.demo.workdays import DAY, HOUR, daily_windows, work_windows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from velocity.demo.planned import PlannedRun
    from velocity.demo.wandb_server.world import RunNode


@dataclass(frozen=True)
class Cohort:
    """What the demo serves, and the two files that say how to read it.

    Args:
        runs: every run that W&B would know at `as_of`.
        roster_toml: text of the demo's roster.toml.
        settings_toml: text of the demo's velocity.toml.
        as_of: the instant up to which the cohort has lived.
        runs_before: every run that W&B knew at `before`, as it was then.
        before: the instant of an earlier pull, a day before `as_of`.
    """

    runs: list[RunNode]
    roster_toml: str
    settings_toml: str
    as_of: datetime
    runs_before: list[RunNode]
    before: datetime


def build_cohort(seed: int, as_of: datetime, names: Sequence[str] = BIRDS) -> Cohort:
    """The cohort as W&B would hold it at `as_of`.

    Args:
        seed: same seed, as_of and names, same cohort to the byte.
        as_of: aware; the running week is the one that holds it.
        names: one username a seat, all different.

    Raises:
        ValueError: there are not as many different names as seats.
    """
    if len(names) != len(PEOPLE) or len(set(names)) != len(names):
        raise ValueError(f"{len(PEOPLE)} different names are needed")
    term = Term.until(as_of)
    planned: list[tuple[PlannedRun, str | None]] = [
        (run, name)
        for seat, (person, name) in enumerate(zip(PEOPLE, names, strict=True))
        for run in _term_of(term, seed, seat, person)
    ]
    planned += [(run, GUEST) for run in _term_of(term, seed, len(PEOPLE), GUEST_PERSON)]
    planned += [(run, None) for run in _service(term, seed)]
    return Cohort(
        _known(planned, term.as_of),
        roster_text(term, names),
        settings_text(),
        as_of,
        _known(planned, term.as_of - DAY),
        as_of - timedelta(days=1),
    )


def _known(planned: list[tuple[PlannedRun, str | None]], instant: int) -> list[RunNode]:
    """What W&B holds at an instant."""
    nodes = (run_node(run, name, instant) for run, name in planned)
    return [node for node in nodes if node is not None]


def _term_of(term: Term, seed: int, seat: int, person: Person) -> list[PlannedRun]:
    """Every run of one person, also those after as_of."""
    weeks = term.weeks + 2
    rng = seeded(seed, seat, "days")
    work = work_windows(
        rng,
        person.zone,
        person.hours,
        start=term.start,
        weeks=weeks,
        idle_weeks=person.idle_weeks,
    )
    awake = daily_windows(person.zone, *person.awake, start=term.start, weeks=weeks)
    draft = Draft(term, person, seeded(seed, seat), work, awake)
    for number, line in enumerate(person.lines):
        draft.rng = seeded(seed, seat, number)
        work_along(draft, line)
    draft.rng = seeded(seed, seat, "twists")
    tell_stories(draft, seat)
    return [run for line in draft.experiments.values() for one in line for run in one.runs]


def _service(term: Term, seed: int) -> list[PlannedRun]:
    """Nightly evaluations of a service account, and the one of them that never came back."""
    rng = seeded(seed, "service")
    bench = Bench(rng, SERVICE_PROJECT, SERVICE_HOSTS)
    runs = []
    for night in range((term.weeks + 1) * 7):
        start = term.start + night * DAY + 2 * HOUR + rng.randrange(300)
        state = "failed" if chance(rng, 0.05) else "finished"
        runs.append(bench.run(start, rng.uniform(0.6, 1.1), state=state, job_type="nightly"))
    if ZOMBIE.ago is not None:
        heartbeat = term.as_of - round(ZOMBIE.ago.total_seconds())
        runs.append(bench.run(heartbeat - HOUR, 1.0, state="running", job_type="nightly"))
    return runs
