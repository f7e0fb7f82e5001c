"""Runs from Slurm's accounting: the output of `sacct --parsable2` or `sacct --json`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from velocity.errors import SourceError
from velocity.formats import plural
from velocity.records import Rejected, RunBatch, run_frame
from velocity.sources.regular_files import UnfitFileError, require_regular
from velocity.sources.slurm_jobs import joined, run_row
from velocity.sources.slurm_json import read_jobs
from velocity.sources.slurm_text import COMMAND, is_sacct, read_lines
from velocity.sources.values import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from velocity.sources.base import Asked
    from velocity.sources.slurm_jobs import Job

_LONGEST_FILE = 2**30
_SHOWN_REASONS = 3


class SlurmSource:
    """A `Source` whose places are files that sacct wrote.

    A job is a run, and each task of an array is a job; steps are skipped. The entity is the cluster
    and the project the account, unless the request names others. A line that cannot be read does
    not stop the others. A file is complete to its latest time. It is an error if a file cannot be
    read or has not been written by sacct, if a column is missing, or if times are local and the
    request does not name their zone.
    """

    def read(self, asked: Asked) -> Iterator[RunBatch]:
        """The jobs of each file."""
        batches = []
        for number, place in enumerate(asked.places):
            asked.on_progress(place, number, len(asked.places))
            batches.append(_batch(Path(place), asked))
        return iter(batches)


def _batch(path: Path, asked: Asked) -> RunBatch:
    given = {"entity": asked.entity, "project": asked.project, "username": asked.username}
    zone = None if asked.timezone is None else ZoneInfo(asked.timezone)
    read = list(_read(path, zone))
    jobs = joined(job for _, job in read if not isinstance(job, str))
    reasons = [f"line {number}: {job}" for number, job in read if isinstance(job, str)]
    if not jobs:
        why = f" {'; '.join(reasons[:_SHOWN_REASONS])}." if reasons else ""
        raise SourceError(f"{path} does not have a job that can be read.{why}", _again())
    if asked.entity is None and any(job.cluster is None for job in jobs):
        raise SourceError(f"{path} does not name the cluster.", "Add --entity to the command.")
    if asked.username is None and all(job.user is None for job in jobs):
        raise SourceError(
            f"{path} does not name the users.", f"Add --username to the command. {_again()}"
        )
    rows = [run_row(job, given) for job in jobs]
    entity, project = rows[0]["entity"], asked.project or rows[0]["project"]
    return RunBatch(
        run_frame(rows),
        tuple(Rejected(entity, project, None, f"{path}: {reason}") for reason in reasons),
        max(job.latest for job in jobs),
        tuple(_notes(path, reasons)),
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
                raise SourceError(f"{path} has not been written by sacct with headings.", _again())
    except UnfitFileError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.", _again()) from error
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


def _notes(path: Path, reasons: Sequence[str]) -> Iterator[str]:
    if reasons:
        shown = "; ".join(reasons[:_SHOWN_REASONS])
        more = len(reasons) - _SHOWN_REASONS
        tail = f"; and {more:,} more" if more > 0 else ""
        yield f"{path}: {plural(len(reasons), 'line')} could not be read: {shown}{tail}."
