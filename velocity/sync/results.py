"""What a command that brings runs in tells: how far it is, and in the end what it did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from velocity.record import MergeCounts

if TYPE_CHECKING:
    from velocity.errors import VelocityError
    from velocity.records import Rejected

Stage = Literal["connect", "pull", "merge", "derive", "publish"]


@dataclass(frozen=True)
class Progress:
    """Where a command is: the stage, what it works on, and how far where that is known.

    Args:
        stage: of the command.
        what: it works on; several projects may be under way at once.
        done: runs so far, or whatever else is worked on.
        total: of them, where it is known.
        ended: nothing more comes of this.
    """

    stage: Stage
    what: str
    done: int = 0
    total: int | None = None
    ended: bool = False


OnProgress = Callable[[Progress], None]


@dataclass
class ProjectResult:
    """What a command did for one project; `error` is set where it failed.

    `deleted` counts the runs found gone, `requests` those that were sent for runs, and `notes` say
    in sentences what a person should know of how the project was read.
    """

    entity: str
    project: str
    counts: MergeCounts = field(default_factory=MergeCounts)
    rejected: list[Rejected] = field(default_factory=list)
    deleted: int = 0
    requests: int = 0
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    error: VelocityError | None = None

    @property
    def name(self) -> str:
        """ENTITY/PROJECT."""
        return f"{self.entity}/{self.project}"


def brought(projects: Sequence[ProjectResult]) -> dict[str, int]:
    """What projects brought together, by what became of the runs."""
    counts = sum((it.counts for it in projects), MergeCounts())
    return {
        "new": counts.new,
        "changed": counts.changed,
        "revived": counts.revived,
        "deleted": sum(it.deleted for it in projects),
        "unchanged": counts.unchanged,
        "kept": counts.kept,
        "set_aside": sum(len(it.rejected) for it in projects),
    }


@dataclass(frozen=True)
class SyncResult:
    """What a command did: project by project, and the snapshot that shows it."""

    projects: tuple[ProjectResult, ...]
    snapshot: str
    scholars_derived: int
    weeks_restated: int = 0  # that were over, and in which a figure is another one now
    notes: tuple[str, ...] = ()  # what a person should know of how the input was taken

    @property
    def errors(self) -> tuple[VelocityError, ...]:
        """The errors of the projects that failed."""
        return tuple(it.error for it in self.projects if it.error is not None)
