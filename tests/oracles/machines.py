"""The machines that a run worked on, session by session."""

from collections import defaultdict
from collections.abc import Iterable

from tests.oracles.clocks import Facts
from tests.oracles.model import NOBODY, Machine, Work
from tests.oracles.sessions import Launch


def work_of(
    facts: Facts,
    intervals: list[tuple[int, int]],
    active: list[int],
    launches: list[Launch],
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
            kind = min(_by_host(shown), key=_place, default=NOBODY)[1]
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
