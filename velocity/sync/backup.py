"""Backs a store up into one file, a tar archive, and reads such a file.

The file has the raw runs, the derived tables, the lists and salts that configs and forgotten people
need, what is recorded about viewers and messages, and the settings and roster. Keys, webhooks and
the addresses of people are in the environment and in files of their own, so they are not in it.
"""

import hashlib
import io
import json
import shutil
import tarfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from velocity import __version__, state
from velocity.database.connection import make_durable
from velocity.errors import StoreError
from velocity.queries import list_queries
from velocity.record import copy_record
from velocity.settings import load_settings
from velocity.store.live import copy_derived
from velocity.store.restored import KEPT_FILES

SETTINGS, ROSTER = "velocity.toml", "roster.toml"
_CONTENTS = "contents.json"
#: Changes when an earlier version could not read the file.
_FORMAT = 1
_SCHEMAS = ("record/schema", "store/schema")
_AGAIN = "Choose another backup. Nothing was changed."


@dataclass(frozen=True)
class Backup:
    """What a backup file says about itself."""

    made_at: datetime
    bytes: int


def back_up(data: Path, config: Path, path: Path) -> Backup:
    """Write a backup of a data folder, its settings and roster, also while a sync is running.

    The file appears complete or not at all; it replaces an earlier backup.

    Raises:
        VelocityError: there is no data, another file is in the way, or the store cannot be read.
        OSError: a file cannot be read or written.
    """
    if path.exists() and not _is_backup(path):
        raise StoreError(
            f"{path} exists and is not a backup.", "Choose another name, or move it away."
        )
    if not path.parent.is_dir():
        raise StoreError(f"There is no folder {path.parent}.", "Make it, or name another file.")
    folder = path.with_name(f"{path.name}.partial")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        now = datetime.now(UTC)
        _gather(data, config, folder)
        packed = folder / "packed"
        _pack(folder, packed, now)
        make_durable(packed)
        packed.replace(path)
        make_durable(path.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Backup(now, path.stat().st_size)


def _gather(data: Path, config: Path, folder: Path) -> None:
    """Copy what belongs to a backup into a folder.

    The order makes the copies fit together whatever is written meanwhile: the record knows every
    change that the derived tables know, and everybody forgotten by then is in the last file.
    """
    copy_derived(data, folder)
    copy_record(data, folder)
    settings = load_settings(config)
    state.copy(settings.state_of(data), folder)
    sources = {SETTINGS: config, ROSTER: settings.roster} | {it: data / it for it in KEPT_FILES[2:]}
    for name, source in sources.items():
        if not (folder / name).exists():
            with suppress(FileNotFoundError):
                shutil.copyfile(source, folder / name)


def _pack(folder: Path, packed: Path, now: datetime) -> None:
    """Write the files of a folder as one archive, readable for its owner."""
    files = sorted(path for path in folder.iterdir() if path.suffix != ".wal")
    about = {
        "format": _FORMAT,
        "velocity": __version__,
        "made_at": now.isoformat(timespec="seconds"),
        "schemas": _schemas(),
        "files": {it.name: _hash_of(it) for it in files},
    }
    contents = json.dumps({"sha256": _digest(about), "about": about}).encode()
    packed.touch(mode=0o600)
    with tarfile.open(packed, "w") as archive:
        first = tarfile.TarInfo(_CONTENTS)
        first.size = len(contents)
        archive.addfile(first, io.BytesIO(contents))
        for path in files:
            entry = tarfile.TarInfo(path.name)
            entry.size, entry.mode = path.stat().st_size, 0o600
            with path.open("rb") as file:
                archive.addfile(entry, file)


def unpack(path: Path, folder: Path) -> Backup:
    """Write the files of a backup into a new folder, and check that all of them are as written.

    Raises:
        StoreError: the file is damaged, is not a backup, or was made by a newer version.
        OSError: it cannot be read, or a file cannot be written.
    """
    folder.mkdir(mode=0o700)
    try:
        with tarfile.open(path, "r:") as archive:
            about = _contents(archive)
            _refuse_newer(path, about)
            for name, wanted in about["files"].items():
                _write(archive, name, wanted, folder)
        made_at = datetime.fromisoformat(about["made_at"])
    except (tarfile.TarError, ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
        reason = f": {error}" if type(error) is ValueError else ""
        raise StoreError(f"{path} is not a whole backup{reason}.", _AGAIN) from error
    return Backup(made_at, path.stat().st_size)


def _contents(archive: tarfile.TarFile) -> dict[str, Any]:
    """The first file of a backup."""
    first = archive.next()
    if first is None or first.name != _CONTENTS:
        raise ValueError("velocity did not write it")
    found = json.loads(_opened(archive, first).read())
    about: dict[str, Any] = found["about"]
    if found["sha256"] != _digest(about):
        raise ValueError("its list of contents is damaged")
    return about


def _refuse_newer(path: Path, about: dict[str, Any]) -> None:
    if about["format"] > _FORMAT or not set(about["schemas"]) <= set(_schemas()):
        raise StoreError(
            f"{path} was made by a newer version of velocity ({about['velocity']}).",
            "Install that version and restore again. Nothing was changed.",
        )


def _write(archive: tarfile.TarFile, name: str, wanted: str, folder: Path) -> None:
    """Write a file of a backup, whose hash must be as `wanted`, to a folder."""
    if name not in {*KEPT_FILES, SETTINGS, ROSTER}:
        raise ValueError(f"it has a file called {name}")
    path = folder / name
    with path.open("wb") as file:
        path.chmod(0o600)
        shutil.copyfileobj(_opened(archive, archive.getmember(name)), file)
    make_durable(path)
    if _hash_of(path) != wanted:
        raise ValueError(f"{name} is damaged")


def _opened(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    """The content of a regular file in the archive."""
    found = archive.extractfile(entry) if entry.isreg() else None
    if found is None:
        raise ValueError(f"{entry.name} is not a file")
    return found


def _is_backup(path: Path) -> bool:
    with suppress(tarfile.TarError, OSError), tarfile.open(path, "r:") as archive:
        first = archive.next()
        return first is not None and first.name == _CONTENTS
    return False


def _schemas() -> list[str]:
    """Every change of the tables that this version knows, in the order they were made."""
    return [f"{folder}/{it.name}" for folder in _SCHEMAS for it in list_queries(folder)]


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(about: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
