"""Jobs from files that several releases of Slurm's sacct wrote, and from damaged ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from velocity.errors import SourceError
from velocity.sources.base import Asked, find_source
from velocity.sources.slurm_values import gpus_of, instant_of, nodes_of, seconds_of

if TYPE_CHECKING:
    from pathlib import Path

    from velocity.records import RunBatch

#: As Slurm 23.11 writes it.
HEADER = (
    "JobID|JobIDRaw|Cluster|Account|User|JobName|State|Submit|Start|End|ElapsedRaw|"
    "NodeList|AllocTRES"
)
TRES = "billing=32,cpu=32,gres/gpu:a100=4,gres/gpu=4,mem=256G,node=1"
DONE = (
    "1001|1001|hpc|vision|ada|train|COMPLETED|2026-05-04T08:00:00|2026-05-04T09:00:00|"
    f"2026-05-04T11:00:00|7200|gpu01|{TRES}"
)
NEVER = "1004|1004|hpc|vision|ada|x|{state}|2026-05-04T08:00:00|{start}|{end}|0|None assigned|"
EIGHT = datetime(2026, 5, 4, 8, tzinfo=UTC)


def batch(path: Path, text: str, **asked: Any) -> RunBatch:
    path.write_text(text, encoding="utf-8")
    (only,) = find_source("slurm").read(Asked([str(path)], **{"timezone": "UTC"} | asked))
    return only


def lines(path: Path, *rows: str, header: str = HEADER, **asked: Any) -> list[dict[str, Any]]:
    return batch(path, "\n".join([header, *rows, ""]), **asked).runs.to_dicts()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jobs.txt"


def test_a_job_is_a_run_on_its_host_with_the_gpus_that_it_was_given(path: Path) -> None:
    (job,) = lines(path, DONE)
    assert (job["entity"], job["project"], job["run_id"]) == ("hpc", "vision", "1001")
    assert (job["username"], job["display_name"], job["state"]) == ("ada", "train", "COMPLETED")
    assert job["created_at"] == job["submitted_at"] == EIGHT
    assert (job["runtime_s"], job["heartbeat_at"]) == (7200, EIGHT + timedelta(hours=3))
    (writer,) = job["writers"]
    assert writer["start"] == EIGHT + timedelta(hours=1)
    assert (writer["host"], writer["gpu_count"], writer["gpu_type"]) == ("gpu01", 4, "a100")
    assert writer["job_id"] == "1001"


def test_local_times_need_a_zone_and_are_read_in_it(path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        lines(path, DONE, timezone=None)
    assert "--timezone" in caught.value.hint
    (job,) = lines(path, DONE, timezone="Europe/Zurich")
    assert job["submitted_at"] == EIGHT - timedelta(hours=2)


@pytest.mark.parametrize(
    "written", ["2026-05-04T10:00:00+02:00", "2026-05-04T08:00:00Z", "1777881600"]
)
def test_times_that_name_their_zone_do_not_need_another(path: Path, written: str) -> None:
    header = "JobID|User|State|Submit|Start|Elapsed"
    row = f"1|ada|COMPLETED|{written}|{written}|01:00:00"
    (job,) = lines(path, row, header=header, entity="e", timezone=None)
    assert job["submitted_at"] == EIGHT


def test_a_job_across_the_end_of_summer_time_has_its_real_length(path: Path) -> None:
    row = DONE.replace("2026-05-04T09:00:00", "2026-10-25T01:30:00").replace(
        "2026-05-04T08", "2026-10-25T00"
    )
    (job,) = lines(path, row, timezone="Europe/Zurich")
    assert job["writers"][0]["start"] == datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    assert job["runtime_s"] == 7200


def test_steps_are_skipped_and_tasks_of_an_array_are_jobs_of_one_sweep(path: Path) -> None:
    steps = [DONE.replace("1001|1001", f"1001.{it}|1001.{it}") for it in ("batch", "extern", "0")]
    tasks = [DONE.replace("1001|1001", f"1000_{it}|{1001 + it}") for it in (4, 5)]
    waiting = NEVER.format(state="PENDING", start="Unknown", end="Unknown").replace(
        "1004|1004", "1000_[6-9%2]|1000"
    )
    jobs = lines(path, *steps, *tasks, waiting)
    assert [job["run_id"] for job in jobs] == ["1005", "1006"]
    assert {job["sweep"] for job in jobs} == {"array 1000"}


def test_the_parts_of_a_heterogeneous_job_are_one_run_on_all_their_hosts(path: Path) -> None:
    parts = [
        DONE.replace("1001|1001", f"1001+{it}|{1001 + it}").replace("gpu01", f"gpu0{it}")
        for it in (0, 1)
    ]
    (job,) = lines(path, *parts)
    assert job["run_id"] == "1001"
    assert [(it["host"], it["gpu_count"]) for it in job["writers"]] == [("gpu00", 4), ("gpu01", 4)]


def test_attempts_of_a_requeued_job_are_runs_and_the_last_one_keeps_the_id(path: Path) -> None:
    first = DONE.replace("COMPLETED", "NODE_FAIL")
    again = DONE.replace("T09:00", "T12:00").replace("T11:00", "T14:00")
    jobs = lines(path, first, again)
    assert {job["run_id"]: job["state"] for job in jobs} == {
        "1001@2026-05-04T09:00:00Z": "NODE_FAIL",
        "1001": "COMPLETED",
    }
    assert {it["job_id"] for job in jobs for it in job["writers"]} == {"1001"}


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("None", "2026-05-04T08:30:00"),
        ("Unknown", "Unknown"),
        # Before 20.11: the time at which it was cancelled, as start and end.
        ("2026-05-04T08:30:00", "2026-05-04T08:30:00"),
    ],
)
def test_a_job_that_was_cancelled_in_the_queue_never_ran(path: Path, start: str, end: str) -> None:
    row = NEVER.format(state="CANCELLED by 1001", start=start, end=end)
    (job,) = lines(path, row)
    assert (job["writers"], job["heartbeat_at"], job["runtime_s"]) == (None, None, None)
    assert job["wrote"] is False


def test_a_suspended_job_was_there_until_its_end_and_active_for_less(path: Path) -> None:
    (job,) = lines(path, DONE.replace("|7200|", "|3600|"))
    assert job["runtime_s"] == 3600
    assert job["last_metric_at"] == job["heartbeat_at"] == EIGHT + timedelta(hours=3)


def test_a_damaged_line_costs_itself_and_is_reported(path: Path) -> None:
    bad = [
        "1002|half a line",
        DONE.replace("1001|1001", "1003|1003").replace("T08:00:00", "T08:00:00 or so"),
        DONE.replace("1001|1001", "1005|1005").replace("train", "a|b"),  # a name with a delimiter
        DONE.replace("1001|1001", "|"),
        "\ufffd\x00\x1b[31m",
    ]
    read = batch(path, "\n".join([HEADER, DONE, *bad]))
    assert read.runs["run_id"].to_list() == ["1001"]
    assert [row.reason.partition(": ")[2].partition(":")[0] for row in read.rejected] == [
        f"line {number}" for number in range(3, 8)
    ]
    assert "5 lines could not be read" in read.notes[0]


def test_a_line_without_an_id_is_damaged_too(path: Path) -> None:
    header = "JobID|User|State|Submit|Start|End"
    time = "2026-05-04T08:00:00"
    rows = [f"|ada|COMPLETED|{time}|{time}|{time}", f"1|ada|COMPLETED|{time}|{time}|{time}"]
    read = batch(path, "\n".join([header, *rows]), entity="e")
    assert read.runs["run_id"].to_list() == ["1"]
    assert "no job id" in read.rejected[0].reason


def test_a_value_that_cannot_be_read_costs_only_itself(path: Path) -> None:
    (job,) = lines(path, DONE.replace("|7200|", "|soon|").replace("2026-05-04T11:00:00", "later"))
    assert (job["runtime_s"], job["heartbeat_at"]) == (None, None)
    assert sorted(job["unreadable"]) == ["elapsed", "end"]


@pytest.mark.parametrize(
    ("text", "gpus"),
    [
        (TRES, (4, "a100")),
        ("cpu=4,mem=16G,node=1", (0, None)),
        ("", (0, None)),
        ("gres/gpu=2", (2, None)),
        ("gres/gpu:a100=4,gres/gpu:h100=8", (12, "h100")),
        ("gres/gpu:a100_1g.5gb=1,gres/gpumem=40G,gres/gpuutil=3", (1, "a100_1g.5gb")),
        ("gpu:4", (4, None)),  # AllocGRES of releases before 20.11
        ("gpu:v100:2,license:1", (2, "v100")),
        ("gpu:a100:4(IDX:0-2,3)", (4, "a100")),
    ],
)
def test_gpus_are_read_from_the_resources_of_every_release(
    text: str, gpus: tuple[int, str | None]
) -> None:
    assert gpus_of(text) == gpus


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("gpu01", ["gpu01"]),
        ("gpu[01-03,07]", ["gpu01", "gpu02", "gpu03", "gpu07"]),
        ("a[1-2],b1", ["a1", "a2", "b1"]),
        ("rack[0-1]node[8-9]", ["rack0node8", "rack0node9", "rack1node8", "rack1node9"]),
        ("gpu[01", ["gpu", "01"]),
        ("gpu[b-a]", ["gpu[b-a]"]),
        ("gpu[1-99999999]", ["gpu[1-99999999]"]),
        ("a[0-9999]b[0-9999]", ["a[0-9999]b[0-9999]"]),
    ],
)
def test_node_lists_are_expanded(text: str, names: list[str]) -> None:
    assert nodes_of(text) == names


@pytest.mark.parametrize(
    ("text", "seconds"), [("1-02:03:04", 93784), ("02:03:04", 7384), ("01:02.5", 62), ("60", 60)]
)
def test_lengths_are_read_in_every_form(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


def _v0037(**more: Any) -> dict[str, Any]:
    """A job as Slurm 21.08 writes it."""
    return {
        "job_id": 1001,
        "account": "vision",
        "cluster": "hpc",
        "user": "ada",
        "name": "train",
        "nodes": "gpu[01-02]",
        "array": {"job_id": 0, "task_id": None},
        "het": {"job_id": 0, "job_offset": None},
        "state": {"current": "COMPLETED", "reason": "None"},
        "time": {
            "submission": EIGHT.timestamp(),
            "start": EIGHT.timestamp() + 3600,
            "end": EIGHT.timestamp() + 10800,
            "elapsed": 7200,
        },
        "tres": {
            "allocated": [
                {"type": "cpu", "name": None, "id": 1, "count": 32},
                {"type": "gres", "name": "gpu", "id": 1001, "count": 8},
                {"type": "gres", "name": "gpu:a100", "id": 1002, "count": 8},
            ]
        },
    } | more


def _number(value: int) -> dict[str, Any]:
    return {"set": True, "infinite": False, "number": value}


def _v0041(**more: Any) -> dict[str, Any]:
    """A job as Slurm 24.05 writes it."""
    none = {"set": False, "infinite": False, "number": 0}
    return (
        _v0037()
        | {
            "array": {"job_id": 1000, "task_id": _number(1)},
            "het": {"job_id": 0, "job_offset": none},
            "state": {"current": ["COMPLETED"], "reason": "None"},
        }
        | more
    )


@pytest.mark.parametrize("job", [_v0037(), _v0041()])
def test_json_of_every_release_gives_the_same_job_as_text(path: Path, job: dict[str, Any]) -> None:
    (read,) = batch(path, json.dumps({"jobs": [job]}), timezone=None).runs.to_dicts()
    (text,) = lines(path, DONE.replace("gpu01", "gpu[01-02]").replace("=4", "=8"))
    array = "array 1000" if job["array"]["job_id"] else None
    assert read == text | {"sweep": array}


@pytest.mark.parametrize("text", ["9999999999", "2286-11-20T17:46:39+00:00"])
def test_a_time_after_2199_is_refused_in_either_form(text: str) -> None:
    with pytest.raises(ValueError, match="after 2199"):
        instant_of(text, None)


def test_a_damaged_job_of_json_costs_itself(path: Path) -> None:
    late = [_v0037(time={"submission": seconds}) for seconds in (1e10, 1e30)]  # the first: 2286
    odd = [None, {}, _v0037(job_id="x"), _v0037(time={}), *late]
    odd_but_read = _v0037(
        job_id=7, state=None, tres=None, nodes=3, array=[], het="no", user=["ada"]
    )
    waiting = _v0041(array={"job_id": 1000, "task_id": None, "task": "6-9%2"})
    read = batch(path, json.dumps({"jobs": [*odd, odd_but_read, waiting, _v0037()]}))
    assert read.runs["run_id"].to_list() == ["7", "1001"]
    assert len(read.rejected) == len(odd)


@pytest.mark.parametrize(
    ("text", "asked", "said"),
    [
        ("", {}, "not the output of sacct"),
        ("JobID       State\n1 COMPLETED\n", {}, "not the output of sacct"),
        ("JobID|JobName|State|Elapsed\n1|a|COMPLETED|00:10:00\n", {}, "column submit, start"),
        (HEADER + "\n", {}, "does not have a job"),
        (HEADER + "\nhalf\n", {}, "line 2"),
        ('{"jobs": [', {}, "not complete JSON"),
        ('{"errors": []}', {}, "does not have the jobs"),
        (f"{HEADER}\n{DONE.replace('|hpc|', '||')}\n", {}, "does not name the cluster"),
        (f"{HEADER}\n{DONE.replace('|ada|', '||')}\n", {}, "does not name the users"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_that_says_what_to_do(
    path: Path, text: str, asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(SourceError) as caught:
        batch(path, text, **asked)
    assert said in caught.value.message
    assert caught.value.hint


def test_the_request_names_what_the_file_does_not(path: Path) -> None:
    row = DONE.replace("|hpc|vision|ada|", "||||")
    (job,) = lines(path, row, entity="lab", project="p", username="ada")
    assert (job["entity"], job["project"], job["username"]) == ("lab", "p", "ada")


def test_a_file_is_complete_to_its_latest_time(path: Path) -> None:
    running = DONE.replace("COMPLETED", "RUNNING").replace("2026-05-04T11:00:00", "Unknown")
    read = batch(path, f"{HEADER}\n{running.replace('|7200|', '|86400|')}\n")
    assert read.complete_to == EIGHT + timedelta(hours=25)


def test_other_delimiters_trailing_ones_and_repeated_headings_are_read(path: Path) -> None:
    for separator in ("^", "\t"):
        text = "\n".join([HEADER, DONE, HEADER, DONE.replace("1001|1001", "1002|1002")])
        read = batch(path, text.replace("|", separator))
        assert read.runs["run_id"].to_list() == ["1001", "1002"]
    (job,) = lines(path, DONE + "|", header=HEADER + "|")  # as --parsable writes it
    assert job["run_id"] == "1001"
