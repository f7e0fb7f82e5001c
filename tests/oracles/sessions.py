"""The sessions of one run, from its writers, its stopwatch and its signs of life."""

import itertools
from dataclasses import dataclass

from tests.oracles.clocks import Facts
from tests.oracles.model import NOBODY, Machine


@dataclass
class Session:
    """A stretch of presence, not yet cut at as_of; `end` is None while it is open."""

    start: int
    end: int | None
    source: str
    active: int | None = None  # None: all of it
    estimated: bool = False


@dataclass
class Launch:
    """Writers that started together, and the helper session of one beside others."""

    start: int
    machines: list[Machine]
    helps_until: int | None = None


def sessions_of(facts: Facts) -> tuple[list[Session], list[Launch]]:
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


def _launches(facts: Facts) -> list[Launch]:
    known = list(facts.writers)
    if not known:  # without writers, only a run with a client's start can have lost one
        stamp = facts.run.stamp_at
        known = [(stamp if facts.lost and stamp is not None else facts.start, NOBODY)]
    alive = facts.alive
    if alive is not None and facts.klass != "running":
        heard = [it for it in known if it[0] <= max(facts.start, alive + facts.slack)]
        if len(heard) < len(known):
            facts.flags.add("writer_silent")
        known = heard
    if facts.lost:
        known.insert(0, (facts.start, known[0][1]))
    facts.begun = [at for at, _ in known]
    launches: list[Launch] = []
    for at, machine in known:
        if launches and at - launches[-1].start <= facts.together:
            launches[-1].machines.append(machine)
        else:
            launches.append(Launch(at, [machine]))
    return launches


def _work_at_once(facts: Facts, last: int) -> bool:
    """Whether the client says so, or rows continue past the stopwatch, from another writer."""
    if facts.run.shared:
        return True
    if facts.watch is None or facts.row is None or facts.run.resumed:
        return False
    return facts.row - last > facts.watch + facts.slack


def _in_turn(launches: list[Launch], left: int | None) -> list[Session]:
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


def _only_session(facts: Facts, start: int) -> Session:
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


def _end_by_signs(facts: Facts, start: int) -> tuple[int, str]:
    if facts.alive is not None and facts.alive >= start:
        return facts.alive, "heartbeat"
    # Choice: a row before the start of the last session does not belong to it.
    if facts.row is not None and facts.row >= start:
        return facts.row, "last_metric"
    return start, "unknown"


def _end_without_watch(facts: Facts, start: int) -> tuple[int | None, str]:
    """Return the end of the last of several launches; earlier ones use the stopwatch."""
    if facts.klass == "running":
        return None, "open"
    if facts.klass == "stale":
        return facts.life, "stale_heartbeat"
    end, source = _end_by_signs(facts, start)
    if source == "unknown" and facts.late and facts.watch is not None:
        return max(start, facts.start + facts.watch), "runtime"
    return end, source
