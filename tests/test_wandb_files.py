"""Local run directories: written by the installed W&B client, offline, during the test."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from wandb.proto import wandb_internal_pb2

from tests.framing import BLOCK_BYTES, framed
from velocity.errors import SourceError
from velocity.records import RUN_SCHEMA, Rejected, config_hash
from velocity.sources.wandb_files import fetch_local_runs

if TYPE_CHECKING:
    from collections.abc import Callable

pb: Any = wandb_internal_pb2
START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)

SCRIPT = """
import sys, wandb
config = {"lr": 0.1, "seed": 3, "api_key": "hidden", "model": {"width": 64}}
run = wandb.init(id="done", project="p", name="first", group="g", job_type="train",
                 tags=["a", "exp:x"], notes="why", config=config)
for step in range(20):
    run.log({"loss": 1 / (step + 1)})
run.config.update({"late": 2})
run.finish()
with wandb.init(id="bad", project="p", entity="lab") as run:
    run.finish(exit_code=1)
for code in (1, 0):
    with wandb.init(id="again", resume="allow") as run:
        run.log({"loss": 1})
        run.finish(exit_code=code)
with wandb.init(id="evicted", project="p") as run:
    run.mark_preempting()
    run.finish(exit_code=143)
run = wandb.init(id="slain", project="p", config={"lr": 1})
for step in range(200):  # the client writes whole blocks at once
    run.log({"loss": step, "note": "n" * 500})
