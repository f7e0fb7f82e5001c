"""Input and output, and arithmetic of intervals and local time. All times: integer µs UTC."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import cache
from zoneinfo import ZoneInfo

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

#: Fixed limits: these are part of the definitions, not settings.
EARLY_FAILURE = 2 * MINUTE
REACTION_LIMIT = 5 * DAY

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Half-open [start, end).
Interval = tuple[int, int]
#: (scholar, entity, project)
Line = tuple[str, str, str]
#: (entity, project, run_id)
RunKey = tuple[str, str, str]
#: Host name, GPU type, GPU count of a machine; None if not reported.
Machine = tuple[str | None, str | None, int | None]
NOBODY: Machine = (None, None, None)


@dataclass(frozen=True)
class Run:
    """One row as the source gave it."""

    entity: str
    project: str
    run_id: str
    username: str | None
    state: str
    created_at: int
    started_at: int | None = None
    writer_starts: tuple[int, ...] = ()
    heartbeat_at: int | None = None
    runtime_us: int | None = None
    first_metric_at: int | None = None
    last_metric_at: int | None = None
    group_name: str | None = None
    sweep: str | None = None
    tags: tuple[str, ...] = ()
    config_hash: str | None = None
    host: str | None = None
    gpu_count: int | None = None
    gpu_type: str | None = None
    #: Mean share of the time that its GPUs were busy; None if not measured.
    gpu_utilisation: float | None = None
    #: Value of the config key that replaces gpu_count, if a setting names one.
    gpu_count_config: int | None = None
    #: The machine of each of `writer_starts`; empty: all were on the machine above.
    machines: tuple[Machine, ...] = ()
    stamp_at: int | None = None
    #: Reported by the client; None if it did not.
    resumed: bool | None = None
    offline: bool | None = None
    shared: bool | None = None
    rewound: bool | None = None
    history_rows: int | None = None
    #: False if there is no sign that a client ever wrote.
    wrote: bool | None = None
    unreadable: tuple[str, ...] = ()
    source: str = "table"
    #: Number of its batch; of two rows about one run the later one counts.
    seen: int = 0

    @property
    def key(self) -> RunKey:
        return (self.entity, self.project, self.run_id)

    @property
    def idea(self) -> str | None:
        """Equal for runs that try the same thing; None if not known."""
        if self.config_hash is None and self.gpu_count_config is not None:
            return f"a config of num_gpus {self.gpu_count_config} alone"
        return self.config_hash

    @property
    def commit(self) -> str | None:
        """Made from the seconds of its creation: a quarter of the runs has none."""
        number = self.created_at // SECOND % 4
        return f"commit {number // 2}" if number else None

    @property
    def repeated_by(self) -> tuple[int, str] | None:
        """Equal for runs with the same whole config and commit; None if either is not known."""
        if self.gpu_count_config is None or self.commit is None:
            return None
        return self.gpu_count_config, self.commit

    @property
    def reported(self) -> list[tuple[int | None, Machine]]:
        """Every writer: its start, if reported, and its machine."""
        machine = (self.host, self.gpu_type, self.gpu_count)
        starts: list[int | None] = list(self.writer_starts)
        if not starts and (self.started_at is not None or machine != NOBODY):
            starts = [self.started_at]
        return list(zip(starts, self.machines or (machine,) * len(starts), strict=True))


@dataclass(frozen=True)
class Work:
    """A stretch of time that is charged on a machine."""

    start: int
    end: int
    active: int
    machine: Machine


@dataclass(frozen=True)
class Rules:
    """The settings that change what an experiment is, and the programme's time zone."""

    stale_after_us: int = 15 * MINUTE
    together_us: int = 2 * MINUTE
    script_gap_us: int = 60 * SECOND
    timezone: str = "UTC"


@dataclass(frozen=True)
class Person:
    """A scholar's awake window, in minutes after local midnight (0 to 1440), and working days."""

    scholar: str
    timezone: str = "UTC"
    awake_start: int = 9 * 60
    awake_end: int = 21 * 60
    #: ISO weekdays; None: Monday to Friday and the weekend days of usual launches.
    workdays: tuple[int, ...] | None = None
    #: Days away and holidays.
    days_off: frozenset[date] = frozenset()


@dataclass(frozen=True)
class DerivedRun:
    """The derived facts of one run. `end` is None if it is open, pending or excluded."""

    run: Run
    scholar: str
    state_class: str
    #: Why it is excluded: pending, after_as_of (until the next sync), same_run, clock_unset.
    excluded: str | None
    start: int | None
    start_source: str | None
    end: int | None
    end_source: str | None
    #: In order, cut at as_of; an open run's last one ends there.
    sessions: tuple[Interval, ...]
    #: How long it computed in each session.
    active: tuple[int, ...]
    #: Charged time by machine; on a machine without a count the time is unpriced.
    work: tuple[Work, ...]
    flags: frozenset[str]
    #: The part of it outside the sessions.
    reported_flags: frozenset[str]
    #: Its start, also if the run is excluded.
    begun: int
    queue_us: int | None
    as_of: int
    experiment: str | None = None
    joined_by: str | None = None
    #: Whether failed compute of the same line and config had ended when it began; None where the
    #: config is not known or the run does not count.
    rework: bool | None = None
    #: Whether a run of the same line, whole config and commit had finished; None if not known.
    repeat: bool | None = None

    @property
    def line(self) -> Line:
        return (self.scholar, self.run.entity, self.run.project)

    @property
    def counts(self) -> bool:
        """Whether the run counts in anything but the queue."""
        return self.excluded is None

    @property
    def is_failed_compute(self) -> bool:
        return self.state_class in ("failed", "crashed", "stale")

    @property
    def intervals(self) -> list[Interval]:
        return union(self.sessions)

    @property
    def is_early_failure(self) -> bool:
        return (
            self.is_failed_compute
            and self.end_source != "unknown"
            and sum(self.active) <= EARLY_FAILURE
        )


