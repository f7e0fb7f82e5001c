"""One run: its class, start, sessions and end, from clocks that contradict each other.

Works step by step, with the facts in one object that every step may change; the product does the
same in static SQL.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.oracles.model import MINUTE, DerivedRun, Machine, Rules, Run, Work, micros

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Class -> possible first words of a state, in lower case.
WORDS = {
    "finished": "finished completed cd succeeded success done terminated published",
    "failed": "failed f timeout to out_of_memory oom deadline dl boot_fail bf error exit",
    "crashed": "crashed node_fail nf lost",
    "killed": "killed cancelled canceled ca aborted stopped revoked",
    "preempted": "preempted preempting pr evicted",
    "running": "running r run completing cg suspended s in_progress active",
    "pending": "pending pd pend queued scheduled requeued rq configuring cf created submitted"
    " special_exit",
}
_CLASS_OF = {word: klass for klass, words in WORDS.items() for word in words.split()}
_CLOCKS_ARE_SET_SINCE = micros(datetime(2015, 1, 1, tzinfo=UTC))
_NOBODY: Machine = (None, None, None)


@dataclass
class Session:
    """A stretch of presence, not yet cut at as_of; `end` is None while it is open."""

    start: int
    end: int | None
    source: str
    active: int | None = None  # None: all of it
    estimated: bool = False


@dataclass
class _Facts:
    """The current belief about a run."""

    run: Run
    as_of: int
    slack: int
    together: int
    writers: list[tuple[int, Machine]]
    row: int | None
    watch: int | None
    flags: set[str] = field(default_factory=set)
    start: int = 0
    start_source: str = ""
    late: bool = False
    klass: str = ""
    life: int = 0
    lost: bool = False
    stood_still: bool = False
    suspended: bool = False
    begun: list[int] = field(default_factory=list)  # starts of the writers that count
    queue: int | None = None

    @property
    def alive(self) -> int | None:
        """The last heartbeat, if it is a sign of life."""
        return None if self.late else self.run.heartbeat_at


def derive_run(run: Run, scholar: str, as_of: int, rules: Rules) -> DerivedRun:
    """Derive everything about a run that does not depend on other runs."""
    facts = _Facts(
        run,
        as_of,
        rules.stale_after_us,
        rules.together_us,
        sorted(
            ((at, machine) for at, machine in run.reported if at is not None), key=lambda it: it[0]
        ),
        run.last_metric_at,
        run.runtime_us,
    )
    if run.unreadable:
        facts.flags.add("unreadable")
    if facts.watch is not None and facts.watch < 0:
        facts.watch = None
        facts.flags.add("runtime_refuted")
    _believe_the_clock(facts)
    _hold_the_watch_against_the_heartbeat(facts)
    _classify(facts)
    sessions, launches = _sessions(facts)
    return _cut(facts, scholar, sessions, launches)


def _believe_the_clock(facts: _Facts) -> None:
    created = facts.run.created_at
    first, source = _first(facts)
    doubt = _doubt(facts, first)
    if doubt is not None:
        facts.flags.add(doubt)
        _set_by_the_server(facts, first)
        first, source = created, "created"
    facts.start, facts.start_source = created if first is None else first, source
    if source == "rows":
        facts.flags.add("estimated")
    if facts.start < created - facts.slack:
        facts.late = True
        facts.flags.add("uploaded_late")
    if source == "environment" and facts.start >= created:
        facts.queue = facts.start - created


def _first(facts: _Facts) -> tuple[int | None, str]:
    """The client's start, and its source."""
    if facts.writers:
        return facts.writers[0][0], "environment"
    if facts.run.stamp_at is not None:
        return facts.run.stamp_at, "stamp"
    early = facts.row is not None and facts.row < facts.run.created_at - facts.slack
    if facts.row is not None and early and facts.watch is not None:
        return facts.row - facts.watch, "rows"
    return None, "created"


