"""Tables of other programs are recognised, with an error that says what to do instead."""

import pytest

from tests.tables import read_run_table
from velocity.errors import SourceError

#: The beginning of the error and its hint, and tables that are refused with it.
KINDS = {
    "this is the export of a chart, not of the runs table. In W&B, open the project's runs table": [
        '"Step","run-a - train/loss","run-a - train/loss__MIN","run-a - train/loss__MAX"',
        '"Relative Time (Wall)","a - loss"',
        '"_step","a - loss","a - loss__MIN"',
        '"Wall Time","a - gpu","b - gpu"',
        '"train/global_step","a - loss"',
        "Step;a - loss;a - loss__MIN;a - loss__MAX",
    ],
    "this is the history of a run (its logged rows), not the runs table. In W&B, open": [
        "_step,_runtime,_timestamp,loss",
        "loss,_timestamp,_runtime",
        ",_step,train/loss,Name",
    ],
    (
        "this is an MLflow export, whose columns have other names. Rename run_id, status, "
        "start_time, end_time and tags.mlflow.user to run_id, state, created_at, ended_at"
    ): [
        "run_id,experiment_id,status,artifact_uri,start_time,end_time,metrics.loss,params.lr",
        "artifact_uri,start_time,tags.mlflow.user",
        "Start Time,Duration,Run ID,Name,Source Type,Source Name,User,Status,loss",
    ],
    "this is the output of Slurm's sacct. Add --from slurm to the command.": [
        "JobID|JobName|State|Elapsed\n1|a|COMPLETED|00:10:00",
        "JobID    JobName      State\n-------- ------- ----------\n1       a  COMPLETED",
        "JobIDRaw,User,State\n1,ada,FAILED",
    ],
    "W&B's example script for exports wrote this table, without times or states. Use": [
        ",summary,config,name\n0,{},{},a"
    ],
}


@pytest.mark.parametrize(
    ("told", "text"),
    [
        pytest.param(told, text, id=text.splitlines()[0])
        for told, texts in KINDS.items()
        for text in texts
    ],
)
def test_the_error_for_a_table_of_another_kind_names_the_kind(tmp_path, told, text):
    path = tmp_path / "table.csv"
    path.write_text(f"{text}\n1,2,3\n", encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        read_run_table(path, entity="lab", project="p")
    assert f"{caught.value.message} {caught.value.hint}".startswith(f"{path}: {told}")


@pytest.mark.parametrize(
    "more",
    [
        *("_step", "_runtime,_timestamp", "x__MIN,x__MAX", "parameters.lr,eval/mse_mean", "a - b"),
        *("experiment_id", "artifact_uri", "summary,config,name", "run_id,created_at", "lr,lr"),
        *("gpu_count,gpu_count", "notes,notes"),
    ],
)
def test_an_export_of_the_runs_table_may_have_any_other_columns(tmp_path, more):
    path = tmp_path / "wandb_export.csv"
    values = ",".join("1" for _ in more.split(","))
    path.write_text(
        f"Name,Agent,State,Notes,User,Tags,Created,Runtime,Sweep,{more}\n"
        f"r,,failed,-,,,2026-05-04T09:00:00.000Z,9910,s1,{values}\n"
    )
    (run,) = read_run_table(path, entity="lab", project="p").runs.to_dicts()
    assert run == run | {"state": "failed", "runtime_s": 9910, "sweep": "s1", "notes": None}


@pytest.mark.parametrize("more", ["_step", "_runtime,_timestamp", "x__MAX", "experiment_id"])
def test_an_export_without_states_is_still_known_as_one(tmp_path, more):
    path = tmp_path / "wandb_export.csv"
    path.write_text(f"Name,Created,Runtime,ID,{more}\nr,2026-05-04T09:00:00.000Z,9910,a,1\n")
    with pytest.raises(SourceError, match='the column "State"') as caught:
        read_run_table(path, entity="lab", project="p")
    assert "Choose State under Columns in W&B" in caught.value.hint


@pytest.mark.parametrize(
    "more",
    ["experiment_id,_step,loss__MIN", "Name,Created", "Tags,Tags", "notes,notes_duplicated_0"],
)
def test_a_table_of_runs_may_have_such_columns_too(tmp_path, more):
    path = tmp_path / "runs.csv"
    values = ",".join("1" for _ in more.split(","))
    path.write_text(
        f"entity,project,run_id,state,created_at,{more}\nlab,p,r,finished,2026-05-04,{values}\n"
    )
    assert read_run_table(path).runs.height == 1
