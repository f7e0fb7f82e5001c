"""Makes one shard of the derived tables, on a worker: `shards` says what a shard is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Literal

from velocity.database.connection import Connection, quoted
from velocity.queries import list_queries, queries_fingerprint
from velocity.store.live import define_macros

_UNIQUE_BYTES = 8
#: Table -> the rows that a shard of hosts needs: its own sessions, and the next launch of each run.
_OF_HOSTS = {
    "host_session": "FROM host_session WHERE {here}",
    "run": "SELECT run_key, scholar_key, experiment_key FROM run "
    "WHERE run_key IN (SELECT run_key FROM host_session WHERE {here})",
    "loop": "SELECT experiment_key, status, next_us FROM loop WHERE experiment_key IN "
    "(SELECT run.experiment_key FROM run JOIN host_session USING (run_key) WHERE {here})",
}


@dataclass(frozen=True)
class Task:
    """What a worker needs to make a shard."""

    stage: Literal["scholar", "host"]  # whose steps it runs
    folder: Path  # where it makes a folder for its results
    tables: Mapping[str, list[Path]]  # tables that exist already -> their Parquet files
    variables: Mapping[str, str | None]  # of the queries
    host_shards: int
    memory_mib: int  # most memory of DuckDB
    made_with: str  # fingerprint of the coordinator's queries


def make_shard(task: Task) -> Path:
    """Run the steps of a stage on a shard; return the folder of the results.

    A task that runs again, because its worker died, makes another folder.

    Raises:
        ValueError: the worker has other queries.
        duckdb.Error, OSError: a step fails, or a file cannot be read or written.
    """
    if task.made_with != queries_fingerprint():
        raise ValueError("the worker has another version of velocity")
    made = task.folder / token_hex(_UNIQUE_BYTES)
    made.mkdir(mode=0o700)  # fails if the coordinator has ended and removed the folder
    shard = Connection(Path(":memory:"), "shard")
    try:
        _prepare(shard, task, made)
        kept = []
        for query in list_queries("derive"):
            if query.stage == task.stage:
                shard.run(f'CREATE OR REPLACE TABLE derived."{query.table}" AS {query.body}')
                kept += [query.table] if query.kept_by else []
        if task.stage == "scholar":
            kept.remove("host_session")
            for number in range(task.host_shards):
                here = f"host_key % {task.host_shards} = {number}"
                for name, rows in _OF_HOSTS.items():
                    write(shard, rows.format(here=here), part_file(made, name, number))
        for table in kept:
            write(shard, f'FROM derived."{table}"', made / f"{table}.parquet")
    finally:
        shard.close()
    return made


def _prepare(shard: Connection, task: Task, made: Path) -> None:
    """Limits DuckDB to the memory and folder of the task, and shows it the tables."""
    shard.run(
        f"SET threads = 1; SET memory_limit = '{task.memory_mib}MiB';"
        "SET enable_progress_bar = false;"  # a worker looks like a notebook to it
        f"SET temp_directory = {quoted(made / 'spilled')};"
        "CREATE SCHEMA derived; SET search_path = 'shard.main,shard.derived'"
    )
    define_macros(shard)
    for name, value in task.variables.items():
        shard.run(f"SET VARIABLE {name} = $value::VARCHAR", {"value": value})
    shard.run(
        f"SET allowed_directories = [{quoted(task.folder)}]; SET enable_external_access = false"
    )
    for table, files in task.tables.items():
        shard.run(f'CREATE VIEW derived."{table}" AS {rows_in(files)}')


def part_file(made: Path, table: str, number: int) -> Path:
    """Where a shard of scholars has the rows of a table for a shard of hosts."""
    return made / f"{table}-{number}.parquet"


def write(connection: Connection, rows: str, path: Path, *options: str) -> None:
    """Write the rows of a SELECT as Parquet."""
    told = ", ".join(("FORMAT parquet", *options))
    connection.run(f"COPY ({rows}) TO {quoted(path)} ({told})")


def rows_in(files: Iterable[Path]) -> str:
    """Return the SELECT of the rows in Parquet files."""
    return f"FROM read_parquet([{', '.join(map(quoted, files))}], hive_partitioning = false)"
