"""The record: raw runs as received from their sources, and how they were brought in.

Only restatements and published weeks of groups are derived: they record what was shown at the time.
If anything else is lost here, it can only be pulled again, if at all.
"""

from __future__ import annotations

import operator
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    import polars as pl

    from velocity.database.connection import Connection
    from velocity.record.exclusions import Names
    from velocity.records import Rejected


#: The oldest version of PostgreSQL that can be used: the first with MERGE.
OLDEST_POSTGRES = 15


@dataclass(frozen=True)
class MergeCounts:
    """Number of runs in one or more batches by what they changed."""

    new: int = 0
    changed: int = 0
    revived: int = 0
    unchanged: int = 0
    kept: int = 0

    def __add__(self, other: MergeCounts) -> MergeCounts:
        return MergeCounts(*map(operator.add, astuple(self), astuple(other)))


@dataclass(frozen=True)
class SyncRow:
    """One row of the log: what a command (sync, ingest, import) brought in for a project."""

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
    """How a project was last pulled."""

    pulled_from: datetime | None = None  # the next pull asks for changes since then; None: never
    reconciled_at: datetime | None = None  # start of the last pull that compared all runs
    filter_trusted: bool = False  # the server's filter by heartbeat agreed with a full scan
    #: Runs that the server counted and the record did not have, after the last pull that compared
    #: all runs.
    uncollected: int = 0


class Intake(Protocol):
    """The part of a record that pulls and imports use. Any thread may call any method.

    Each method is one transaction: it is done completely or not at all, and killing the process
    does not lose the work of any method that has returned. Instants are aware, in UTC. Methods
    raise the errors of `velocity.database.failures` or a `StoreError`, and `ClosedError` as in
    `velocity.database.connection`.
    """

    def leased(self, entity: str, project: str, *, since: datetime) -> AbstractContextManager[bool]:
        """Keep other workers away from a project, as long as this process and its session live.

        The value is False if another worker has the project, or has pulled it `since` then.
        """

    def name_keys(self, names: Sequence[str]) -> None:
        """Store the values of only these config keys unhashed.

        Configs that an earlier version stored are hashed first, so that none of their text is left.

        Raises:
            StoreError: the salt of the hashes is gone.
        """

    def merge_runs(self, runs: pl.DataFrame) -> MergeCounts:
        """Merge a frame of `records.RUN_SCHEMA` by (entity, project, run_id).

        A run replaces one with an equally or less trusted source. Of several rows about a run, the
        one with the latest heartbeat counts. Runs of forgotten people are left out. Merging the
        same runs again changes nothing.

        Raises:
            StoreError: the salt of the configs is gone.
        """

    def merge_project(
        self,
        entity: str,
        project: str,
        *,
        rejected: Sequence[Rejected],
        as_of: datetime | None,
        app_url: str | None = None,
        pull: PullState | None = None,
    ) -> None:
        """Save the result of a pull or an import of a project.

        Args:
            entity: the owner of the project.
            project: its name.
            rejected: the rows that could not be read; they replace the earlier ones.
            as_of: the instant to which the data is complete. A pull can move it in either
                direction; an import only forward, and not for a pulled project. None: no runs.
            app_url: address of the server's web pages; None keeps the known address.
            pull: how the project was pulled; None for an import.
        """

    def merge_log(self, row: SyncRow) -> None:
        """Add a row to the log."""

    def read_pull_state(self, entity: str, project: str) -> PullState:
        """How the project was last pulled; the defaults if it was never pulled."""

    def count_collected(self, entity: str, project: str) -> int:
        """Number of the project's runs from its server, except those marked as deleted."""

    def list_pulled(self, entity: str) -> list[str]:
        """Names of the projects of an entity that were pulled earlier, sorted."""

    def list_to_read_again(
        self, entity: str, project: str, why: Literal["unfinished", "rejected", "unread_named"]
    ) -> list[str]:
        """Ids of the runs that must be read again, sorted.

        Args:
            entity: the owner of the project.
            project: its name.
            why: they had not ended when W&B last sent them; they could not be read; or they were
                read before the settings named a key that is in their config.
        """

    def list_differing(self, entity: str, project: str, listing: pl.DataFrame) -> list[str]:
        """Ids of a listing's runs that are missing here or have other values.

        Args:
            entity: the owner of the project.
            project: the listed project.
            listing: columns of `RUN_SCHEMA` that need neither config nor summary.
        """

    def list_missing(self, entity: str, project: str, scanned: Iterable[str | None]) -> list[str]:
        """Ids of the project's runs that are not among the ids of a complete scan."""

    def known_window(self, entity: str, project: str) -> dict[str, datetime]:
        """Id -> heartbeat of the runs with the latest heartbeats: a sample of about 100."""

    def mark_deleted(
        self, entity: str, project: str, run_ids: Sequence[str], *, at: datetime
    ) -> None:
        """Exclude runs from every metric from `at` on; they stay here, and may come back."""

    def take_unmeasured(self, most: int) -> tuple[str, str, list[str]] | None:
        """Take the runs whose GPU utilisation is to be requested next; each is taken once.

        Args:
            most: maximum number of runs.

        Returns:
            An entity, a project and ids of its runs, those that ended last first; None if none are
            left. Only runs from W&B that ended after 10 minutes or more.
        """

    def give_back(self, entity: str, project: str, run_ids: Sequence[str]) -> None:
        """Let runs be taken again, because their request was not answered."""

    def keep_utilisation(
        self, entity: str, project: str, measured: Mapping[str, float | None]
    ) -> None:
        """Store the GPU utilisation of runs.

        Args:
            entity: the owner of the project.
            project: its name.
            measured: run id -> share of 0 to 1; None marks the response as unreadable.
        """

    def close(self) -> None:
        """Stop other threads' work with the record, and close it."""


