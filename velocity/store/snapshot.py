"""Opens published snapshots, read-only and hardened, and caches what is made from one."""

import fcntl
import warnings
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

import duckdb
import polars as pl

from velocity.database.connection import SORTED_JOINS, execute, make_durable
from velocity.database.failures import interruptible
from velocity.errors import StoreError, no_data
from velocity.paths import link_to, write_private
from velocity.queries import queries_fingerprint

SNAPSHOTS_KEPT = 3
#: In the data folder: a link to the current snapshot, for BI tools.
STABLE_NAME = "snapshot.duckdb"

# The zone comes first, because it loads a built-in extension.
_HARDEN = f"""
SET GLOBAL TimeZone = 'UTC';
{SORTED_JOINS};
SET GLOBAL python_enable_replacements = false;
SET GLOBAL enable_external_access = false;
SET GLOBAL lock_configuration = true
"""

# Relations would copy no rows, but bind a statement twice: a third of the time of most reads.
warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning)

#: DuckDB shares one database among all connections to a file that a process has open.
_hardening = Lock()


def _harden(connection: duckdb.DuckDBPyConnection) -> None:
    """Forbid access to anything but the file, once per process."""
    with _hardening:
        locked = "SELECT current_setting('lock_configuration')"
        if connection.execute(locked).fetchall() != [(True,)]:
            connection.execute(_HARDEN).fetchall()


#: Of one snapshot; two can be in use while pages change to a new one.
MOST_BYTES = 96 * 2**20


class _Entry(NamedTuple):
    made: Any
    size: int
    asked_at: float  # of the monotonic clock


class Kept:
    """Keeps the most recently used frames, and objects with `frames`, as far as they fit.

    Safe to share between threads.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._making: dict[Hashable, Future[Any]] = {}
        self._lock = Lock()
        self.bytes = 0

    def get(self, key: Hashable, make: Callable[[], Any], *, asked_at: float | None = None) -> Any:
        """Return the object cached under `key`, or make it.

        `asked_at`: when somebody last asked for it, if this call only reads ahead; it does not
        count as a use then. By the monotonic clock.

        Several threads that ask for the same key share one call of `make`, and its exception: all
        pages ask at once when a snapshot is new. Other keys do not wait.
        """
        ahead = asked_at is not None
        asked_at = monotonic() if asked_at is None else asked_at
        with self._lock:
            if (entry := self._entries.get(key)) is not None:
                if not ahead:
                    self._entries[key] = entry._replace(asked_at=asked_at)
                    self._entries.move_to_end(key)
                return entry.made
            making = self._making.get(key)
            if making is None:
                promise = self._making[key] = Future[Any]()
        if making is not None:
            return making.result()
        try:
            made = make()
            frames = [made] if isinstance(made, pl.DataFrame) else made.frames
            size = sum(int(frame.estimated_size()) for frame in frames)
        except BaseException as error:
            with self._lock:
                del self._making[key]
            promise.set_exception(error)
            raise
        with self._lock:
            del self._making[key]
            self._entries[key] = _Entry(made, size, asked_at)
            self._entries.move_to_end(key, last=not ahead)
            self.bytes += size
            while self.bytes > self._most_bytes:
                self.bytes -= self._entries.popitem(last=False)[1].size
        promise.set_result(made)
        return made

    def latest(self) -> list[tuple[Hashable, float]]:
        """The keys of what is cached, most recently used first, and when they were asked for."""
        with self._lock:
            return [(key, entry.asked_at) for key, entry in reversed(self._entries.items())]


class Snapshot:
    """One published snapshot. Safe to share between threads: every read has its own cursor.

    `kept` caches objects made from it.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file.

        Raises:
            StoreError: it cannot be opened.
        """
        self.name = path.stem
        self.kept = Kept(MOST_BYTES)
        try:
            self._connection = duckdb.connect(path, read_only=True)
            _harden(self._connection)
            known = "FROM duckdb_tables() WHERE table_name = 'made_with'"
            made_with = self._connection.execute(known).fetchall() and (
                self._connection.execute("FROM made_with").fetchall()
            )
        except duckdb.Error as error:
            raise StoreError(
                f"The snapshot {path} cannot be opened: {str(error).splitlines()[0]}",
                "Run `velocity sync` to publish a new one.",
            ) from error
        if made_with != [(queries_fingerprint(),)]:
            raise StoreError(
                f"The snapshot {path} was made by another version of velocity.",
                "Run `velocity sync` to publish one for this version; no run is lost.",
            )

    def close(self) -> None:
        """Close the file; frames that were read stay valid."""
        self._connection.close()

    @interruptible()
    def frame(
        self,
        sql: str,
        params: Mapping[str, Any] | None = None,
        tables: Mapping[str, pl.DataFrame] | None = None,
    ) -> pl.DataFrame:
        """The rows of one SELECT with `$name` parameters; it may read further `tables`.

        Raises:
            StoreError: the file cannot be read, or there is too little memory.
        """
        cursor = self._connection.cursor()
        for name, table in (tables or {}).items():
            cursor.register(name, table.to_arrow())
        try:
            return pl.DataFrame(execute(cursor, sql, params).to_arrow_table())
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise StoreError(
                f"The snapshot {self.name} could not be read: {str(error).splitlines()[0]}",
                "Try again; if it stays, run `velocity sync` to publish a new snapshot.",
            ) from error


def current_snapshot(data: Path) -> Path:
    """The file of the snapshot that `CURRENT` names.

    Raises:
        StoreError: nothing is published yet.
    """
    try:
        name = (data / "CURRENT").read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise no_data(data) from error
    return data.resolve() / "snapshots" / f"{name}.duckdb"


@contextmanager
def changing_current(data: Path) -> Iterator[None]:
    """Makes other processes wait that publish to a bucket, or pull from it, in this data folder."""
    with (data / "pull.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_current(data: Path, name: str) -> None:
    """Let readers use a snapshot that is in the data folder.

    Raises:
        OSError: it cannot be written.
    """
    write_private(data / "CURRENT", name)
    with suppress(OSError):  # not every file system has links, and only BI tools need this one
        link_to(data / "snapshots" / f"{name}.duckdb", data / STABLE_NAME)
    make_durable(data)


def latest_snapshot(data: Path) -> Snapshot:
    """The current snapshot, opened once per process.

    Raises:
        StoreError: nothing is published yet, or the snapshot cannot be opened.
    """
    # Threads that find a new snapshot at once must share its cache.
    with _opening:
        return _open(current_snapshot(data))


_open = lru_cache(maxsize=2)(Snapshot)
_opening = Lock()
