"""Which rows each figure of `reads.metrics` adds up, and how: the arithmetic that is shown.

The definitions are those of queries/metrics/, which give the headline; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import polars as pl
from polars import col

from velocity.explain.rows import Latency

if TYPE_CHECKING:
    from velocity.explain.rows import Kind


@dataclass(frozen=True, eq=False)
class Part:
    """Something added up over rows of one kind.

    Args:
        text: what is added up.
        unit: of the sum.
        kind: whose rows.
        amount: what a row adds; null where it adds nothing.
        largest: take the largest instead of the sum.
    """

    text: str
    unit: str
    kind: Kind | Literal["loops", "weeks"]
    amount: pl.Expr
    largest: bool = False


@dataclass(frozen=True, eq=False)
class Formula:
    """`part`, or `part / over`, or `1 - part / over`; `limit` takes a Poisson limit of `part`."""

    part: Part
    over: Part | None = None
    complement: bool = False
    limit: Literal["low", "high"] | None = None


def _count(text: str, unit: str, kind: Kind | Literal["loops"], which: pl.Expr) -> Part:
    return Part(text, unit, kind, pl.when(which).then(1))


def _hours(text: str, kind: Kind | Literal["loops"], which: pl.Expr, column: str) -> Part:
    return Part(text, "hours", kind, pl.when(which).then(col(column)))


_ANY = pl.lit(value=True)
_INSIDE = col("hours_inside") > 0
_CLOSED = col("status") == "closed"

_BUSY = _hours("with anything in flight", "stretches", _ANY, "hours_inside")
_SERIAL = _hours(
    "with exactly one experiment in flight", "stretches", col("experiments") == 1, "hours_inside"
)
_PARALLEL = _hours(
    "with two or more experiments in flight", "stretches", col("experiments") > 1, "hours_inside"
)
_ONE_RUN = _hours("with exactly one run in flight", "stretches", col("runs") == 1, "hours_inside")
_EXPERIMENT_HOURS = _hours("of each experiment", "experiments", _INSIDE, "hours_inside")
_RUN_HOURS = _hours("of each session of each run", "sessions", _INSIDE, "hours_inside")

_STARTED = _count("launched in the window", "experiments", "experiments", col("starts_inside"))
_OVERLAPPED = _count(
    "launched while another was in flight",
    "experiments",
    "experiments",
    col("starts_inside") & col("overlapped"),
)
_CONCLUDED = _count(
    "with their signal in the window, outcome success or partial",
    "experiments",
    "experiments",
    col("signal_inside") & col("outcome").is_in(["success", "partial"]),
)
_FALSE_STARTS = _count(
    "launched in the window, of early failures only",
    "experiments",
    "experiments",
    col("starts_inside") & (col("outcome") == "false_start"),
)
_WEEKS = Part("covered by the data, a seventh for each day", "weeks", "days", col("covered") / 7)

_RUNS_STARTED = _count("started in the window", "runs", "runs", col("starts_inside"))
_KNOWN_CONFIG = _count(
    "started in the window with a known config",
    "runs",
    "runs",
    col("starts_inside") & col("rework").is_not_null(),
)
_REWORK = _count(
    "of them with a config that had failed before",
    "runs",
    "runs",
    col("starts_inside") & col("rework"),
)
_ENDED = _count("ended in the window", "runs", "runs", col("ends_inside"))
_FAILED = _count(
    "of failed compute that ended in the window",
    "runs",
    "runs",
    col("ends_inside") & col("failed_compute"),
)
_EARLY = _count(
    "of failed compute that ended in the window after at most 2 minutes",
    "runs",
    "runs",
    col("ends_inside") & col("early_failure"),
)

_REACTION = _hours("from signal to next launch, closed loops", "loops", _CLOSED, "reaction_hours")
_AWAKE = _hours(
    "from signal to next launch inside the awake window, closed loops",
    "loops",
    _CLOSED,
    "reaction_awake_hours",
)
_LOOP = _hours("from launch to next launch, closed loops", "loops", _CLOSED, "loop_hours")
_MACHINE = _hours("from launch to signal, closed loops", "loops", _CLOSED, "machine_hours")


def _charged(text: str, which: pl.Expr) -> Part:
    return Part(text, "GPU-hours", "charges", pl.when(which).then(col("gpu_hours")))


_GPU = _charged("charged", _ANY)
_GPU_FAILED = _charged("charged to failed compute", col("failed_compute"))
_GPU_FINISHED = _charged("charged to finished runs", col("class") == "finished")
_GPU_MEASURED = _charged("of runs that measured utilisation", col("used_gpu_hours").is_not_null())
_GPU_USED = Part("in use, where measured", "GPU-hours", "charges", col("used_gpu_hours"))


def _ended_as(name: str, words: str) -> Formula:
    which = col("ends_inside") & (col("class") == name)
    return Formula(_count(f"{words} that ended in the window", "runs", "runs", which))


def _loops_of(status: str) -> Formula:
    return Formula(_count(f"with status {status}", "loops", "loops", col("status") == status))


#: Metric id -> its arithmetic. Medians and what stands beside them are in `LATENCIES`.
FORMULAS: dict[str, Formula] = {
    "busy_hours": Formula(_BUSY),
    "experiment_hours": Formula(_EXPERIMENT_HOURS),
    "run_hours": Formula(_RUN_HOURS),
    "serial_hours": Formula(_SERIAL),
    "parallel_hours": Formula(_PARALLEL),
    "serial_share": Formula(_SERIAL, _BUSY),
    "serial_parallel_ratio": Formula(_SERIAL, _PARALLEL),
    "experiment_parallelism": Formula(_EXPERIMENT_HOURS, _BUSY),
    "sweep_width": Formula(_RUN_HOURS, _EXPERIMENT_HOURS),
    "run_concurrency": Formula(_RUN_HOURS, _BUSY),
    "run_serial_share": Formula(_ONE_RUN, _BUSY),
    "peak_runs": Formula(
        Part("in flight at once, the most", "runs", "stretches", col("runs"), largest=True)
    ),
    "peak_experiments": Formula(
        Part(
            "in flight at once, the most",
            "experiments",
            "stretches",
            col("experiments"),
            largest=True,
        )
    ),
    "experiments_started": Formula(_STARTED),
    "experiments_concluded": Formula(_CONCLUDED),
    "overlap_launch_share": Formula(_OVERLAPPED, _STARTED),
    "throughput_per_week": Formula(_CONCLUDED, _WEEKS),
    "throughput_per_week_low": Formula(_CONCLUDED, _WEEKS, limit="low"),
    "throughput_per_week_high": Formula(_CONCLUDED, _WEEKS, limit="high"),
    "weeks": Formula(_WEEKS),
    "runs_started": Formula(_RUNS_STARTED),
    "runs_finished": _ended_as("finished", "finished"),
    "runs_failed": Formula(_FAILED),
    "runs_killed": _ended_as("killed", "killed"),
    "runs_preempted": _ended_as("preempted", "pre-empted"),
    "failure_share": Formula(_FAILED, _ENDED),
    "early_failures": Formula(_EARLY),
    "false_starts": Formula(_FALSE_STARTS),
    "rework_share": Formula(_REWORK, _KNOWN_CONFIG),
    "loops_closed": _loops_of("closed"),
    "loops_abandoned": _loops_of("abandoned"),
    "loops_awaiting": _loops_of("awaiting"),
    "loops_open": _loops_of("open"),
    "machine_hours_closed": Formula(_MACHINE),
    "reaction_hours_closed": Formula(_REACTION),
    "reaction_share": Formula(_REACTION, _LOOP),
    "reaction_off_share": Formula(_AWAKE, _REACTION, complement=True),
    "gpu_hours": Formula(_GPU),
    "gpu_hours_failed": Formula(_GPU_FAILED),
    "productive_share": Formula(_GPU_FINISHED, _GPU),
    "unpriced_run_hours": Formula(
        _hours("of runs whose GPUs are not known", "charges", _ANY, "unpriced_hours")
    ),
    "gpu_utilisation": Formula(_GPU_USED, _GPU_MEASURED),
    "gpu_measured_share": Formula(_GPU_MEASURED, _GPU),
    "credits": Formula(
        Part("charged, at the rate of the day", "credits", "charges", col("credits"))
    ),
}

#: Column of a median or of what stands beside it -> (latency, which of its figures).
Figure = Literal["n", "events", "median", "low", "high", "largest"]
LATENCIES: dict[str, tuple[Latency, Figure]] = {
    f"{latency}_hours_{figure}": (latency, figure)
    for latency in get_args(Latency)
    for figure in get_args(Figure)
}

#: Latency -> what each of its lengths is of.
NOUNS: dict[Latency, str] = {
    "machine": "experiment",
    "reaction": "wait",
    "reaction_awake": "wait",
    "loop": "loop",
    "recovery": "failure",
    "first_row": "run",
}
