"""A scheduler's jobs: what they add to the runs inside them, and when they count themselves."""

from functools import cache, partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.builders import apart, at, run, store_of
from velocity.explain.made import explain
from velocity.reading import reads
from velocity.roster.models import Roster
from velocity.settings import Compute, Settings
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


#: Case -> its runs. In the store of all of them, each has entities and a scholar of its own.
CASES: dict[str, list[dict[str, Any]]] = {}
#: Projects whose data does not end at 20:00.
ENDS: dict[tuple[str, str], str] = {}


@cache
def together() -> Snapshot:
    rows = [row for case, given in CASES.items() for row in apart(case, given)]
    ends = {(it["entity"], it["project"]): at("20:00") for it in rows}
    ends |= {place: at(end) for place, end in ENDS.items()}
    return store_of(rows, ends, settings=Settings(compute=Compute(gpu_count_key="n")))


def told(case: str, column: str) -> dict[str, Any]:
    rows = reads.runs(together()).select("run_id", column).rows()
    return {run_id.split("/")[1]: it for run_id, it in rows if run_id.split("/")[0] == case}


def excluded(case: str) -> dict[str, str | None]:
    return told(case, "excluded")


def queued(case: str) -> dict[str, float | None]:
    return told(case, "scheduler_queue_hours")


def total(case: str, figure: str) -> float:
    people = sorted({row["username"] for row in apart(case, CASES[case])})
    return float(figures().filter(pl.col("scholar").is_in(people))[figure].sum())


@cache
def figures() -> pl.DataFrame:
    return reads.metrics(together(), by="scholar")


CASES["alone"] = [JOB]


def test_a_job_that_nothing_logs_is_a_run_with_its_time_in_the_queue():
    assert excluded("alone") == {"1001": None}
    assert queued("alone") == {"1001": 1}
    assert total("alone", "gpu_hours") == 12
    assert total("alone", "runs_started") == 1


CASES["inside"] = [JOB, logged("a", "09:01", "11:01")]


def test_a_run_inside_a_job_counts_instead_of_it_and_has_its_gpus_and_its_queue():
    assert excluded("inside") == {"1001": "allocation", "a": None}
    assert queued("inside") == {"1001": 1, "a": 1}
    assert total("inside", "runs_started") == 1
    assert total("inside", "run_hours") == 2
    assert total("inside", "gpu_hours") == 8, "the 4 GPUs of the job, not the 8 of the machine"


LONG = job("1001", "2026-01-04 20:00", "2026-01-04 22:00", "2026-01-05 03:00")
CASES["idle"] = [
    LONG,
    logged("a", "2026-01-04 22:30", "2026-01-05 00:30"),
    logged("b", "2026-01-05 00:15", "2026-01-05 01:00", project="q"),
    logged("c", "2026-01-05 02:00", "2026-01-05 04:00"),
]
CASES["by itself"] = [LONG]


def test_what_a_job_held_while_no_run_was_in_it_is_idle_and_not_charged():
    by_day = reads.metrics(together(), by="scholar", period="day", groups=["idle"])
    idle = by_day.sort("period_start")["allocated_idle_gpu_hours"].to_list()
    assert idle == pytest.approx([4 * 0.5, 4 * 1])
    assert total("idle", "gpu_hours") == pytest.approx(4 * 2.5 + 4 * 2)
    found = explain(together(), metric="allocated_idle_gpu_hours", scholar="idle")
    assert found.results[0].value == pytest.approx(6)
    assert total("by itself", "allocated_idle_gpu_hours") == 0


CASES["shared"] = [JOB, logged("a", "09:01", "11:01"), logged("b", "10:01", "12:01", project="q")]


def test_runs_inside_one_job_share_its_gpus():
    assert total("shared", "gpu_hours") == pytest.approx(12)


CASES["wide"] = [
    job(
        "1001",
        "08:00",
        "09:00",
        "12:00",
        machines=[("gpu01", "a100", 8), ("gpu02", "a100", 8)],
        writer_starts=[at("09:00")] * 2,
    ),
    logged("a", "09:01", "10:01"),
]


def test_a_run_on_one_host_of_a_job_has_the_gpus_of_all_its_hosts():
    assert total("wide", "gpu_hours") == 16


def _gpus(count: int | None) -> dict[str, Any]:
    return {"writers": [it | {"gpu_count": count} for it in JOB["writers"]]}


CASES["none"] = [JOB | _gpus(0), logged("a", "09:01", "11:01")]
CASES["unknown"] = [JOB | _gpus(None), logged("a", "09:01", "11:01")]


def test_a_job_without_gpus_costs_the_run_inside_it_none():
    assert total("none", "gpu_hours") == 0
    assert total("none", "unpriced_run_hours") == 0


def test_a_job_whose_gpus_are_not_known_leaves_those_of_the_machine():
    assert total("unknown", "gpu_hours") == 16
    assert queued("unknown")["a"] == 1


OUTSIDE = {
    "another's": {"username": "ben"},
    "elsewhere": {"host": "gpu02"},
    "nowhere": {"host": "localhost"},
    "no host": {"host": None},
    "in another job": {"job_id": "999"},
    "no machine": {"started_at": None, "host": None},
}
CASES |= {it: [JOB, logged("a", "09:01", "11:01", **columns)] for it, columns in OUTSIDE.items()}


@pytest.mark.parametrize("case", OUTSIDE)
def test_other_runs_are_not_inside_the_job(case: str):
    assert excluded(case) == {"1001": None, "a": None}
    assert queued(case)["a"] is None


