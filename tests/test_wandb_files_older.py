"""Run directories of older clients, which have only files/ and no log."""

from datetime import UTC, datetime

from tests.run_directories import fetched, runs_of, write_files

OLD = "run-20220504_110000-old"


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
    write_files(tmp_path / OLD, wandb_summary='{"_timestamp": 1651658400.0, "_runtime": 3600}')
    run = runs_of(tmp_path)["old"]
    assert run["created_at"] == datetime(2022, 5, 4, 9, 0, tzinfo=UTC)
    assert run["config_hash"] is None


def test_an_older_directory_with_nothing_readable_is_rejected(tmp_path):
    write_files(tmp_path / OLD, wandb_metadata="{torn", config="{", wandb_summary="[]")
    rows, (problem,) = fetched(tmp_path)
    assert (rows, problem.run_id) == ([], "old")
    assert "when the run began" in problem.reason
