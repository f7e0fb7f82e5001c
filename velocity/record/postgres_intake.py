"""What workers do with a record in PostgreSQL. Nothing of it stays on their machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import polars as pl

from velocity.database.connection import Connection
from velocity.errors import StoreError
from velocity.queries import list_queries, load_query
from velocity.record import configs, exclusions
from velocity.record.base import Intake, MergeCounts
from velocity.record.duckdb_record import TABLES_OF_A_RECORD, find_changes
from velocity.record.exclusions import Exclusions
from velocity.record.postgres import SCHEMA, Server, from_wire, to_wire

_FOLDER = "record/postgres"
#: Methods whose SQL PostgreSQL writes in another way.
_OWN = frozenset(
    {"add_shapes", "mark_deleted", "measured", "unmeasured", "unname_key", "unread_named"}
)
#: Waits for all that merge, and keeps them out until the transaction ends.
STOP_MERGES = "LOCK TABLE raw_run, project, rejected, sync_log IN SHARE ROW EXCLUSIVE MODE"
#: What `_hold` locks as a whole.
_LOCKS = {"projects": "LOCK TABLE project IN SHARE ROW EXCLUSIVE MODE", "runs": STOP_MERGES}


class PostgresIntake(Intake):
    """An `Intake` of many workers: each is a process with one session.

    Batches are compared with the record in DuckDB, by the query that its own record uses.
    """

    def __init__(self, data: Path, address: str, *, beside: Connection | None = None) -> None:
        """Connect, create missing tables, and share what all workers need.

        Raises:
            StoreError: the server cannot be used, or was used by a newer version; or the data
                folder belongs to another record.
        """
        self._data = data
        self._scratch = Connection(Path(":memory:"), "scratch", beside=beside)
        try:
            self._session = self._server = Server(address, self._scratch)
        except BaseException:
            self._scratch.close()
            raise
        try:
            self._scratch.migrate(TABLES_OF_A_RECORD)
            configs.drop_clear(self._scratch)
            with self._server.transaction():
                self._server.hold("the schema")
                self._migrate()
                self._salt = self._share_salt()
                self._share_forgotten()
        except BaseException:
            PostgresIntake.close(self)
            raise

    def _migrate(self) -> None:
        run = self._server.run
        if not run("SELECT 1 FROM pg_namespace WHERE nspname = $name", {"name": SCHEMA}):
            run(f"CREATE SCHEMA {SCHEMA}")
        run("CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY)")
        had = {name for (name,) in run("SELECT name FROM migration")}
        known = {query.name: query for query in list_queries(f"{_FOLDER}/schema")}
        if newer := had - known.keys():
            raise StoreError(
                f"The record's server was used by a newer version ({', '.join(sorted(newer))}).",
                "Install that version of velocity.",
            )
        for name in sorted(known.keys() - had):
            run(known[name].body)
            run("INSERT INTO migration VALUES ($name)", {"name": name})

    def _shared(self, name: str) -> str | None:
        rows = self._server.run("SELECT value FROM shared WHERE name = $name", {"name": name})
        return str(rows[0][0]) if rows else None

    def _share(self, name: str, value: str) -> None:
        self._server.run(
            "INSERT INTO shared VALUES ($name, $value) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            {"name": name, "value": value},
        )

    def _share_salt(self) -> bytes:
        """The salt of the configs: the same on every machine."""
        here, there = configs.known_salt(self._data), self._shared("salt")
        salt = bytes.fromhex(there) if there else here or configs.new_salt(self._data)
        if here is None:
            configs.save_salt(self._data, salt)
        elif here != salt:
            raise _other_record(self._data, "config.salt")
        if there is None:
            self._share("salt", salt.hex())
        return salt

    def _share_forgotten(self) -> None:
        """Add those forgotten here to those forgotten elsewhere, in both places."""
        here, there = exclusions.load(self._data), self._forgotten()
        if there is not None and there.salt != here.salt:
            if here.hashes:
                raise _other_record(self._data, "forgotten.json")
            here = there
        every = here.hashes | (there.hashes if there is not None else frozenset())
        Exclusions(here.salt, every, here.unfinished).save(self._data)
        self._share("forgotten", json.dumps({"salt": here.salt, "hashes": sorted(every)}))

    def _forgotten(self) -> Exclusions | None:
        text = self._shared("forgotten")
        if text is None:
            return None
        found = json.loads(text)
        return Exclusions(found["salt"], frozenset(found["hashes"]))

    @contextmanager
    def leased(self, entity: str, project: str, *, since: datetime) -> Iterator[bool]:
        with self._server.lease(f"{entity}/{project}") as held:
            pulled = self.read_pull_state(entity, project).pulled_from if held else None
            yield held and (pulled is None or pulled < since)

    def merge_runs(self, runs: pl.DataFrame) -> MergeCounts:
        with self._server.transaction():
            for entity, project in sorted(runs.select("entity", "project").unique().iter_rows()):
                self._server.hold(f"{entity}/{project}")
            # From here on nobody is erased, so the list of the forgotten is complete.
            self._server.run("LOCK TABLE raw_run IN ROW EXCLUSIVE MODE")
            forgotten = self._forgotten()
            runs = runs if forgotten is None else forgotten.keep_runs(runs)
            return MergeCounts() if runs.is_empty() else self._merge(runs)

    def _merge(self, runs: pl.DataFrame) -> MergeCounts:
        hashed = self._hashed(runs, self._salt)
        with self._server.loaded(wanted=hashed.select("entity", "project", "run_id", "source")):
            held = self._server.frame(load_query(f"{_FOLDER}/held").body)
        scratch = self._scratch
        with scratch.transaction():
            from_wire(scratch, "raw_run", held)
            from_wire(scratch, "archived", self._server.frame("SELECT * FROM archived"))
            counts = find_changes(scratch, hashed)
            changed = scratch.frame(
                "SELECT * EXCLUDE (held_username, outcome) FROM incoming "
                "WHERE outcome IN ('new', 'changed', 'revived')"
            )
            scratch.run("DROP TABLE incoming")
            scratch.run("DELETE FROM raw_run; DELETE FROM archived")
        self._server.load("written", to_wire(scratch, changed), like="raw_run")
        self._server.run(load_query(f"{_FOLDER}/write").body)
        self._server.run("DROP TABLE written")
        return counts

    def close(self) -> None:
        self._server.close()
        self._scratch.close()

    def _hold(self, what: str) -> None:
        if what in _LOCKS:
            self._server.run(_LOCKS[what])
        else:
            self._server.hold(what)

    def _body(self, name: str) -> str:
        return load_query(f"{_FOLDER}/{name}").body if name in _OWN else super()._body(name)


def _other_record(data: Path, file: str) -> StoreError:
    return StoreError(
        f"{data / file} belongs to another record than the one that store.record names.",
        "Give this machine a data folder of its own with --data, or move the record with "
        "`velocity record move`.",
    )
