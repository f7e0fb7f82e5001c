"""Derives everybody in shards, which workers make with the same queries as one machine.

First come shards of scholars, then shards of hosts, because scholars share the GPUs of a host. What
concerns everybody (numbers, streams, rates, weekly figures) stays with the coordinator. Coordinator
and workers exchange Parquet files in a folder that all of them have under the same path.
"""

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Executor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from heapq import heapreplace
from pathlib import Path

import polars as pl

from velocity.database.failures import cause
from velocity.errors import ConfigurationError, StoreError, import_extra
from velocity.paths import make_private
from velocity.queries import list_queries, load_query, queries_fingerprint
from velocity.settings import Derive
from velocity.store.live import LiveStore
from velocity.store.shard import Task, make_shard, part_file, rows_in, write

OnPart = Callable[[str, float], None]

_FOLDER = "velocity-shards"
_VARIABLES = "DASK_DISTRIBUTED__COMM__TLS__CA_FILE, …__CLIENT__CERT and …__CLIENT__KEY"
#: Seconds until a scheduler counts as unreachable, and seconds in which it must have a worker.
_PATIENCE_S = 30
_WORKER_S = 60
#: Small tables that every shard of scholars has whole.
_WHOLE = (
    *("actor", "config_shape", "day_off", "membership", "model_rate", "project"),
    *("project_rule", "rented_host", "setting"),
)
#: Table -> the rows that shards of scholars have of it.
_OWN = {
    # Without the text that no step reads.
    "raw_run": "SELECT raw_run.* EXCLUDE (username, display_name, notes, url), shard "
    "FROM raw_run JOIN run_shard USING (run_key)",
    "run_scholar": "SELECT run_scholar.*, shard FROM run_scholar JOIN run_shard USING (run_key)",
    "scope": "SELECT scholar_key, shard FROM actor JOIN owner_shard USING (owner_key)",
}
#: The part of the work that the shards of scholars are.
_MOST = 0.75


@contextmanager
def connected(address: str) -> Iterator[Executor]:
    """Connect to a Dask scheduler; the task of a worker that dies is given to another one.

    The certificates are those in Dask's own variables or settings.

    Raises:
        ConfigurationError: the extra is not installed, or there is no certificate.
        StoreError: the scheduler does not answer or has no worker.
    """
    distributed = import_extra("scale", "distributed", asker="The setting derive.scheduler")
    for name in ("client", "utils"):  # it logs a traceback beside the error
        logging.getLogger(f"distributed.{name}").setLevel(logging.CRITICAL)
    is_tls = address.startswith("tls:")
    security = distributed.Security(require_encryption=is_tls)
    if is_tls and security.tls_client_cert is None:
        raise ConfigurationError(
            f"There is no certificate for the Dask scheduler at {address}.",
            f"Set {_VARIABLES} (docs/scale.md).",
        )
    try:
        client = distributed.Client(
            address, security=security, timeout=_PATIENCE_S, set_as_default=False
        )
    except OSError as error:
        raise StoreError(
            f"The Dask scheduler at {address} cannot be reached: {cause(error)}.",
            f"Start it, or check {_VARIABLES}.",
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_WORKER_S)
        except TimeoutError as error:
            raise StoreError(
                f"The Dask scheduler at {address} has no worker.",
                "Start a worker, or remove derive.scheduler to derive on this machine.",
            ) from error
        yield client.get_executor(pure=False)


def make_everyone(store: LiveStore, executor: Executor, setting: Derive, tell: OnPart) -> None:
    """Create everyone's derived tables from shards, which the executor makes on the workers.

    The store reads its record, has the tables of settings and roster, and some run counts. `tell`
    gets a title, and how much is done.

    Raises:
        StoreError: a worker cannot make a shard.
        duckdb.Error, OSError: a file cannot be read or written here.
    """
    folder = _folder_of(store.data, setting)
    make_private(folder)
    try:
        scholars = _shards_of_scholars(store, folder, setting)
        made = _run(executor, scholars, lambda part: tell("Shards of scholars", _MOST * part))
        hosts = _shards_of_hosts(scholars, made)
        charged = _run(
            executor, hosts, lambda part: tell("Shards of hosts", _MOST + (1 - _MOST) * part)
        )
        tell("Tables of the shards", 1)
        for query in list_queries("derive"):
            if query.kept_by:
                files = _results(query.table, made if query.stage == "scholar" else charged, hosts)
                store.run(f'CREATE OR REPLACE TABLE derived."{query.table}" AS {rows_in(files)}')
    finally:
        remove_shards(store.data, setting)


