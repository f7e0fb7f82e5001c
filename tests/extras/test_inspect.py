"""Evaluation logs that the real Inspect wrote, and damaged ones."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from inspect_ai.log import read_eval_log

from tests.builders import run, store_of
from tests.commands import velocity
from tests.extras.evaluations import changed_usage, evaluated, retried, unfinished
from velocity.errors import SourceError
from velocity.reading import reads
from velocity.sources.base import Asked, find_source
from velocity.store import latest_snapshot


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One evaluation per format, an eval set with a retry, and one that is not over."""
    folder = tmp_path_factory.mktemp("logs")
    (log,) = evaluated(folder / "eval", log_format="eval", tags=["nightly"])
    evaluated(folder / "json", log_format="json")
    retried(folder / "set")
    unfinished(log.location, folder / "running" / "2026-05-04T09-00-00+00-00_sums_x.eval")
    return folder


def batch(*places, **asked):
    (only,) = find_source("inspect").read(Asked([str(it) for it in places], **asked))
    return only


@pytest.mark.parametrize("form", ["eval", "json"])
def test_an_evaluation_is_a_run_in_both_formats(logs: Path, form: str) -> None:
    (row,) = batch(logs / form, username="ada").runs.to_dicts()
    (path,) = (logs / form).iterdir()
    header = read_eval_log(str(path), header_only=True)
    times = (header.eval.created, header.stats.started_at, header.stats.completed_at)
    created, start, end = map(datetime.fromisoformat, times)
    assert (row["entity"], row["project"]) == ("inspect", "evals")
    assert (row["run_id"], row["username"]) == (header.eval.eval_id, "ada")
    assert (row["display_name"], row["state"]) == ("sums mockllm/model", "success")
    assert (row["created_at"], row["heartbeat_at"]) == (created, end)
    assert (row["runtime_s"], row["history_rows"]) == ((end - start).total_seconds(), 3)
    assert row["notes"].startswith("3 of 3 samples; ")
    assert row["tags"] == (["nightly"] if form == "eval" else None)
    # A model behind an API uses no GPU of ours.
    assert (row["writers"][0]["start"], row["writers"][0]["gpu_count"]) == (start, 0)


def test_tokens_of_each_model_are_read_from_the_header(logs: Path, tmp_path: Path) -> None:
    (path,) = (logs / "eval").iterdir()
    ((model, known),) = read_eval_log(str(path), header_only=True).stats.model_usage.items()
    assert known.input_tokens > 0 < known.output_tokens
    expected = {"model": model, "input": known.input_tokens, "output": known.output_tokens}
    expected |= {"reasoning": known.reasoning_tokens or 0}
    expected |= {"cache_read": 0, "cache_write": 0, "dollars": None}
    (row,) = batch(path).runs.to_dicts()
    assert (row["usage"], row["unreadable"]) == ([expected], None)
    priced = tmp_path / path.name
    changed_usage(str(path), priced, total_cost=0.25, input_tokens_cache_read=7, reasoning_tokens=3)
    (row,) = batch(priced).runs.to_dicts()
    assert row["usage"] == [expected | {"dollars": 0.25, "cache_read": 7, "reasoning": 3}]


@pytest.mark.parametrize(
    "amounts", [{"input_tokens": -1}, {"output_tokens": 2**70}, {"total_cost": float("nan")}]
)
def test_impossible_amounts_are_left_out_and_flagged(logs: Path, tmp_path: Path, amounts):
    (path,) = (logs / "eval").iterdir()
    changed_usage(str(path), tmp_path / path.name, **amounts)
    (row,) = batch(tmp_path / path.name).runs.to_dicts()
    assert (row["usage"], row["unreadable"], row["state"]) == (None, ["usage"], "success")


