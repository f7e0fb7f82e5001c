"""From runs to experiments and loops: derive()."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from tests.oracles.loops import loops_of
from tests.oracles.model import (
    Derived,
    DerivedRun,
    Experiment,
    Line,
    Person,
    Rules,
    Run,
    RunKey,
    union,
)
from tests.oracles.runs import derive_run, same_runs
from tests.oracles.side_by_side import chains, followers

#: joined_by: why a run is in its experiment.
NEW = "new"
TAG = "tag"
SWEEP = "sweep"
CONTINUATION = "continuation"
TOGETHER = "together"  # rule (a), began at most 2 min after a predecessor in flight
SAME_CONFIG = "same_config"  # rule (a), same known config hash as a predecessor in flight
SCRIPT = "script"  # rule (b), some earlier run ended at most 60 s before


def username_or_nobody(username: str | None) -> str:
    """Without a roster every username is its own scholar; runs without a user belong to ""."""
    return "" if username is None else username


def derive(
    runs: Iterable[Run],
    as_of: int | Mapping[tuple[str, str], int],
    rules: Rules | None = None,
    scholar_of: Callable[[str | None], str] = username_or_nobody,
    people: Iterable[Person] = (),
) -> Derived:
    """Derive classes, sessions, experiments and loops of all runs.

    `as_of` is one instant for all, or one per (entity, project). Keys of runs must be unique.
    """
    rules = rules or Rules()
    complete_to = as_of if isinstance(as_of, int) else max(as_of.values())
    derived: dict[RunKey, DerivedRun] = {}
    for given in runs:
        instant = as_of if isinstance(as_of, int) else as_of[given.entity, given.project]
        assert given.key not in derived, f"two runs have the key {given.key}"
        derived[given.key] = derive_run(given, scholar_of(given.username), instant, rules)
    for run in same_runs(list(derived.values()), rules.together_us):
        derived[run.run.key] = run

    by_key: defaultdict[tuple[Line, tuple[str, str | None]], list[DerivedRun]] = defaultdict(list)
    for run in derived.values():
        if run.counts:
            by_key[run.line, experiment_key(run.run)].append(run)

    experiments: dict[str, Experiment] = {}
    for (line, (kind, _)), members in by_key.items():
        members.sort(key=_order)
        groups = _link(members, rules) if kind == "group" else [[(run, kind) for run in members]]
        for group in groups:
            experiment = _experiment(line, group)
            experiments[experiment.id] = experiment
            for run, joined_by in group:
                derived[run.run.key] = replace(run, experiment=experiment.id, joined_by=joined_by)

    _mark_rework(derived)
    _mark_repeats(derived)
    experiments = _with_recoveries(with_overlaps(experiments), derived.values())
    everybody = {person.scholar: person for person in people}
    result = Derived(derived, experiments, {}, rules, complete_to, everybody)
    result.loops.update(loops_of(result))
    result.followers.update(followers(result))
    result.chains.update(chains(result))
    return result


def experiment_key(run: Run) -> tuple[str, str | None]:
    """Return (kind, name): a tag, a sweep and a group with the same name are three keys."""
    tags = [tag for tag in run.tags if tag.startswith("exp:") and tag != "exp:"]
    if tags:
        return (TAG, min(tags, key=str.encode))
    if run.sweep is not None:
        return (SWEEP, run.sweep)
    return ("group", run.group_name)


def _order(run: DerivedRun) -> tuple[int, bytes]:
    assert run.start is not None
    return (run.start, run.run.run_id.encode())


def _in_flight(run: DerivedRun, instant: int) -> bool:
    """Whether the run, which began no later, ends later than the instant or is open."""
    return run.end is None or run.end > instant


def _link(ordered: Sequence[DerivedRun], rules: Rules) -> list[list[tuple[DerivedRun, str]]]:
    """Rule 3: the runs of one group key, in order, cut into experiments."""
    groups: list[list[tuple[DerivedRun, str]]] = []
    group_of: dict[RunKey, int] = {}
    in_order: list[DerivedRun] = []  # runs that are not a continuation
    for index, run in enumerate(ordered):
        continued = _continued(run, ordered[:index]) if run.run.idea is not None else None
        if continued is not None:
            group, reason = group_of[continued.run.key], CONTINUATION
        else:
            # Choice: continuations are neither a predecessor in (a) nor an earlier end in (b).
            reason = _joins(run, in_order, rules)
            if reason == NEW:
                groups.append([])
                group = len(groups) - 1
            else:
                group = group_of[in_order[-1].run.key]
            in_order.append(run)
        groups[group].append((run, reason))
        group_of[run.run.key] = group
    return groups


def _continued(run: DerivedRun, earlier: Sequence[DerivedRun]) -> DerivedRun | None:
    """Return the pre-empted run that this one continues: the latest with its hash, or None.

    The latest may itself be a continuation: a run can be pre-empted more than once.
    """
    assert run.start is not None
    for other in reversed(earlier):
        if other.run.idea == run.run.idea:
            ended_before = other.end is not None and other.end <= run.start
            return other if other.state_class == "preempted" and ended_before else None
    return None


def _joins(run: DerivedRun, earlier: Sequence[DerivedRun], rules: Rules) -> str:
    """Return why the run belongs to its immediate predecessor's experiment, or NEW."""
    if not earlier:
        return NEW
    assert run.start is not None
    predecessor = earlier[-1]
    assert predecessor.start is not None
    if _in_flight(predecessor, run.start):
        if run.start - predecessor.start <= rules.together_us:
            return TOGETHER
        config = run.run.idea
        if config is not None and config == predecessor.run.idea:
            return SAME_CONFIG
    for other in earlier:
        if other.end is not None and other.state_class != "killed":
            gap = run.start - other.end
            if 0 <= gap <= rules.script_gap_us:
                return SCRIPT
    return NEW


