"""Figures of the demo cohort's raw nodes by the oracle, without the product's SQL."""

import hashlib
import json
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache

from tests.oracles.experiments import derive
from tests.oracles.ideas import idea
from tests.oracles.model import DAY, Derived, Experiment, Interval, Loop, Person, Run, clip, micros
from velocity.demo import stories
from velocity.demo.cohort import Cohort, build_cohort
from velocity.demo.stories import BIRDS, SEED, SHARED_ACCOUNT, agent_of
from velocity.demo.wandb_server.world import RunNode
from velocity.demo.workdays import Term
from velocity.roster.models import Roster

WEEK = 7 * DAY
#: The fixed instant of the demo in tests: a Wednesday evening.
ANCHOR = datetime(2026, 11, 18, 18, tzinfo=UTC)


@dataclass
class Truth:
    """A cohort, and the figures that follow from its nodes."""

    cohort: Cohort
    roster: Roster

    @property
    def as_of(self) -> int:
        return micros(self.cohort.as_of)

    @cached_property
    def derived(self) -> Derived:
        people = [
            Person(it.id, it.timezone, it.awake_minutes()[0], it.awake_minutes()[1] % 1440)
            for it in self.roster.scholars
        ]
        return derive(map(oracle_run, self.counted), self.as_of, people=people)

    @cached_property
    def counted(self) -> list[RunNode]:
        """Without the runs that count nowhere."""
        left_out = {stories.DEBUGGING.project}
        return [
            node
            for node in self.cohort.runs
            if node.project not in left_out and "velocity:ignore" not in node.tags
        ]

    def week(self, index: int) -> Interval:
        """[from, to) of a week of the term."""
        start = Term.until(self.cohort.as_of).week(index) * 1_000_000
        return start, start + WEEK

    def nodes(self, seat: int) -> list[RunNode]:
        return [node for node in self.cohort.runs if node.username == BIRDS[seat]]

    def projects(self, seat: int) -> set[str]:
        """Where the seat's runs are, also those of its agent and of the shared account."""
        accounts = {BIRDS[seat], agent_of(BIRDS[seat]), SHARED_ACCOUNT}
        return {node.project for node in self.cohort.runs if node.username in accounts}

    def experiments(self, *seats: int, window: Interval | None = None) -> list[Experiment]:
        """Experiments of the seats (default: all on the roster) that began in the window."""
        names = {BIRDS[seat] for seat in seats} or set(BIRDS)
        return [
            one
            for one in self.derived.experiments.values()
            if one.scholar in names and (window is None or window[0] <= one.S < window[1])
        ]

    def loops(self, *seats: int, window: Interval | None = None) -> list[Loop]:
        return [self.derived.loops[one.id] for one in self.experiments(*seats, window=window)]

    def concluded(self, window: Interval, *seats: int) -> int:
        return sum(
            one.outcome in ("success", "partial")
            and one.F is not None
            and window[0] <= one.F < window[1]
            for one in self.experiments(*seats)
        )

    def serial_share(self, *seats: int, window: Interval | None = None) -> float:
        """Time with exactly one experiment of a scholar active / time with any."""
        serial = busy = 0
        for seat in seats or range(len(BIRDS)):
            steps = sorted(
                step
                for one in self.experiments(seat)
                for start, end in clip(one.segments, window)
                for step in ((start, 1), (end, -1))
            )
            active = last = 0
            for instant, change in steps:
                busy += (instant - last) * (active > 0)
                serial += (instant - last) * (active == 1)
                active, last = active + change, instant
        return serial / busy


@lru_cache(maxsize=2)  # each holds a whole cohort
def truth(as_of: datetime) -> Truth:
    """The demo's own cohort at an instant."""
    cohort = build_cohort(SEED, as_of)
    return Truth(cohort, read_roster(cohort))


def digest(cohort: Cohort) -> str:
    """One text for every byte of the cohort."""
    whole = f"{cohort.runs!r}\n{cohort.roster_toml}\n{cohort.settings_toml}"
    return hashlib.sha256(whole.encode()).hexdigest()


def read_roster(cohort: Cohort) -> Roster:
    return Roster.model_validate(tomllib.loads(cohort.roster_toml))


def environment(node: RunNode) -> dict:
    """Writer -> the environment that the SDK wrote."""
    return json.loads(node.config)["_wandb"]["value"].get("e", {})


def oracle_run(node: RunNode) -> Run:
    """The node as a run of the oracle."""
    config = {name: it["value"] for name, it in json.loads(node.config).items() if name != "_wandb"}
    summary = json.loads(node.summary_metrics)
    writers = environment(node).values()
    starts = sorted(micros(datetime.fromisoformat(it["startedAt"])) for it in writers)
    runtime = summary.get("_wandb", {}).get("runtime")
    last = summary.get("_timestamp")
    first = next(iter(writers), {})
    return Run(
        entity=node.entity,
        project=node.project,
        run_id=node.name,
        username=node.username,
        state=node.state,
        created_at=micros(node.created_at),
        started_at=starts[0] if starts else None,
        writer_starts=tuple(starts),
        heartbeat_at=None if node.heartbeat_at is None else micros(node.heartbeat_at),
        runtime_us=None if runtime is None else runtime * 1_000_000,
        last_metric_at=None if last is None else round(last * 1_000_000),
        group_name=node.group,
        sweep=node.sweep_name,
        tags=node.tags,
        config_hash=idea(config),
        host=first.get("host"),
        gpu_count=first.get("gpu_count"),
        gpu_type=first.get("gpu"),
    )


def microseconds(span: timedelta | None) -> int:
    assert span is not None
    return span // timedelta(microseconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
