"""What a person launches, with its whole life, also the part after as_of.

Times are whole seconds since the epoch; nothing here knows what "now" is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Host:
    """A machine: name, GPU as the driver names it, GPUs in all."""

    name: str
    gpu_type: str
    gpu_count: int


@dataclass
class PlannedRun:
    """A run from start to end, before it is cut at as_of.

    Args:
        run_id: unique in the cohort.
        project: W&B project.
        start: of the first writer.
        end: of the last writer.
        state: what W&B will say at the end; "running" for a run that died unheard at `end`.
        config: the user's config.
        host: None where it is not known.
        display_name: as W&B makes them up.
        group: W&B group.
        job_type: W&B job type.
        sweep: sweep id.
        tags: W&B tags.
        pauses: (end, start) between the writers of a resumed run, in order.
        created: when W&B first heard of it; None: just after the start.
        heartbeat: last one; None: just after the end, or just before as_of where that is earlier.
        runtime: seconds that W&B reports instead of those between start and end.
        skew: how many seconds the host's clock is fast.
        environment: whether the SDK wrote one.
        logged: whether it lived long enough to log a row.
    """

    run_id: str
    project: str
    start: int
    end: int
    state: str
    config: dict[str, Any]
    host: Host | None
    display_name: str
    group: str | None = None
    job_type: str | None = None
    sweep: str | None = None
    tags: tuple[str, ...] = ()
    pauses: list[tuple[int, int]] = field(default_factory=list)
    created: int | None = None
    heartbeat: int | None = None
    runtime: int | None = None
    skew: int = 0
    environment: bool = True
    logged: bool = True


@dataclass(frozen=True)
class Experiment:
    """The runs of one decision, in order of start."""

    runs: list[PlannedRun]

    @property
    def start(self) -> int:
        """First start."""
        return min(run.start for run in self.runs)

    @property
    def end(self) -> int:
        """Last end."""
        return max(run.end for run in self.runs)

    @property
    def succeeded(self) -> bool:
        """Whether any run finished."""
        return any(run.state == "finished" for run in self.runs)

    @property
    def signal(self) -> int:
        """When half of the runs have finished, else when the last one ended."""
        finishes = sorted(run.end for run in self.runs if run.state == "finished")
        enough = (len(self.runs) + 1) // 2
        return finishes[enough - 1] if len(finishes) >= enough else self.end
