"""A scheduler's jobs against a second implementation that counts minute by minute."""

import random
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import pytest

from tests.builders import at, run, store_of
from tests.comparison import agree, rows_by
from velocity.reading import reads

pytestmark = pytest.mark.thorough

SCHOLARS, DAY, TOGETHER = 80, 24 * 60, 2
OF_MACHINE = 8


@dataclass(frozen=True)
class Job:
    number: str
    host: str
    submit: int  # minutes
    start: int
    end: int
    gpus: int | None


@dataclass(frozen=True)
class Logged:
    name: str
    host: str | None
    start: int
    end: int
    number: str | None  # of the job that it recorded


def moment(minute):
    return at("2026-01-05 00:00") + timedelta(minutes=minute)


def drawn(seed: int) -> tuple[list[Job], list[Logged]]:
    """Jobs that start at different times, and runs near their starts and ends."""
    chance = random.Random(seed)  # noqa: S311
    hosts = ("a", "b")
    starts = chance.sample(range(60, 600), chance.randint(0, 4))
    jobs = [
        Job(
            number=str(1000 * (seed + 1) + place),
            host=chance.choice(hosts),
            submit=start - chance.randint(0, 60),
            start=start,
            end=start + chance.choice((1, 30, 200)),
            gpus=chance.choice((None, 0, 1, 4, 4)),
        )
        for place, start in enumerate(starts)
    ]
    edges = [it for job in jobs for it in (job.start, job.end)] or [300]
    runs = []
    for place in range(chance.randint(0, 6)):
        start = max(0, chance.choice(edges) + chance.randint(-4, 40))
        numbers = [None, None, "7", *(job.number for job in jobs)]
        host = chance.choice((*hosts, None))
        end = start + chance.choice((0, 5, 90, 300))
        runs.append(Logged(f"{seed}r{place}", host, start, end, chance.choice(numbers)))
    return jobs, runs


def job_of(it: Logged, jobs: list[Job]) -> Job | None:
    near = [job for job in jobs if job.start - TOGETHER <= it.start <= job.end + TOGETHER]
    if recorded := [job for job in near if job.number == it.number]:
        return recorded[0]
    if it.number is not None or it.host is None:
        return None
    here = [job for job in near if job.host == it.host]
    return max(here, key=lambda job: (job.start <= it.start <= job.end, job.start), default=None)


def figures(jobs: list[Job], runs: list[Logged]) -> dict[str, float]:
    """GPU-hours charged, and those idle in jobs."""
    inside = {it: job_of(it, jobs) for it in runs}
    charged = idle = 0.0
    for minute in range(DAY):
        active = [it for it in runs if it.start <= minute < it.end]
        of_jobs = {job for it in active if (job := inside[it]) is not None and job.gpus is not None}
        charged += sum(job.gpus or 0 for job in of_jobs)
        free = [it for it in active if (job := inside[it]) is None or job.gpus is None]
        charged += OF_MACHINE * len({it.host for it in free if it.host is not None})
        charged += OF_MACHINE * sum(it.host is None for it in free)
        for job in jobs:
            if not job.start <= minute < job.end or job.gpus is None:
                continue
            if job not in inside.values():
                charged += job.gpus
            elif job not in of_jobs:
                idle += job.gpus
    return {"gpu_hours": charged / 60, "allocated_idle_gpu_hours": idle / 60}


@cache
def cases() -> dict[str, tuple[list[Job], list[Logged]]]:
    return {f"s{seed}": drawn(seed) for seed in range(SCHOLARS)}


@pytest.fixture(scope="module")
def snapshot():
    rows = []
    for scholar, (jobs, runs) in cases().items():
        own = {"username": scholar, "project": scholar}
        for job in jobs:
            submit = dict.fromkeys(("created_at", "submitted_at"), moment(job.submit))
            more = {"source": "slurm", "entity": "hpc", "host": f"{scholar}{job.host}"} | submit
            more |= {"gpu_count": job.gpus, "job_id": job.number} | own
            rows.append(run(job.number, moment(job.start), moment(job.end), **more))
        for it in runs:
            host = None if it.host is None else f"{scholar}{it.host}.example"
            more = {"host": host, "gpu_count": OF_MACHINE, "job_id": it.number} | own
            rows.append(run(it.name, moment(it.start), moment(it.end), **more))
    return store_of(rows, moment(DAY))


def test_the_drawn_cases_are_of_all_kinds():
    links = [job_of(it, jobs) for jobs, runs in cases().values() for it in runs]
    assert 0 < links.count(None) < len(links)
    assert {job.gpus for job in links if job is not None} == {None, 0, 1, 4}


def test_each_run_has_the_queue_of_its_job_and_each_used_job_does_not_count(snapshot):
    expected = {}
    for scholar, (jobs, runs) in cases().items():
        inside = {it: job_of(it, jobs) for it in runs}
        for name, job, used in (
            *((job.number, job, job in inside.values()) for job in jobs),
            *((it.name, job, False) for it, job in inside.items()),
        ):
            wait = None if job is None else (job.start - job.submit) / 60
            excluded = "allocation" if used else None
            expected[scholar, name] = {"excluded": excluded, "scheduler_queue_hours": wait}
    agree(expected, rows_by(reads.runs(snapshot), "scholar", "run_id"))


def test_charged_and_idle_gpu_hours_are_those_of_the_minutes(snapshot):
    found = rows_by(reads.metrics(snapshot, by="scholar"), "scholar")
    for scholar, (jobs, runs) in cases().items():
        for name, value in figures(jobs, runs).items():
            assert found.get((scholar,), {name: 0})[name] == pytest.approx(value), (scholar, name)
