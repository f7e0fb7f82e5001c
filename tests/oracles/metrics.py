"""metrics(): every figure of a group of scholars over one window.

`window` is [from, to) in µs, or None for "all". Each project's part of a window is cut at its own
as_of; "all" has no other limits and includes its last instant.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

from scipy.stats import chi2  # type: ignore[import-untyped]

from tests.oracles import kaplan_meier
from tests.oracles.lines import blind_ratio, wip_ages
from tests.oracles.model import (
    Derived,
    DerivedRun,
    Experiment,
    Interval,
    Loop,
    clip,
    day_start,
    hours,
    local_date,
    measure,
)
from tests.oracles.side_by_side import side_by_side
from tests.oracles.windows import weeks, windows

#: The one group of by="programme".
PROGRAMME = "programme"

Values = dict[str, Any]


def metrics(
    derived: Derived, window: Interval | None = None, by: str = "scholar"
) -> dict[str, Values]:
    """Group -> id -> value; null is None. Groups without a run that counts are absent.

    `by` is "scholar" or "programme". Durations are hours. In addition to the ids there are
    `loops_*`, `_n`, `_events`, `_low` and `_high`; `blind_ratio` has one value per line;
    `wip_age_hours` is a list of (experiment id, hours, whether above the line's 85th percentile or
    None if not known).
    """
    assert by in ("scholar", "programme"), by
    runs: defaultdict[str, list[DerivedRun]] = defaultdict(list)
    experiments: defaultdict[str, list[Experiment]] = defaultdict(list)
    for run in derived.runs.values():
        if run.counts:
            runs[run.scholar if by == "scholar" else PROGRAMME].append(run)
    for experiment in derived.experiments.values():
        experiments[experiment.scholar if by == "scholar" else PROGRAMME].append(experiment)
    return {
        group: {
            **_parallelism(runs[group], experiments[group], window),
            **_launches(experiments[group], window),
            **side_by_side(derived, experiments[group], window),
            **_loops([derived.loops[e.id] for e in experiments[group]], window),
            **_run_counts(runs[group], window),
            **_throughput(experiments[group], window, derived),
            **_recovery(experiments[group], window),
            **_first_rows(runs[group], window),
            "rework_share": _share_marked(runs[group], "rework", window),
            "repeat_share": _share_marked(runs[group], "repeat", window),
            "blind_ratio": blind_ratio(derived, experiments[group], window),
            "wip_age_hours": wip_ages(experiments[group]),
        }
        for group in runs
    }


def metrics_by(
    derived: Derived, period: str, by: str = "scholar"
) -> dict[tuple[str, date], Values]:
    """(group, first local date) -> id -> value, for every "day", "week" or "month" with data."""
    counted = [run for run in derived.runs.values() if run.counts]
    if not counted:
        return {}
    first = min(run.start for run in counted if run.start is not None)
    zone = derived.rules.timezone
    return {
        (group, label): values
        for label, window in windows(first, derived.complete_to, period, zone)
        for group, values in metrics(derived, window, by).items()
    }


def happened(window: Interval | None, instant: int | None) -> bool:
    """Whether an instant lies in the window.

    Nothing happens after as_of, so the cut needs no test here. Choice: events at as_of itself
    count, so that the windows of a period always add up to "all".
    """
    return instant is not None and (window is None or window[0] <= instant < window[1])


def ratio(part: int, whole: int) -> float | None:
    """part / whole; null, never 0, where the whole is 0."""
    return float(Fraction(part, whole)) if whole else None


def _parallelism(
    runs: Sequence[DerivedRun], experiments: Sequence[Experiment], window: Interval | None
) -> Values:
    """Section 3: hours are summed over scholars, ratios divide sums, peaks are the maximum."""
    runs_of: defaultdict[str, list[list[Interval]]] = defaultdict(list)
    experiments_of: defaultdict[str, list[list[Interval]]] = defaultdict(list)
    for run in runs:
        runs_of[run.scholar].append(clip(run.intervals, window))
    for experiment in experiments:
        experiments_of[experiment.scholar].append(clip(experiment.segments, window))
    by_run = [levels(interval_sets) for interval_sets in runs_of.values()]
    by_experiment = [levels(interval_sets) for interval_sets in experiments_of.values()]

    serial = sum(level.get(1, 0) for level in by_experiment)
    parallel = sum(t for level in by_experiment for count, t in level.items() if count >= 2)
    run_serial = sum(level.get(1, 0) for level in by_run)
    busy = serial + parallel
    run_time = sum(measure(intervals) for sets in runs_of.values() for intervals in sets)
    experiment_time = sum(
        measure(intervals) for sets in experiments_of.values() for intervals in sets
    )
    return {
        "busy_hours": hours(busy),
        "experiment_hours": hours(experiment_time),
        "run_hours": hours(run_time),
        "spared_hours": hours(experiment_time - busy),
        "serial_hours": hours(serial),
        "parallel_hours": hours(parallel),
        "serial_share": ratio(serial, busy),
        "serial_parallel_ratio": ratio(serial, parallel),
        "experiment_parallelism": ratio(experiment_time, busy),
        "sweep_width": ratio(run_time, experiment_time),
        "run_concurrency": ratio(run_time, busy),
        "run_serial_share": ratio(run_serial, busy),
        "peak_runs": max((count for level in by_run for count in level), default=0),
        "peak_experiments": max((count for level in by_experiment for count in level), default=0),
    }


def levels(interval_sets: Iterable[Sequence[Interval]]) -> dict[int, int]:
    """How long exactly 1, 2, 3, … of the sets were active at once, in µs."""
    change: defaultdict[int, int] = defaultdict(int)
    for intervals in interval_sets:
        for start, end in intervals:
            change[start] += 1
            change[end] -= 1
    time_at: defaultdict[int, int] = defaultdict(int)
    active, instants = 0, sorted(change)
    for instant, following in itertools.pairwise(instants):
        active += change[instant]
        if active:
            time_at[active] += following - instant
    return dict(time_at)


def _launches(experiments: Sequence[Experiment], window: Interval | None) -> Values:
    launched = [e for e in experiments if happened(window, e.S)]
    return {
        "experiments_started": len(launched),
        "overlap_launch_share": ratio(sum(e.overlap for e in launched), len(launched)),
        "false_starts": sum(e.outcome == "false_start" for e in launched),
    }


def _loops(loops: Sequence[Loop], window: Interval | None) -> Values:
    """Section 4 over the loops whose S lies in the window."""
    inside = [loop for loop in loops if happened(window, loop.S)]
    closed = [loop for loop in inside if loop.status == "closed"]
    reaction = sum(loop.reaction_us or 0 for loop in closed)
    awake = sum(loop.awake_us or 0 for loop in closed)
    working = sum(loop.working_us or 0 for loop in closed)
    total = sum(loop.loop_us or 0 for loop in closed)
    values: Values = {
        f"loops_{status}": sum(loop.status == status for loop in inside)
        for status in ("closed", "abandoned", "awaiting", "open")
    }
    values["machine_hours_closed"] = hours(total - reaction)
    values["reaction_hours_closed"] = hours(reaction)
    values["reaction_share"] = ratio(reaction, total)
    values["reaction_off_share"] = ratio(reaction - awake, reaction)
    values["working_wait_hours"] = hours(working)
    values["loop_machine_share"] = ratio(total - reaction, total)
    values["loop_working_wait_share"] = ratio(working, total)
    values["loop_off_share"] = ratio(reaction - working, total)
    for name, duration, event in (
        ("machine_hours", "machine_us", "machine_event"),
        ("reaction_hours", "reaction_us", "reaction_event"),
        ("reaction_awake_hours", "awake_us", "reaction_event"),
        ("reaction_working_hours", "working_us", "reaction_event"),
        ("loop_hours", "loop_us", "loop_event"),
    ):
        pairs = [
            (getattr(loop, duration), getattr(loop, event))
            for loop in inside
            if getattr(loop, duration) is not None
        ]
        values.update(_median(name, pairs))
    return values


def _median(name: str, durations: Sequence[tuple[int, bool]]) -> Values:
    """A median with its limits, n and events; none of the three under 6 events."""
    found = kaplan_meier.estimate(durations)
    shown = found.events >= kaplan_meier.MIN_EVENTS
    values: Values = {f"{name}_n": found.n, f"{name}_events": found.events}
    values[f"{name}_largest"] = hours(max(t for t, _ in durations)) if durations else None
    for suffix, value in (("median", found.median), ("low", found.low), ("high", found.high)):
        values[f"{name}_{suffix}"] = hours(value) if shown and value is not None else None
    return values


def _run_counts(runs: Sequence[DerivedRun], window: Interval | None) -> Values:
    ended = [run for run in runs if happened(window, run.end)]
    by_class = {
        name: sum(run.state_class == name for run in ended)
        for name in ("finished", "killed", "preempted", "unknown")
    }
    failed = sum(run.is_failed_compute for run in ended)
    return {
        "runs_started": sum(happened(window, run.start) for run in runs),
        "runs_finished": by_class["finished"],
        "runs_failed": failed,
        "runs_killed": by_class["killed"],
        "runs_preempted": by_class["preempted"],
        "failure_share": ratio(failed, failed + sum(by_class.values())),
        "early_failures": sum(run.is_early_failure for run in ended),
    }


def _throughput(
    experiments: Sequence[Experiment], window: Interval | None, derived: Derived
) -> Values:
    concluded = sum(
        e.outcome in ("success", "partial") and happened(window, e.F) for e in experiments
    )
    # Choice: projects differ in as_of. Conclusions of all projects count, so for every group a
    # window ends at the latest as_of. "all" begins with the local day of the group's
    # first launch.
    zone = derived.rules.timezone
    if window is None:
        first = local_date(min(e.S for e in experiments), zone)
        window = (day_start(first, zone), derived.complete_to)
    length = weeks((window[0], min(window[1], derived.complete_to)), zone)
    low, high = poisson_limits(concluded)
    return {
        "experiments_concluded": concluded,
        "weeks": float(length),
        "throughput_per_week": float(concluded / length) if length else None,
        "throughput_per_week_low": low / float(length) if length else None,
        "throughput_per_week_high": high / float(length) if length else None,
    }


@cache
def poisson_limits(count: int) -> tuple[float, float]:
    """Garwood's exact 95 % limits of the mean of which `count` events were seen."""
    low = float(chi2.ppf(0.025, 2 * count)) / 2 if count else 0.0
    return low, float(chi2.ppf(0.975, 2 * count + 2)) / 2


def _recovery(experiments: Sequence[Experiment], window: Interval | None) -> Values:
    """Recoveries, in the window of the failure's result."""
    durations = [
        (e.recovery_us, bool(e.recovered))
        for e in experiments
        if e.recovery_us is not None and happened(window, e.F)
    ]
    return _median("recovery_hours", durations)


def _first_rows(runs: Sequence[DerivedRun], window: Interval | None) -> Values:
    """Runs by their start. Choice: a row logged before its run began does not count."""
    known = [
        (run.run.first_metric_at - run.start, True)
        for run in runs
        if run.start is not None
        and run.run.first_metric_at is not None
        and run.run.first_metric_at >= run.start
        and happened(window, run.start)
    ]
    return _median("first_row_hours", known)


def _share_marked(runs: Sequence[DerivedRun], mark: str, window: Interval | None) -> float | None:
    """The share of runs with a mark, of those started in the window for which it is known."""
    started = [getattr(run, mark) for run in runs if happened(window, run.start)]
    known = [it for it in started if it is not None]
    return ratio(sum(known), len(known))