@pytest.mark.parametrize("at_once", [True, False])
def test_the_tokens_of_a_retry_count_once_each(tmp_path: Path, at_once: bool) -> None:
    retried(tmp_path, at_once=at_once)
    logs = [read_eval_log(str(it)) for it in tmp_path.glob("*.eval")]
    samples = [sample.model_usage for log in logs for sample in log.samples or ()]
    spent = sum(used.total_tokens for usage in samples for used in usage.values())
    found = batch(tmp_path).runs
    kinds = ("input", "output", "cache_read", "cache_write")
    reported = sum(used[it] for usage in found["usage"] for used in usage for it in kinds)
    assert reported == spent if at_once else reported > spent, "another call adds earlier ones"
    snapshot = store_of(found.to_dicts(), datetime.now(UTC) + timedelta(days=1))
    account = reads.ledger(snapshot, by="programme").row(0, named=True)
    assert account["tokens_so_far"] == account["unpriced_tokens_so_far"] == spent > 0


def test_a_retry_of_an_eval_set_is_not_a_second_experiment(logs: Path) -> None:
    found = batch(logs / "set").runs
    assert sorted(found["state"].to_list()) == ["error", "success"]
    snapshot = store_of(found.to_dicts(), datetime.now(UTC) + timedelta(days=1))
    names = ("runs_failed", "runs_finished", "experiments_started", "experiments_concluded")
    assert reads.metrics(snapshot, by="programme").select(names).rows() == [(1, 1, 1, 1)]


def test_an_evaluation_that_w_and_b_has_too_counts_once(logs: Path) -> None:
    rows = batch(logs / "eval", username="ada").runs.to_dicts()
    (call, *_), start = rows[0]["same_as"], rows[0]["created_at"]
    of_wandb = run(call, start, start + timedelta(minutes=1), source="api", trust=3)
    snapshot = store_of([*rows, of_wandb], start + timedelta(days=1))
    excluded = dict(reads.runs(snapshot).select("run_id", "excluded").rows())
    assert excluded == {rows[0]["run_id"]: "same_run", call: None}


def test_a_log_that_is_not_complete_is_running_until_its_file_no_longer_changes(logs: Path) -> None:
    (path,) = (logs / "running").iterdir()
    changed = datetime(2026, 5, 4, 10, tzinfo=UTC)
    os.utime(path, (changed.timestamp(), changed.timestamp()))
    (row,) = batch(path).runs.to_dicts()
    assert (row["state"], row["heartbeat_at"], row["runtime_s"]) == ("running", changed, None)
    assert row["notes"] != ""


def test_damaged_logs_cost_themselves_and_are_reported(logs: Path, tmp_path: Path) -> None:
    (good,) = (logs / "eval").iterdir()
    shutil.copy(good, tmp_path)
    whole = good.read_bytes()
    name = "2026-05-04T09-00-00+00-00_sums_{}.{}"
    damaged = [
        *(("eval", it) for it in (whole[: len(whole) // 2], b"", bytes(range(256)) * 40)),
        *(("json", it) for it in (b"", b'{"version": 2, "status": "success", "eval": {')),
        *(("json", it) for it in (b'{"version": 2}', b"[1, 2]")),
    ]
    for number, (ending, content) in enumerate(damaged):
        (tmp_path / name.format(number, ending)).write_bytes(content)
    read = batch(tmp_path)
    assert read.runs.height == 1
    assert len(read.rejected) == len(damaged)
    assert f"{len(damaged)} logs could not be read" in read.notes[0]


def test_places_without_a_log_are_errors_that_say_so(tmp_path: Path) -> None:
    (tmp_path / "broken.eval").write_bytes(b"no log")
    (tmp_path / "empty").mkdir()
    for place, said in (
        (tmp_path / "nowhere", "does not exist"),
        (tmp_path / "empty", "does not have any log"),
        (tmp_path / "broken.eval", "can be read"),
    ):
        with pytest.raises(SourceError, match=said):
            batch(place)


def test_the_command_imports_a_folder_and_importing_it_again_changes_nothing(logs, tmp_path):
    command = ("--data", tmp_path, "import", "--from", "inspect", logs, "--username", "ada")
    first = velocity(*command, cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    classes = sorted(reads.runs(latest_snapshot(tmp_path))["class"])
    assert classes == ["failed", "finished", "finished", "finished", "stale"]
    again = velocity(*command, cwd=tmp_path)
    assert b"new" not in again.stderr
