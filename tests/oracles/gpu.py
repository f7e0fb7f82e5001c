"""Host-capped GPU-hours (allocated), and the part of them known to be in use."""

from __future__ import annotations

import itertools
from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tests.oracles.metrics import PROGRAMME
from tests.oracles.model import Derived, DerivedRun, Interval, Machine, RunKey, Work, hours
from tests.oracles.runs import has_name

if TYPE_CHECKING:
    from collections.abc import Sequence

#: (entity, host name)
Host = tuple[str, str]
#: Run and GPU type.
Charged = tuple[RunKey, str]


def host_of(run: DerivedRun, machine: Machine) -> Host | None:
    """Return the machine that a run shares with others; None if it has no name."""
    host = machine[0]
    return (run.run.entity, host) if host is not None and has_name(host) else None


def gpu_charges(derived: Derived, window: Interval | None = None) -> dict[RunKey, Fraction | None]:
    """GPU-µs charged to each run that counts; None where no GPU count is known."""
    found: dict[RunKey, Fraction | None] = {
        run.run.key: Fraction(0) if any(work.machine[2] is not None for work in run.work) else None
        for run in derived.runs.values()
        if run.counts
    }
    for (key, _), charge in machine_charges(derived, window).items():
        before = found[key]
        assert before is not None
        found[key] = before + charge
    return found


def unpriced(run: DerivedRun, window: Interval | None = None) -> Fraction:
    """Active µs of a run on machines whose GPU count is not known."""
    lengths = [_inside(work, window) for work in run.work if work.machine[2] is None]
    return sum((active for _, _, active in lengths), Fraction())


def machine_charges(derived: Derived, window: Interval | None = None) -> dict[Charged, Fraction]:
    """(run, GPU type) -> GPU-µs charged.

    A host's capacity is the largest count reported by any writer, including writers of runs that
    are pending, excluded, or outside the window.
    """
    capacity: defaultdict[Host, int] = defaultdict(int)
    for run in derived.runs.values():
        for _, machine in run.run.told:
            host, count = host_of(run, machine), machine[2]
            if host is not None and count is not None:
                capacity[host] = max(capacity[host], count)

    charges: defaultdict[Charged, Fraction] = defaultdict(Fraction)
    sharing: defaultdict[Host, list[tuple[Charged, int, int, Fraction]]] = defaultdict(list)
    for run in derived.runs.values():
        for work in run.work:
            host, (_, kind, count) = host_of(run, work.machine), work.machine
            start, end, active = _inside(work, window)
            if count is None or end <= start:
                continue
            charged, asked = (run.run.key, kind or ""), Fraction(count) * active / (end - start)
            if host is None:  # as with a config key: charged in full, not part of any demand
                charges[charged] += asked * (end - start)
            else:
                sharing[host].append((charged, start, end, asked))
    for host, parts in sharing.items():
        for charged, charge in _shared(parts, capacity[host]).items():
            charges[charged] += charge
    return dict(charges)


def _inside(work: Work, window: Interval | None) -> tuple[int, int, Fraction]:
    """Return start and end of the part in the window, and its share of the active time."""
    start, end = work.start, work.end
    if window is not None:
        start, end = max(start, window[0]), min(end, window[1])
    if end <= start:
        return start, start, Fraction(0)
    return start, end, Fraction(work.active * (end - start), work.end - work.start)


def _shared(
    parts: Sequence[tuple[Charged, int, int, Fraction]], capacity: int
) -> dict[Charged, Fraction]:
    """Split the capacity of one host between every two instants at which demand changes."""
    instants = sorted({instant for _, start, end, _ in parts for instant in (start, end)})
    found: defaultdict[Charged, Fraction] = defaultdict(Fraction)
    for begin, finish in itertools.pairwise(instants):
        active = [(key, asked) for key, start, end, asked in parts if start <= begin < end]
        demand = sum((asked for _, asked in active), Fraction())
        for key, asked in active:
            if demand:
                found[key] += asked * min(Fraction(1), capacity / demand) * (finish - begin)
    return dict(found)


def gpu_metrics(
    derived: Derived,
    window: Interval | None = None,
    by: str = "scholar",
    everyone: Derived | None = None,
) -> dict[str, dict[str, Any]]:
    """Group -> gpu_hours, gpu_hours_failed, productive_share, unpriced_run_hours, utilisation.

    If `derived` is only a part of `everyone`, hosts are still shared with the rest.
    """
    assert by in ("scholar", "programme"), by
    charges = gpu_charges(everyone or derived, window)
    groups: defaultdict[str, list[DerivedRun]] = defaultdict(list)
    for run in derived.runs.values():
        if run.counts:
            groups[run.scholar if by == "scholar" else PROGRAMME].append(run)
    found = {}
    for group, runs in groups.items():
        total = failed = finished = measured = used = Fraction(0)
        without_price = Fraction(0)
        for run in runs:
            without_price += unpriced(run, window)
            charge = charges[run.run.key]
            if charge is None:
                continue
            total += charge
            failed += charge if run.is_failed_compute else 0
            finished += charge if run.state_class == "finished" else 0
            if run.run.gpu_utilisation is not None:
                measured += charge
                used += charge * Fraction(run.run.gpu_utilisation)
        found[group] = {
            "gpu_hours": hours(total),
            "gpu_hours_failed": hours(failed),
            "productive_share": float(finished / total) if total else None,
            "unpriced_run_hours": hours(without_price),
            "gpu_utilisation": float(used / measured) if measured else None,
            "gpu_measured_share": float(measured / total) if total else None,
        }
    return found
