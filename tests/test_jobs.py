"""A scheduler's jobs: what they add to the runs inside them, and when they count themselves."""

from functools import cache, partial
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.builders import apart, at, run, store_of
from velocity.explain.made import explain
from velocity.reading import reads
from velocity.roster.models import Roster
from velocity.settings import Compute, Settings

pytestmark = pytest.mark.sampled(16)


def job(run_id: str, submit: str, start: str, end: str | None, **columns: Any) -> dict[str, Any]:
    """A job of 4 GPUs on the host gpu01; it is running if it has no end."""
    place = {"entity": "hpc", "project": "vision", "host": "gpu01", "gpu_count": 4}
    own = {"created_at": submit, "submitted_at": submit, "source": "slurm", "job_id": run_id}
    return run(run_id, start, end, **place | own | columns)


def logged(run_id: str, start: str, end: str, **columns: Any) -> dict[str, Any]:
    """A run of W&B on the host gpu01, which reports the 8 GPUs of the machine."""
    return run(run_id, start, end, **{"host": "gpu01.example", "gpu_count": 8} | columns)


JOB = job("1001", "08:00", "09:00", "12:00")
LONG = job("1001", "2026-01-04 20:00", "2026-01-04 22:00", "2026-01-05 03:00")
SILENT = job("1001", "08:00", "09:00", None, state="running")
HOSTS = [("gpu01", "a100", 8), ("gpu02", "a100", 8)]
BOTH_HOSTS = {"machines": HOSTS, "writer_starts": [at("09:00")] * 2}
SESSIONS = [at("09:01"), at("15:01")]
RESUMED = {"writer_starts": SESSIONS, "runtime_s": 7200, "heartbeat_at": "16:01"}
UNKNOWN = {"writers": None, "heartbeat_at": None, "runtime_s": None}


def _gpus(count: int | None) -> dict[str, Any]:
    return {"writers": [it | {"gpu_count": count} for it in JOB["writers"]]}


