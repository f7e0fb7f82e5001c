"""A scheduler's jobs: what they add to the runs inside them, and when they count themselves."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.builders import at, run, store_of
from velocity.explain.made import explain
from velocity.reading import reads
from velocity.roster.models import Roster
from velocity.settings import Compute, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from velocity.store import Snapshot

pytestmark = pytest.mark.sampled(16)


def job(run_id: str, submit: str, start: str, end: str | None, **columns: Any) -> dict[str, Any]:
    """A job of 4 GPUs on the host gpu01; it is running if it has no end."""
    return run(
        run_id,
        start,
        end,
        **{
            "created_at": submit,
            "submitted_at": submit,
            "source": "slurm",
            "entity": "hpc",
            "project": "vision",
            "host": "gpu01",
            "gpu_count": 4,
            "job_id": run_id,
        }
        | columns,
    )


def logged(run_id: str, start: str, end: str, **columns: Any) -> dict[str, Any]:
    """A run of W&B on the host gpu01, which reports the 8 GPUs of the machine."""
    return run(run_id, start, end, **{"host": "gpu01.example", "gpu_count": 8} | columns)


JOB = job("1001", "08:00", "09:00", "12:00")


def excluded(snapshot: Snapshot) -> dict[str, str | None]:
    return dict(reads.runs(snapshot).select("run_id", "excluded").rows())


def queued(snapshot: Snapshot) -> dict[str, float | None]:
    return dict(reads.runs(snapshot).select("run_id", "scheduler_queue_hours").rows())


def total(snapshot: Snapshot, figure: str) -> float:
    return float(reads.metrics(snapshot, by="programme")[figure].sum())


def test_a_job_that_nothing_logs_is_a_run_with_its_time_in_the_queue():
    snapshot = store_of([JOB], "20:00")
    assert excluded(snapshot) == {"1001": None}
    assert queued(snapshot) == {"1001": 1}
    assert total(snapshot, "gpu_hours") == 12
    assert total(snapshot, "runs_started") == 1


def test_a_run_inside_a_job_counts_instead_of_it_and_has_its_gpus_and_its_queue():
    snapshot = store_of([JOB, logged("a", "09:01", "11:01")], "20:00")
    assert excluded(snapshot) == {"1001": "allocation", "a": None}
    assert queued(snapshot) == {"1001": 1, "a": 1}
    assert total(snapshot, "runs_started") == 1
    assert total(snapshot, "run_hours") == 2
    assert total(snapshot, "gpu_hours") == 8, "the 4 GPUs of the job, not the 8 of the machine"


def test_what_a_job_held_while_no_run_was_in_it_is_idle_and_not_charged():
    rows = [
        job("1001", "2026-01-04 20:00", "2026-01-04 22:00", "2026-01-05 03:00"),
        logged("a", "2026-01-04 22:30", "2026-01-05 00:30"),
        logged("b", "2026-01-05 00:15", "2026-01-05 01:00", project="q"),
        logged("c", "2026-01-05 02:00", "2026-01-05 04:00"),
    ]
    snapshot = store_of(rows, "20:00")
    by_day = reads.metrics(snapshot, by="programme", period="day").sort("period_start")
    idle = by_day["allocated_idle_gpu_hours"].to_list()
    assert idle == pytest.approx([4 * 0.5, 4 * 1])
    assert total(snapshot, "gpu_hours") == pytest.approx(4 * 2.5 + 4 * 2)
    found = explain(snapshot, metric="allocated_idle_gpu_hours", scholar="ada")
    assert found.results[0].value == pytest.approx(6)
    assert total(store_of(rows[:1], "20:00"), "allocated_idle_gpu_hours") == 0, "a run by itself"


def test_runs_inside_one_job_share_its_gpus():
    rows = [JOB, logged("a", "09:01", "11:01"), logged("b", "10:01", "12:01", project="q")]
    assert total(store_of(rows, "20:00"), "gpu_hours") == pytest.approx(12)


def test_a_run_on_one_host_of_a_job_has_the_gpus_of_all_its_hosts():
    hosts = [("gpu01", "a100", 8), ("gpu02", "a100", 8)]
    starts = [at("09:00")] * 2
    wide = job("1001", "08:00", "09:00", "12:00", machines=hosts, writer_starts=starts)
    snapshot = store_of([wide, logged("a", "09:01", "10:01")], "20:00")
    assert total(snapshot, "gpu_hours") == 16


def test_a_job_without_gpus_costs_the_run_inside_it_none():
    snapshot = store_of([JOB | _gpus(0), logged("a", "09:01", "11:01")], "20:00")
    assert total(snapshot, "gpu_hours") == 0
    assert total(snapshot, "unpriced_run_hours") == 0


def test_a_job_whose_gpus_are_not_known_leaves_those_of_the_machine():
    snapshot = store_of([JOB | _gpus(None), logged("a", "09:01", "11:01")], "20:00")
    assert total(snapshot, "gpu_hours") == 16
    assert queued(snapshot)["a"] == 1


def _gpus(count: int | None) -> dict[str, Any]:
    return {"writers": [it | {"gpu_count": count} for it in JOB["writers"]]}


@pytest.mark.parametrize(
    "columns",
    [
        {"username": "ben"},
        {"host": "gpu02"},
        {"host": "localhost"},
        {"host": None},
        {"job_id": "999"},
        {"started_at": None, "host": None},
    ],
    ids=["another's", "elsewhere", "nowhere", "unknown", "in another job", "no machine"],
)
def test_other_runs_are_not_inside_the_job(columns: dict[str, Any]):
    snapshot = store_of([JOB, logged("a", "09:01", "11:01", **columns)], "20:00")
    assert excluded(snapshot) == {"1001": None, "a": None}
    assert queued(snapshot)["a"] is None


@pytest.mark.parametrize("start", ["08:57", "12:03"])
def test_a_run_that_starts_before_or_after_the_job_is_not_inside_it(start: str):
    snapshot = store_of([JOB, logged("a", start, "13:00")], "20:00")
    assert excluded(snapshot) == {"1001": None, "a": None}


def test_the_number_that_a_process_recorded_decides_which_of_several_jobs_it_was():
    jobs = [job(f"100{n}", f"0{n}:00", "09:00", "12:00") for n in range(4)]
    runs = [logged(f"r{n}", "09:01", "10:00", job_id=f"100{n}", host=None) for n in range(4)]
    found = queued(store_of([*jobs, *runs], "20:00"))
    assert [found[f"r{n}"] for n in range(4)] == [9, 8, 7, 6]


def test_without_a_number_the_job_that_started_last_counts():
    jobs = [JOB, job("1002", "08:30", "10:00", "12:00")]
    runs = [logged("a", "09:01", "09:50"), logged("b", "10:01", "11:00")]
    snapshot = store_of([*jobs, *runs], "20:00")
    assert queued(snapshot) == {"1001": 1, "1002": 1.5, "a": 1, "b": 1.5}


def test_runs_of_jobs_that_started_at_the_same_instant_take_one_each():
    tasks = [job(f"100{n}", "08:00", "09:00", "12:00") for n in range(3)]
    runs = [logged(f"r{n}", f"09:0{n + 1}", "11:00", project=f"p{n}") for n in range(3)]
    snapshot = store_of([*tasks, *runs], "20:00")
    assert set(excluded(snapshot).values()) == {"allocation", None}
    assert total(snapshot, "runs_started") == 3
    lengths = pl.Series([119, 118, 117])
    assert total(snapshot, "gpu_hours") == pytest.approx(4 * lengths.sum() / 60)


def test_a_resumed_run_is_in_the_job_of_each_of_its_sessions():
    jobs = [JOB | _gpus(2), job("1002", "13:00", "15:00", "18:00")]
    sessions = [at("09:01"), at("15:01")]
    resumed = logged(
        "a", "09:01", "16:01", writer_starts=sessions, runtime_s=7200, heartbeat_at="16:01"
    )
    snapshot = store_of([*jobs, resumed], "20:00")
    assert excluded(snapshot) == {"1001": "allocation", "1002": "allocation", "a": None}
    assert queued(snapshot)["a"] == 1, "the queue of its first session"
    assert total(snapshot, "gpu_hours") == pytest.approx(1 * 2 + 1 * 4)


def test_a_running_job_contains_runs_up_to_the_end_of_its_data():
    rows = [job("1001", "08:00", "09:00", None, state="running"), logged("a", "11:00", "12:00")]
    snapshot = store_of(rows, "20:00")
    assert excluded(snapshot)["1001"] is None, "no sign of life for hours: stale"
    rows[0] |= {"heartbeat_at": rows[1]["heartbeat_at"]}
    assert excluded(store_of(rows, "12:05"))["1001"] == "allocation"


def test_a_pending_job_counts_nowhere_and_its_queue_is_not_known_yet():
    waiting = JOB | {"state": "PENDING", "writers": None, "heartbeat_at": None, "runtime_s": None}
    snapshot = store_of([waiting], "20:00")
    assert excluded(snapshot) == {"1001": "pending"}
    assert queued(snapshot) == {"1001": None}


def test_a_count_from_the_config_still_replaces_every_other():
    settings = Settings(compute=Compute(gpu_count_key="n"))
    rows = [JOB, logged("a", "09:01", "11:01", config='{"n":1}')]
    assert total(store_of(rows, "20:00", settings=settings), "gpu_hours") == 2


def test_jobs_on_one_host_do_not_share_its_gpus_with_anybody():
    """Only W&B's counts are those of machines, which several runs may report at once."""
    jobs = [JOB, job("1002", "08:00", "09:00", "12:00", username="ben")]
    snapshot = store_of([*jobs, logged("a", "13:00", "14:00")], "20:00")
    assert total(snapshot, "gpu_hours") == 12 + 12 + 8


