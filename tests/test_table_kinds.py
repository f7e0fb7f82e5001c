"""Tables of other programs are recognised, with an error that says what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.tables import read_run_table
from velocity.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path


def refusal(path: Path, text: str) -> SourceError:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        read_run_table(path, entity="lab", project="p")
    assert str(path) in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    "header",
    [
        '"Step","run-a - train/loss","run-a - train/loss__MIN","run-a - train/loss__MAX"',
        '"Relative Time (Wall)","a - loss"',
        '"_step","a - loss","a - loss__MIN"',
        '"Wall Time","a - gpu","b - gpu"',
        '"train/global_step","a - loss"',
        "Step;a - loss;a - loss__MIN;a - loss__MAX",
    ],
)
def test_a_chart_is_not_a_table_of_runs(tmp_path: Path, header: str) -> None:
    error = refusal(tmp_path / "chart.csv", f"{header}\n1,2\n")
    assert "this is the export of a chart, not of the runs table" in error.message


@pytest.mark.parametrize(
    "header",
    ["_step,_runtime,_timestamp,loss", "loss,_timestamp,_runtime", ",_step,train/loss,Name"],
)
def test_a_history_is_not_a_table_of_runs(tmp_path: Path, header: str) -> None:
    error = refusal(tmp_path / "history.csv", f"{header}\n1,2,3\n")
    assert "history of a run" in error.message
    assert "runs table" in error.message


@pytest.mark.parametrize(
    "more",
    ["_step", "_runtime,_timestamp", "x__MIN,x__MAX", "parameters.lr,eval/mse_mean", "a - b"],
)
def test_a_runs_table_may_have_any_other_columns(tmp_path: Path, more: str) -> None:
    path = tmp_path / "wandb_export.csv"
    values = ",".join("1" for _ in more.split(","))
    path.write_text(
        f"Name,Agent,State,Notes,User,Tags,Created,Runtime,Sweep,{more}\n"
        f"r,,failed,-,,,2026-05-04T09:00:00.000Z,9910,s1,{values}\n"
    )
    (run,) = read_run_table(path, entity="lab", project="p").runs.to_dicts()
    assert (run["state"], run["runtime_s"], run["sweep"], run["notes"]) == (
        *("failed", 9910, "s1"),
        None,
    )


@pytest.mark.parametrize(
    "header",
    [
        "run_id,experiment_id,status,artifact_uri,start_time,end_time,metrics.loss,params.lr",
        "artifact_uri,start_time,tags.mlflow.user",
        "Start Time,Duration,Run ID,Name,Source Type,Source Name,User,Status,loss",
    ],
)
def test_the_error_for_an_mlflow_export_says_how_to_rename_its_columns(
    tmp_path: Path, header: str
) -> None:
    error = refusal(tmp_path / "runs.csv", f"{header}\n1,2,3\n")
    assert "MLflow" in error.message
    assert "state" in error.hint


@pytest.mark.parametrize(
    "text",
    [
        "JobID|JobName|State|Elapsed\n1|a|COMPLETED|00:10:00\n",
        "JobID    JobName      State\n-------- ------- ----------\n1       a  COMPLETED\n",
        "JobIDRaw,User,State\n1,ada,FAILED\n",
    ],
)
def test_the_error_for_sacct_output_names_its_source(tmp_path: Path, text: str) -> None:
    error = refusal(tmp_path / "jobs.txt", text)
    assert "sacct" in error.message
    assert "--from slurm" in error.hint


def test_the_table_of_w_and_bs_example_script_is_recognised(tmp_path: Path) -> None:
    error = refusal(tmp_path / "project.csv", ",summary,config,name\n0,{},{},a\n")
    assert "example script" in error.message


def test_a_table_of_runs_may_have_such_columns_too(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(
        "entity,project,run_id,state,created_at,experiment_id,_step,loss__MIN\n"
        "lab,p,r,finished,2026-05-04,1,2,3\n",
        encoding="utf-8",
    )
    assert read_run_table(path).runs.height == 1
