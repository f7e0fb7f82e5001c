"""Jobs of Slurm, and the rows that they become."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

#: As much as the run of a table: W&B's own runs are trusted more, local files less.
TRUST = 2


@dataclass(frozen=True)
class Job:
    """One job (one task of an array), as far as Slurm knows it; None: not known."""

    job_id: str  # the number that the job sees as SLURM_JOB_ID, if sacct wrote it
    state: str
    submitted: datetime
    started: datetime | None = None  # None: it never ran
    ended: datetime | None = None
    active_s: float | None = None  # without the time for which it was suspended
    cluster: str | None = None
    account: str | None = None
    user: str | None = None
    name: str | None = None
    array: str | None = None  # the id of its array
    heterogeneous: str | None = None  # the id of the job that it is a part of
    hosts: list[str] = field(default_factory=list)
    gpus: int | None = None  # of all hosts together
    gpu_type: str | None = None
    unreadable: list[str] = field(default_factory=list)  # columns that could not be read
    is_earlier: bool = False  # a later attempt of the same job followed

    @property
    def run_id(self) -> str:
        """The id of the run: that of the job, or ID@start (as of a reused id) if it is earlier."""
        return f"{self.job_id}@{self.begin:%Y-%m-%dT%H:%M:%SZ}" if self.is_earlier else self.job_id

    @property
    def begin(self) -> datetime:
        """When it started, or was submitted if it never did."""
        return self.started or self.submitted

    @property
    def latest(self) -> datetime:
        """The latest instant that is known of it."""
        length = timedelta(seconds=self.active_s or 0)
        return max(self.submitted, self.begin + length, self.ended or self.begin)


def run_row(job: Job, given: Mapping[str, str | None]) -> dict[str, Any]:
    """The job in columns of `RUN_SCHEMA`; `given` has the entity, project and user to use."""
    ran = job.started is not None
    suspended = (
        job.ended is not None
        and job.active_s is not None
        and job.ended > job.begin + timedelta(seconds=job.active_s + 1)
    )
    return {
        "entity": given["entity"] or job.cluster,
        "project": given["project"] or job.account or "slurm",
        "run_id": job.run_id,
        "username": job.user or given["username"],
        "display_name": job.name,
        "state": job.state,
        "created_at": job.submitted,
        "submitted_at": job.submitted,
        "writers": _writers(job) if ran else None,
        "heartbeat_at": job.ended if ran else None,
        "runtime_s": job.active_s if ran else None,
        # A suspended job was there until its end.
        "last_metric_at": job.ended if ran and suspended else None,
        "sweep": None if job.array is None else f"array {job.array}",
        "wrote": ran,
        "unreadable": job.unreadable or None,
        "source": "slurm",
        "trust": TRUST,
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


def joined(jobs: Iterable[Job]) -> list[Job]:
    """The jobs with the parts of heterogeneous ones joined, and each attempt of a job once.

    Slurm gives all attempts of a requeued job one id; all but the last become `is_earlier`.
    """
    whole: dict[tuple[str | None, str, datetime | None], Job] = {}
    for job in jobs:
        key = (job.cluster, job.heterogeneous or job.job_id, job.started)
        first = whole.get(key)
        is_part = first is not None and job.heterogeneous is not None
        whole[key] = _with_part(first, job) if first is not None and is_part else job
    attempts: dict[tuple[str | None, str], list[Job]] = {}
    for job in sorted(whole.values(), key=lambda it: it.begin):
        attempts.setdefault((job.cluster, job.job_id), []).append(job)
    return [
        replace(job, is_earlier=place < len(several) - 1)
        for several in attempts.values()
        for place, job in enumerate(several)
    ]


def _with_part(first: Job, part: Job) -> Job:
    counts = [it.gpus for it in (first, part) if it.gpus is not None]
    return replace(
        first,
        hosts=list(dict.fromkeys([*first.hosts, *part.hosts])),
        gpus=sum(counts) if counts else None,
        gpu_type=first.gpu_type or part.gpu_type,
    )