#: A claim, its runs, and what is then so: the reasons that exclude runs, their hours in the queue,
#: and sums of figures. In the store of all of them, each has entities and a scholar of its own.
CASES: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "a job that nothing logs is a run with its time in the queue": (
        [JOB],
        {"excluded": {"1001": None}, "queued": {"1001": 1}, "gpu_hours": 12, "runs_started": 1},
    ),
    "a run inside a job counts instead of it, with the 4 GPUs of the job and its queue": (
        [JOB, logged("a", "09:01", "11:01")],
        {
            "excluded": {"1001": "allocation", "a": None},
            "queued": {"1001": 1, "a": 1},
            "runs_started": 1,
            "run_hours": 2,
            "gpu_hours": 8,
        },
    ),
    "an unused job has no idle hours": ([LONG], {"allocated_idle_gpu_hours": 0}),
    "runs inside one job share its GPUs": (
        [JOB, logged("a", "09:01", "11:01"), logged("b", "10:01", "12:01", project="q")],
        {"gpu_hours": 12},
    ),
    "a run on one host of a job has the GPUs of all its hosts": (
        [job("1001", "08:00", "09:00", "12:00", **BOTH_HOSTS), logged("a", "09:01", "10:01")],
        {"gpu_hours": 16},
    ),
    "a job without GPUs costs the run inside it none": (
        [JOB | _gpus(0), logged("a", "09:01", "11:01")],
        {"gpu_hours": 0, "unpriced_run_hours": 0},
    ),
    "a job whose GPUs are not known leaves those of the machine": (
        [JOB | _gpus(None), logged("a", "09:01", "11:01")],
        {"gpu_hours": 16, "queued": {"1001": 1, "a": 1}},
    ),
    **{
        f"not inside the job: {why}": (
            [JOB, logged("a", "09:01", "11:01", **columns)],
            {"excluded": {"1001": None, "a": None}, "queued": {"1001": 1, "a": None}},
        )
        for why, columns in {
            "another's": {"username": "ben"},
            "elsewhere": {"host": "gpu02"},
            "nowhere": {"host": "localhost"},
            "no host": {"host": None},
            "in another job": {"job_id": "999"},
            "no machine": {"started_at": None, "host": None},
        }.items()
    },
    **{
        f"a run that starts at {start} is not inside a job from 09:00 to 12:00": (
            [JOB, logged("a", start, "13:00")],
            {"excluded": {"1001": None, "a": None}},
        )
        for start in ("08:57", "12:03")
    },
    "the number that a process recorded decides which of several jobs it was": (
        [
            *(job(f"100{n}", f"0{n}:00", "09:00", "12:00") for n in range(4)),
            *(logged(f"r{n}", "09:01", "10:00", job_id=f"100{n}", host=None) for n in range(4)),
        ],
        {
            "queued": {"1000": 9, "1001": 8, "1002": 7, "1003": 6}
            | {"r0": 9, "r1": 8, "r2": 7, "r3": 6}
        },
    ),
    "without a number the job that started last counts": (
        [
            *(JOB, job("1002", "08:30", "10:00", "12:00")),
            *(logged("a", "09:01", "09:50"), logged("b", "10:01", "11:00")),
        ],
        {"queued": {"1001": 1, "1002": 1.5, "a": 1, "b": 1.5}},
    ),
    "runs of jobs that started at the same instant take one each": (
        [
            *(job(f"100{n}", "08:00", "09:00", "12:00") for n in range(3)),
            *(logged(f"r{n}", f"09:0{n + 1}", "11:00", project=f"p{n}") for n in range(3)),
        ],
        {
            "excluded": dict.fromkeys(("1000", "1001", "1002"), "allocation")
            | dict.fromkeys(("r0", "r1", "r2")),
            "runs_started": 3,
            "gpu_hours": 4 * (119 + 118 + 117) / 60,
        },
    ),
    "a resumed run is in the job of each of its sessions, and has the queue of the first": (
        [
            *(JOB | _gpus(2), job("1002", "13:00", "15:00", "18:00")),
            logged("a", "09:01", "16:01", **RESUMED),
        ],
        {
            "excluded": {"1001": "allocation", "1002": "allocation", "a": None},
            "queued": {"1001": 1, "1002": 2, "a": 1},
            "gpu_hours": 1 * 2 + 1 * 4,
        },
    ),
    **{
        f"a job whose {time} cannot be read has an unknown queue, and so has the run inside it": (
            [
                *(JOB | {"unreadable": [time]}, job("1002", "13:00", "15:00", "18:00")),
                logged("a", "09:01", "16:01", **RESUMED),
            ],
            {"queued": {"1001": None, "1002": 2, "a": None}},
        )
        for time in ("submit", "start")
    },
    "a running job without a sign of life for hours contains nothing": (
        [SILENT, logged("a", "11:00", "12:00")],
        {"excluded": {"1001": None, "a": None}},
    ),
    "a running job contains runs up to the end of its data": (
        [SILENT | {"heartbeat_at": at("12:00")}, logged("a", "11:00", "12:00")],
        {"excluded": {"1001": "allocation", "a": None}},
    ),
    "a pending job counts nowhere and its queue is not known yet": (
        [JOB | {"state": "PENDING"} | UNKNOWN],
        {"excluded": {"1001": "pending"}, "queued": {"1001": None}},
    ),
    "a count from the config still replaces every other": (
        [JOB, logged("a", "09:01", "11:01", config='{"n":1}')],
        {"gpu_hours": 2},
    ),
    # Only W&B's counts are those of machines, which several runs may report at once.
    "jobs on one host do not share its GPUs with anybody": (
        [
            *(JOB, job("1002", "08:00", "09:00", "12:00", username="ben")),
            logged("a", "13:00", "14:00"),
        ],
        {"gpu_hours": 12 + 12 + 8},
    ),
}
IDLE = [
    LONG,
    logged("a", "2026-01-04 22:30", "2026-01-05 00:30"),
    logged("b", "2026-01-05 00:15", "2026-01-05 01:00", project="q"),
    logged("c", "2026-01-05 02:00", "2026-01-05 04:00"),
]


