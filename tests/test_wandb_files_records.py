"""Records made by hand, which otherwise need a GPU, a server or an older client."""

from datetime import UTC, datetime, timedelta

import pytest
from wandb.proto import wandb_internal_pb2

from tests.framing import framed
from tests.run_directories import runs_of, write_files

pb = wandb_internal_pb2
START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
FOLDER = "offline-run-20260504_090000-r"
BEGUN = '"startedAt": "2026-05-04T09:00:00"'


def stamp(at):
    return {"seconds": int(at.timestamp()), "nanos": at.microsecond * 1000}


def run_record(start, **known):
    return pb.Record(run={"run_id": "r", "project": "p", "start_time": stamp(start), **known})


def environment_record(start, **known):
    return pb.Record(environment={"started_at": stamp(start), **known})


def stats_record(at, **values):
    items = [{"key": it.replace("_", "."), "value_json": str(values[it])} for it in values]
    return pb.Record(stats={"timestamp": stamp(at), "item": items})


def history_record(at):
    value = str(at.timestamp())
    return pb.Record(history={"item": [{"key": "_timestamp", "value_json": value}]})


def write_log(folder, *records):
    folder.mkdir(parents=True)
    data, _ = framed([record.SerializeToString() for record in records])
    (folder / "run-r.wandb").write_bytes(data)


def minutes(count):
    return timedelta(minutes=count)


def written(tmp_path, *records):
    """The run of a log that begins with a plain record of it."""
    write_log(tmp_path / FOLDER, run_record(START), *records)
    return runs_of(tmp_path)["r"]


def config_record(name, value_json):
    return pb.Record(config={"update": [{"key": name, "value_json": value_json}]})


def test_a_process_in_a_slurm_job_records_the_number_of_the_job(tmp_path):
    slurm = {"job_id": "1003", "nodelist": "gpu01"}
    (writer,) = written(tmp_path, environment_record(START, slurm=slurm))["writers"]
    assert writer["job_id"] == "1003"


def test_gpu_utilisation_is_the_mean_over_gpus_and_samples(tmp_path):
    run = written(
        tmp_path,
        environment_record(START, gpu_type="NVIDIA H100", gpu_count=2),
        stats_record(START, gpu_0_gpu=100, gpu_1_gpu=50, gpu_process_0_gpu=1, gpu_0_temp=70),
        stats_record(START + minutes(1), gpu_0_gpu=50, gpu_1_gpu=0),
    )
    assert run["gpu_utilisation"] == 0.5
    assert (run["writers"][0]["gpu_type"], run["writers"][0]["gpu_count"]) == ("NVIDIA H100", 2)
    assert run["heartbeat_at"] == START + minutes(1)


def test_the_time_of_the_first_of_many_logged_rows_is_kept(tmp_path):
    run = written(tmp_path, *(history_record(START + minutes(count)) for count in range(3, 10)))
    first, last = START + minutes(3), START + minutes(9)
    assert (run["first_metric_at"], run["last_metric_at"]) == (first, last)


def test_without_an_environment_record_the_metadata_file_is_used(tmp_path):
    write_log(tmp_path / FOLDER, run_record(START + minutes(1)))
    metadata = f'{{{BEGUN}, "gpu": "Tesla V100", "gpu_count": 4}}'
    write_files(tmp_path / FOLDER, wandb_metadata=metadata)
    (writer,) = runs_of(tmp_path)["r"]["writers"]
    assert (writer["start"], writer["gpu_type"], writer["gpu_count"]) == (START, "Tesla V100", 4)


PLACES = ("run", "environment")


@pytest.mark.parametrize("where", PLACES)
def test_the_commit_comes_from_the_log(tmp_path, where):
    run, environment = ({"git": {"commit": "c0ffee"}} if it == where else {} for it in PLACES)
    write_log(tmp_path / FOLDER, run_record(START, **run), environment_record(START, **environment))
    write_files(tmp_path / FOLDER, wandb_metadata='{"git": {"commit": "older"}}')
    assert runs_of(tmp_path)["r"]["commit"] == "c0ffee"


@pytest.mark.parametrize("value", ["1e300", "NaN", "9" * 400, '"soon"', "not json"])
def test_times_outside_the_calendar_are_not_known(tmp_path, value):
    row = pb.Record(history={"item": [{"key": "_timestamp", "value_json": value}]})
    summary = pb.Record(summary={"update": [{"key": "_runtime", "value_json": value}]})
    assert written(tmp_path, row, summary)["first_metric_at"] is None


@pytest.mark.parametrize(
    ("records", "config", "unreadable"),
    [
        ({"clip": "NaN"}, '{"clip":"NaN"}', None),
        ({"clip": "-Infinity"}, '{"clip":"-Infinity"}', None),
        ({"name": r'"\ud800 "'}, '{"name":"\ufffd "}', None),  # half a character
        ({"a": "1", "b": "{torn"}, '{"a":1}', ["config"]),
        ({"a": "1", "b": ""}, '{"a":1}', ["config"]),
        ({"a": "1", "b": "[" * 2000 + "]" * 2000}, '{"a":1}', ["config"]),
    ],
    ids=["nan", "infinity", "half a character", "torn", "empty", "deep"],
)
def test_a_config_value_is_stored_as_json_or_lost_alone(tmp_path, records, config, unreadable):
    run = written(tmp_path, *(config_record(name, it) for name, it in records.items()))
    assert (run["config"], run["unreadable"]) == (config, unreadable)


def test_a_damaged_time_in_a_record_is_not_known(tmp_path):
    broken = pb.Record(stats={"timestamp": {"seconds": 2**60}})
    assert written(tmp_path, broken)["heartbeat_at"] == START


@pytest.mark.parametrize(
    ("lost", "files"),
    [
        ("host", {"wandb_metadata": f'{{{BEGUN}, "host": {{"a": 1}}}}'}),
        ("gpu_count", {"wandb_metadata": f'{{{BEGUN}, "gpu_count": "8"}}'}),
        ("commit", {"wandb_metadata": f'{{{BEGUN}, "git": {{"commit": 7}}}}'}),
        ("summary", {"config": "_wandb: {value: {start_time: 1777885200}}", "wandb_summary": "["}),
        ("config", {"wandb_metadata": f"{{{BEGUN}}}", "config": "a: ["}),
        ("runtime", {"wandb_metadata": f"{{{BEGUN}}}", "wandb_summary": '{"_runtime": "1 h"}'}),
        (
            "_timestamp",
            {"wandb_metadata": f"{{{BEGUN}}}", "wandb_summary": '{"_timestamp": "noon"}'},
        ),
        (
            "metadata",
            {
                "wandb_metadata": "{",
                "wandb_summary": '{"_timestamp": 1777888800, "_runtime": 3600}',
            },
        ),
    ],
)
def test_only_an_unreadable_file_or_field_is_lost(tmp_path, lost, files):
    write_files(tmp_path / "run-20260504_090000-odd", **files)
    run = runs_of(tmp_path)["odd"]
    assert (run["created_at"], run["unreadable"]) == (START, [lost])


def test_a_time_after_the_reading_is_no_sign_of_life(tmp_path):
    later = datetime.now(UTC) + minutes(30)
    seen = [
        log_record(it) for log_record in (stats_record, history_record) for it in (later, START)
    ]
    run = written(tmp_path, *seen)
    assert (run["heartbeat_at"], run["last_metric_at"], run["unreadable"]) == (
        START,
        START,
        ["time"],
    )