def remove_shards(data: Path, setting: Derive) -> None:
    """Remove what a derivation that was killed has left."""
    shutil.rmtree(_folder_of(data, setting), ignore_errors=True)


def _folder_of(data: Path, setting: Derive) -> Path:
    return Path(setting.folder or data.resolve(), _FOLDER)


def _shards_of_scholars(store: LiveStore, folder: Path, setting: Derive) -> list[Task]:
    """Writes the tables of the shards. A scholar and their automation are in the same one."""
    owners = dict(store.run(load_query("store/runs_of_owner").body))
    wanted = -(-sum(owners.values()) // setting.runs_per_shard)
    shards = min(wanted, sum(runs > 0 for runs in owners.values()))
    store.load("owner_shard", _balanced(owners, shards))
    store.run(f"CREATE OR REPLACE TEMP TABLE run_shard AS {load_query('store/run_shard').body}")
    for table in _WHOLE:
        write(store, f"FROM {table}", folder / f"{table}.parquet")
    for table, rows in _OWN.items():
        write(store, rows, folder / table, "PARTITION_BY (shard)", "ROW_GROUP_SIZE 30720")
    names = [name for (name,) in store.run("SELECT name FROM duckdb_variables()")]
    whole = {table: [folder / f"{table}.parquet"] for table in _WHOLE}
    first = Task(
        stage="scholar",
        folder=folder,
        tables=whole,
        variables={name: store.run(f"SELECT getvariable('{name}')")[0][0] for name in names},
        host_shards=-(-shards // 2),
        memory_mib=setting.worker_memory_mib,
        made_with=queries_fingerprint(),
    )
    return [
        replace(
            first,
            tables=whole | {it: sorted((folder / it / f"shard={number}").iterdir()) for it in _OWN},
        )
        for number in range(shards)
    ]


def _balanced(runs_of: Mapping[int, int], shards: int) -> pl.DataFrame:
    """owner_key, shard: each owner, most runs first, goes to the shard with the fewest."""
    load = [(0, shard) for shard in range(shards)]
    rows = []
    for owner in sorted(runs_of, key=lambda it: (-runs_of[it], it)):
        runs, shard = load[0]
        heapreplace(load, (runs + runs_of[owner], shard))
        rows.append((owner, shard))
    schema = {"owner_key": pl.Int32, "shard": pl.Int32}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _shards_of_hosts(scholars: list[Task], made: list[Path]) -> list[Task]:
    """What stands on the same host is in one shard, from all shards of scholars."""
    first = scholars[0]
    known = {
        "setting": first.tables["setting"],
        "scope": [file for task in scholars for file in task.tables["scope"]],
    }
    return [
        replace(
            first,
            stage="host",
            tables=known
            | {
                table: [part_file(folder, table, number) for folder in made]
                for table in ("host_session", "run", "loop")
            },
        )
        for number in range(first.host_shards)
    ]


def _results(table: str | None, made: list[Path], hosts: list[Task]) -> list[Path]:
    """The files of a table in the folders of its shards."""
    if table == "host_session":
        return [file for task in hosts for file in task.tables[table]]
    return [folder / f"{table}.parquet" for folder in made]


def _run(executor: Executor, tasks: list[Task], tell: Callable[[float], None]) -> list[Path]:
    """Has the shards made; the folders of the results, in the order of the tasks."""
    tell(0)
    futures = [executor.submit(make_shard, task) for task in tasks]
    try:
        for done, future in enumerate(as_completed(futures), start=1):
            future.result()
            tell(done / len(tasks))
    except Exception as error:
        for future in futures:
            future.cancel()
        why = "the scheduler has ended" if isinstance(error, CancelledError) else cause(error)
        raise StoreError(
            f"A shard cannot be derived: {why}.",
            "Nothing is lost, and the last snapshot stays in use. See the log of the workers; "
            "docs/scale.md says what they need.",
        ) from error
    return [future.result() for future in futures]
