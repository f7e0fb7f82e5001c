"""Progress and results of the commands that bring runs in."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from velocity.errors import VelocityError
from velocity.record import MergeCounts
from velocity.records import Rejected

#: Several projects are pulled and merged at once; of the other stages, one at a time.
Stage = Literal[
    "connect",
    "count",
    "pull",
    "merge",
    "measure",
    "read",
    "derive",
    "publish",
    "export",
    "replay",
    "remove",
    "rewrite",
]


@dataclass(frozen=True)
class Progress:
    """How far a command is."""

    stage: Stage
    what: str  # such as a project; several can be pulled at once
    done: int = 0
    total: int | None = None  # if known
    ended: bool = False  # no more progress follows for `what`


OnProgress = Callable[[Progress], None]


class Stages:
    """Passes progress on, and measures how long each stage takes.

    A stage lasts from its first report to that of the next; "start" is before the first. Projects
    are merged while others are pulled, so that is one stage.
    """

    def __init__(self, on_progress: OnProgress) -> None:
        self._tell = on_progress
        self._stage, self._since = "start", time.monotonic()
        self._seconds: dict[str, float] = {}

    def __call__(self, progress: Progress) -> None:
        """Receives progress."""
        if (self._stage, progress.stage) != ("pull", "merge"):
            self._begin(progress.stage)
        self._tell(progress)

    def _begin(self, stage: str) -> None:
        now = time.monotonic()
        self._seconds[self._stage] = self._seconds.get(self._stage, 0) + now - self._since
        self._stage, self._since = stage, now

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds of each stage until now, in order."""
        self._begin(self._stage)
        return dict(self._seconds)


def of_steps(stage: Stage, on_progress: OnProgress) -> Callable[[str, int, int], None]:
    """Return a function that reports the step, how many are done, and how many there are."""

    def tell(what: str, done: int, total: int) -> None:
        on_progress(Progress(stage, what, done, total, ended=done == total))

    return tell


@dataclass
class ProjectResult:
    """What a command did for one project."""

    entity: str
    project: str
    counts: MergeCounts = field(default_factory=MergeCounts)
    rejected: list[Rejected] = field(default_factory=list)
    deleted: int = 0
    requests: int = 0  # for runs
    notes: list[str] = field(default_factory=list)  # sentences for people
    seconds: float = 0.0
    clock_ahead: timedelta = timedelta()  # own clock against the server's; zero if they agree
    error: VelocityError | None = None  # if it failed

    @property
    def name(self) -> str:
        """ENTITY/PROJECT."""
        return f"{self.entity}/{self.project}"


def brought(projects: Sequence[ProjectResult]) -> dict[str, int]:
    """Number of runs of all projects by outcome."""
    counts = sum((it.counts for it in projects), MergeCounts())
    return {
        "new": counts.new,
        "changed": counts.changed,
        "revived": counts.revived,
        "deleted": sum(it.deleted for it in projects),
        "unchanged": counts.unchanged,
        "outranked": counts.kept + counts.older,
        "rejected": sum(len(it.rejected) for it in projects),
    }


@dataclass(frozen=True)
class SyncResult:
    """What a command did."""

    projects: tuple[ProjectResult, ...]
    snapshot: str = ""  # "" if nothing was published
    scholars_derived: int = 0
    weeks_restated: int = 0  # past weeks with changed figures
    notes: tuple[str, ...] = ()  # sentences about the input

    @property
    def errors(self) -> tuple[VelocityError, ...]:
        """The errors of the projects that failed."""
        return tuple(it.error for it in self.projects if it.error is not None)