def _experiment(line: Line, group: Sequence[tuple[DerivedRun, str]]) -> Experiment:
    """Return S, U, k, F and outcome of one experiment; its runs are in order of start."""
    members = tuple(run for run, _ in group)
    first = members[0]
    assert first.start is not None
    n = len(members)
    k = (n + 1) // 2
    finishes = sorted(
        run.end for run in members if run.state_class == "finished" and run.end is not None
    )
    result: int | None
    if len(finishes) >= k:
        outcome, result = "success", finishes[k - 1]
    elif any(run.state_class == "running" for run in members):
        outcome, result = "open", None
    else:
        result = max(run.end for run in members if run.end is not None)
        if finishes:
            outcome = "partial"
        elif all(run.is_early_failure for run in members):
            outcome = "false_start"
        elif any(run.is_failed_compute for run in members):
            outcome = "failure"
        elif any(run.state_class == "killed" for run in members):
            outcome = "killed"
        else:
            outcome = "other"
    return Experiment(
        id="/".join(first.run.key),
        line=line,
        members=members,
        S=first.start,
        segments=tuple(union(interval for run in members for interval in run.intervals)),
        n=n,
        k=k,
        F=result,
        outcome=outcome,
        clock=any("clock" in run.flags for run in members),
        as_of=first.as_of,
    )


def with_overlaps(experiments: Mapping[str, Experiment]) -> dict[str, Experiment]:
    """Mark those that began while another one of the scholar, with an earlier S, was active."""
    by_scholar: defaultdict[str, list[Experiment]] = defaultdict(list)
    for experiment in experiments.values():
        by_scholar[experiment.scholar].append(experiment)
    return {
        key: replace(
            experiment,
            overlap=any(
                start <= experiment.S < end
                for other in by_scholar[experiment.scholar]
                if other.S < experiment.S
                for start, end in other.segments
            ),
        )
        for key, experiment in experiments.items()
    }


def _mark_rework(derived: dict[RunKey, DerivedRun]) -> None:
    """Choice: a run is never rework of itself, though a zero-length one ends at its own start."""
    failed: defaultdict[tuple[Line, str], list[DerivedRun]] = defaultdict(list)
    for run in derived.values():
        if run.counts and run.is_failed_compute and run.run.idea is not None:
            failed[run.line, run.run.idea].append(run)
    for key, run in derived.items():
        if run.counts and run.run.idea is not None:
            assert run.start is not None
            again = any(
                other.run.key != key and other.end is not None and other.end <= run.start
                for other in failed[run.line, run.run.idea]
            )
            derived[key] = replace(run, rework=again)


def _mark_repeats(derived: dict[RunKey, DerivedRun]) -> None:
    for key, run in derived.items():
        if run.counts and run.run.repeated_by is not None:
            assert run.start is not None
            again = any(
                other.counts
                and other.state_class == "finished"
                and (other.line, other.run.repeated_by) == (run.line, run.run.repeated_by)
                and other.run.key != key
                and other.end is not None
                and other.end <= run.start
                for other in derived.values()
            )
            derived[key] = replace(run, repeat=again)


def _with_recoveries(
    experiments: Mapping[str, Experiment], runs: Iterable[DerivedRun]
) -> dict[str, Experiment]:
    """Add the time from each failure to the line's next success; not with a flagged clock."""
    finished: defaultdict[Line, list[DerivedRun]] = defaultdict(list)
    for run in runs:
        if run.counts and run.state_class == "finished":
            finished[run.line].append(run)
    found = dict(experiments)
    for key, experiment in experiments.items():
        result = experiment.F
        if experiment.outcome not in ("failure", "false_start") or experiment.clock:
            continue
        assert result is not None
        ends = [
            run.end
            for run in finished[experiment.line]
            if run.start is not None and run.end is not None and run.start >= result
        ]
        until = min(ends, default=experiment.as_of)
        found[key] = replace(experiment, recovery_us=until - result, recovered=bool(ends))
    return found