ROSTER = Roster.model_validate(
    {
        "scholars": [{"id": "ada", "name": "Ada", "usernames": ["ada", "ada_hpc"]}],
        "automation": [{"tag": "agent"}],
    }
)


def test_a_job_contains_what_an_agent_of_its_scholar_launched():
    rows = [JOB | {"username": "ada_hpc"}, logged("a", "09:01", "11:01", tags=["agent"])]
    snapshot = store_of(rows, "20:00", roster=ROSTER)
    assert excluded(snapshot) == {"1001": "allocation", "a": None}


@pytest.mark.parametrize("jobs_last", [True, False])
def test_jobs_and_runs_may_come_in_any_order(tmp_path: Path, jobs_last: bool):
    jobs = [JOB, job("1002", "12:00", "13:00", "15:00")]
    jobs = [it | {"username": "ada_hpc"} for it in jobs]
    runs = [logged("a", "09:01", "11:01", tags=["agent"]), logged("b", "13:30", "14:00")]
    whole = store_of([*jobs, *runs], "20:00", roster=ROSTER)
    parts = [runs, jobs] if jobs_last else [jobs, runs]
    for rows in parts:
        snapshot = store_of(rows, "20:00", roster=ROSTER, data=tmp_path)
    for read in (reads.runs, partial(reads.metrics, by="programme", period="day")):
        order = pl.all().exclude(pl.List)
        assert_frame_equal(read(snapshot).sort(order), read(whole).sort(order))
