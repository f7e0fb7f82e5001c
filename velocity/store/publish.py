"""Publishes immutable snapshots, so that readers never wait for the writer.

A snapshot is written as `NAME.partial`, checked, made durable and renamed; then the file `CURRENT`
names it. An interruption at any point leaves the previous one in use. If there is a bucket, the
snapshot is published there before it is used here.
"""

import re
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

import duckdb

from velocity.database.connection import make_durable, quoted
from velocity.database.failures import cause
from velocity.errors import StoreError
from velocity.paths import write_private
from velocity.queries import list_queries, load_query, queries_fingerprint
from velocity.store.bucket import Bucket
from velocity.store.live import LiveStore, define_macros
from velocity.store.snapshot import SNAPSHOTS_KEPT, changing_current, make_current

_UNIQUE_BYTES = 4

#: Published tables besides those of queries/derive/. Raw rows stay in the record.
_PLAIN = (
    *("setting", "scholar", "actor", "day_off", "stream", "membership", "note", "aim", "weekly"),
    *("gpu_rate", "credit_grant", "recent_charge"),
)


def publish(store: LiveStore, place: str | None = None) -> str:
    """Publish the derived tables as a new snapshot, also in a bucket if `place` is its address.

    Returns:
        Its name.

    Raises:
        ConfigurationError: the extra that the place needs is not installed.
        StoreError: it cannot be written (a full disk, say), or another publisher was faster in the
            bucket; the previous one stays in use.
    """
    bucket = Bucket(place) if place else None
    folder = store.data / "snapshots"
    folder.mkdir(exist_ok=True)
    number = max((_number(path) for path in folder.glob("*.duckdb*")), default=0) + 1
    name = f"{number:08d}"
    if bucket is not None:  # others may count there too
        name += f"-{token_hex(_UNIQUE_BYTES)}"
    partial = folder / f"{name}.duckdb.partial"
    try:
        with store.reading_record():
            _write(store, partial)
        _check(store, partial)
        make_durable(partial)
        partial.rename(folder / f"{name}.duckdb")
        make_durable(folder)
        if bucket is None:
            make_current(store.data, name)
        else:
            with changing_current(store.data):
                bucket.put(folder / f"{name}.duckdb", _publisher(store.data))
                make_current(store.data, name)
    except (OSError, duckdb.Error) as error:
        partial.unlink(missing_ok=True)
        raise StoreError(
            f"The snapshot cannot be written: {cause(error)}.",
            "Free some disk space, or check the permissions of the data folder. "
            "The previous snapshot stays in use.",
        ) from error
    _tidy(folder, number)
    return name


def _publisher(data: Path) -> str:
    """The id of this machine as a publisher; the first call makes it."""
    file = data / "publisher"
    if not file.exists():
        write_private(file, token_hex(_UNIQUE_BYTES))
    return file.read_text(encoding="ascii")


def _write(store: LiveStore, partial: Path) -> None:
    partial.unlink(missing_ok=True)
    # Nothing of it is needed again after a stop.
    store.run(f"ATTACH {quoted(partial)} AS snapshot (RECOVERY_MODE no_wal_writes)")
    try:
        tables = [query.table for query in list_queries("derive") if query.published]
        for table in (*_PLAIN, *tables):
            store.run(f'CREATE TABLE snapshot."{table}" AS FROM derived."{table}"')
        store.run(
            "CREATE TABLE snapshot.made_with AS SELECT $fingerprint::VARCHAR AS fingerprint",
            {"fingerprint": queries_fingerprint()},
        )
        for query in list_queries("publish"):
            store.run(f'CREATE TABLE snapshot."{query.table}" AS {query.body}')
        store.run("USE snapshot")
        define_macros(store)
    except BaseException:
        with suppress(duckdb.Error):  # detaching writes too, and fails for the same reason
            _detach(store)
        raise
    _detach(store)


def _detach(store: LiveStore) -> None:
    store.look_up_own()
    store.run("DETACH snapshot")


def _check(store: LiveStore, partial: Path) -> None:
    """Read the file that was written."""
    with store.attached(partial, "snapshot"):
        store.run("USE snapshot")
        try:
            wrong = store.run(load_query("store/snapshot_check").body)
        finally:
            store.look_up_own()
    if wrong:
        raise OSError(f"the check found {wrong[0][0]}")


def _tidy(folder: Path, number: int) -> None:
    """Delete all but the newest few; readers of older ones keep their open files."""
    names = sorted(path for path in folder.glob("*.duckdb*") if _number(path) <= number)
    published = [path for path in names if path.suffix == ".duckdb"]
    for path in names:
        if path not in published[-SNAPSHOTS_KEPT:]:
            path.unlink(missing_ok=True)


def _number(path: Path) -> int:
    digits = re.split("[.-]", path.name, maxsplit=1)[0]
    return int(digits) if digits.isdigit() else 0


def remove_other_snapshots(data: Path, current: str, place: str | None = None) -> int:
    """Delete every other snapshot, here and in the bucket, and return the number of those here.

    Raises:
        StoreError: the bucket cannot be written, or another publisher has published there.
    """
    if place:
        Bucket(place).keep_only(current)
    others = [path for path in (data / "snapshots").iterdir() if path.name != f"{current}.duckdb"]
    for path in others:
        path.unlink(missing_ok=True)
    return len(others)
