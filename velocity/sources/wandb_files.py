"""Runs from the directories that the W&B client leaves on disk (`run-…`, `offline-run-…`)."""

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from velocity.errors import SourceError
from velocity.records import Rejected, RunBatch, run_frame
from velocity.sources.base import Asked
from velocity.sources.local_files import read_files
from velocity.sources.local_runs import NO_PROJECT, Session, run_rows
from velocity.sources.log_records import LogRecords, RecordReader
from velocity.sources.shared import open_inside

#: Entity of runs whose directory does not name one, unless the caller does.
_LOCAL_ENTITY = "local"

_BATCH_ROWS = 500
#: Bytes of a `*.wandb` file: the longest runs have a few hundred million.
_LONGEST_LOG = 4 * 2**30
#: Levels of folders below a named path; W&B's own trees have three or four.
_DEEPEST = 64
#: Errors from impossible values, such as a config with a thousand levels.
_UNFIT = (
    *(pl.exceptions.PolarsError, TypeError, ValueError, ArithmeticError, LookupError),
    *(AttributeError, RecursionError),
)
_STAMPED = re.compile(r"(?:offline-)?run-\d{8}_\d{6}-(.+)")
_LOG = re.compile(r"run-(.+)\.wandb")
#: Folders in a run directory.
_PARTS = {"files", "logs", "tmp"}
_NO_START = "neither a *.wandb file nor files/ shows when the run began"


@dataclass(frozen=True)
class _RunDirectory:
    root: Path  # the folder that was named
    path: Path
    run_id: str
    log: Path | None  # its `*.wandb` file
    has_files: bool = True  # its `files/`, if there is one, belongs to this run


class LocalSource:
    """A `Source` whose places are run directories of the W&B client, or folders of them.

    Directories with the same run id are read together, since each is one session. Links below a
    place are not followed, not even to files; files that are not regular, or too large, count as
    unreadable. A directory that does not show when its run began is in `rejected`. The intact part
    of a damaged file is used, and "log" is then among the unreadable fields of the run.

    The entity counts for directories that do not name one, such as offline runs; else it is
    "local". No directory contains the owner of its run. It is an error if a place does not exist,
    is not a directory, or does not contain a run directory.
    """

    def read(self, asked: Asked) -> Iterator[RunBatch]:
        """The runs of all directories, in batches of at most a few hundred."""
        owner = asked.entity or _LOCAL_ENTITY
        unread: list[Rejected] = []
        by_id: defaultdict[str, list[_RunDirectory]] = defaultdict(list)
        for directory in _distinct_directories(map(Path, asked.places), unread, owner):
            by_id[directory.run_id].append(directory)
        total, done = sum(map(len, by_id.values())), 0
        frames: list[pl.DataFrame] = [run_frame([])]
        for run_id in sorted(by_id):
            for made in _runs(by_id[run_id], owner, asked.username):
                if isinstance(made, Rejected):
                    unread.append(made)
                else:
                    frames.append(made)
            done += len(by_id[run_id])
            asked.on_progress("run directories", done, total)
            if len(frames) > _BATCH_ROWS:
                yield RunBatch(pl.concat(frames), tuple(unread))
                frames, unread = [run_frame([])], []
        if len(frames) > 1 or unread:
            yield RunBatch(pl.concat(frames), tuple(unread))


def _runs(
    directories: Sequence[_RunDirectory], owner: str, username: str | None
) -> Iterator[pl.DataFrame | Rejected]:
    """The runs (one frame each) of the directories of one run id, and the rejected directories."""
    run_id = directories[0].run_id
    read = []
    for directory in directories:
        try:
            read.append((directory, *_read(directory)))
        except _UNFIT as error:
            yield Rejected(owner, NO_PROJECT, run_id, f"{directory.path}: {error}")
    told = {(it.entity, it.project) for _, it, _ in read if it.project is not None}
    sessions: defaultdict[tuple[str, str], list[Session]] = defaultdict(list)
    for directory, session, problem in read:
        if session.project is None and len(told) == 1:
            ((session.entity, session.project),) = told  # without a log, from files/
        key = session.entity or owner, session.project or NO_PROJECT
        if session.start is not None:
            sessions[key].append(session)
        else:
            yield Rejected(*key, run_id, f"{directory.path}: {problem or _NO_START}")
    for (entity, project), members in sessions.items():
        owned = {"entity": entity, "project": project, "username": username}
        try:
            yield run_frame([row | owned for row in run_rows(members, run_id)])
        except _UNFIT as error:
            yield Rejected(entity, project, run_id, f"{members[0].path}: {error}")


