"""The record: raw runs as their sources gave them, and how they were brought.

Nothing here is worked out from anything else, but for restatements and published weeks of groups,
which are what was shown once: what is lost here can only be pulled again, if at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    import polars as pl

    from velocity.database.connection import Connection
    from velocity.record.exclusions import Names
    from velocity.records import Rejected


@dataclass(frozen=True)
class MergeCounts:
    """Runs of one or more batches by what they changed."""

    new: int = 0
    changed: int = 0
    revived: int = 0
    unchanged: int = 0
    kept: int = 0

    def __add__(self, other: MergeCounts) -> MergeCounts:
        return MergeCounts(
            self.new + other.new,
            self.changed + other.changed,
            self.revived + other.revived,
            self.unchanged + other.unchanged,
            self.kept + other.kept,
        )


@dataclass(frozen=True)
class SyncRow:
    """One row of the log: what a command (sync, ingest, import) brought for a project."""

    command: str
    entity: str
    project: str
    started_at: datetime
    finished_at: datetime
    counts: MergeCounts
    deleted: int
    rejected: int
    requests: int
    note: str | None
    error: str | None


@dataclass(frozen=True)
class PullState:
    """How a project was last pulled.

    Args:
        pulled_from: start of the last pull that missed nothing; None before the first.
        reconciled_at: start of the last pull that compared all runs; None before the first.
        filter_trusted: the server's filter by heartbeat gave what a full scan says it must.
        uncollected: runs that the server counted and the record did not have, after the last pull
            that compared all runs.
    """

    pulled_from: datetime | None = None
    reconciled_at: datetime | None = None
    filter_trusted: bool = False
    uncollected: int = 0


class Record(Protocol):
    """Where raw rows live. One writer at a time; any of its threads may call any method.

    Each method is one transaction: it is done whole or not at all, whatever happens, and a process
    that is killed loses nothing that a method returned from. Every change to raw rows has a number,
    larger than that of any change before it. Instants are aware, in UTC. Methods raise the errors
    of `velocity.database.failures`, and `ClosedError` as in `velocity.database.connection`.
    """

    def name_keys(self, names: Sequence[str]) -> None:
        """Says of which config keys the values are kept in clear; of no other is there any after.

        What an earlier version kept of configs is hashed before, and no byte of its text is left.

        Raises:
            StoreError: the salt of the hashes is gone.
        """

    def merge_runs(self, runs: pl.DataFrame) -> MergeCounts:
        """Merges a frame of `records.RUN_SCHEMA` by (entity, project, run_id); twice is as once.

        A run is replaced by one of a source that is trusted as much or more, else kept. Of a
        run that comes several times the latest heartbeat counts. Runs of people who were forgotten
        are left out.

        Raises:
            StoreError: the salt of the configs is gone.
        """

    def merge_project(
        self, entity: str, project: str, *, rejected: Sequence[Rejected], as_of: datetime | None
    ) -> None:
        """Says what a batch left of a project, which is never pulled for it.

        Args:
            entity: of the project.
            project: of which runs came.
            rejected: replace the rows that were set aside before.
            as_of: the data is complete to it, unless it is to a later instant or the project
                was pulled; None: nothing came.
        """

    def merge_pull(
        self,
        entity: str,
        project: str,
        *,
        started_at: datetime,
        go_on_from: datetime,
        app_url: str,
        rejected: Sequence[Rejected],
        reconciled: bool,
        filter_trusted: bool | None,
        uncollected: int | None,
    ) -> None:
        """Says that a pull succeeded, and from where the next one goes on.

        Args:
            entity: of the project.
            project: that was pulled.
            started_at: the instant when the pull began: the data is complete to it.
            go_on_from: the instant from which the next pull asks for what is new.
            app_url: where the server's pages for people are.
            rejected: every row of the project that is set aside now.
            reconciled: all runs were compared with the server's.
            filter_trusted: what a check of the heartbeat filter found; None where there was none.
            uncollected: runs that the server counts and the record does not have; None keeps it.
        """

    def merge_log(self, row: SyncRow) -> None:
        """Adds a row to the log."""

    def read_pull_state(self, entity: str, project: str) -> PullState:
        """How the project was last pulled; all unknown for one that never was."""

    def count_collected(self, entity: str, project: str) -> int:
        """Number of the project's runs from its server, without those marked as deleted."""

    def list_pulled(self, entity: str) -> list[str]:
        """Names of the projects of an entity that were pulled before, sorted."""

    def list_unfinished(self, entity: str, project: str) -> list[str]:
        """Ids of the runs that were not over when W&B last gave them."""

    def list_rejected(self, entity: str, project: str) -> list[str]:
        """Ids of the runs that were set aside."""

    def list_unread_named(self, entity: str, project: str) -> list[str]:
        """Ids of the runs that W&B gave before a key was named which their config has."""

    def list_differing(self, entity: str, project: str, listing: pl.DataFrame) -> list[str]:
        """Ids of a listing's runs that are not here or have other values.

        Args:
            entity: of the project.
            project: that was listed.
            listing: columns of `RUN_SCHEMA` that need neither config nor summary.
        """

    def list_missing(self, entity: str, project: str, scanned: Iterable[str | None]) -> list[str]:
        """Ids of the project's runs that a scan of all of it did not give."""

    def known_window(self, entity: str, project: str) -> dict[str, datetime]:
        """Id -> heartbeat of the runs with the latest heartbeats: a sample of about 100."""

    def mark_deleted(
        self, entity: str, project: str, run_ids: Sequence[str], *, at: datetime
    ) -> None:
        """Takes runs out of every metric from `at` on; they stay here, and may come back."""

    def keep_restatements(self, restated: pl.DataFrame) -> None:
        """Keeps for good what a derivation changed in weeks that were over; twice is as once.

        Args:
            restated: columns of the table `restatement`; its `derivation` is larger than any
                here, or these rows are here already.
        """

    def keep_group_weeks(self, weeks: pl.DataFrame) -> None:
        """Publishes weeks of groups for good; a week that is here already stays as it is.

        Args:
            weeks: columns of the table `group_week`, every group of each week.
        """

    def count_runs(self, usernames: Iterable[str]) -> dict[str, int]:
        """Username -> number of runs, for those that have any."""

    def has_traces(self, name: str) -> tuple[bool, bool]:
        """Whether there is anything of a username, and of an id, with that name."""

    def erase(self, names: Names) -> tuple[int, int]:
        """Deletes what there is of a person: runs by username, restatements by label.

        Published weeks of groups keep their figures, and lose the person's id.

        Returns:
            How many runs, and how many rows of the log, of what was set aside and of restatements.
        """

    def rewrite(self) -> None:
        """Leaves no byte of what was deleted."""

    def attached_to(self, connection: Connection) -> AbstractContextManager[None]:
        """Has the rows readable for deriving, as a database `record`, which nothing can write.

        Its tables are those of queries/record/schema/. Of `changed_username`, `change` is the
        number of the last change to a user's runs; `identity` tells this record from
        another whose numbers mean something else. Meanwhile no other method may be called.
        """

    def close(self) -> None:
        """Ends what other threads are doing with it, and lets go of it."""
