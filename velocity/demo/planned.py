"""The runs that a person launches, from start to end, and what W&B has of them at an instant.

Times are whole seconds since the epoch.
"""

import hashlib
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from velocity.demo.stories import ENTITY
from velocity.demo.wandb_server.world import RunNode, Writer
from velocity.demo.workdays import DAY

#: The last heartbeat of a live run is less than this many seconds old.
_HEARTBEAT_SECONDS = 60
_USE_ROWS = 6
#: Fields of a planned run that W&B has as they are.
_SERVED = ("project", "run_id", "display_name", "group", "job_type", "sweep", "tags", "config")


class Host(NamedTuple):
    """A machine."""

    name: str
    gpu_type: str  # as named by the driver
    gpu_count: int  # of the machine


@dataclass
class PlannedRun:
    """A run from start to end, including the part after as_of."""

    run_id: str
    project: str
    start: int  # of the first writer
    end: int  # of the last writer
    state: str  # at the end; "running" for a run that died silently at `end`
    config: dict[str, Any]
    host: Host
    display_name: str
    group: str | None = None
    job_type: str | None = None
    sweep: str | None = None
    tags: tuple[str, ...] = ()
    pauses: list[tuple[int, int]] = field(default_factory=list)  # (end, start) between writers
    created: int | None = None  # None: just after the start
    heartbeat: int | None = None  # the last one; None: just after the end, or just before as_of
    runtime: int | None = None  # what W&B reports; None: the seconds between start and end
    skew: int = 0  # seconds by which the host's clock is fast
    environment: bool = True  # whether the SDK wrote one
    logged: bool = True  # whether it lived long enough to log a row
    account: str | None = None  # W&B username if it is not the person's own; {name} is that one
    commit: str | None = None  # of the code; None: that of the day

    def node(self, username: str | None, as_of: int) -> RunNode | None:
        """The run as W&B has it at `as_of`; None if W&B does not know it yet."""
        # W&B learns of an offline run long after its start, and of a queued one before its start.
        if (self.start if self.created is None else self.created) > as_of:
            return None
        created = self.start + 2 + self.start % 5 if self.created is None else self.created
        state, sessions = self._lived(as_of)
        logged = self.logged and bool(sessions)
        worked = sum(end - start for start, end in sessions)
        loss = round(1.0 + (self.start * 7919 + self.end) % 997 / 500, 4)
        return RunNode.build(
            **{name: getattr(self, name) for name in _SERVED},
            entity=ENTITY,
            username=self.account.format(name=username) if self.account else username,
            state=state,
            created_at=_moment(min(created, as_of)),
            heartbeat_at=_moment(self._heartbeat(state, sessions, as_of)),
            writers=self._writers(sessions) if self.environment else (),
            runtime_s=(worked if self.runtime is None else self.runtime) if logged else None,
            last_metric_at=_moment(max(sessions[-1][1] - 2, sessions[-1][0])) if logged else None,
            summary={"loss": loss} if logged else None,
            commit=self._commit() if self.environment else None,
            gpu_use=self._gpu_use() if logged else (),
        )

    def settled(self, by: int) -> bool:
        """Whether W&B has the run at `by` as at any later time."""
        # The last heartbeat comes up to 7 seconds after the end.
        return self.end + 7 <= by and (self.created is None or self.created <= by)

    def _gpu_use(self) -> tuple[tuple[float, ...], ...]:
        """Percentages of its GPUs: a level for the project, and changes around it."""
        level = 45 + zlib.crc32(self.project.encode()) % 40
        seed, gpus = zlib.crc32(self.run_id.encode()), range(self.host.gpu_count)
        return tuple(
            tuple(float(level + (seed * (row + 3) + 7 * gpu) % 23 - 11) for gpu in gpus)
            for row in range(_USE_ROWS)
        )

    def _commit(self) -> str:
        """The code of a project changes every day."""
        day = f"{self.project}/{self.start // DAY}"
        return self.commit or hashlib.sha256(day.encode()).hexdigest()[:40]

    def _lived(self, as_of: int) -> tuple[str, list[tuple[int, int]]]:
        """State at as_of, and [start, end) of every writer so far."""
        starts = [self.start, *(resumed for _, resumed in self.pauses)]
        ends = [*(stopped for stopped, _ in self.pauses), self.end]
        begun = [(start, end) for start, end in zip(starts, ends, strict=True) if start <= as_of]
        if not begun:
            return "pending", []
        start, end = begun[-1]
        if end > as_of:
            last = max(start, as_of - self.start % _HEARTBEAT_SECONDS)
            return "running", [*begun[:-1], (start, last)]
        # A run counts as crashed until another writer resumes it.
        return (self.state if len(begun) == len(starts) else "crashed"), begun

    def _heartbeat(self, state: str, sessions: list[tuple[int, int]], as_of: int) -> int:
        if self.heartbeat is not None:
            return self.heartbeat
        if not sessions:
            return as_of
        last = sessions[-1][1]
        return last if state == "running" else min(last + 1 + self.end % 7, as_of)

    def _writers(self, sessions: list[tuple[int, int]]) -> list[Writer]:
        return [
            Writer(f"{self.run_id}{number:02d}", _moment(start + self.skew), *self.host)
            for number, (start, _) in enumerate(sessions)
        ]


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
    def result_at(self) -> int:
        """When half of the runs have finished, else when the last one ended."""
        finishes = sorted(run.end for run in self.runs if run.state == "finished")
        enough = (len(self.runs) + 1) // 2
        return finishes[enough - 1] if len(finishes) >= enough else self.end


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