def _doubt(facts: _Facts, first: int | None) -> str | None:
    """The flag of a client's clock that the server's clock contradicts."""
    created, heard = facts.run.created_at, facts.run.heartbeat_at
    if first is not None and first < _CLOCKS_ARE_SET_SINCE <= created:
        return "clock_unset"
    if heard is None:
        return None
    known = [it for it in (first, facts.row) if it is not None]
    if any(it > heard + facts.slack for it in known):
        return "clock_ahead"
    if first is None or first >= created - facts.slack or facts.run.offline:
        return None
    needed = max(facts.watch or 0, 0 if facts.row is None else facts.row - first)
    seen_whole = heard - created > facts.slack and heard - created + facts.together >= needed
    return "clock_behind" if seen_whole else None


def _set_by_the_server(facts: _Facts, first: int | None) -> None:
    if first is None:
        facts.row = None
        return
    by = facts.run.created_at - first
    facts.writers = [(at + by, machine) for at, machine in facts.writers]
    facts.row = None if facts.row is None else facts.row + by


def _hold_the_watch_against_the_heartbeat(facts: _Facts) -> None:
    created, slack, watch = facts.run.created_at, facts.slack, facts.watch
    before = facts.start
    if watch is not None and facts.alive is not None and before + watch > facts.alive + slack:
        if created < before - slack and created + watch <= facts.alive + slack:
            facts.lost = True
        else:
            facts.watch = None
            facts.flags.add("runtime_refuted")
    if facts.run.resumed and len(facts.writers) == 1 and created < facts.writers[0][0] - slack:
        facts.lost = True
    if facts.lost:
        facts.flags.add("writer_lost")
        facts.start, facts.start_source, facts.queue = created, "created", None
    bound = facts.alive
    if facts.row is not None and (
        facts.row < facts.start or (bound is not None and facts.row > bound + slack)
    ):
        facts.row = None


def _classify(facts: _Facts) -> None:
    run = facts.run
    signs = [facts.start, facts.row, None if facts.watch is None else facts.start + facts.watch]
    if facts.alive is not None:
        facts.life = facts.alive
    else:
        facts.life = max(it for it in signs if it is not None)
    word = run.state.split()[0].lower() if run.state.split() else ""
    facts.klass = _CLASS_OF.get(word, "unknown")
    heard = run.heartbeat_at
    silent = heard is None or heard <= run.created_at + MINUTE
    if run.wrote is False and not run.history_rows and silent:
        facts.klass = "pending"
        facts.flags.add("never_began")
    elif facts.klass == "unknown":
        facts.flags.add("unknown_state")
    elif facts.klass == "running":
        latest = facts.life if heard is None else max(facts.life, heard)
        if facts.as_of - latest > facts.slack:
            facts.klass = "stale"


@dataclass
class _Launch:
    """Writers that started together, and the helper session of one beside others."""

    start: int
    machines: list[Machine]
    helps_until: int | None = None


def _launches(facts: _Facts) -> list[_Launch]:
    known = list(facts.writers)
    if not known:  # without writers, only a run with a client's start can have lost one
        stamp = facts.run.stamp_at
        known = [(stamp if facts.lost and stamp is not None else facts.start, _NOBODY)]
    alive = facts.alive
    if alive is not None and facts.klass != "running":
        heard = [it for it in known if it[0] <= max(facts.start, alive + facts.slack)]
        if len(heard) < len(known):
            facts.flags.add("writer_silent")
        known = heard
    if facts.lost:
        known.insert(0, (facts.start, known[0][1]))
    facts.begun = [at for at, _ in known]
    launches: list[_Launch] = []
    for at, machine in known:
        if launches and at - launches[-1].start <= facts.together:
            launches[-1].machines.append(machine)
        else:
            launches.append(_Launch(at, [machine]))
    return launches


def _sessions(facts: _Facts) -> tuple[list[Session], list[_Launch]]:
    launches = _launches(facts)
    if len(launches) == 1 and len(launches[0].machines) > 1:
        facts.flags.add("at_once")
    if facts.klass == "pending":
        return [], launches
    if len(launches) == 1:
        return [_only_session(facts, facts.start)], launches
    last = launches[-1].start
    end, source = _end_without_watch(facts, last)
    reached = facts.life if end is None else end
    left = None if facts.watch is None else facts.watch - max(0, reached - last)
    if _work_at_once(facts, last):
        facts.flags.add("at_once")
        for launch in launches[1:]:
            length = max(0, min(facts.watch or 0, reached - launch.start))
            launch.helps_until = launch.start + length
        return [Session(facts.start, end, source, estimated=True)], launches
    if left is not None and left <= facts.together:
        if not (facts.run.resumed or facts.run.rewound):
            facts.flags.add("relaunched")
            facts.start, facts.queue = last, None
            return [_only_session(facts, last)], launches[-1:]
        facts.flags.add("runtime_restarted")
        left = None
    earlier = _in_turn(launches, None if left is None else max(0, left))
    return [*earlier, Session(last, end, source)], launches


