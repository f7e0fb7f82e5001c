"""Host-capped GPU-hours, which are allocation, and the part of them known to have been in use."""

from __future__ import annotations

import itertools
from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tests.oracles.metrics import PROGRAMME
from tests.oracles.model import Derived, DerivedRun, Interval, RunKey, clip, hours, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

#: (entity, host name)
Host = tuple[str, str]


def host_of(run: DerivedRun) -> Host | None:
    """The machine that a run shares with others; None where no name tells."""
    name = run.run.host
    return None if name is None or name in ("", "localhost") else (run.run.entity, name)


def gpu_charges(derived: Derived, window: Interval | None = None) -> dict[RunKey, Fraction | None]:
    """GPU-µs charged to each run that counts; None where its GPU count is not known.

    The host's capacity is the largest count that any run ever reported there, also one that is
    pending, left out, or outside the window.
    """
    capacity: defaultdict[Host, int] = defaultdict(int)
    for run in derived.runs.values():
        host = host_of(run)
        if host is not None and run.run.gpu_count is not None:
            capacity[host] = max(capacity[host], run.run.gpu_count)

    charges: dict[RunKey, Fraction | None] = {}
    sharing: defaultdict[Host, list[DerivedRun]] = defaultdict(list)
    for run in derived.runs.values():
        if not run.counts:
            continue
        host, key = host_of(run), run.run.key
        length = measure(clip(run.intervals, window))
        if run.run.gpu_count_config is not None:  # charged in full, and no part of demand
            charges[key] = Fraction(run.run.gpu_count_config * length)
        elif run.run.gpu_count is None:
            charges[key] = None
        elif host is None:
            charges[key] = Fraction(run.run.gpu_count * length)
        else:
            charges[key] = Fraction(0)
            sharing[host].append(run)
    for host, runs in sharing.items():
        charges.update(_shared(runs, capacity[host], window))
    return charges


def _shared(
    runs: Sequence[DerivedRun], capacity: int, window: Interval | None
) -> dict[RunKey, Fraction]:
    """One host: between two instants at which anything changes, split what there is."""
    parts = [
        (start, end, run.run.key, run.run.gpu_count or 0)
        for run in runs
        for start, end in clip(run.intervals, window)
    ]
    instants = sorted({instant for start, end, _, _ in parts for instant in (start, end)})
    charged: defaultdict[RunKey, Fraction] = defaultdict(Fraction)
    for begin, finish in itertools.pairwise(instants):
        active = [(key, count) for start, end, key, count in parts if start <= begin < end]
        demand = sum(count for _, count in active)
        for key, count in active:
            if demand:
                charged[key] += (
                    count * min(Fraction(1), Fraction(capacity, demand)) * (finish - begin)
                )
    return dict(charged)


def gpu_metrics(
    derived: Derived,
    window: Interval | None = None,
    by: str = "scholar",
    everyone: Derived | None = None,
) -> dict[str, dict[str, Any]]:
    """Group -> gpu_hours, gpu_hours_failed, productive_share, unpriced_run_hours, utilisation.

    Where `derived` is only a part, hosts are shared with the rest of `everyone`.
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
        unpriced = 0
        for run in runs:
            charge = charges[run.run.key]
            if charge is None:
                unpriced += measure(clip(run.intervals, window))
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
            "unpriced_run_hours": hours(unpriced),
            "gpu_utilisation": float(used / measured) if measured else None,
            "gpu_measured_share": float(measured / total) if total else None,
        }
    return found
