"""Runs from Slurm's accounting: the output of `sacct --parsable2` or `sacct --json`."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from velocity.errors import SourceError
from velocity.records import Rejected
from velocity.sources.batches import in_batches, reasons
from velocity.sources.regular_files import UnfitFileError, require_regular
from velocity.sources.slurm_jobs import joined, run_row
from velocity.sources.slurm_json import read_jobs
from velocity.sources.slurm_text import COMMAND, is_sacct, read_lines
from velocity.sources.values import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from velocity.records import RunBatch
    from velocity.sources.base import Asked
    from velocity.sources.slurm_jobs import Job

_LONGEST_FILE = 2**28


class SlurmSource:
    """A `Source` whose places are files that sacct wrote.

    A job is a run, and each task of an array is a job; steps are skipped. The entity is the cluster
    and the project the account, unless the request names others. A line that cannot be read does
    not stop the others. A file is complete to its latest time. It is an error if a file cannot be
    read or has not been written by sacct, if a column is missing, or if times are local and the
    request does not name their zone.
    """

    def read(self, asked: Asked) -> Iterator[RunBatch]:
        """The jobs of each file, after all files have been read."""
        files = []
        for number, place in enumerate(asked.places):
            asked.on_progress(place, number, len(asked.places))
            files.append(_File(Path(place), asked))
        return itertools.chain.from_iterable(file.batches() for file in files)


class _File:
    """The jobs of a file, and the lines that are none."""

    def __init__(self, path: Path, asked: Asked) -> None:
        self._given = {
            "entity": asked.entity,
            "project": asked.project,
            "username": asked.username,
        }
        zone = None if asked.timezone is None else ZoneInfo(asked.timezone)
        read = list(_read(path, zone))
        self._jobs = joined(job for _, job in read if not isinstance(job, str))
        entity, project = asked.entity or "", asked.project or ""
        if self._jobs:
            first = run_row(self._jobs[0], self._given)
            entity, project = first["entity"] or "", first["project"]
        self._rejected = [
            Rejected(entity, project, None, f"{path}: line {number}: {job}")
            for number, job in read
            if isinstance(job, str)
        ]
        self._check(path)

    def batches(self) -> Iterator[RunBatch]:
        """The jobs as runs."""
        rows = [run_row(job, self._given) for job in self._jobs]
        latest = max(job.latest for job in self._jobs)
        return in_batches(rows, self._rejected, noun="line", complete_to=latest)

    def _check(self, path: Path) -> None:
        if not self._jobs:
            why = f" {reasons(self._rejected)}." if self._rejected else ""
            raise SourceError(f"{path} does not have a job that can be read.{why}", _again())
        if self._given["entity"] is None and any(job.cluster is None for job in self._jobs):
            raise SourceError(f"{path} does not name the cluster.", "Add --entity to the command.")
        if self._given["username"] is None and all(job.user is None for job in self._jobs):
            raise SourceError(
                f"{path} does not name the users.", f"Add --username to the command. {_again()}"
            )


def _read(path: Path, zone: ZoneInfo | None) -> Iterator[tuple[int, Job | str]]:
    try:
        require_regular(path, _LONGEST_FILE)
        with path.open(encoding="utf-8-sig", errors="replace", newline="\n") as stream:
            first = stream.readline()
            stream.seek(0)
            if first.lstrip().startswith("{"):
                yield from read_jobs(_jobs(path, stream.read()))
            elif is_sacct(first):
                yield from read_lines(path, iter(stream), zone)
            else:
                raise SourceError(
                    f"{path} is not the output of sacct with its line of column names.", _again()
                )
    except UnfitFileError as error:
        raise SourceError(
            f"{path} cannot be read: {error.strerror}.",
            "Name a file that sacct wrote. Split one that is too large, by sacct's -S and -E.",
        ) from error
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read: {error.strerror}.", "Check its name and its permissions."
        ) from error


def _jobs(path: Path, text: str) -> list[object]:
    try:
        read = read_json(text)
    except ValueError as error:
        raise SourceError(f"{path} is not complete JSON.", "Run `sacct --json` again.") from error
    jobs = read.get("jobs") if isinstance(read, dict) else None
    if not isinstance(jobs, list):
        raise SourceError(f"{path} does not have the jobs of `sacct --json`.", _again())
    return jobs


def _again() -> str:
    return f"Write it with `{COMMAND}`, or with `sacct --json`."
