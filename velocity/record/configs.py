"""Configs in the record: the names, a keyed hash of every value, and a few values.

The hashes use the salt of the data folder, so they only show which values are equal. The
derivation decides which of them make up an idea, so a new list of ignored keys does not need a
pull. Only the values of keys that a setting names are stored unhashed.
"""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]

from velocity.database.connection import Connection
from velocity.errors import StoreError
from velocity.paths import write_private
from velocity.record.config_paths import leaves, path_of, written_all
from velocity.records import lists

#: 64 bits: the chance that any two of a billion values have the same hash is 1 in 40.
_HASH_BYTES = 8
#: In the data folder, but not in the store or in snapshots.
_SALT_FILE = "config.salt"
_SALT_BYTES = 32


def hashed(
    runs: pl.DataFrame, salt: bytes, named: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The runs with hashes instead of `config`, and the shapes of their configs (`config_shape`).

    A config is the JSON of `records.config_text`. The values of `named` keys stay as they are.
    """
    shapes: dict[int, tuple[str, ...]] = {}
    numbers: list[int | None] = []
    kept: list[str | None] = []
    lengths: list[int | None] = []
    hashes = bytearray()
    latest: dict[int, tuple[list[bytes], list[bytes]]] = {}  # shape -> values, hashes
    for text in runs["config"]:
        if text is None:
            numbers.append(None)
            kept.append(None)
            lengths.append(None)
            continue
        config = orjson.loads(text)
        kept.append(_values_of_named(config, named))
        paths, values = leaves(config)
        lengths.append(len(paths))
        number, begun = _shape(salt, paths)
        numbers.append(number)
        shapes[number] = paths
        texts = written_all(values)
        # Most values are those of the last run with the same names, and hashing takes longest.
        if number not in latest:
            latest[number] = [b""] * len(texts), [b""] * len(texts)
        parts = zip(begun, texts, *latest[number], strict=True)
        digests = [
            known if text == last else blake2b(start + text, digest_size=_HASH_BYTES).digest()
            for start, text, last, known in parts
        ]
        latest[number] = texts, digests
        hashes += b"".join(digests)
    count = len(hashes) // _HASH_BYTES
    flat = pa.UInt64Array.from_buffers(pa.uint64(), count, [None, pa.py_buffer(hashes)])
    frame = runs.drop("config").with_columns(
        pl.Series("config_shape", numbers, pl.UInt64),
        lists(pl.Series(flat), lengths).alias("config_hashes"),
        pl.Series("named_values", kept, pl.String),
    )
    schema: dict[str, Any] = {"config_shape": pl.UInt64, "paths": pl.List(pl.String)}
    rows = [(number, list(paths)) for number, paths in shapes.items()]
    return frame, pl.DataFrame(rows, schema=schema, orient="row")


def _values_of_named(config: Mapping[str, Any], named: Sequence[str]) -> str | None:
    """The values of its named keys as JSON; null for objects and lists."""
    found: dict[str, Any] = {}
    for name in named:
        for way in _ways(name):
            has, value = _at(config, way)
            if has and found.get(name) is None:
                found[name] = None if isinstance(value, dict | list) else value
    return orjson.dumps(found).decode() if found else None


def paths_of(name: str) -> list[str]:
    """The paths where a key may be, sorted."""
    return sorted({path_of(way) for way in _ways(name)})


def hashes_of(data: Path, name: str, value: object) -> list[tuple[str, int]]:
    """The path of each place where a key may be, with the hash of the value there.

    None are returned without a salt: no config has been hashed with it.
    """
    salt = known_salt(data)
    if salt is None:
        return []
    values = [value]
    if isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1:
        values = [int(value), float(value)]  # written differently, but they mean the same
    return [
        (path, int.from_bytes(_digest(salt + path.encode() + b"\0" + text), "little"))
        for path in paths_of(name)
        for text in written_all(values)
    ]


def has_clear(connection: Connection) -> bool:
    """Whether the file may have unhashed configs from an earlier version."""
    column = "FROM (DESCRIBE raw_run) WHERE column_name = 'clear_config'"
    return bool(connection.run(column))


def drop_clear(connection: Connection) -> None:
    """Finish hashing old configs: none of their text is left in the file."""
    connection.run("ALTER TABLE raw_run DROP COLUMN clear_config")


@lru_cache(maxsize=10_000)
def _shape(salt: bytes, paths: tuple[str, ...]) -> tuple[int, tuple[bytes, ...]]:
    """The number of a shape, and the beginning of the message to hash for each of its paths."""
    number = _digest(salt + orjson.dumps(paths))
    return int.from_bytes(number, "little"), tuple(salt + it.encode() + b"\0" for it in paths)


def _digest(message: bytes) -> bytes:
    """BLAKE2b of a message that begins with the salt.

    It has no length extension, so this is a keyed hash. Its own key parameter takes twice as long.
    """
    return blake2b(message, digest_size=_HASH_BYTES).digest()


def _ways(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The possible places of a key such as "train.gpus": one name, or nested names."""
    return (name,), tuple(name.split("."))


def _at(config: Any, way: Sequence[str]) -> tuple[bool, Any]:
    """Whether there is a value at nested names, and the value."""
    for name in way:
        if not isinstance(config, dict) or name not in config:
            return False, None
        config = config[name]
    return True, config


def salt_of(connection: Connection, data: Path) -> bytes:
    """The salt of a data folder; a new one if no config has been hashed yet.

    Raises:
        StoreError: the salt is gone.
    """
    if (known := known_salt(data)) is not None:
        return known
    if connection.run("SELECT 1 FROM config_shape LIMIT 1"):
        raise _no_salt(data)
    return new_salt(data)


def new_salt(data: Path) -> bytes:
    """Make the salt of a data folder.

    Raises:
        StoreError: there is a damaged one.
    """
    if (data / _SALT_FILE).exists():
        raise _no_salt(data)
    return save_salt(data, secrets.token_bytes(_SALT_BYTES))


def save_salt(data: Path, salt: bytes) -> bytes:
    """Write the salt of a data folder, which only its owner can read, and return it."""
    write_private(data / _SALT_FILE, salt.hex())
    return salt


def _no_salt(data: Path) -> StoreError:
    return StoreError(
        f"{data / _SALT_FILE}, which the record's configs were hashed with, is missing or damaged.",
        "Restore it from a backup: configs can only be compared if they share a salt. Or move "
        "the record (record.duckdb) away, and sync, ingest and import again.",
    )


def known_salt(data: Path) -> bytes | None:
    """The salt of a data folder; None if it is missing or damaged."""
    with suppress(FileNotFoundError, ValueError):
        salt = bytes.fromhex((data / _SALT_FILE).read_text(encoding="ascii"))
        if len(salt) == _SALT_BYTES:
            return salt
    return None
