"""Many drawn cases in one store, so that thousands of cases take seconds.

Every case has its own entities, usernames and as_of, so it is derived as if it were alone. The
programme, streams and the scholar of runs without a user are shared, and compared for the whole
batch.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from tests.builders import store_of, with_writers
from tests.oracles import experiments, streams
from tests.oracles.model import (
    EPOCH,
    MINUTE,
    SECOND,
    Derived,
    Person,
    Rules,
    Run,
    local_date,
    micros,
)
from tests.oracles.strategies import Case, seeded_case
from tests.oracles.streams import Membership
from velocity.roster.days_off import Away
from velocity.roster.fields import WEEKDAYS
from velocity.roster.models import Member, Roster, Scholar, Stream
from velocity.settings import Compute, Experiments, Programme, Settings
from velocity.store import Snapshot

#: Programme zones, each with an instant near which many runs begin, on that day and the next: some
#: minutes before the midnight after an ISO week 53, or before a day of 23 or 25 hours. São Paulo's
#: clocks changed at midnight: one hour before midnight is repeated, and one day begins at 01:00. In
#: the Azores the hour after a midnight is repeated. Kiritimati is a day ahead of New York.
PLACES: tuple[tuple[str, datetime], ...] = (
    ("UTC", datetime(2027, 1, 2, 23, 55, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2024, 3, 29, 22, 55, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2024, 10, 25, 21, 55, tzinfo=UTC)),
    ("America/New_York", datetime(2024, 3, 9, 4, 55, tzinfo=UTC)),
    ("America/New_York", datetime(2024, 11, 2, 3, 55, tzinfo=UTC)),
    ("Pacific/Auckland", datetime(2024, 4, 5, 10, 55, tzinfo=UTC)),
    ("Pacific/Auckland", datetime(2024, 9, 27, 11, 55, tzinfo=UTC)),
    ("Pacific/Kiritimati", datetime(2027, 1, 2, 9, 55, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 2, 17, 1, 55, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 11, 3, 2, 55, tzinfo=UTC)),
    ("Atlantic/Azores", datetime(2024, 10, 26, 0, 25, tzinfo=UTC)),
)

#: The owner of a drawn scholar's runs in each project; "eve" is not on the roster.
_USERNAMES = {("bob", "f"): "robert", ("ada", "f"): "eve"}
_SCHOLARS = {"robert": "bob"}
_RULES = (("f*/*", "claimed"), ("e*/q", "second"))

#: Fields of a run of the oracle that are columns of the product: as they are, and as times.
_SAME = (
    *("entity", "project", "run_id", "username", "state", "group_name", "sweep", "config_hash"),
    *("commit", "host", "gpu_type", "gpu_count", "gpu_utilisation", "machines", "resumed"),
    *("offline", "shared", "rewound", "history_rows", "wrote"),
)
_TIMES = ("created_at", "started_at", "heartbeat_at", "first_metric_at", "last_metric_at")

#: Grouping rules other than the defaults: 2 min and 60 s are swapped.
OTHER_RULES = Rules(stale_after_us=2 * MINUTE, together_us=60 * SECOND, script_gap_us=2 * MINUTE)


@dataclass(frozen=True)
class Batch:
    """Cases that share a store, a programme zone and a roster (or have none)."""

    cases: tuple[Case, ...]
    rules: Rules
    has_roster: bool
    first_day: date

    @cached_property
    def snapshot(self) -> Snapshot:
        """The product's result."""
        return self.with_roster(self.roster)

    def with_roster(self, roster: Roster | None) -> Snapshot:
        """The product's result with another roster."""
        return store_of(self.rows, self.as_of, settings=settings_of(self.rules), roster=roster)

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [row_of(run) for case in self.cases for run in case.runs]

    @property
    def as_of(self) -> dict[tuple[str, str], datetime]:
        return {key: moment(it) for case in self.cases for key, it in case.as_of.items()}

    @cached_property
    def whole(self) -> Derived:
        """The oracle's result for all cases together."""
        return self._derived(self.cases)

    @cached_property
    def apart(self) -> tuple[Derived, ...]:
        """The oracle's result case by case; the data ends where it does for all of them."""
        return tuple(
            replace(self._derived((case,)), complete_to=self.whole.complete_to)
            for case in self.cases
        )

    def scholar_of(self, username: str | None) -> str:
        """The oracle's name of a scholar; runs without one belong to ""."""
        if username is None:
            return ""
        letters = username.rstrip("0123456789")
        known = _SCHOLARS.get(letters, letters) if self.has_roster else letters
        return known + username[len(letters) :]

    def is_attributed(self, scholar: str) -> bool:
        """Whether a scholar has figures of their own."""
        return scholar != "" and not (self.has_roster and scholar.startswith("eve"))

    @property
    def streams(self) -> tuple[str, ...]:
        """Ids of the roster's streams."""
        return ("claimed", "second", "third") if self.has_roster else ()

    def _derived(self, cases: Sequence[Case]) -> Derived:
        derived = experiments.derive(
            [run for case in cases for run in case.runs],
            {key: it for case in cases for key, it in case.as_of.items()},
            self.rules,
            self.scholar_of,
            [it for case in cases for it in case.people] if self.has_roster else (),
        )
        if not self.has_roster:
            return derived
        return streams.attributed(derived, _RULES, self._memberships())

    def _memberships(self) -> list[Membership]:
        """Ada moves on the third day, with a day in both streams; Bob leaves his for a day."""
        second, third, fourth = (self.first_day + timedelta(days=n) for n in (1, 2, 3))
        found = []
        for number in range(len(self.cases)):
            ada, bob = f"ada{number}", f"bob{number}"
            found += [
                Membership(ada, "second", None, third),
                Membership(ada, "third", second, None),
                Membership(bob, "third", self.first_day, second),
                Membership(bob, "third", third, fourth),
                Membership(bob, "third", third, None),
            ]
        return found

    @property
    def roster(self) -> Roster | None:
        """Who is who, if there is one."""
        if not self.has_roster:
            return None
        numbers = range(len(self.cases))
        scholars = [f"{name}{number}" for number in numbers for name in ("ada", "bob")]
        people = {person.scholar: person for case in self.cases for person in case.people}
        members = {stream: [] for stream in self.streams}
        for it in self._memberships():
            dates = {"from": it.first, "to": it.until}
            members[it.stream].append(Member(scholar=it.scholar, **dates))
        projects = {it: tuple(glob for glob, of in _RULES if of == it) for it in self.streams}
        return Roster(
            rented=("h*",),
            scholars=tuple(_entry(scholar, people.get(scholar)) for scholar in scholars),
            streams=tuple(
                Stream(id=it, name=it, projects=projects[it], members=tuple(members[it]))
                for it in self.streams
            ),
        )