CASES |= {it: [JOB, logged("a", it, "13:00")] for it in ("08:57", "12:03")}


@pytest.mark.parametrize("start", ["08:57", "12:03"])
def test_a_run_that_starts_before_or_after_the_job_is_not_inside_it(start: str):
    assert excluded(start) == {"1001": None, "a": None}


CASES["numbered"] = [
    *(job(f"100{n}", f"0{n}:00", "09:00", "12:00") for n in range(4)),
    *(logged(f"r{n}", "09:01", "10:00", job_id=f"100{n}", host=None) for n in range(4)),
]
CASES["without a number"] = [
    *(JOB, job("1002", "08:30", "10:00", "12:00")),
    *(logged("a", "09:01", "09:50"), logged("b", "10:01", "11:00")),
]


def test_the_number_that_a_process_recorded_decides_which_of_several_jobs_it_was():
    found = queued("numbered")
    assert [found[f"r{n}"] for n in range(4)] == [9, 8, 7, 6]


def test_without_a_number_the_job_that_started_last_counts():
    assert queued("without a number") == {"1001": 1, "1002": 1.5, "a": 1, "b": 1.5}


CASES["tasks"] = [
    *(job(f"100{n}", "08:00", "09:00", "12:00") for n in range(3)),
    *(logged(f"r{n}", f"09:0{n + 1}", "11:00", project=f"p{n}") for n in range(3)),
]


def test_runs_of_jobs_that_started_at_the_same_instant_take_one_each():
    assert set(excluded("tasks").values()) == {"allocation", None}
    assert total("tasks", "runs_started") == 3
    assert total("tasks", "gpu_hours") == pytest.approx(4 * (119 + 118 + 117) / 60)


CASES["resumed"] = [
    JOB | _gpus(2),
    job("1002", "13:00", "15:00", "18:00"),
    logged(
        "a",
        "09:01",
        "16:01",
        writer_starts=[at("09:01"), at("15:01")],
        runtime_s=7200,
        heartbeat_at="16:01",
    ),
]


def test_a_resumed_run_is_in_the_job_of_each_of_its_sessions():
    assert excluded("resumed") == {"1001": "allocation", "1002": "allocation", "a": None}
    assert queued("resumed")["a"] == 1, "the queue of its first session"
    assert total("resumed", "gpu_hours") == pytest.approx(1 * 2 + 1 * 4)


CASES["silent"] = [
    job("1001", "08:00", "09:00", None, state="running"),
    logged("a", "11:00", "12:00"),
]
CASES["alive"] = [CASES["silent"][0] | {"heartbeat_at": at("12:00")}, CASES["silent"][1]]
ENDS |= {("hpc alive", "vision"): "12:05", ("e alive", "p"): "12:05"}


def test_a_running_job_contains_runs_up_to_the_end_of_its_data():
    assert excluded("silent")["1001"] is None, "no sign of life for hours: stale"
    assert excluded("alive")["1001"] == "allocation"


CASES["pending"] = [
    JOB | {"state": "PENDING", "writers": None, "heartbeat_at": None, "runtime_s": None}
]


def test_a_pending_job_counts_nowhere_and_its_queue_is_not_known_yet():
    assert excluded("pending") == {"1001": "pending"}
    assert queued("pending") == {"1001": None}


CASES["configured"] = [JOB, logged("a", "09:01", "11:01", config='{"n":1}')]


def test_a_count_from_the_config_still_replaces_every_other():
    assert total("configured", "gpu_hours") == 2


CASES["two users"] = [
    *(JOB, job("1002", "08:00", "09:00", "12:00", username="ben")),
    logged("a", "13:00", "14:00"),
]


def test_jobs_on_one_host_do_not_share_its_gpus_with_anybody():
    """Only W&B's counts are those of machines, which several runs may report at once."""
    assert total("two users", "gpu_hours") == 12 + 12 + 8


SCHOLARS = [{"id": it, "name": it, "usernames": [it, f"hpc {it}"]} for it in ("first", "last")]
ROSTER = Roster.model_validate({"scholars": SCHOLARS, "automation": [{"tag": "agent"}]})
JOBS = [it | {"username": "hpc"} for it in (JOB, job("1002", "12:00", "13:00", "15:00"))]
RUNS = [logged("a", "09:01", "11:01", tags=["agent"]), logged("b", "13:30", "14:00")]


def test_jobs_contain_what_a_scholar_and_their_agent_launched_in_any_order(tmp_path: Path):
    """The jobs of one scholar come first, those of the other last."""
    everything = [
        *apart("first", JOBS),
        *apart("last", JOBS),
        *apart("first", RUNS),
        *apart("last", RUNS),
    ]
    whole = store_of(everything, "20:00", roster=ROSTER)
    runs = reads.runs(whole).filter(scholar="first")
    assert dict(runs.select("run_id", "excluded").rows()) == {
        "first/1001": "allocation",
        "first/1002": "allocation",
        "first/a": None,
        "first/b": None,
    }
    for rows in (
        apart("first", JOBS) + apart("last", RUNS),
        apart("first", RUNS) + apart("last", JOBS),
    ):
        snapshot = store_of(rows, "20:00", roster=ROSTER, data=tmp_path)
    for read in (reads.runs, partial(reads.metrics, by="programme", period="day")):
        order = pl.all().exclude(pl.List)
        assert_frame_equal(read(snapshot).sort(order), read(whole).sort(order))
