"""The oracle's runs, sessions, experiments and loops in the form of the product's reads."""

from tests.batches import Batch, moment
from tests.comparison import Key, Row
from tests.oracles.experiments import NEW
from tests.oracles.model import HOUR, Derived, DerivedRun, hours


def expected_runs(batch: Batch) -> dict[Key, Row]:
    """(entity, project, run_id) -> the columns of `reads.runs` that are derived."""
    derived = batch.whole
    return {key: _run(batch, derived, run) for key, run in derived.runs.items()}


def _run(batch: Batch, derived: Derived, run: DerivedRun) -> Row:
    flags = set(run.flags)
    if run.counts and run.is_early_failure:
        flags.add("early_failure")
    if run.rework:
        flags.add("rework")
    if run.repeat:
        flags.add("repeat")
    if not batch.is_attributed(run.scholar):
        flags.add("unattributed")
    elif not batch.has_roster:
        flags.add("unmapped")
    row: Row = {
        "scholar": run.scholar or "(no user)",
        "class": run.state_class,
        "excluded": run.excluded,
        "flags": flags,
    }
    if not run.counts:
        return row
    experiment = derived.experiments[str(run.experiment)]
    is_first = experiment.members[0].run.key == run.run.key
    assert is_first or run.joined_by != NEW
    return row | {
        "stream": experiment.stream,
        "started_at": moment(run.start),
        "start_source": run.start_source,
        "ended_at": moment(run.end),
        "end_source": run.end_source,
        "active_hours": sum(run.active) / HOUR,
        "queue_hours": None if run.queue_us is None else hours(run.queue_us),
        "scheduler_queue_hours": None,  # without a scheduler's jobs
        "experiment_id": run.experiment,
        "joined_by": "first" if is_first else run.joined_by,
    }


def expected_sessions(batch: Batch) -> dict[Key, Row]:
    """(entity, project, run_id, number) -> start and end in µs."""
    return {
        (*key, number): {"start_us": start, "end_us": end}
        for key, run in batch.whole.runs.items()
        if run.counts
        for number, (start, end) in enumerate(run.sessions, start=1)
    }


def expected_experiments(batch: Batch) -> dict[Key, Row]:
    """(experiment_id,) -> the columns of `reads.experiments` that are derived."""
    derived = batch.whole
    return {
        (key,): {
            "scholar": it.scholar or "(no user)",
            "stream": it.stream,
            "runs": it.n,
            "started_at": moment(it.S),
            "result_at": moment(it.F),
            "outcome": it.outcome,
            "active_hours": sum(end - start for start, end in it.segments) / HOUR,
            "run_hours": sum(e - s for member in it.members for s, e in member.intervals) / HOUR,
            "overlapped": it.overlap,
            "clock": it.clock,
            "loop_status": derived.loops[key].status,
        }
        for key, it in derived.experiments.items()
    }


def expected_loops(batch: Batch) -> dict[Key, Row]:
    """(experiment_id,) -> the columns of `reads.loops` that are derived."""

    def as_hours(length: int | None) -> float | None:
        return None if length is None else hours(length)

    return {
        (key,): {
            "status": it.status,
            "next_at": moment(it.N),
            "machine_hours": as_hours(it.machine_us),
            "machine_event": it.machine_event,
            "reaction_hours": as_hours(it.reaction_us),
            "reaction_awake_hours": as_hours(it.awake_us),
            "reaction_working_hours": as_hours(it.working_us),
            "reaction_event": bool(it.reaction_event),
            "loop_hours": as_hours(it.loop_us),
            "loop_event": it.loop_event,
        }
        for key, it in batch.whole.loops.items()
        if it.status != "none"
    }