def _work_at_once(facts: _Facts, last: int) -> bool:
    """Whether the client says so, or rows continue past the stopwatch, from another writer."""
    if facts.run.shared:
        return True
    if facts.watch is None or facts.row is None or facts.run.resumed:
        return False
    return facts.row - last > facts.watch + facts.slack


def _in_turn(launches: list[_Launch], left: int | None) -> list[Session]:
    """Return the earlier sessions; each takes its part of the rest of the stopwatch, in order.

    A pause takes its part too: the definition's closed form counts from the first start.
    """
    sessions = []
    for launch, following in itertools.pairwise(launches):
        end, source = following.start, "next_session"
        if left is not None:
            end, source = launch.start + min(left, following.start - launch.start), "runtime_share"
            left -= end - launch.start
        sessions.append(Session(launch.start, end, source, estimated=True))
    return sessions


def _only_session(facts: _Facts, start: int) -> Session:
    if facts.klass == "running":
        return Session(start, None, "open")
    if facts.klass == "stale":
        return Session(start, facts.life, "stale_heartbeat")
    watch, alive, row = facts.watch, facts.alive, facts.row
    lively = [it for it in (alive, row) if it is not None and it > start + facts.slack]
    if watch == 0 and lively:
        facts.stood_still = True
        watch = None
    if watch is not None and row is not None and row > start + watch + facts.slack:
        facts.suspended = True
        if alive is not None and row <= alive <= row + facts.slack:
            return Session(start, alive, "heartbeat", active=watch)
        return Session(start, row, "last_metric", active=watch)
    if watch is not None:
        return Session(start, start + watch, "runtime")
    return Session(start, *_end_by_signs(facts, start))


def _end_by_signs(facts: _Facts, start: int) -> tuple[int, str]:
    if facts.alive is not None and facts.alive >= start:
        return facts.alive, "heartbeat"
    # Choice: a row before the start of the last session does not belong to it.
    if facts.row is not None and facts.row >= start:
        return facts.row, "last_metric"
    return start, "unknown"


def _end_without_watch(facts: _Facts, start: int) -> tuple[int | None, str]:
    """Return the end of the last of several launches; earlier ones use the stopwatch."""
    if facts.klass == "running":
        return None, "open"
    if facts.klass == "stale":
        return facts.life, "stale_heartbeat"
    end, source = _end_by_signs(facts, start)
    if source == "unknown" and facts.late and facts.watch is not None:
        return max(start, facts.start + facts.watch), "runtime"
    return end, source


def _cut(
    facts: _Facts, scholar: str, sessions: list[Session], launches: list[_Launch]
) -> DerivedRun:
    as_of, flags = facts.as_of, facts.flags
    kept = [it for it in sessions if it.start <= as_of]
    excluded = "pending" if facts.klass == "pending" else None
    if excluded is None and facts.start > as_of:
        excluded = "after_as_of"
    reported_flags = frozenset(flags)
    flags |= _doubts(facts, kept, max(facts.begun) if excluded is None else facts.start)
    intervals, active = [], []
    for it in kept:
        stop = as_of if it.end is None else max(it.start, min(it.end, as_of))
        intervals.append((it.start, stop))
        active.append(stop - it.start if it.active is None else min(it.active, stop - it.start))
    end, source = None, None
    if excluded is None:
        source = "open" if facts.klass == "running" else kept[-1].source
        if facts.klass != "running":
            end = max(stop for _, stop in intervals)
    if source == "unknown":
        flags.add("unknown_end")
    return DerivedRun(
        run=facts.run,
        scholar=scholar,
        state_class=facts.klass,
        excluded=excluded,
        start=None if excluded == "pending" else facts.start,
        start_source=None if excluded == "pending" else facts.start_source,
        end=end,
        end_source=source,
        sessions=tuple(intervals),
        active=tuple(active),
        work=tuple(_work(facts, intervals, active, launches)),
        flags=frozenset(flags),
        reported_flags=reported_flags,
        begun=facts.start,
        queue_us=None if excluded is not None else facts.queue,
        as_of=as_of,
    )


