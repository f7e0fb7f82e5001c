"""Faults in what a scheduler's jobs tell about runs."""

from __future__ import annotations

from scripts.faults.fault import Fault

JOBS = ("tests/test_jobs_drawn.py", "tests/test_jobs.py")
_IN_JOB = "derive/007_in_job"
_IDLE = "derive/114_job_idle"

FAULTS = (
    Fault(
        "a job with runs inside it counts too",
        "derive/010_run_base",
        "WHEN run.run_key IN (SELECT job_key FROM in_job) THEN 'allocation'",
        "WHEN false THEN 'allocation'",
        JOBS,
    ),
    Fault(
        "anybody's job contains a run",
        _IN_JOB,
        "JOIN place USING (owner_key, host)",
        "JOIN place USING (host)",
        JOBS,
    ),
    Fault(
        "a job on any host contains a run",
        _IN_JOB,
        "JOIN place USING (owner_key, host)",
        "JOIN place USING (owner_key)",
        JOBS,
    ),
    Fault(
        "a job at any time contains a run",
        _IN_JOB,
        "WHERE begin_us BETWEEN start_us - together_us AND end_us + together_us",
        "WHERE true",
        JOBS,
    ),
    Fault(
        "the recorded number of a job does not matter",
        _IN_JOB,
        "WHERE process.job_id IS NULL OR NOT",
        "WHERE true OR NOT",
        JOBS,
    ),
    Fault(
        "all runs take the first of several jobs",
        _IN_JOB,
        "WHERE number = 1 + (turn - 1) % several",
        "WHERE number = 1",
        JOBS,
    ),
    Fault(
        "the first of several jobs counts",
        _IN_JOB,
        "begin_us BETWEEN start_us AND end_us DESC, start_us DESC) = 1",
        "start_us) = 1",
        JOBS,
    ),
    Fault(
        "the queue ends with the start of the run",
        _IN_JOB,
        "greatest(0, clock.start_us - clock.submitted_us)",
        "greatest(0, clock.as_of_us - clock.submitted_us)",
        JOBS,
    ),
    Fault(
        "a run in a job has the GPUs of its machine",
        "derive/120_host_session",
        "CASE WHEN allotted THEN job_gpus ELSE reported END AS reported",
        "reported AS reported",
        JOBS,
    ),
    Fault(
        "a job shares its host's GPUs",
        "derive/120_host_session",
        "WHEN NOT scheduled THEN named_host_key END",
        "ELSE named_host_key END",
        JOBS,
    ),
    Fault(
        "a job idles only until its last run",
        _IDLE,
        "SELECT job_key, job_end_us, job_end_us FROM job",
        "SELECT job_key, job_start_us, job_start_us FROM job",
        JOBS,
    ),
    Fault(
        "the longest run in a job does not count",
        _IDLE,
        "greatest(job_start_us, max(present.end_us)",
        "greatest(job_start_us, min(present.end_us)",
        JOBS,
    ),
)
