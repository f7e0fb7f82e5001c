"""The record: raw runs as received from their sources, and how they were brought in.

Only restatements and published weeks of groups are derived: they record what was shown at the time.
If anything else is lost here, it can only be pulled again, if at all.
"""

from __future__ import annotations

import operator
from collections.abc import Container, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

import orjson
import polars as pl

from velocity.database.connection import Connection
from velocity.queries import load_query
from velocity.record import configs
from velocity.records import UTC, Rejected

if TYPE_CHECKING:
    from velocity.record.postgres import Server

#: The oldest version of PostgreSQL that can be used: the first with MERGE.
OLDEST_POSTGRES = 15


@dataclass(frozen=True)
class MergeCounts:
    """Number of runs in one or more batches by what they changed."""

    new: int = 0
    changed: int = 0
    revived: int = 0
    unchanged: int = 0
    kept: int = 0  # the record has the run from a better source
    older: int = 0  # the record has newer facts about the run

    def __add__(self, other: MergeCounts) -> MergeCounts:
        return MergeCounts(*map(operator.add, astuple(self), astuple(other)))


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

    The queries of queries/record/ that are used here keep to the SQL that all databases share.
    """

    _session: Connection | Server

    def _hold(self, what: str) -> None:
        """Keep other workers from changing something until the transaction ends."""

    def _body(self, name: str) -> str:
        return load_query(f"record/{name}").body

    def _ids(self, query: str, entity: str, project: str) -> list[str]:
        """The only column of a query about a project."""
        rows = self._session.run(self._body(query), {"entity": entity, "project": project})
        return [value for (value,) in rows]

    def leased(self, entity: str, project: str, *, since: datetime) -> AbstractContextManager[bool]:
        """Keep other workers away from a project, as long as this process and its session live.

        The value is False if another worker has the project, or has pulled it `since` then.
        """

    def name_keys(self, names: Sequence[str]) -> None:
        """Store the values of only these config keys unhashed.

        Configs that an earlier version stored are hashed, so that none of their text is left.

        Raises:
            StoreError: the salt of the hashes is gone.
        """
        if set(names) == set(self._named()):
            return
        keys = [(name, configs.paths_of(name)) for name in dict.fromkeys(names)]
        schema: list[tuple[str, Any]] = [("name", pl.String), ("paths", pl.List(pl.String))]
        with self._session.loaded(wanted_key=pl.DataFrame(keys, schema, orient="row")):
            self._hold("runs")
            gone = set(self._named()) - set(names)
            self._session.run("DELETE FROM named_key")
            self._session.run("INSERT INTO named_key SELECT name, paths FROM wanted_key")
            if gone:
                self._remove_values(gone)

    def _remove_values(self, names: Container[str]) -> None:
        held = "SELECT DISTINCT named_values FROM raw_run WHERE named_values IS NOT NULL"
        rows = []
        for (text,) in self._session.run(held):
            values = orjson.loads(text)
            left = {name: it for name, it in values.items() if name not in names}
            if len(left) < len(values):
                rows.append((text, orjson.dumps(left).decode() if left else None))
        fewer = pl.DataFrame(rows, {"before": pl.String, "after": pl.String}, orient="row")
        with self._session.loaded(fewer=fewer):
            self._session.run(self._body("unname_key"))

    def _named(self) -> list[str]:
        found = self._session.run("SELECT name FROM named_key ORDER BY name")
        return [name for (name,) in found]

    def _hashed(self, runs: pl.DataFrame, salt: bytes) -> pl.DataFrame:
        """The runs with hashes instead of `config`; adds the shapes of their configs."""
        hashed, shapes = configs.hashed(runs, salt, self._named())
        with self._session.loaded(met_shape=shapes):
            self._session.run(self._body("add_shapes"))
        return hashed

    def merge_runs(self, runs: pl.DataFrame) -> MergeCounts:
        """Merge a frame of `records.RUN_SCHEMA` by (entity, project, run_id).

        A run replaces one with an equally or less trusted source. Of several rows about a run, the
        one with the latest heartbeat counts. A row of an older table does not replace one of a
        newer table (`complete_to`). Runs of forgotten people are left out. Merging the
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
        key = {"entity": entity, "project": project}
        with self._session.transaction():
            self._hold("projects")  # its number is the next one
            self._session.run(
                "DELETE FROM rejected WHERE entity = $entity AND project = $project", key
            )
            for row in rejected:
                sql = "INSERT INTO rejected VALUES ($entity, $project, $run_id, $reason)"
                self._session.run(sql, vars(row))
            if as_of is not None:
                state = key | {"as_of": as_of, "app_url": app_url} | vars(pull or PullState())
                self._session.run(self._body("merge_project"), state)

    def merge_log(self, row: Mapping[str, Any]) -> None:
        """Add what a command brought in for a project: columns of the table `sync_log`."""
        names, values = ", ".join(row), ", ".join(f"${name}" for name in row)
        self._session.run(f"INSERT INTO sync_log ({names}) VALUES ({values})", row)

    def read_pull_state(self, entity: str, project: str) -> PullState:
        """How the project was last pulled; the defaults if it was never pulled."""
        rows = self._session.frame(
            "SELECT pulled_from, reconciled_at, coalesce(filter_trusted, false), uncollected "
            "FROM project WHERE entity = $entity AND project = $project",
            {"entity": entity, "project": project},
        ).rows()
        return PullState(*rows[0]) if rows else PullState()

    def count_collected(self, entity: str, project: str) -> int:
        """Number of the project's runs from its server, except those marked as deleted."""
        key = {"entity": entity, "project": project}
        return int(self._session.run(self._body("collected"), key)[0][0])

    def list_pulled(self, entity: str) -> list[str]:
        """Names of the projects of an entity that were pulled earlier, sorted."""
        rows = self._session.run(
            "SELECT project FROM project WHERE entity = $entity AND pulled_from IS NOT NULL "
            "ORDER BY project",
            {"entity": entity},
        )
        return [project for (project,) in rows]

    def list_to_read_again(
        self, entity: str, project: str, why: Literal["unfinished", "rejected", "unread_named"]
    ) -> list[str]:
        """Ids of the runs that must be read again, sorted.

        They had not ended when W&B last sent them; they could not be read; or they were read before
        the settings named a key that is in their config.
        """
        return self._ids(why, entity, project)

    def list_differing(self, entity: str, project: str, listing: pl.DataFrame) -> list[str]:
        """Ids of a listing's runs that are missing here or have other values.

        The listing has columns of `RUN_SCHEMA` that need neither config nor summary.
        """
        with self._session.loaded(listed=listing):
            return self._ids("differing", entity, project)

    def list_missing(self, entity: str, project: str, scanned: pl.Series) -> list[str]:
        """Ids of the project's runs that are not among the ids of a complete scan."""
        with self._session.loaded(scanned=pl.DataFrame({"run_id": scanned})):
            return self._ids("missing", entity, project)

    def known_window(self, entity: str, project: str) -> dict[str, datetime]:
        """Id -> heartbeat of the runs with the latest heartbeats: a sample of about 100."""
        key = {"entity": entity, "project": project}
        return dict(self._session.frame(self._body("known_window"), key).rows())

    def mark_deleted(
        self, entity: str, project: str, run_ids: Sequence[str], *, at: datetime
    ) -> None:
        """Exclude runs from every metric from `at` on; they stay here, and may come back."""
        if not run_ids:
            return
        gone = pl.DataFrame({"run_id": list(run_ids)}).with_columns(
            entity=pl.lit(entity), project=pl.lit(project), deleted_at=pl.lit(at).cast(UTC)
        )
        with self._session.loaded(gone=gone):
            self._session.run(self._body("mark_deleted"))

    def take_unmeasured(self, most: int) -> tuple[str, str, list[str]] | None:
        """Take up to `most` runs whose GPU utilisation is to be requested next; each once.

        An entity, a project and ids of its runs, those that ended last first; None if none are
        left. Only runs from W&B that ended after 10 minutes or more.
        """
        with self._session.transaction():
            self._hold("utilisation")  # no two workers take the same runs
            rows = self._session.run(self._body("unmeasured"), {"most": most})
            if not rows:
                return None
            self._session.run(
                "INSERT INTO utilisation_request SELECT unnest($keys::BIGINT[])",
                {"keys": [row[3] for row in rows]},
            )
        entity, project = rows[0][:2]
        return entity, project, [row[2] for row in rows]

    def give_back(self, entity: str, project: str, run_ids: Sequence[str]) -> None:
        """Let runs be taken again, because their request was not answered."""
        self._session.run(
            "DELETE FROM utilisation_request WHERE run_key IN (SELECT run_key FROM raw_run WHERE "
            "entity = $entity AND project = $project "
            "AND run_id IN (SELECT unnest($run_ids::VARCHAR[])))",
            {"entity": entity, "project": project, "run_ids": list(run_ids)},
        )

    def keep_utilisation(
        self, entity: str, project: str, measured: Mapping[str, float | None]
    ) -> None:
        """Store the GPU utilisation of runs by id, 0 to 1; None: the response was unreadable."""
        rows = [(entity, project, run_id, share) for run_id, share in measured.items()]
        columns = {"entity": pl.String, "project": pl.String, "run_id": pl.String}
        frame = pl.DataFrame(rows, {**columns, "share": pl.Float64}, orient="row")
        with self._session.loaded(measured=frame):
            self._hold(f"{entity}/{project}")  # a merge in progress would replace the rows
            self._session.run(self._body("measured"))

    def close(self) -> None:
        """Stop other threads' work with the record, and close it."""
