"""Run directories without a log: trees of many, those of older clients, and other folders."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from tests import test_wandb_files_records as log
from tests.conftest import ROOT
from tests.run_directories import fetched, runs_of, write_files
from velocity.errors import SourceError
from velocity.sources.base import Asked
from velocity.sources.wandb_files import LocalSource

OLD = "run-20220504_110000-old"
BEGUN = '{"startedAt": "2026-05-04T09:00:00", "host": "n1"}'
ROW = '{"_timestamp": 1651658400.0, "_runtime": 3600}'


@pytest.mark.thorough
def test_thousands_of_runs_are_read_in_batches_with_progress(tmp_path):
    for number in range(1100):
        folder = tmp_path / f"s{number % 7}" / "wandb" / f"run-20220504_110000-r{number}"
        write_files(folder, wandb_summary=ROW)
    told = []
    asked = Asked([str(tmp_path)], on_progress=lambda _, done, total: told.append((done, total)))
    batches = list(LocalSource().read(asked))
    assert [batch.runs.height for batch in batches] == [500, 500, 100]
    assert told == [(done, 1100) for done in range(1, 1101)]


def test_each_path_without_run_directories_has_its_own_error(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    for name, words in {
        "nowhere": "does not exist",
        "file": "is not a directory",
        "empty": "does not contain a W&B run directory",
    }.items():
        with pytest.raises(SourceError) as caught:
            list(LocalSource().read(Asked([str(tmp_path / name)])))
        assert caught.value.message == f"{tmp_path / name} {words}."
        assert caught.value.hint


def test_the_w_and_b_client_is_loaded_only_to_read_a_log(tmp_path):
    write_files(tmp_path / OLD, wandb_summary=ROW)
    script = (
        "import sys\n"
        "from velocity.sources.base import Asked\n"
        "from velocity.sources.wandb_files import LocalSource\n"
        "list(LocalSource().read(Asked([sys.argv[1]])))\n"
        "assert 'wandb' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script, tmp_path], cwd=ROOT, check=True)


def test_an_older_directory_has_times_but_no_outcome(tmp_path):
    write_files(
        tmp_path / OLD,
        wandb_metadata='{"startedAt": "2022-05-04T09:00:00.5", "heartbeatAt": "2022-05-04T09:00:03"'
        ', "state": "running", "host": "node7", "gpu": "Tesla V100", "gpu_count": 4,'
        ' "git": {"remote": "g@h:x.git", "commit": "c0ffee"}}',
        wandb_summary='{"loss": 1, "_timestamp": 1651658400.0, "_runtime": 3599,'
        ' "_wandb": {"runtime": 3600}}',
        config="wandb_version: 1\n_wandb:\n  desc: null\n  value:\n    start_time: 1651654800\n"
        "lr:\n  desc: null\n  value: 0.1\nseed:\n  desc: null\n  value: 1\n",
    )
    run = runs_of(tmp_path)["old"]
    begun = datetime(2022, 5, 4, 9, 0, 0, 500_000, tzinfo=UTC)
    assert (run["state"], run["heartbeat_at"], run["runtime_s"]) == ("unknown", None, 3600)
    assert (run["writers"][0]["start"], run["project"]) == (begun, "uncategorized")
    assert run["last_metric_at"] == datetime(2022, 5, 4, 10, 0, tzinfo=UTC)
    (writer,) = run["writers"]
    assert (writer["host"], writer["gpu_type"], writer["gpu_count"]) == ("node7", "Tesla V100", 4)
    assert (run["config"], run["commit"]) == ('{"lr":0.1,"seed":1}', "c0ffee")


def test_an_older_directory_without_metadata_begins_before_its_last_row(tmp_path):
    write_files(tmp_path / OLD, wandb_summary=ROW)
    run = runs_of(tmp_path)["old"]
    assert run["created_at"] == datetime(2022, 5, 4, 9, 0, tzinfo=UTC)
    assert run["config_hash"] is None


def test_without_metadata_the_config_has_the_last_writer(tmp_path):
    entry = '{0}: {{startedAt: "2026-05-04T{1}:00:00Z", host: n{0}, gpu_count: {0}}}'
    entries = ", ".join(entry.format(*it) for it in ((2, "09"), (1, "08")))
    write_files(tmp_path / OLD, config=f"_wandb: {{value: {{e: {{{entries}}}}}}}")
    (writer,) = runs_of(tmp_path)["old"]["writers"]
    assert writer["start"] == datetime(2026, 5, 4, 9, tzinfo=UTC)
    assert (writer["host"], writer["gpu_count"]) == ("n2", 2)


def test_files_may_be_null_or_encoded_twice(tmp_path):
    begun = '{"startedAt": "2026-05-04T09:00:00"}'
    write_files(tmp_path / OLD, wandb_metadata=json.dumps(begun), wandb_summary="null", config="#")
    run = runs_of(tmp_path)["old"]
    assert run["writers"][0]["start"] == datetime(2026, 5, 4, 9, tzinfo=UTC)
    assert run["unreadable"] is None


def test_a_folder_may_have_the_logs_of_several_runs(tmp_path):
    for run_id in ("a", "b"):
        log.write_log(tmp_path / run_id, log.run_record(log.START))
        (tmp_path / run_id / "run-r.wandb").rename(tmp_path / f"run-{run_id}.wandb")
    write_files(tmp_path, wandb_metadata=BEGUN)  # of one of them
    write_files(tmp_path / "wandb" / "run-20260504_100000-c", wandb_metadata=BEGUN)
    runs = runs_of(tmp_path)
    hosts = {name: run["writers"][0]["host"] for name, run in runs.items()}
    assert hosts == {"a": None, "b": None, "c": "n1"}


def test_linked_run_directories_are_named(tmp_path):
    tree, elsewhere = tmp_path / "tree", tmp_path / "elsewhere"
    for folder in (tree / "run-20260504_090000-a", elsewhere / "run-20260504_100000-b"):
        write_files(folder, wandb_metadata=BEGUN)
    (tree / "latest-run").symlink_to("run-20260504_090000-a")
    (tree / "run-20260504_110000-same").symlink_to("run-20260504_090000-a")
    (tree / "data").symlink_to(elsewhere)
    (tree / "wandb").symlink_to(elsewhere)
    (tree / "run-20260504_100000-b").symlink_to(elsewhere / "run-20260504_100000-b")
    rows, problems = fetched(tree)
    assert [row["run_id"] for row in rows] == ["a"]
    names = ("run-20260504_100000-b", "wandb")
    assert [it.reason for it in problems] == [
        f"{tree / it}: links are not followed" for it in names
    ]


def test_an_older_directory_with_nothing_readable_is_rejected(tmp_path):
    write_files(tmp_path / OLD, wandb_metadata="{torn", config="{", wandb_summary="[]")
    rows, (problem,) = fetched(tmp_path)
    assert (rows, problem.run_id) == ([], "old")
    assert "when the run began" in problem.reason
