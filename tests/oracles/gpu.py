"""Host-capped GPU-hours (allocated), and the part of them known to be in use."""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from tests.oracles.machines import has_name
from tests.oracles.metrics import PROGRAMME, happened
from tests.oracles.model import MINUTE, Derived, DerivedRun, Interval, Machine, RunKey, Work, hours

#: (entity, host name)
Host = tuple[str, str]
#: Run and GPU type.
Charged = tuple[RunKey, str]
#: Run, GPU type, and whether it is the part after the next launch of a closed loop.
_Part = tuple[RunKey, str, bool]

LATE_FAILURE = 30 * MINUTE

#: Every stream and scholar of a window has a part of the same charges.
_once = lru_cache(maxsize=256)


def host_of(run: DerivedRun, machine: Machine) -> Host | None:
    """Return the machine that a run shares with others; None if it has no name."""
    host = machine[0]
    return (run.run.entity, host) if host is not None and has_name(host) else None


@_once
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
    return sum((active for _, _, active in lengths if active), Fraction())


def machine_charges(derived: Derived, window: Interval | None = None) -> dict[Charged, Fraction]:
    """(run, GPU type) -> GPU-µs charged."""
    found: defaultdict[Charged, Fraction] = defaultdict(Fraction)
    for (key, kind, _), charge in _parts(derived, window).items():
        found[key, kind] += charge
    return dict(found)


@_once
def charges_after(derived: Derived, window: Interval | None = None) -> dict[RunKey, Fraction]:
    """GPU-µs charged to each run after the next launch of its line, in closed loops."""
    found: defaultdict[RunKey, Fraction] = defaultdict(Fraction)
    for (key, _, is_after), charge in _parts(derived, window).items():
        if is_after:
            found[key] += charge
    return found


@_once
def _parts(derived: Derived, window: Interval | None) -> dict[_Part, Fraction]:
    """GPU-µs charged before and after the next launch.

    A host's capacity is the largest count reported by any writer, including writers of runs that
    are pending, excluded, or outside the window.
    """
    capacity: defaultdict[Host, int] = defaultdict(int)
    for run in derived.runs.values():
        for _, machine in run.run.reported:
            host, count = host_of(run, machine), machine[2]
            if host is not None and count is not None:
                capacity[host] = max(capacity[host], count)

    charges: defaultdict[_Part, Fraction] = defaultdict(Fraction)
    sharing: defaultdict[Host, list[tuple[_Part, int, int, Fraction]]] = defaultdict(list)
    for run in derived.runs.values():
        for work, is_after, (since, until) in _split(derived, run):
            host, (_, kind, count) = host_of(run, work.machine), work.machine
            whole_start, whole_end, active = _inside(work, window)
            start, end = max(whole_start, since), min(whole_end, until)
            if count is None or end <= start:
                continue
            charged = (run.run.key, kind or "", is_after)
            asked = Fraction(count) * active / (whole_end - whole_start)
            if host is None:  # as with a config key: charged in full, not part of any demand
                charges[charged] += asked * (end - start)
            else:
                sharing[host].append((charged, start, end, asked))
    for host, parts in sharing.items():
        for charged, charge in _shared(parts, capacity[host]).items():
            charges[charged] += charge
    return dict(charges)


def _split(derived: Derived, run: DerivedRun) -> Iterator[tuple[Work, bool, Interval]]:
    """Each work of a run before and after the next launch, with the limits of the part."""
    loop = derived.loops.get(run.experiment or "")
    moved_on = loop.N if loop is not None and loop.status == "closed" else None
    for work in run.work:
        if moved_on is None:
            yield work, False, (work.start, work.end)
        else:
            yield work, False, (work.start, moved_on)
            yield work, True, (moved_on, work.end)


def _inside(work: Work, window: Interval | None) -> tuple[int, int, Fraction]:
    """Return start and end of the part in the window, and its share of the active time."""
    start, end = work.start, work.end
    if window is not None:
        start, end = max(start, window[0]), min(end, window[1])
    if end <= start:
        return start, start, Fraction(0)
    if (start, end) == (work.start, work.end):
        return start, end, Fraction(work.active)
    return start, end, Fraction(work.active * (end - start), work.end - work.start)


def _shared(
    parts: Sequence[tuple[_Part, int, int, Fraction]], capacity: int
) -> dict[_Part, Fraction]:
    """Split the capacity of one host between every two instants at which demand changes."""
    instants = sorted({instant for _, start, end, _ in parts for instant in (start, end)})
    found: defaultdict[_Part, Fraction] = defaultdict(Fraction)
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
    """Group -> GPU-hours by state, their cost per conclusion, and utilisation.

    If `derived` is only a part of `everyone`, hosts are still shared with the rest.
    """
    assert by in ("scholar", "programme"), by
    charges = gpu_charges(everyone or derived, window)
    after = charges_after(everyone or derived, window)
    groups: defaultdict[str, list[DerivedRun]] = defaultdict(list)
    conclusions: defaultdict[str, int] = defaultdict(int)
    for run in derived.runs.values():
        if run.counts:
            groups[run.scholar if by == "scholar" else PROGRAMME].append(run)
    for it in derived.experiments.values():
        if it.outcome in ("success", "partial") and happened(window, it.F):
            conclusions[it.scholar if by == "scholar" else PROGRAMME] += 1
    return {
        group: _figures(runs, charges, after, conclusions[group])
        | {"unpriced_run_hours": hours(sum((unpriced(it, window) for it in runs), Fraction()))}
        for group, runs in groups.items()
    }


def _figures(
    runs: Sequence[DerivedRun],
    charges: dict[RunKey, Fraction | None],
    after: dict[RunKey, Fraction],
    conclusions: int,
) -> dict[str, Any]:
    # Most runs are outside of the window, and sums of fractions take long.
    known = [(run, charge) for run in runs if (charge := charges[run.run.key])]

    def total(*classes: str) -> Fraction:
        return sum((it for run, it in known if run.state_class in classes), Fraction())

    every = sum((it for _, it in known), Fraction())
    late = [it for run, it in known if run.is_failed_compute and sum(run.active) > LATE_FAILURE]
    shares = [(it, run.run.gpu_utilisation) for run, it in known]
    measured = sum((it for it, used in shares if used is not None), Fraction())
    in_use = sum((it * Fraction(used) for it, used in shares if used is not None), Fraction())
    return {
        "gpu_hours": hours(every),
        "gpu_hours_failed": hours(total("failed", "crashed", "stale")),
        "killed_gpu_hours": hours(total("killed")),
        "stale_gpu_hours": hours(total("stale")),
        "preempted_gpu_hours": hours(total("preempted")),
        "late_failure_gpu_hours": hours(sum(late, Fraction())),
        "after_decision_gpu_hours": hours(
            sum((after[run.run.key] for run, _ in known), Fraction())
        ),
        "gpu_hours_per_concluded": hours(every / conclusions) if conclusions else None,
        "productive_share": float(total("finished") / every) if every else None,
        "gpu_utilisation": float(in_use / measured) if measured else None,
        "gpu_measured_share": float(measured / every) if every else None,
        "allocated_idle_gpu_hours": 0.0,  # without a scheduler's jobs
        "tokens": 0,  # without evaluations
        "token_dollars": 0.0,
        "unpriced_tokens": 0,
    }
