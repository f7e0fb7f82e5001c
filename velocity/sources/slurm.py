"""Runs from Slurm's accounting: the output of `sacct --parsable2` or `sacct --json`."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from velocity.errors import SourceError
from velocity.records import Rejected, RunBatch
from velocity.sources.base import Asked
from velocity.sources.shared import UnfitFileError, in_batches, reasons, require_regular
from velocity.sources.slurm_output import COMMAND, Job, is_sacct, read_jobs, read_lines
from velocity.sources.values import EARLIEST, UTF16_MARKS, read_json

_LONGEST_FILE = 2**28
#: As much as the run of a table: W&B's own runs are trusted more, local files less.
_TRUST = 2
#: States, in lower case, of jobs that have not ended, and of attempts that were stopped.
_LIVES = ("running", "r", "completing", "cg", "suspended", "s")
_REQUEUED = ("requeued", "rq")
_AGAIN = f"Write it with `{COMMAND}`, or with `sacct --json`."


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
            files.append(_batches(Path(place), asked))
        return chain.from_iterable(files)


def _batches(path: Path, asked: Asked) -> Iterator[RunBatch]:
    zone = None if asked.timezone is None else ZoneInfo(asked.timezone)
    read = list(_read(path, zone))
    jobs = _joined(job for _, job in read if not isinstance(job, str))
    told_at: dict[tuple[str | None, int], datetime] = {}  # when the accounting was read
    for job in jobs:
        place = job.cluster, job.output
        told_at[place] = max(job.latest, told_at.get(place, job.latest))
    rows = [_run_row(job, asked, told_at[job.cluster, job.output]) for job in jobs]
    first = rows[0] if rows else {"entity": asked.entity, "project": asked.project}
    entity, project = first["entity"] or "", first["project"] or ""
    rejected = [
        Rejected(entity, project, None, f"{path}: line {number}: {job}")
        for number, job in read
        if isinstance(job, str)
    ]
    if not jobs:
        why = f" {reasons(rejected)}." if rejected else ""
        raise SourceError(f"{path} does not have a job that can be read.{why}", _AGAIN)
    if any(row["entity"] is None for row in rows):
        raise SourceError(f"{path} does not name the cluster.", "Add --entity to the command.")
    if all(row["username"] is None for row in rows):
        hint = f"Add --username to the command. {_AGAIN}"
        raise SourceError(f"{path} does not name the users.", hint)
    return in_batches(rows, rejected, noun="line", complete_to=max(told_at.values()))


def _read(path: Path, zone: ZoneInfo | None) -> Iterator[tuple[int, Job | str]]:
    try:
        require_regular(path, _LONGEST_FILE)
        with path.open("rb") as stream:
            encoding = "utf-16" if stream.read(2) in UTF16_MARKS else "utf-8-sig"
        with path.open(encoding=encoding, errors="replace", newline="\n") as stream:
            first = stream.readline()
            stream.seek(0)
            if first.lstrip().startswith("{"):
                yield from read_jobs(_objects(path, stream.read()))
            elif is_sacct(first):
                yield from read_lines(path, iter(stream), zone)
            else:
                what = "is not the output of sacct with its line of column names"
                raise SourceError(f"{path} {what}.", _AGAIN)
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read: {error.strerror}.",
            "Name a file that sacct wrote. Split one that is too large, by sacct's -S and -E."
            if isinstance(error, UnfitFileError)
            else "Check its name and its permissions.",
        ) from error


def _objects(path: Path, text: str) -> list[object]:
    try:
        read = read_json(text)
    except ValueError as error:
        raise SourceError(f"{path} is not complete JSON.", "Run `sacct --json` again.") from error
    jobs = read.get("jobs") if isinstance(read, dict) else None
    if not isinstance(jobs, list):
        raise SourceError(f"{path} does not have the jobs of `sacct --json`.", _AGAIN)
    return jobs


def _run_row(job: Job, asked: Asked, told_at: datetime) -> dict[str, Any]:
    """The job in columns of `RUN_SCHEMA`; `told_at`: when the accounting was read."""
    ran, suspended, alive_at, state = job.started is not None, False, job.ended, job.state
    word = next(iter(state.lower().split()), "")
    if word in _LIVES and job.ended is None and not job.is_earlier:
        alive_at = told_at  # its length does not grow while it is suspended
        if "start" in job.unreadable and ran and job.active_s is not None:
            job = replace(job, started=told_at - timedelta(seconds=job.active_s))
    elif word in _REQUEUED and ran:
        state = f"preempted ({state})"  # it ran: what waits is the next attempt
    if job.ended is not None and job.active_s is not None:
        suspended = job.ended > job.begin + timedelta(seconds=job.active_s + 1)
    return {
        "entity": asked.entity or job.cluster,
        "project": asked.project or job.account or "slurm",
        "run_id": job.run_id,
        "username": job.user or asked.username,
        "display_name": job.name,
        "state": state,
        "created_at": job.submitted,
        "submitted_at": job.submitted,
        "writers": _writers(job) if ran else None,
        "heartbeat_at": alive_at if ran else None,
        "runtime_s": job.active_s if ran else None,
        # A suspended job was there until its end.
        "last_metric_at": job.ended if ran and suspended else None,
        "sweep": None if job.array is None else f"array {job.array}",
        "wrote": ran,
        "unreadable": job.unreadable or None,
        "source": "slurm",
        "trust": _TRUST,
    }


def _writers(job: Job) -> list[dict[str, Any]]:
    """One writer per host, with its part of the GPUs: sacct only has their sum."""
    hosts: list[str | None] = [*job.hosts] or [None]
    parts = [
        None if job.gpus is None else job.gpus // len(hosts) + (place < job.gpus % len(hosts))
        for place in range(len(hosts))
    ]
    return [
        {
            "start": job.started,
            "host": host,
            "gpu_type": job.gpu_type if count else None,
            "gpu_count": count,
            "job_id": job.job_id,
        }
        for host, count in zip(hosts, parts, strict=True)
    ]


def _joined(jobs: Iterable[Job]) -> list[Job]:
    """The jobs with the parts of heterogeneous ones joined, and each attempt of a job once.

    Slurm gives all attempts of a requeued job one id; all but the last become `is_earlier`.
    """
    whole: dict[tuple[str | None, str, datetime | None], Job] = {}
    for job in _once(jobs):
        key = (job.cluster, job.heterogeneous or job.job_id, job.started)
        first = whole.get(key)
        whole[key] = job if first is None else _with_part(first, job)
    in_order = sorted(whole.values(), key=lambda it: it.begin)
    last = {(job.cluster, job.job_id): job for job in in_order}
    return [replace(job, is_earlier=job is not last[job.cluster, job.job_id]) for job in in_order]


def _once(jobs: Iterable[Job]) -> Iterator[Job]:
    """The jobs of outputs that may have been put together, each as it was seen last."""
    seen: dict[tuple[str | None, str, datetime | None], Job] = {}
    ran: dict[tuple[str | None, str], datetime] = {}  # last submission of those that started
    for job in jobs:
        place, key = (job.cluster, job.job_id), (job.cluster, job.job_id, job.started)
        if key not in seen or job.latest >= seen[key].latest:
            seen[key] = job
        if job.started is not None:
            ran[place] = max(job.submitted, ran.get(place, job.submitted))
    for job in seen.values():
        # The wait before a start is not an attempt.
        if (
            job.started is not None
            or job.ended is not None
            or job.submitted > ran.get((job.cluster, job.job_id), EARLIEST)
        ):
            yield job


def _with_part(first: Job, part: Job) -> Job:
    unread = [it for it in part.unreadable if it == "resources" and it not in first.unreadable]
    return replace(
        first,
        hosts=list(dict.fromkeys([*first.hosts, *part.hosts])),
        gpus=None if first.gpus is None or part.gpus is None else first.gpus + part.gpus,
        gpu_type=first.gpu_type or part.gpu_type,
        unreadable=[*first.unreadable, *unread],
    )
