"""Run directories without a log: trees of many, those of older clients, and other folders."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from tests.conftest import ROOT
from tests.run_directories import fetched, runs_of, write_files
from velocity.errors import SourceError
from velocity.sources.base import Asked
from velocity.sources.wandb_files import LocalSource

OLD = "run-20220504_110000-old"
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


def test_an_older_directory_with_nothing_readable_is_rejected(tmp_path):
    write_files(tmp_path / OLD, wandb_metadata="{torn", config="{", wandb_summary="[]")
    rows, (problem,) = fetched(tmp_path)
    assert (rows, problem.run_id) == ([], "old")
    assert "when the run began" in problem.reason