@dataclass(frozen=True)
class Experiment:
    """One decision. F is None while open; `segments` is U, disjoint and in order."""

    id: str
    line: Line
    members: tuple[DerivedRun, ...]
    S: int
    segments: tuple[Interval, ...]
    n: int
    k: int
    F: int | None
    outcome: str
    clock: bool
    as_of: int
    overlap: bool = False
    #: The stream it is attributed to; None is ambiguous.
    stream: str | None = None
    #: From the result of a failure to the next success of the line, or to as_of.
    recovery_us: int | None = None
    recovered: bool | None = None

    @property
    def scholar(self) -> str:
        return self.line[0]


@dataclass(frozen=True)
class Loop:
    """One feedback loop; every duration is None where `status` is "none".

    Each `*_event` is True for an event, False for a censoring, None where there is no duration.
    """

    experiment: str
    line: Line
    S: int
    F: int | None
    N: int | None
    status: str
    machine_us: int | None = None
    machine_event: bool | None = None
    reaction_us: int | None = None
    reaction_event: bool | None = None
    awake_us: int | None = None
    working_us: int | None = None
    loop_us: int | None = None
    loop_event: bool | None = None


@dataclass(frozen=True)
class Follower:
    """The next launch after a result; `before` is the experiment it could have overlapped."""

    before: str | None


@dataclass(frozen=True, eq=False)
class Derived:
    """Everything derived from the runs, before a window is applied; equal only to itself."""

    runs: dict[RunKey, DerivedRun]
    experiments: dict[str, Experiment]
    loops: dict[str, Loop]
    rules: Rules
    #: Where the data ends: the latest as_of of all projects, also of those without runs.
    complete_to: int
    people: dict[str, Person] = field(default_factory=dict)
    followers: dict[str, Follower] = field(default_factory=dict)
    #: First experiment of each chain -> microseconds that the chain could have been shorter.
    chains: dict[str, int] = field(default_factory=dict)

    def person(self, scholar: str) -> Person:
        return self.people.get(scholar, Person(scholar))


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Disjoint intervals in order; empty ones are dropped, touching ones are merged."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def measure(intervals: Iterable[Interval]) -> int:
    """Total length of disjoint intervals, in µs."""
    return sum(end - start for start, end in intervals)


def clip(intervals: Iterable[Interval], window: Interval | None) -> list[Interval]:
    """The parts of disjoint intervals that lie in the window (None: all of them)."""
    if window is None:
        return list(intervals)
    cut = ((max(start, window[0]), min(end, window[1])) for start, end in intervals)
    return [(start, end) for start, end in cut if end > start]


def hours(microseconds: int | Fraction) -> float:
    """Hours of a number of microseconds; the last step of every duration."""
    # As float(Fraction(microseconds) / HOUR), to the bit: Python rounds a quotient of ints once.
    return microseconds.numerator / (microseconds.denominator * HOUR)


def micros(instant: datetime) -> int:
    """µs since the epoch, exactly."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def local_date(instant: int, zone: str) -> date:
    """The calendar date of an instant in a time zone."""
    moment = EPOCH + timedelta(microseconds=instant)
    return moment.astimezone(ZoneInfo(zone)).date()


def day_start(day: date, zone: str) -> int:
    """The instant at which a local day begins.

    Choice: if 00:00 is repeated, it begins at the first; if it is skipped, after the gap.
    """
    return micros(datetime.combine(day, time()).replace(tzinfo=ZoneInfo(zone), fold=0))


@cache
def local_instant(day: date, minutes: int, zone: str) -> int:
    """The instant of a wall-clock time, `minutes` (0 to 1440) after midnight of `day`.

    If the local time is repeated, the later one counts; if it is skipped, it moves past the gap.
    """
    naive = datetime.combine(day, time()) + timedelta(minutes=minutes)
    for fold in (1, 0):  # a skipped time read with the offset before the gap lands after it
        instant = naive.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)
        if fold == 0 or instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == naive:
            return micros(instant)
    raise AssertionError


def awake_microseconds(person: Person, start: int, end: int) -> int:
    """How much of [start, end) lies in the person's awake window."""
    if end <= start:
        return 0
    awake: list[Interval] = []
    day = local_date(start, person.timezone) - timedelta(days=2)
    last = local_date(end, person.timezone) + timedelta(days=1)
    while day <= last:
        opens = local_instant(day, person.awake_start, person.timezone)
        wraps = person.awake_end <= person.awake_start
        closing_day = day + timedelta(days=1) if wraps else day
        closes = local_instant(closing_day, person.awake_end, person.timezone)
        awake.append((opens, closes))
        day += timedelta(days=1)
    return measure(clip(union(awake), (start, end)))
