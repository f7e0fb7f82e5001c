"""Records made by hand, which otherwise need a GPU, a server or an older client."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from wandb.proto import wandb_internal_pb2

from tests.framing import framed
from tests.run_directories import runs_of, write_files

pb = wandb_internal_pb2
START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


STARTED_WITH_ODD_GIT = '{"startedAt": "2026-05-04T09:00:00", "git": {"commit": 7}}'


def stamp(at):
    return {"seconds": int(at.timestamp()), "nanos": at.microsecond * 1000}


def run_record(start, **known):
    return pb.Record(run={"run_id": "r", "project": "p", "start_time": stamp(start), **known})


def environment_record(start, **known):
    return pb.Record(environment={"started_at": stamp(start), **known})


def stats_record(at, **values):
    items = [
        {"key": key.replace("_", "."), "value_json": str(value)} for key, value in values.items()
    ]
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


def test_a_process_in_a_slurm_job_records_the_number_of_the_job(tmp_path):
    write_log(
        tmp_path / "offline-run-20260504_090000-r",
        run_record(START),
        environment_record(START, slurm={"job_id": "1003", "nodelist": "gpu01"}),
    )
    assert runs_of(tmp_path)["r"]["writers"][0]["job_id"] == "1003"


def test_gpu_utilisation_is_the_mean_over_gpus_and_samples(tmp_path):
    write_log(
        tmp_path / "offline-run-20260504_090000-r",
        run_record(START),
        environment_record(START, gpu_type="NVIDIA H100", gpu_count=2),
        stats_record(START, gpu_0_gpu=100, gpu_1_gpu=50, gpu_process_0_gpu=1, gpu_0_temp=70),
        stats_record(START + minutes(1), gpu_0_gpu=50, gpu_1_gpu=0),
    )
    run = runs_of(tmp_path)["r"]
    assert run["gpu_utilisation"] == 0.5
    assert (run["writers"][0]["gpu_type"], run["writers"][0]["gpu_count"]) == ("NVIDIA H100", 2)
    assert run["heartbeat_at"] == START + minutes(1)


def test_the_time_of_the_first_of_many_logged_rows_is_kept(tmp_path):
    write_log(
        tmp_path / "offline-run-20260504_090000-r",
        run_record(START),
        *(history_record(START + minutes(count)) for count in range(3, 10)),
    )
    run = runs_of(tmp_path)["r"]
    assert (run["first_metric_at"], run["last_metric_at"]) == (
        START + minutes(3),
        START + minutes(9),
    )


def test_without_an_environment_record_the_metadata_file_is_used(tmp_path):
    folder = tmp_path / "run-20260504_090000-r"
    write_log(folder, run_record(START + minutes(1)))
    (folder / "files").mkdir()
    (folder / "files" / "wandb-metadata.json").write_text(
        '{"startedAt": "2026-05-04T09:00:00.000000", "gpu": "Tesla V100", "gpu_count": 4}'
    )
    run = runs_of(tmp_path)["r"]
    assert run["writers"][0]["start"] == START
    assert (run["writers"][0]["gpu_type"], run["writers"][0]["gpu_count"]) == ("Tesla V100", 4)


@pytest.mark.parametrize("where", ["run", "environment"])
def test_the_commit_comes_from_the_log(tmp_path, where):
    git = {"git": {"commit": "c0ffee"}}
    folder = tmp_path / "run-20260504_090000-r"
    write_log(
        folder,
        run_record(START, **(git if where == "run" else {})),
        environment_record(START, **(git if where == "environment" else {})),
    )
    write_files(folder, wandb_metadata='{"git": {"commit": "older"}}')
    assert runs_of(tmp_path)["r"]["commit"] == "c0ffee"


def test_times_outside_the_calendar_are_not_known(tmp_path):
    for value in ("1e300", "NaN", "9" * 400, '"soon"', "not json"):
        shutil.rmtree(tmp_path)
        write_log(
            tmp_path / "offline-run-20260504_090000-r",
            run_record(START),
            pb.Record(history={"item": [{"key": "_timestamp", "value_json": value}]}),
            pb.Record(summary={"update": [{"key": "_runtime", "value_json": value}]}),
        )
        run = runs_of(tmp_path)["r"]
        assert run["first_metric_at"] is None


def config_record(name, value_json):
    return pb.Record(config={"update": [{"key": name, "value_json": value_json}]})


def test_a_config_with_nan_is_stored_as_json(tmp_path):
    for number, value in enumerate(("NaN", "-Infinity")):
        folder = tmp_path / str(number) / "offline-run-20260504_090000-r"
        write_log(folder, run_record(START), config_record("clip", value))
        run = runs_of(folder)["r"]
        assert json.loads(run["config"]) == {"clip": value}


def test_half_a_character_in_a_config_is_replaced(tmp_path):
    folder = tmp_path / "offline-run-20260504_090000-r"
    write_log(folder, run_record(START), config_record("name", r'"\ud800 "'))
    run = runs_of(tmp_path)["r"]
    assert json.loads(run["config"]) == {"name": "\ufffd "}
    assert run["unreadable"] is None


@pytest.mark.parametrize("value", ["{torn", "", "[" * 2000 + "]" * 2000])
def test_only_an_unreadable_config_value_is_lost(tmp_path, value):
    folder = tmp_path / "offline-run-20260504_090000-r"
    write_log(folder, run_record(START), config_record("a", "1"), config_record("b", value))
    run = runs_of(tmp_path)["r"]
    assert (run["config"], run["unreadable"]) == ('{"a":1}', ["config"])


def test_a_damaged_time_in_a_record_is_not_known(tmp_path):
    broken = pb.Record(stats={"timestamp": {"seconds": 2**60}})
    write_log(tmp_path / "offline-run-20260504_090000-r", run_record(START), broken)
    assert runs_of(tmp_path)["r"]["heartbeat_at"] == START


@pytest.mark.parametrize(
    ("files", "unreadable"),
    [
        ({"wandb_metadata": '{"startedAt": "2026-05-04T09:00:00", "host": {"a": 1}}'}, ["host"]),
        (
            {"wandb_metadata": '{"startedAt": "2026-05-04T09:00:00", "gpu_count": "8"}'},
            ["gpu_count"],
        ),
        (
            {"config": "_wandb: {value: {start_time: 1777885200}}", "wandb_summary": "["},
            ["summary"],
        ),
        (
            {"wandb_metadata": '{"startedAt": "2026-05-04T09:00:00"}', "config": "a: ["},
            ["config"],
        ),
        (
            {
                "wandb_metadata": "{",
                "wandb_summary": '{"_timestamp": 1777888800, "_runtime": 3600}',
            },
            ["metadata"],
        ),
        ({"wandb_metadata": STARTED_WITH_ODD_GIT}, ["commit"]),
    ],
)
def test_only_an_unreadable_file_or_field_is_lost(tmp_path, files, unreadable):
    write_files(tmp_path / "run-20260504_090000-odd", **files)
    run = runs_of(tmp_path)["odd"]
    assert run["created_at"] == START
    assert run["unreadable"] == unreadable