def _doubts(facts: _Facts, kept: list[Session], begun: int) -> set[str]:
    """Return the flags of the sessions; `begun` is the last start that is checked."""
    ends = [it.end for it in kept if it.end is not None]
    backwards = any(it.end is not None and it.end < it.start for it in kept)
    past = facts.klass != "pending" and max([begun, *ends]) - facts.as_of > facts.slack
    doubts = {
        "runtime_refuted": bool(kept) and facts.stood_still,
        "suspended": bool(kept) and facts.suspended,
        "estimated": any(it.estimated for it in kept),
        "clock": past or backwards,
    }
    return {name for name, holds in doubts.items() if holds}


def _work(
    facts: _Facts,
    intervals: list[tuple[int, int]],
    active: list[int],
    launches: list[_Launch],
) -> Iterable[Work]:
    configured = facts.run.gpu_count_config
    without_start = [machine for at, machine in facts.run.reported if at is None]
    for number, (start, end) in enumerate(intervals):
        machines = launches[number].machines
        if not facts.writers and without_start:
            machines = without_start
        if configured is not None:
            # Choice: a config key applies to the whole run, whose machines are then not shared.
            shown = launches[-1].machines if facts.writers else without_start
            kind = min(_by_host(shown), key=_place, default=_NOBODY)[1]
            machines = [(None, kind, configured)]
        yield from _on_machines(start, end, active[number], machines)
    if configured is None:
        for launch in launches:
            if launch.helps_until is not None and launch.start <= facts.as_of:
                end = min(launch.helps_until, facts.as_of)
                yield from _on_machines(launch.start, end, end - launch.start, launch.machines)


def _count(machine: Machine) -> tuple[int, str]:
    return -1 if machine[2] is None else machine[2], machine[1] or ""


def _place(machine: Machine) -> tuple[int, bool, str]:
    """Sort key for the machine of a run: the largest, then the first by name."""
    return -_count(machine)[0], machine[0] is None, machine[0] or ""


def has_name(host: str | None) -> bool:
    """Whether a host has a distinctive name."""
    return host is not None and host.lower() not in ("", "localhost")


def _on_machines(start: int, end: int, active: int, machines: list[Machine]) -> Iterable[Work]:
    """Return the work; machines without a GPU count are ignored beside one that has a count."""
    largest = _by_host(machines)
    counted = [machine for machine in largest if machine[2] is not None]
    for machine in counted or largest[:1]:
        yield Work(start, end, active, machine)


def _by_host(machines: list[Machine]) -> list[Machine]:
    """Return the largest machine per host; each machine without a host name is a host."""
    by_host: defaultdict[str | int, list[Machine]] = defaultdict(list)
    for number, machine in enumerate(machines):
        host = machine[0]
        by_host[host if host is not None and has_name(host) else number].append(machine)
    return [max(some, key=_count) for some in by_host.values()]


def same_runs(derived: list[DerivedRun], together: int) -> list[DerivedRun]:
    """Return the runs, with marks on runs that a preferred row elsewhere also describes."""

    def rank(it: DerivedRun) -> tuple[bool, int, bool, str, str]:
        run = it.run
        return run.source != "files", run.seen, run.source == "api", run.entity, run.project

    by_id: defaultdict[str, list[DerivedRun]] = defaultdict(list)
    for it in derived:
        by_id[it.run.run_id].append(it)
    found = []
    for it in derived:
        twice = any(
            other.run.key != it.run.key
            and rank(other) > rank(it)
            and abs(other.begun - it.begun) <= together
            for other in by_id[it.run.run_id]
        )
        found.append(_marked(it) if twice else it)
    return found


def _marked(it: DerivedRun) -> DerivedRun:
    return replace(
        it,
        excluded=it.excluded if it.excluded == "pending" else "same_run",
        flags=it.reported_flags | {"same_run"},
        sessions=(),
        active=(),
        work=(),
        queue_us=None,
    )
