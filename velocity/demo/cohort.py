"""The demo cohort: two dozen scholars, five streams, twelve weeks and the current one.

Everything comes from generators seeded with the cohort's seed and the scholar's seat, so a
scholar's numbers do not depend on those of other people or on names.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from velocity.demo import stories
from velocity.demo.experiments import Bench, chance
from velocity.demo.lines import Draft, Person, work_along
from velocity.demo.people import GUEST_PERSON, PEOPLE, SERVICE_HOSTS
from velocity.demo.planned import PlannedRun
from velocity.demo.stories import BIRDS, GUEST, SERVICE_PROJECT, WEEKS, ZOMBIE
from velocity.demo.twists import tell_measures, tell_stories
from velocity.demo.wandb_server.world import RunNode
from velocity.demo.workdays import DAY, HOUR, Term, awake_windows, work_windows


@dataclass(frozen=True)
class Cohort:
    """What the demo serves, and the two files that say how to read it."""

    runs: list[RunNode]  # known to W&B at `as_of`
    roster_toml: str
    settings_toml: str
    as_of: datetime
    runs_before: list[RunNode]  # known to W&B at `before`, as they were then
    before: datetime  # an earlier pull, a day before `as_of`


def build_cohort(
    seed: int,
    as_of: datetime,
    names: Sequence[str] = BIRDS,
    *,
    on_person: Callable[[int, int], None] = lambda *_: None,
) -> Cohort:
    """The cohort as W&B would have it at `as_of`.

    Args:
        seed: the same seed, as_of and names give the same cohort to the byte.
        as_of: aware; the current week is the one that contains it.
        names: one username per seat, all different.
        on_person: is called with the number of people whose runs are ready, and of all people.

    Raises:
        ValueError: there are fewer different names than seats.
    """
    if len(names) != len(PEOPLE) or len(set(names)) != len(names):
        raise ValueError(f"{len(PEOPLE)} different names are needed")
    term = Term.until(as_of)
    people = [*zip(names, PEOPLE, strict=True), (GUEST, GUEST_PERSON)]
    planned: list[tuple[PlannedRun, str | None]] = []
    for seat, (name, person) in enumerate(people):
        planned += ((run, name) for run in _term_of(term, seed, seat, person))
        on_person(seat + 1, len(people))
    planned += [(run, None) for run in _service(term, seed)]

    now = [run.node(name, term.as_of) for run, name in planned]
    before = [
        node if run.settled(term.as_of - DAY) else run.node(name, term.as_of - DAY)
        for (run, name), node in zip(planned, now, strict=True)
    ]
    return Cohort(
        [node for node in now if node is not None],
        _written("roster.toml", term, names),
        _written("velocity.toml", term, names),
        as_of,
        [node for node in before if node is not None],
        as_of - timedelta(days=1),
    )


def _written(file: str, term: Term, names: Sequence[str]) -> str:
    """A file of the term, with `names` as ids and W&B usernames by seat."""

    def day(week: int, weekday: int = 0) -> date:
        return datetime.fromtimestamp(term.week(week) + weekday * DAY, UTC).date()

    environment = Environment(  # noqa: S701 - TOML, without markup
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    seats = zip(names, PEOPLE, strict=True)
    template = environment.get_template(f"{file}.jinja")
    return template.render(names=names, seats=seats, stories=stories, day=day)


def _seeded(*parts: object) -> random.Random:
    """A generator that yields the same numbers for the same parts, in every process."""
    return random.Random("/".join(map(str, parts)))  # noqa: S311 - a demo, not a secret


def _term_of(term: Term, seed: int, seat: int, person: Person) -> list[PlannedRun]:
    """Every run of one person, including those after as_of."""
    rng = _seeded(seed, seat, "days")
    work = work_windows(rng, person.zone, person.hours, term, person.idle_weeks)
    draft = Draft(term, person, rng, work, awake_windows(person.zone, person.awake, term))
    for number, line in enumerate(person.lines):
        draft.rng = _seeded(seed, seat, number)
        work_along(draft, line)
    draft.rng = _seeded(seed, seat, "twists")
    tell_stories(draft, seat)
    # Its own numbers, because the stories above draw more or fewer at different instants.
    draft.rng = _seeded(seed, seat, "measures")
    tell_measures(draft, seat)
    return [run for line in draft.experiments.values() for one in line for run in one.runs]


def _service(term: Term, seed: int) -> Iterator[PlannedRun]:
    """Nightly evaluations of a service account, including one that never ended."""
    rng = _seeded(seed, "service")
    bench = Bench(rng, SERVICE_PROJECT, SERVICE_HOSTS)
    for night in range((WEEKS + 1) * 7):
        start = term.start + night * DAY + 2 * HOUR + rng.randrange(300)
        state = "failed" if chance(rng, 0.05) else "finished"
        yield bench.run(start, rng.uniform(0.6, 1.1), state=state, job_type="nightly")
    yield bench.run(term.before(ZOMBIE) - HOUR, 1.0, state="running", job_type="nightly")