#: Claims about data that does not end at 20:00.
ENDS = {"a running job contains runs up to the end of its data": "12:05"}


@cache
def together():
    rows, ends = apart("idle", IDLE), {}
    for number, (claim, (given, _)) in enumerate(CASES.items()):
        own = apart(f"s{number}", given)
        ends |= {(it["entity"], it["project"]): at(ENDS.get(claim, "20:00")) for it in own}
        rows += own
    ends |= {(it["entity"], it["project"]): at("20:00") for it in apart("idle", IDLE)}
    return store_of(rows, ends, settings=Settings(compute=Compute(gpu_count_key="n")))


@pytest.mark.parametrize("claim", CASES)
def test_jobs_and_the_runs_inside_them(claim: str):
    number = list(CASES).index(claim)
    people = [f"s{number}", f"ben s{number}"]
    runs = reads.runs(together()).filter(pl.col("run_id").str.starts_with(f"s{number}/"))
    figures = reads.metrics(together(), by="scholar").filter(pl.col("scholar").is_in(people))
    ids = runs["run_id"].str.split("/").list.get(1)
    columns = {"excluded": "excluded", "queued": "scheduler_queue_hours"}
    for name, value in CASES[claim][1].items():
        if name in columns:
            assert dict(zip(ids, runs[columns[name]], strict=True)) == value
        else:
            assert figures[name].sum() == pytest.approx(value), name


def test_what_a_job_held_while_no_run_was_in_it_is_idle_and_not_charged():
    by_day = reads.metrics(together(), by="scholar", period="day", groups=["idle"])
    idle = by_day.sort("period_start")["allocated_idle_gpu_hours"].to_list()
    assert idle == pytest.approx([4 * 0.5, 4 * 1])
    whole = reads.metrics(together(), by="scholar", groups=["idle"])
    assert whole["gpu_hours"].item() == pytest.approx(4 * 2.5 + 4 * 2)
    found = explain(together(), metric="allocated_idle_gpu_hours", scholar="idle")
    assert found.results[0].value == pytest.approx(6)


SCHOLARS = [{"id": it, "name": it, "usernames": [it, f"hpc {it}"]} for it in ("first", "last")]
ROSTER = Roster.model_validate({"scholars": SCHOLARS, "automation": [{"tag": "agent"}]})
JOBS = [it | {"username": "hpc"} for it in (JOB, job("1002", "12:00", "13:00", "15:00"))]
RUNS = [logged("a", "09:01", "11:01", tags=["agent"]), logged("b", "13:30", "14:00")]


def test_jobs_contain_what_a_scholar_and_their_agent_launched_in_any_order(tmp_path):
    """The jobs of one scholar come first, those of the other last."""
    everything = apart("first", JOBS) + apart("last", JOBS + RUNS) + apart("first", RUNS)
    whole = store_of(everything, "20:00", roster=ROSTER)
    runs = reads.runs(whole).filter(scholar="first")
    assert runs.sort("run_id").select("run_id", "excluded").rows() == [
        *(("first/1001", "allocation"), ("first/1002", "allocation")),
        *(("first/a", None), ("first/b", None)),
    ]
    for rows in (
        apart("first", JOBS) + apart("last", RUNS),
        apart("first", RUNS) + apart("last", JOBS),
    ):
        snapshot = store_of(rows, "20:00", roster=ROSTER, data=tmp_path)
    for read in (reads.runs, partial(reads.metrics, by="programme", period="day")):
        order = pl.all().exclude(pl.List)
        assert_frame_equal(read(snapshot).sort(order), read(whole).sort(order))