def _distinct_directories(
    paths: Iterable[Path], unread: list[Rejected], entity: str
) -> Iterator[_RunDirectory]:
    seen: set[tuple[Path, Path | None]] = set()
    for path in paths:
        if not path.is_dir():
            what = "is not a directory" if path.exists() else "does not exist"
            raise SourceError(
                f"{path} {what}.", "Name a W&B run directory, or a directory that contains some."
            )
        if not os.access(path, os.R_OK | os.X_OK):
            raise SourceError(
                f"Permission denied reading {path}.", "Check the directory's permissions."
            )
        found = 0
        for directory in _run_directories(path.resolve(), unread, entity):
            found += 1
            if (key := (directory.path, directory.log)) not in seen:
                seen.add(key)
                yield directory
        if not found:
            raise SourceError(
                f"{path} does not contain a W&B run directory.",
                'Name a directory with "run-…" or "offline-run-…" directories in it; the W&B client'
                ' puts them into "wandb".',
            )


def _run_directories(root: Path, unread: list[Rejected], entity: str) -> Iterator[_RunDirectory]:
    def note(error: OSError) -> None:
        unread.append(Rejected(entity, NO_PROJECT, None, f"{error.filename}: {error.strerror}"))

    for folder, below, files in os.walk(root, onerror=note):
        path = root / folder
        if len(path.relative_to(root).parts) >= _DEEPEST and below:
            below.clear()
            unread.append(
                Rejected(entity, NO_PROJECT, None, f"{path}: folders are nested too deeply")
            )
        # The client names the file after the run, even if the directory was renamed.
        logs = {name: found[1] for name in sorted(files) if (found := _LOG.fullmatch(name))}
        stamped = _STAMPED.fullmatch(path.name)
        for name, run_id in logs.items():
            # Logs of several runs were copied here: `files/` belongs to one of them.
            alone = len(logs) == 1 or (stamped is not None and stamped[1] == run_id)
            yield _RunDirectory(root, path, run_id, path / name, has_files=alone)
        if stamped and not logs:
            yield _RunDirectory(root, path, stamped[1], None)
        if stamped:
            below.clear()  # a run directory does not contain another one
            continue
        below[:] = sorted(set(below) - _PARTS) if logs else sorted(below)
        unread += [
            Rejected(entity, NO_PROJECT, None, f"{path / name}: links are not followed")
            for name in below
            if _is_left_out(path / name, root)
        ]


def _is_left_out(path: Path, root: Path) -> bool:
    """Whether a folder is a link to run directories that are not below `root`."""
    named = path.name == "wandb" or _STAMPED.fullmatch(path.name)
    return bool(named) and path.is_symlink() and not path.resolve().is_relative_to(root)


def _read(directory: _RunDirectory) -> tuple[Session, str | None]:
    """The session in the directory, and what is wrong with its log.

    A log without a run record is ignored in favour of `files/`.
    """
    offline = directory.path.name.startswith("offline-")
    session, problem = Session(directory.path, offline), None
    if directory.log is not None:
        try:
            damaged_at = _read_log(session, directory.root, directory.log)
        except OSError as error:
            damaged_at, problem = [0], f"{directory.log.name} cannot be read: {error.strerror}"
        if problem is None and session.created_at is None:
            where = f" (damaged at byte {damaged_at[0]})" if damaged_at else ""
            problem = f"{directory.log.name} does not contain a complete run record{where}"
        if problem is not None:
            session = Session(directory.path, offline)
        if damaged_at:
            session.unreadable.append("log")
    if directory.has_files:
        read_files(session, directory.root)
    return session, problem


def _read_log(session: Session, root: Path, log: Path) -> list[int]:
    """Reads the complete records of a `*.wandb` file; returns the byte offsets of any damage."""
    # Importing these takes a second or two.
    from google.protobuf import message  # type: ignore[import-untyped]  # noqa: PLC0415
    from wandb.proto import wandb_internal_pb2  # noqa: PLC0415

    parse = wandb_internal_pb2.Record.FromString  # type: ignore[attr-defined]

    session.has_log = True
    with open_inside(root, log, _LONGEST_LOG) as stream:
        reader, records = RecordReader(stream), LogRecords(session)
        for payload in reader:
            try:
                record = parse(payload)
            except message.DecodeError:
                reader.damaged_at.append(stream.tell())
                continue
            records.take(payload, record)
    records.finish()
    return reader.damaged_at