class Record(Intake, Protocol):
    """A record that can be derived from. Only one process at a time has it open."""

    def hashes_of(self, name: str, value: object) -> list[tuple[str, int]]:
        """The path of each place where a config key may be, with the hash of the value there.

        A whole number has two hashes: 1 and 1.0 are written differently, but mean the same. None
        are returned if no config has been hashed yet.
        """

    def catch_up(self) -> None:
        """Take in what other processes have merged: what is attached changes only here."""

    def keep_restatements(self, restated: pl.DataFrame) -> None:
        """Store what a derivation changed in past weeks; storing it again changes nothing.

        Args:
            restated: columns of the table `restatement`; its `derivation` is larger than any
                here, or these rows are here already.
        """

    def keep_group_weeks(self, weeks: pl.DataFrame) -> None:
        """Publish weeks of groups permanently; a week that is already here does not change.

        Args:
            weeks: columns of the table `group_week`, for every group of each week.
        """

    def count_runs(self, usernames: Iterable[str]) -> dict[str, int]:
        """Username -> number of runs, for those that have any."""

    def has_traces(self, name: str) -> tuple[bool, bool]:
        """Whether there are rows of a username, and of a scholar id, with that name."""

    def erase(self, names: Names) -> tuple[int, int]:
        """Delete everything about a person: runs by username, restatements by label.

        Published weeks of groups keep their figures but lose the person's id.

        Returns:
            The number of runs, and of other rows (log, rejected rows and restatements).
        """

    def rewrite(self) -> None:
        """Rewrite the storage, so that no bytes of deleted rows are left."""

    def attached_to(self, connection: Connection) -> AbstractContextManager[None]:
        """Make the rows readable for deriving, as a read-only database `record`.

        Its tables are those of queries/record/schema/. In `changed_username`, `change` is the
        number of the last change to a user's runs; `identity` distinguishes this record from
        others, whose numbers have another meaning. Do not call other methods meanwhile.
        """
