"""Tables of other programs are recognised, with an error that says what to do instead."""

import pytest

from tests.tables import read_run_table
from velocity.errors import SourceError

#: Words of the error's message and of its hint, and such tables.
KINDS = (
    (
        ["this is the export of a chart, not of the runs table"],
        "",
        [
            '"Step","run-a - train/loss","run-a - train/loss__MIN","run-a - train/loss__MAX"',
            '"Relative Time (Wall)","a - loss"',
            '"_step","a - loss","a - loss__MIN"',
            '"Wall Time","a - gpu","b - gpu"',
            '"train/global_step","a - loss"',
            "Step;a - loss;a - loss__MIN;a - loss__MAX",
        ],
    ),
    (
        ["history of a run", "runs table"],
        "",
        [
            "_step,_runtime,_timestamp,loss",
            "loss,_timestamp,_runtime",
            ",_step,train/loss,Name",
        ],
    ),
    (
        ["MLflow"],
        "state",
        [
            "run_id,experiment_id,status,artifact_uri,start_time,end_time,metrics.loss,params.lr",
            "artifact_uri,start_time,tags.mlflow.user",
            "Start Time,Duration,Run ID,Name,Source Type,Source Name,User,Status,loss",
        ],
    ),
    (
        ["sacct"],
        "--from slurm",
        [
            "JobID|JobName|State|Elapsed\n1|a|COMPLETED|00:10:00",
            "JobID    JobName      State\n-------- ------- ----------\n1       a  COMPLETED",
            "JobIDRaw,User,State\n1,ada,FAILED",
        ],
    ),
    (["example script"], "", [",summary,config,name\n0,{},{},a"]),  # of W&B
)


@pytest.mark.parametrize(
    ("words", "hint", "text"),
    [(words, hint, text) for words, hint, texts in KINDS for text in texts],
)
def test_the_error_for_a_table_of_another_kind_names_the_kind(tmp_path, words, hint, text):
    path = tmp_path / "table.csv"
    path.write_text(f"{text}\n1,2,3\n", encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        read_run_table(path, entity="lab", project="p")
    for told in (str(path), *words):
        assert told in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "more",
    ["_step", "_runtime,_timestamp", "x__MIN,x__MAX", "parameters.lr,eval/mse_mean", "a - b"],
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


def test_a_table_of_runs_may_have_such_columns_too(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text(
        "entity,project,run_id,state,created_at,experiment_id,_step,loss__MIN\n"
        "lab,p,r,finished,2026-05-04,1,2,3\n"
    )
    assert read_run_table(path).runs.height == 1
