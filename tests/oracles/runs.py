"""One run: its class, start, sessions and end, from clocks that contradict each other.

Works step by step, with the facts in one object that every step may change; the product does the
same in static SQL.
"""

from collections import defaultdict
from dataclasses import replace

from tests.oracles.clocks import (
    Facts,
    believe_the_clock,
    classify,
    hold_the_watch_against_the_heartbeat,
)
from tests.oracles.machines import work_of
from tests.oracles.model import DerivedRun, Rules, Run
from tests.oracles.sessions import Launch, Session, sessions_of


def derive_run(run: Run, scholar: str, as_of: int, rules: Rules) -> DerivedRun:
    """Derive everything about a run that does not depend on other runs."""
    facts = Facts(
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
    believe_the_clock(facts)
    hold_the_watch_against_the_heartbeat(facts)
    classify(facts)
    sessions, launches = sessions_of(facts)
    return _cut(facts, scholar, sessions, launches)


def _cut(facts: Facts, scholar: str, sessions: list[Session], launches: list[Launch]) -> DerivedRun:
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
        work=tuple(work_of(facts, intervals, active, launches)),
        flags=frozenset(flags),
        reported_flags=reported_flags,
        begun=facts.start,
        queue_us=None if excluded is not None else facts.queue,
        as_of=as_of,
    )


def _doubts(facts: Facts, kept: list[Session], begun: int) -> set[str]:
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
            and other.state_class != "pending"
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
