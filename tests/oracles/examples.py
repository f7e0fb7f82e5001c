"""A builder of runs in one line, and the worked example of the definitions."""

from datetime import datetime

from tests.oracles.model import Derived, Run, micros

#: Figures of the worked example, for its scholar and its programme.
WORKED_FIGURES = {
    "busy_hours": 4.491667,
    "parallel_hours": 0.416667,
    "serial_hours": 4.075,
    "serial_share": 0.907236,
    "serial_parallel_ratio": 9.78,
    "experiment_hours": 4.908333,
    "experiment_parallelism": 1.092764,
    "run_hours": 5.891667,
    "sweep_width": 1.200340,
    "run_concurrency": 353.5 / 269.5,
    "overlap_launch_share": 0.5,
    "peak_runs": 2,
    "peak_experiments": 2,
    "experiments_started": 4,
    "experiments_concluded": 3,
    "runs_started": 6,
    "runs_finished": 5,
    "runs_failed": 1,
    "failure_share": 1 / 6,
    "early_failures": 0,
    "false_starts": 0,
    "loops_closed": 2,
    "loops_awaiting": 2,
    "loops_abandoned": 0,
    "loops_open": 0,
    "machine_hours_n": 4,
    "reaction_hours_n": 4,
    "reaction_hours_events": 2,
}


def at(text: str) -> int:
    """The instant of a time on 6 May 2024 (a Monday), UTC."""
    return micros(datetime.fromisoformat(f"2024-05-06T{text}+00:00"))


def run(name: str, start: int, end: int, state: str = "finished", **more: object) -> Run:
    values: dict[str, object] = {"runtime_us": end - start, "heartbeat_at": end, **more}
    return Run("lab", "p", name, "ada", state, start, started_at=start, **values)  # type: ignore[arg-type]


def worked(r4_end: str = "11:35") -> list[Run]:
    return [
        run("r1", at("09:00"), at("10:00")),
        run("r2", at("09:01"), at("10:30")),
        run("r3", at("11:00"), at("12:00")),
        run("r4", at("11:30"), at(r4_end), "failed"),
        run("r5", at("11:40"), at("13:00")),
        run("r6", at("13:00:30"), at("14:00")),
    ]


def members(derived: Derived) -> dict[str, list[str]]:
    return {
        experiment.id.rsplit("/", 1)[1]: [member.run.run_id for member in experiment.members]
        for experiment in derived.experiments.values()
    }
