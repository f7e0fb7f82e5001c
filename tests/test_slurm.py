"""Jobs from files that several releases of Slurm's sacct wrote, and from damaged ones."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from velocity.errors import SourceError
from velocity.sources.base import Asked, find_source
from velocity.sources.slurm_values import gpus_of, instant_of, nodes_of, seconds_of

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
NEVER_RAN = {"ElapsedRaw": "0", "NodeList": "None assigned", "AllocTRES": ""}
EIGHT = datetime(2026, 5, 4, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def line(**cells):
    """The line of a job that ran, with other cells."""
    done = dict(zip(HEADER.split("|"), DONE.split("|"), strict=True))
    return "|".join((done | cells).values())


def batch(path, text, **asked):
    path.write_text(text, encoding="utf-8")
    (only,) = find_source("slurm").read(Asked([str(path)], **{"timezone": "UTC"} | asked))
    return only


def lines(path, *rows, header=HEADER, **asked):
    return batch(path, "\n".join([header, *rows, ""]), **asked).runs.to_dicts()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "jobs.txt"


def test_a_job_is_a_run_on_its_host_with_the_gpus_that_it_was_given(path):
    (job,) = lines(path, DONE)
    assert (job["entity"], job["project"], job["run_id"]) == ("hpc", "vision", "1001")
    assert (job["username"], job["display_name"], job["state"]) == ("ada", "train", "COMPLETED")
    assert job["created_at"] == job["submitted_at"] == EIGHT
    assert (job["runtime_s"], job["heartbeat_at"]) == (7200, EIGHT + 3 * HOUR)
    machine = {"host": "gpu01", "gpu_count": 4, "gpu_type": "a100", "job_id": "1001"}
    (writer,) = job["writers"]
    assert writer == writer | machine | {"start": EIGHT + HOUR}


def test_local_times_need_a_zone_and_are_read_in_it(path):
    with pytest.raises(SourceError) as caught:
        lines(path, DONE, timezone=None)
    assert "--timezone" in caught.value.hint
    (job,) = lines(path, DONE, timezone="Europe/Zurich")
    assert job["submitted_at"] == EIGHT - 2 * HOUR


@pytest.mark.parametrize(
    "written", ["2026-05-04T10:00:00+02:00", "2026-05-04T08:00:00Z", "1777881600"]
)
def test_times_that_name_their_zone_do_not_need_another(path, written):
    header = "JobID|User|State|Submit|Start|Elapsed"
    row = f"1|ada|COMPLETED|{written}|{written}|01:00:00"
    (job,) = lines(path, row, header=header, entity="e", timezone=None)
    assert job["submitted_at"] == EIGHT


def test_a_job_across_the_end_of_summer_time_has_its_real_length(path):
    times = {"Submit": "00:00:00", "Start": "01:30:00", "End": "02:30:00"}
    row = line(**{name: f"2026-10-25T{it}" for name, it in times.items()})
    (job,) = lines(path, row, timezone="Europe/Zurich")
    assert job["writers"][0]["start"] == datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    assert job["runtime_s"] == 7200


@pytest.mark.parametrize(
    ("start", "end", "elapsed", "began"),
    [
        ("10-25T02:50", "10-25T02:10", "1200", "10-25T00:50"),
        ("10-25T02:50", "10-25T04:00", "4200", "10-25T01:50"),
        ("03-29T02:30", "03-29T03:30", "0", "03-29T01:30"),  # an hour that the clocks skip
    ],
)
def test_the_length_tells_which_of_two_equal_local_times_is_meant(path, start, end, elapsed, began):
    row = line(Start=f"2026-{start}", End=f"2026-{end}", ElapsedRaw=elapsed)
    (job,) = lines(path, row, timezone="Europe/Zurich")
    begun = datetime.fromisoformat(f"2026-{began}Z")
    assert job["writers"][0]["start"] == begun
    assert job["heartbeat_at"] == begun + timedelta(seconds=int(elapsed))
    assert job["last_metric_at"] is None


def test_steps_are_skipped_and_tasks_of_an_array_are_jobs_of_one_sweep(path):
    steps = [line(JobID=f"1001.{it}", JobIDRaw=f"1001.{it}") for it in ("batch", "extern", "0")]
    tasks = [line(JobID=f"1000_{it}", JobIDRaw=f"{1001 + it}") for it in (4, 5)]
    pending = {"State": "PENDING", "Start": "Unknown", "End": "Unknown"}
    waiting = line(JobID="1000_[6-9%2]", JobIDRaw="1000", **NEVER_RAN, **pending)
    jobs = lines(path, *steps, *tasks, waiting)
    assert [job["run_id"] for job in jobs] == ["1005", "1006"]
    assert {job["sweep"] for job in jobs} == {"array 1000"}


def test_the_parts_of_a_heterogeneous_job_are_one_run_on_all_their_hosts(path):
    first = line(JobID="1001+0", NodeList="gpu00")
    (job,) = lines(path, first, line(JobID="1001+1", JobIDRaw="1002", NodeList="gpu01"))
    assert job["run_id"] == "1001"
    assert [(it["host"], it["gpu_count"]) for it in job["writers"]] == [("gpu00", 4), ("gpu01", 4)]


def test_a_heterogeneous_job_with_a_part_of_unknown_gpus_has_an_unknown_number(path):
    first, part = line(JobID="1001+0"), line(JobID="1001+1", JobIDRaw="1002", AllocTRES="gres/gpu=")
    (job,) = lines(path, first, part)
    assert (job["writers"][0]["gpu_count"], job["unreadable"]) == (None, ["resources"])


def test_attempts_of_a_requeued_job_are_runs_and_the_last_one_keeps_the_id(path):
    again = line(Start="2026-05-04T12:00:00", End="2026-05-04T14:00:00")
    jobs = lines(path, line(State="NODE_FAIL"), again)
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
def test_a_job_that_was_cancelled_in_the_queue_never_ran(path, start, end):
    (job,) = lines(path, line(State="CANCELLED by 1001", Start=start, End=end, **NEVER_RAN))
    assert (job["writers"], job["heartbeat_at"], job["runtime_s"]) == (None, None, None)
    assert job["wrote"] is False


WAITS = line(State="PENDING", Start="Unknown", End="Unknown", **NEVER_RAN)
RUNS = line(State="RUNNING", End="Unknown", ElapsedRaw="3600")


@pytest.mark.parametrize("seen", [[WAITS, DONE], [DONE, WAITS], [RUNS, DONE], [DONE, RUNS]])
def test_a_job_in_outputs_that_were_put_together_is_as_it_was_seen_last(path, seen):
    assert lines(path, *seen) == lines(path, DONE)


def test_parts_of_a_heterogeneous_job_in_two_outputs_count_once(path):
    parts = [line(JobID="1001+0"), line(JobID="1001+1", JobIDRaw="1002", NodeList="gpu02")]
    assert lines(path, *parts, *parts) == lines(path, *parts)


def test_an_attempt_that_was_requeued_did_run(path):
    times = {"Submit": "2026-05-04T11:00:30", "Start": "2026-05-04T12:00:00"}
    again = line(**times, End="2026-05-04T13:00:00", ElapsedRaw="3600")
    waits = line(**times | {"Start": "Unknown"}, State="REQUEUED", End="Unknown", **NEVER_RAN)
    for then in (again, waits):
        earlier, last = lines(path, line(State="REQUEUED"), then)
        assert earlier["state"] == "preempted (REQUEUED)"
        assert (earlier["runtime_s"], last["run_id"]) == (7200, "1001")
    assert last["state"] == "REQUEUED"


@pytest.mark.parametrize("state", ["SUSPENDED", "RUNNING"])
def test_a_job_that_was_suspended_and_has_not_ended_is_alive(path, state):
    other = {"JobID": "1002", "JobIDRaw": "1002", "End": "2026-05-04T20:00:00"}
    elsewhere = {"Cluster": "old", "JobID": "1003", "JobIDRaw": "1003", "End": "Unknown"}
    suspended = line(State=state, End="Unknown", ElapsedRaw="1800")
    jobs = lines(path, suspended, line(**other), line(State=state, **elsewhere))
    alive = {job["run_id"]: job["heartbeat_at"] for job in jobs}
    # Each to when the accounting of its cluster was read.
    assert alive == {"1001": EIGHT + 12 * HOUR, "1002": EIGHT + 12 * HOUR, "1003": EIGHT + 3 * HOUR}


def test_a_later_output_of_others_does_not_keep_a_job_alive(path):
    first = line(State="RUNNING", End="Unknown", ElapsedRaw="3600")
    later = {"JobID": "1002", "JobIDRaw": "1002", "End": "2026-05-08T20:00:00"}
    job, _ = lines(path, first, HEADER, line(**later))
    assert job["heartbeat_at"] == EIGHT + 2 * HOUR


def test_a_job_that_was_cancelled_while_it_waited_stays_though_its_id_ran_later(path):
    before = {"Submit": "2023-05-04T08:00:00", "Start": "None", "End": "2023-05-04T09:00:00"}
    cancelled = line(State="CANCELLED by 7", **before | NEVER_RAN)
    assert len(lines(path, cancelled, line())) == 2


def test_a_suspended_job_was_there_until_its_end_and_active_for_less(path):
    (job,) = lines(path, line(ElapsedRaw="3600"))
    assert job["runtime_s"] == 3600
    assert job["last_metric_at"] == job["heartbeat_at"] == EIGHT + 3 * HOUR


def test_a_damaged_line_costs_itself_and_is_reported(path):
    bad = [
        "1002|half a line",
        line(JobID="1003", JobIDRaw="1003", Submit="2026-05-04T08:00:00 or so", Start="?"),
        line(JobID="1005", JobIDRaw="1005", NodeList="a|b"),
        line(JobID="", JobIDRaw=""),
        "\ufffd\x00\x1b[31m",
    ]
    read = batch(path, "\n".join([HEADER, DONE, *bad]))
    assert read.runs["run_id"].to_list() == ["1001"]
    named = [row.reason.partition(": ")[2].partition(":")[0] for row in read.rejected]
    assert named == ["line 3", "line 4", "line 5", "line 6", "line 7"]
    assert "5 lines could not be read" in read.notes[0]


def test_a_line_without_an_id_is_damaged_too(path):
    header = "JobID|User|State|Submit|Start|End"
    without = "|ada|COMPLETED" + 3 * "|2026-05-04T08:00:00"
    read = batch(path, f"{header}\n{without}\n1{without}", entity="e")
    assert read.runs["run_id"].to_list() == ["1"]
    assert "no job id" in read.rejected[0].reason


def test_a_value_that_cannot_be_read_costs_only_itself(path):
    (job,) = lines(path, line(ElapsedRaw="soon", End="later"))
    assert (job["runtime_s"], job["heartbeat_at"]) == (None, None)
    assert sorted(job["unreadable"]) == ["elapsed", "end"]


def test_a_job_without_a_time_of_submission_or_start_is_placed_by_the_others(path):
    (job,) = lines(path, line(Submit="8 o'clock"))
    assert job["created_at"] == job["writers"][0]["start"] == EIGHT + HOUR
    assert job["unreadable"] == ["submit"]
    (job,) = lines(path, line(Start="9 o'clock"))
    assert (job["created_at"], job["writers"][0]["start"]) == (EIGHT, EIGHT + HOUR)
    assert job["unreadable"] == ["start"]
    (job,) = lines(path, line(Start="9 o'clock", End="?"))
    assert job["writers"][0]["start"] == EIGHT
    (job,) = lines(path, line(Start="9 o'clock", ElapsedRaw="0", State="FAILED"))
    assert (job["writers"][0]["start"], job["runtime_s"]) == (EIGHT + 3 * HOUR, 0)
    running = line(State="RUNNING", Start="9 o'clock", End="Unknown", ElapsedRaw="3600")
    job, _ = lines(path, running, line(JobID="1002", JobIDRaw="1002"))
    assert job["writers"][0]["start"] == EIGHT + 2 * HOUR
    header = "JobID|State|Submit|Start|ElapsedRaw"
    row = "1|PENDING|2026-05-04T08:00:00|9 o'clock|0"
    (job,) = lines(path, row, header=header, entity="e", username="ada")
    assert job["wrote"] is False


@pytest.mark.parametrize("written", ["4294967295", "999999999999", "999999-00:00:00"])
def test_a_length_that_no_job_has_is_not_known(path, written):
    read = batch(path, f"{HEADER}\n{line(ElapsedRaw=written)}\n")
    (job,) = read.runs.to_dicts()
    assert (job["runtime_s"], job["unreadable"]) == (None, ["elapsed"])
    assert read.complete_to == EIGHT + 3 * HOUR


@pytest.mark.parametrize(
    ("tres", "gres", "gpus"),
    [
        ("cpu=4,mem=16G,node=1", "gpu:v100:2", ("v100", 2)),
        ("", "7696487:2", (None, 2)),
        (TRES, "gpu:4", ("a100", 4)),
        (TRES, "", ("a100", 4)),
        ("gres/gpu=2", "gpu:8", (None, 2)),
        (TRES, "gpu:4294967295", ("a100", 4)),
    ],
)
def test_gpus_are_those_of_either_column(path, tres, gres, gpus):
    (job,) = lines(path, f"{line(AllocTRES=tres)}|{gres}", header=f"{HEADER}|AllocGRES")
    assert [(it["gpu_type"], it["gpu_count"]) for it in job["writers"]] == [gpus]
    assert job["unreadable"] is None


@pytest.mark.parametrize(
    "tres",
    [
        *("gpu(IDX:0-3)", "", "gres/gpu=4294967295", "gres/gpu:a100=4294967295", "gres/gpu=65534"),
        *("gres/gpu=4294967294,gres/gpu:a100=4", "7696487:65535", "gres/gpu=18446744073709551614"),
    ],
)
def test_gpus_that_are_not_counted_are_not_known(path, tres):
    row = f"{line(AllocTRES=tres)}|gpu:4294967295"
    (job,) = lines(path, row, header=f"{HEADER}|AllocGRES")
    assert (job["writers"][0]["gpu_count"], job["unreadable"]) == (None, ["resources"])


def test_the_delimiter_in_a_name_belongs_to_the_name(path):
    (named,) = lines(path, line(JobName="lr|wd|x"))
    (job,) = lines(path, DONE)
    assert named == job | {"display_name": "lr|wd|x"}
    with pytest.raises(SourceError, match="14 values but 13 headings"):  # the comment may have it
        lines(path, line(JobName="a|b"), header=HEADER.replace("Account", "Comment"))


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (gpus_of, TRES, (4, "a100")),
        (gpus_of, "cpu=4,mem=16G,node=1", (0, None)),
        (gpus_of, "", (0, None)),
        (gpus_of, "gres/gpu=2", (2, None)),
        (gpus_of, "gres/gpu:a100=4,gres/gpu:h100=8", (12, "h100")),
        (gpus_of, "gres/gpu:a100_1g.5gb=1,gres/gpumem=40G,gres/gpuutil=3", (1, "a100_1g.5gb")),
        (gpus_of, "gpu:4", (4, None)),  # AllocGRES of releases before 20.11
        (gpus_of, "gpu:v100:2,license:1", (2, "v100")),
        (gpus_of, "gpu:a100:4(IDX:0-2,3)", (4, "a100")),
        (gpus_of, "gres:gpu:2", (2, None)),
        (gpus_of, "7696487:2", (2, None)),
        (gpus_of, "gres/gpu:a100:2", (2, "a100")),
        (gpus_of, "GRES/GPU=2,license/gpu=1", (2, None)),
        (nodes_of, "gpu01", ["gpu01"]),
        (nodes_of, "gpu[01-03,07]", ["gpu01", "gpu02", "gpu03", "gpu07"]),
        (nodes_of, "a[1-2],b1", ["a1", "a2", "b1"]),
        (nodes_of, "rack[0-1]node[8-9]", ["rack0node8", "rack0node9", "rack1node8", "rack1node9"]),
        (nodes_of, "gpu[01", ["gpu", "01"]),
        (nodes_of, "gpu[b-a]", ["gpu[b-a]"]),
        (nodes_of, "gpu[1-99999999]", ["gpu[1-99999999]"]),
        (nodes_of, "a[0-9999]b[0-9999]", ["a[0-9999]b[0-9999]"]),
        (seconds_of, "1-02:03:04", 93784),
        (seconds_of, "02:03:04", 7384),
        (seconds_of, "01:02.5", 62),
        (seconds_of, "60", 60),
    ],
)
def test_values_are_read_in_the_form_of_every_release(read, text, value):
    assert read(text) == value


def _v0037(**more):
    """A job as Slurm 21.08 writes it."""
    eight = EIGHT.timestamp()
    gpus = [{"type": "gres", "name": name, "count": 8} for name in ("gpu", "gpu:a100")]
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
        "time": {"submission": eight, "start": eight + 3600, "end": eight + 10800, "elapsed": 7200},
        "tres": {"allocated": [{"type": "cpu", "name": None, "count": 32}, *gpus]},
    } | more


def _v0041(**more):
    """A job as Slurm 24.05 writes it."""
    task, none = ({"set": it, "infinite": False, "number": int(it)} for it in (True, False))
    changed = {
        "array": {"job_id": 1000, "task_id": task},
        "het": {"job_id": 0, "job_offset": none},
        "state": {"current": ["COMPLETED"], "reason": "None"},
    }
    return _v0037() | changed | more


@pytest.mark.parametrize("job", [_v0037(), _v0041()])
def test_json_of_every_release_gives_the_same_job_as_text(path, job):
    (read,) = batch(path, json.dumps({"jobs": [job]}), timezone=None).runs.to_dicts()
    (text,) = lines(path, line(NodeList="gpu[01-02]", AllocTRES=TRES.replace("=4", "=8")))
    array = "array 1000" if job["array"]["job_id"] else None
    assert read == text | {"sweep": array}


@pytest.mark.parametrize(
    "text",
    ["9999999999", "2286-11-20T17:46:39+00:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59"],
)
def test_a_time_before_1970_or_after_2199_is_refused_in_any_form(text):
    for zone in ("Asia/Tokyo", "America/Lima"):
        with pytest.raises(ValueError, match="before 1970 or after 2199"):
            instant_of(text, ZoneInfo(zone))


def test_what_slurm_writes_for_no_number_is_not_a_number(path):
    unset = {"set": True, "infinite": True, "number": 0}
    gpus = {"allocated": [{"type": "gres", "name": "gpu", "count": unset}]}
    times = {"submission": EIGHT.timestamp(), "start": EIGHT.timestamp(), "elapsed": 60}
    job = _v0041(tres=gpus, time=times | {"end": 2**32 - 2}, state={"current": ["RUNNING"]})
    read = batch(path, json.dumps({"jobs": [job]}))
    (run,) = read.runs.to_dicts()
    assert (run["writers"][0]["gpu_count"], run["unreadable"]) == (None, ["resources"])
    assert read.complete_to == run["heartbeat_at"] == EIGHT + timedelta(minutes=1)
    with pytest.raises(ValueError, match="not known"):
        instant_of("4294967295", None)


def test_a_damaged_job_of_json_costs_itself(path):
    late = [_v0037(time={"submission": seconds}) for seconds in (1e10, 1e30)]  # the first: 2286
    odd = [None, {}, _v0037(job_id="x"), _v0037(time={}), *late]
    strange = {"state": None, "tres": None, "nodes": 3, "array": [], "het": "no", "user": ["ada"]}
    waiting = _v0041(array={"job_id": 1000, "task_id": None, "task": "6-9%2"})
    read = batch(path, json.dumps({"jobs": [*odd, _v0037(job_id=7, **strange), waiting, _v0037()]}))
    assert read.runs["run_id"].to_list() == ["7", "1001"]
    assert len(read.rejected) == len(odd)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not the output of sacct"),
        ("JobID       State\n1 COMPLETED\n", "not the output of sacct"),
        ("JobID|JobName|State|Elapsed\n1|a|COMPLETED|00:10:00\n", "column submit, start"),
        (HEADER + "\n", "does not have a job"),
        (HEADER + "\nhalf\n", "line 2"),
        ('{"jobs": [', "not complete JSON"),
        ('{"errors": []}', "does not have the jobs"),
        (f"{HEADER}\n{line(Cluster='')}\n", "does not name the cluster"),
        (f"{HEADER}\n{line(User='')}\n", "does not name the users"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_that_says_what_to_do(path, text, said):
    with pytest.raises(SourceError) as caught:
        batch(path, text)
    assert said in caught.value.message
    assert caught.value.hint


def test_the_request_names_what_the_file_does_not(path):
    row = line(Cluster="", Account="", User="")
    (job,) = lines(path, row, entity="lab", project="p", username="ada")
    assert (job["entity"], job["project"], job["username"]) == ("lab", "p", "ada")


def test_a_file_is_complete_to_its_latest_time(path):
    running = line(State="RUNNING", End="Unknown", ElapsedRaw="86400")
    assert batch(path, f"{HEADER}\n{running}\n").complete_to == EIGHT + 25 * HOUR


def test_a_file_that_windows_or_a_spreadsheet_saved_is_read(path):
    (job,) = lines(path, DONE)
    text = f"{HEADER}\r\n{DONE}\r\n"
    path.write_text(text, encoding="utf-16", newline="")
    quoted = text.replace(TRES, f'"{TRES}"').replace("gpu01", '"gpu01"')
    (first,) = find_source("slurm").read(Asked([str(path)], timezone="UTC"))
    assert first.runs.to_dicts() == [job]
    for separator in ",;\t":
        assert batch(path, quoted.replace("|", separator)).runs.to_dicts() == [job]


@pytest.mark.parametrize("separator", ",\t|")
@pytest.mark.parametrize("name", ['"half', '"half" done', "line\rbreak", 33_000 * "long", '"\r"'])
def test_a_name_is_not_taken_for_quotation(path, name, separator):
    rows = line(JobName=name, AllocTRES="gres/gpu=4"), line(JobID="1002", JobIDRaw="1002")
    text = "\n".join([HEADER, *rows]).replace(TRES, "").replace("|", separator)
    read = batch(path, text)
    assert read.runs["run_id"].to_list() == ["1001", "1002"]
    assert read.rejected == ()


def test_other_delimiters_trailing_ones_and_repeated_headings_are_read(path):
    for separator in ("^", "\t"):
        text = "\n".join([HEADER, DONE, HEADER, line(JobID="1002", JobIDRaw="1002")])
        read = batch(path, text.replace("|", separator))
        assert read.runs["run_id"].to_list() == ["1001", "1002"]
    (job,) = lines(path, DONE + "|", header=HEADER + "|")  # as --parsable writes it
    assert job["run_id"] == "1001"