def batch_of(
    zone: str,
    base: datetime,
    *,
    seed: int = 0,
    count: int = 100,
    max_runs: int = 12,
    one_line: bool = False,
    has_roster: bool = True,
    rules: Rules | None = None,
) -> Batch:
    """Draw cases near the time `base`; with `one_line` most runs of a case are on one line."""
    chance = random.Random(f"{seed} {zone} {base}")  # noqa: S311 - nothing secret
    cases = [seeded_case(chance.getrandbits(32), max_runs, base=micros(base)) for _ in range(count)]
    if one_line:
        cases = [_on_one_line(case) for case in cases]
    first_day = local_date(micros(base), zone)
    return Batch(
        tuple(
            _with_days(_apart(case, number), number, first_day) for number, case in enumerate(cases)
        ),
        replace(rules or Rules(), timezone=zone),
        has_roster,
        first_day,
    )


def _with_days(case: Case, number: int, first_day: date) -> Case:
    """Return the case with workdays of every third, and some days off of every second."""
    workdays = (1, 2, 4, 7) if number % 3 == 0 else None
    days_off = frozenset(first_day + timedelta(days=n) for n in (1, 4, 5) if number % 2)
    people = (replace(it, workdays=workdays, days_off=days_off) for it in case.people)
    return replace(case, people=tuple(people))


def _on_one_line(case: Case) -> Case:
    """Give all runs to Ada, mostly as separate experiments; a quarter is on a second line."""
    alone = {"entity": "e", "username": "ada", "tags": (), "sweep": None}
    runs = tuple(
        replace(run, project="p" if number % 4 else "q", group_name=f"g{number % 100}", **alone)
        for number, run in enumerate(case.runs)
    )
    as_of = max(case.as_of.values())
    return replace(case, runs=runs, as_of=dict.fromkeys((("e", "p"), ("e", "q")), as_of))


def _apart(case: Case, number: int) -> Case:
    """Return the case with its own entities and usernames."""
    runs = []
    for run in case.runs:
        user = _USERNAMES.get((run.username, run.entity), run.username)
        username = None if user is None else f"{user}{number}"
        # The same id and start in another project would be the same run.
        names = {"entity": f"{run.entity}{number}", "run_id": f"{run.run_id}.{number}"}
        runs.append(replace(run, username=username, **names))
    return Case(
        tuple(runs),
        {(f"{entity}{number}", project): it for (entity, project), it in case.as_of.items()},
        tuple(replace(person, scholar=f"{person.scholar}{number}") for person in case.people),
    )


def _entry(scholar: str, person: Person | None) -> Scholar:
    usernames = (scholar, scholar.replace("bob", "robert"))
    own: dict[str, Any] = {}
    if person is not None:
        ends = (person.awake_start, person.awake_end)
        own["awake"] = "-".join(f"{it // 60:02}:{it % 60:02}" for it in ends)
        own["timezone"] = person.timezone
        own["workdays"] = person.workdays and tuple(WEEKDAYS[it - 1] for it in person.workdays)
        days = [(day, day + timedelta(days=1)) for day in sorted(person.days_off)]
        own["away"] = tuple(Away(**{"from": day, "to": following}) for day, following in days)
    return Scholar(id=scholar, name=scholar, usernames=usernames, **own)


def settings_of(rules: Rules) -> Settings:
    """The product's settings for the oracle's rules."""
    return Settings(
        programme=Programme(timezone=rules.timezone),
        experiments=Experiments(
            stale_after_minutes=rules.stale_after_us / MINUTE,
            together_minutes=rules.together_us / MINUTE,
            script_gap_seconds=rules.script_gap_us / SECOND,
        ),
        compute=Compute(gpu_count_key="num_gpus"),
    )


def moment(instant: int | None) -> datetime | None:
    """A number of µs as a UTC time."""
    return None if instant is None else (EPOCH + timedelta(microseconds=instant)).astimezone(UTC)


def row_of(run: Run) -> dict[str, Any]:
    """A run of the oracle as a row of `RUN_SCHEMA`."""
    configured = run.gpu_count_config
    same = {name: getattr(run, name) for name in _SAME}
    times = {name: moment(getattr(run, name)) for name in _TIMES}
    others = {
        "writer_starts": [moment(it) for it in run.writer_starts],
        "runtime_s": None if run.runtime_us is None else run.runtime_us / SECOND,
        "tags": list(run.tags),
        "config": None if configured is None else f'{{"num_gpus":{configured}}}',
        "stamp": moment(run.stamp_at),
        "unreadable": list(run.unreadable) or None,
        "source": "api" if run.wrote is not None else "table",
    }
    return with_writers(same | times | others)