print("READY", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the `wandb` of a script that the client ran in, killed in its last run."""
    folder = tmp_path_factory.mktemp("client")
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        cwd=folder,
        env={**os.environ, "WANDB_MODE": "offline", "WANDB_SILENT": "true"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "READY\n", child.stderr and child.stderr.read()
        log = log_of(folder, "slain")
        wait_until(lambda: log.stat().st_size > BLOCK_BYTES)
        child.send_signal(signal.SIGKILL)
        child.communicate()  # to the end of its sidecar too
    return folder


def wait_until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up, "this never came to be"
        time.sleep(0.05)


def fetched(
    *paths: Path, entity: str | None = None, username: str | None = None
) -> tuple[list[dict[str, Any]], list[Rejected]]:
    batches = list(fetch_local_runs(paths, entity=entity, username=username))
    for batch in batches:
        assert dict(batch.runs.schema) == RUN_SCHEMA
    return (
        [row for batch in batches for row in batch.runs.to_dicts()],
        [rejected for batch in batches for rejected in batch.rejected],
    )


def runs_of(*paths: Path, entity: str | None = None) -> dict[str, dict[str, Any]]:
    rows, rejected = fetched(*paths, entity=entity)
    assert rejected == []
    found = {row["run_id"]: row for row in rows}
    assert len(found) == len(rows)
    return found


def log_of(folder: Path, run_id: str) -> Path:
    return next(folder.glob(f"wandb/*/run-{run_id}.wandb"))


def copied(folder: Path, run_id: str, to: Path) -> Path:
    """The log of a copy of the run's directory below `to`."""
    source = log_of(folder, run_id).parent
    shutil.copytree(source, to / source.name)
    return to / source.name / f"run-{run_id}.wandb"


# What the client writes


def test_a_finished_run_is_read_whole(written: Path) -> None:
    run = runs_of(written)["done"]
    assert (run["entity"], run["project"], run["username"]) == ("local", "p", None)
    assert (run["state"], run["source"]) == ("finished", "files")
    assert (run["display_name"], run["group_name"], run["job_type"]) == ("first", "g", "train")
    assert (run["tags"], run["notes"], run["sweep"]) == (["a", "exp:x"], "why", None)
    assert run["host"]
    assert run["started_at"] == run["writer_starts"][0] <= run["created_at"]
    assert run["created_at"] <= run["first_metric_at"] < run["last_metric_at"]
    assert run["last_metric_at"] <= run["heartbeat_at"]
    assert run["runtime_s"] is not None


def test_the_config_is_kept_without_secrets_and_hashed_without_seeds(written: Path) -> None:
    run = runs_of(written)["done"]
    assert run["config"] == '{"late":2,"lr":0.1,"model":{"width":64},"seed":3}'
    assert run["config_hash"] == config_hash(
        {"lr": 0.1, "seed": 4, "api_key": "hidden", "model": {"width": 64}, "late": 2}
    )


def test_exit_code_one_is_a_failure(written: Path) -> None:
    assert runs_of(written)["bad"]["state"] == "failed"


def test_a_preempted_run_is_no_failure(written: Path) -> None:
    assert runs_of(written)["evicted"]["state"] == "preempted"


def test_a_resumed_run_is_one_row_with_a_start_for_each_writer(written: Path) -> None:
    run = runs_of(written)["again"]
    assert run["project"] == "uncategorized"
    assert len(run["writer_starts"]) == 2
    assert run["started_at"] == run["writer_starts"][0] < run["writer_starts"][1]
    assert run["state"] == "finished"
    assert run["first_metric_at"] < run["writer_starts"][1] < run["last_metric_at"]


def test_a_killed_run_is_running_until_its_last_sign_of_life(written: Path) -> None:
    run = runs_of(written)["slain"]
    assert run["state"] == "running"
    assert run["heartbeat_at"] >= run["last_metric_at"] >= run["first_metric_at"]


def test_a_given_entity_fills_in_but_never_replaces(written: Path) -> None:
    found = runs_of(written, entity="mine")
    assert {run_id: run["entity"] for run_id, run in found.items()} == {
        "done": "mine",
        "bad": "lab",
        "again": "mine",
        "evicted": "mine",
        "slain": "mine",
    }


def test_a_given_username_owns_every_run(written: Path) -> None:
    rows, _ = fetched(written, username="ada")
    assert {row["username"] for row in rows} == {"ada"}


def test_a_path_may_be_a_tree_a_wandb_directory_or_one_run(written: Path) -> None:
    one = log_of(written, "done").parent
    assert set(runs_of(written)) == set(runs_of(written / "wandb"))
    assert set(runs_of(one)) == {"done"}
    assert set(runs_of(written / "wandb" / "latest-run")) == {"slain"}
    assert set(runs_of(one, written, one)) == set(runs_of(written))


def test_a_copy_of_a_directory_is_no_second_session(written: Path, tmp_path: Path) -> None:
    shutil.copytree(written, tmp_path / "backup")
    assert runs_of(written, tmp_path) == runs_of(written)


# Cut off and damaged


def test_a_file_cut_anywhere_gives_what_was_whole(written: Path, tmp_path: Path) -> None:
    whole = runs_of(written)["done"]
    log = copied(written, "done", tmp_path)
    data = log.read_bytes()
    states = set()
    for cut in range(0, len(data), 97):
        log.write_bytes(data[:cut])
        rows, rejected = fetched(tmp_path)
        assert len(rows) + len(rejected) == 1
        for row in rows:
            states.add(row["state"])
            assert row["project"] == "p"
            assert row["created_at"] == whole["created_at"]
            assert row["heartbeat_at"] <= whole["heartbeat_at"]
    assert states == {"running"}


def test_a_flipped_bit_is_told_and_the_rest_is_used(written: Path, tmp_path: Path) -> None:
    log = copied(written, "done", tmp_path)
    data = log.read_bytes()
    finished = 0
    for at in range(0, len(data), 61):
        log.write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        rows, rejected = fetched(tmp_path)
        assert rows or rejected
        for problem in rejected:
            assert problem.run_id == "done"
            assert "damaged" in problem.reason
        finished += [row["state"] for row in rows] == ["finished"]
    # All but the few that hit the run's own record, its exit, or a length.
    assert finished > 0.8 * len(data) / 61


def test_a_run_that_has_only_begun_is_set_aside_until_it_tells_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "run-20260504_090000-new"
    folder.mkdir()
    (folder / "run-new.wandb").write_bytes(b":W&")
    rows, rejected = fetched(tmp_path)
    assert rows == []
    assert [(problem.run_id, "holds no run yet" in problem.reason) for problem in rejected] == [
        ("new", True)
    ]


def test_a_file_that_cannot_be_opened_is_set_aside_alone(written: Path, tmp_path: Path) -> None:
    copied(written, "done", tmp_path)
    folder = tmp_path / "run-20260504_090000-gone"
    folder.mkdir()
    (folder / "run-gone.wandb").symlink_to(tmp_path / "nowhere")
    rows, rejected = fetched(tmp_path)
    assert [row["run_id"] for row in rows] == ["done"]
    assert [problem.run_id for problem in rejected] == ["gone"]
    assert "cannot be read" in rejected[0].reason


def test_a_file_of_another_kind_is_set_aside(tmp_path: Path) -> None:
    folder = tmp_path / "run-20260504_090000-odd"
    folder.mkdir()
    (folder / "run-odd.wandb").write_bytes(bytes(range(256)) * 500)
    rows, rejected = fetched(tmp_path)
    assert rows == []
    assert "damaged at byte 0" in rejected[0].reason


# Records made by hand: what needs a GPU, a server or an older client to come about


def stamp(at: datetime) -> dict[str, int]:
    return {"seconds": int(at.timestamp()), "nanos": at.microsecond * 1000}


def run_record(start: datetime) -> Any:
    return pb.Record(run={"run_id": "r", "project": "p", "start_time": stamp(start)})


def environment_record(start: datetime, **known: Any) -> Any:
    return pb.Record(environment={"started_at": stamp(start), **known})


def stats_record(at: datetime, **values: float) -> Any:
    items = [
        {"key": key.replace("_", "."), "value_json": str(value)} for key, value in values.items()
    ]
    return pb.Record(stats={"timestamp": stamp(at), "item": items})


def history_record(at: datetime) -> Any:
    value = str(at.timestamp())
    return pb.Record(history={"item": [{"key": "_timestamp", "value_json": value}]})


def write_log(folder: Path, *records: Any) -> None:
    folder.mkdir(parents=True)
    data, _ = framed([record.SerializeToString() for record in records])
    (folder / "run-r.wandb").write_bytes(data)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def test_gpu_utilisation_is_the_mean_over_gpus_and_samples(tmp_path: Path) -> None:
    write_log(
        tmp_path / "offline-run-20260504_090000-r",
        run_record(START),
        environment_record(START, gpu_type="NVIDIA H100", gpu_count=2),
        stats_record(START, gpu_0_gpu=100, gpu_1_gpu=50, gpu_process_0_gpu=1, gpu_0_temp=70),
        stats_record(START + minutes(1), gpu_0_gpu=50, gpu_1_gpu=0),
    )
    run = runs_of(tmp_path)["r"]
    assert run["gpu_utilisation"] == 0.5
    assert (run["gpu_type"], run["gpu_count"]) == ("NVIDIA H100", 2)
    assert run["heartbeat_at"] == START + minutes(1)


def test_an_online_session_counts_the_ones_before_it(tmp_path: Path) -> None:
    for number, runtime in enumerate((600, 900)):
        begun = START + minutes(60 * number)
        write_log(
            tmp_path / f"run-20260504_09000{number}-r",
            run_record(begun),
            environment_record(begun),
            stats_record(begun + minutes(5)),
            pb.Record(exit={"exit_code": 0, "runtime": runtime}),
        )
    run = runs_of(tmp_path)["r"]
    assert run["runtime_s"] == 900
    assert run["heartbeat_at"] == START + minutes(65)


def test_an_offline_session_does_not_know_of_the_ones_before_it(tmp_path: Path) -> None:
    for number, runtime in enumerate((600, 900)):
        begun = START + minutes(60 * number)
        write_log(
            tmp_path / f"offline-run-20260504_09000{number}-r",
            run_record(begun),
            environment_record(begun),
            pb.Record(exit={"exit_code": 0, "runtime": runtime}),
        )
    run = runs_of(tmp_path)["r"]
    assert run["runtime_s"] == 1500
    assert run["heartbeat_at"] == START + minutes(75)


def test_a_session_cut_off_before_a_resume_lasted_as_long_as_it_was_seen(tmp_path: Path) -> None:
    write_log(
        tmp_path / "offline-run-20260504_090000-r",
        run_record(START),
        environment_record(START),
        stats_record(START + minutes(7)),
    )
    later = START + minutes(60)
    write_log(
        tmp_path / "offline-run-20260504_100000-r",
        run_record(later),
        environment_record(later),
        pb.Record(exit={"exit_code": 1, "runtime": 60}),
    )
    run = runs_of(tmp_path)["r"]
    assert (run["state"], run["runtime_s"]) == ("failed", 8 * 60)


def test_the_time_of_the_first_logged_row_is_kept_among_many(tmp_path: Path) -> None:
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


def test_a_client_that_wrote_no_environment_is_asked_for_its_metadata(tmp_path: Path) -> None:
    folder = tmp_path / "run-20260504_090000-r"
    write_log(folder, run_record(START + minutes(1)))
    (folder / "files").mkdir()
    (folder / "files" / "wandb-metadata.json").write_text(
        '{"startedAt": "2026-05-04T09:00:00.000000", "gpu": "Tesla V100", "gpu_count": 4}'
    )
    run = runs_of(tmp_path)["r"]
    assert run["started_at"] == START
    assert (run["gpu_type"], run["gpu_count"]) == ("Tesla V100", 4)


def test_times_beyond_all_calendars_are_not_known(tmp_path: Path) -> None:
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


def config_record(name: str, value_json: str) -> Any:
    return pb.Record(config={"update": [{"key": name, "value_json": value_json}]})


def test_a_config_with_nan_is_kept_as_json(tmp_path: Path) -> None:
    for number, value in enumerate(("NaN", "-Infinity")):
        folder = tmp_path / str(number) / "offline-run-20260504_090000-r"
        write_log(folder, run_record(START), config_record("clip", value))
        run = runs_of(folder)["r"]
        assert json.loads(run["config"]) == {"clip": value}


def test_a_run_that_cannot_be_kept_stops_no_other(tmp_path: Path) -> None:
    write_log(
        tmp_path / "offline-run-20260504_090000-r",
        run_record(START),
        config_record("name", r'"\ud800"'),
    )
    write_files(
        tmp_path / "run-20260504_090000-odd",
        wandb_metadata='{"startedAt": "2026-05-04T09:00:00", "host": {"name": 1}}',
    )
    write_files(
        tmp_path / "run-20260504_090000-fine",
        wandb_metadata='{"startedAt": "2026-05-04T09:00:00"}',
        config="clip: {value: .nan}\nday: {value: 2026-05-04}\n",
    )
    rows, rejected = fetched(tmp_path)
    assert [row["run_id"] for row in rows] == ["fine"]
    assert rows[0]["config"] == '{"clip":"NaN","day":"2026-05-04"}'
    assert [problem.run_id for problem in rejected] == ["odd", "r"]


# Directories with files/ alone


def write_files(folder: Path, **texts: str) -> None:
    (folder / "files").mkdir(parents=True)
    for name, text in texts.items():
        suffix = ".yaml" if name == "config" else ".json"
        (folder / "files" / f"{name.replace('_', '-')}{suffix}").write_text(text)


def test_an_older_directory_tells_its_times_but_no_outcome(tmp_path: Path) -> None:
    write_files(
        tmp_path / "run-20220504_110000-old",
        wandb_metadata='{"startedAt": "2022-05-04T09:00:00.5", "heartbeatAt": "2022-05-04T09:00:03"'
        ', "state": "running", "host": "node7", "gpu": "Tesla V100", "gpu_count": 4}',
        wandb_summary='{"loss": 1, "_timestamp": 1651658400.0, "_runtime": 3599,'
        ' "_wandb": {"runtime": 3600}}',
        config="wandb_version: 1\n_wandb:\n  desc: null\n  value:\n    start_time: 1651654800\n"
        "lr:\n  desc: null\n  value: 0.1\nseed:\n  desc: null\n  value: 1\n",
    )
    run = runs_of(tmp_path)["old"]
    begun = datetime(2022, 5, 4, 9, 0, 0, 500_000, tzinfo=UTC)
    assert (run["state"], run["heartbeat_at"], run["runtime_s"]) == ("unknown", None, 3600)
    assert (run["started_at"], run["project"]) == (begun, "uncategorized")
    assert run["last_metric_at"] == datetime(2022, 5, 4, 10, 0, tzinfo=UTC)
    assert (run["host"], run["gpu_type"], run["gpu_count"]) == ("node7", "Tesla V100", 4)
    assert run["config"] == '{"lr":0.1,"seed":1}'


def test_an_older_directory_without_metadata_begins_before_its_last_row(tmp_path: Path) -> None:
    write_files(
        tmp_path / "run-20220504_110000-old",
        wandb_summary='{"_timestamp": 1651658400.0, "_runtime": 3600}',
    )
    run = runs_of(tmp_path)["old"]
    assert run["created_at"] == datetime(2022, 5, 4, 9, 0, tzinfo=UTC)
    assert run["config_hash"] is None


def test_an_older_directory_with_nothing_readable_is_set_aside(tmp_path: Path) -> None:
    write_files(
        tmp_path / "run-20220504_110000-old", wandb_metadata="{torn", config="{", wandb_summary="[]"
    )
    rows, rejected = fetched(tmp_path)
    assert rows == []
    assert [problem.run_id for problem in rejected] == ["old"]
    assert "when the run began" in rejected[0].reason


# Trees, and what is no tree of runs


def test_thousands_of_runs_come_in_batches_with_progress(tmp_path: Path) -> None:
    for number in range(1100):
        write_files(
            tmp_path / f"s{number % 7}" / "wandb" / f"run-20220504_110000-r{number}",
            wandb_summary='{"_timestamp": 1651658400.0, "_runtime": 3600}',
        )
    told: list[tuple[int, int]] = []
    batches = list(
        fetch_local_runs(
            [tmp_path],
            entity=None,
            username=None,
            on_progress=lambda done, total: told.append((done, total)),
        )
    )
    assert [batch.runs.height for batch in batches] == [500, 500, 100]
    assert told == [(done, 1100) for done in range(1, 1101)]


def test_each_path_that_is_no_tree_of_runs_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    for name, words in {
        "nowhere": "does not exist",
        "file": "is not a directory",
        "empty": "holds no W&B run directory",
    }.items():
        with pytest.raises(SourceError) as caught:
            list(fetch_local_runs([tmp_path / name], entity=None, username=None))
        assert caught.value.message == f"{tmp_path / name} {words}."
        assert caught.value.hint


def test_the_w_and_b_client_is_loaded_only_to_read_a_log(tmp_path: Path) -> None:
    write_files(
        tmp_path / "run-20220504_110000-old",
        wandb_summary='{"_timestamp": 1651658400.0, "_runtime": 3600}',
    )
    script = (
        "import sys; from pathlib import Path\n"
        "from velocity.sources.wandb_files import fetch_local_runs\n"
        "list(fetch_local_runs([Path(sys.argv[1])], entity=None, username=None))\n"
        "assert 'wandb' not in sys.modules"
    )
    root = Path(__file__).parents[1]
    subprocess.run([sys.executable, "-c", script, tmp_path], cwd=root, check=True)
