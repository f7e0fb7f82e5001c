"""Run directories that the installed W&B client writes in the test: complete, cut, damaged."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from scripts.waiting import wait_until
from tests.framing import BLOCK_BYTES
from tests.run_directories import fetched, runs_of

pytestmark = pytest.mark.sampled(4)

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
for again in ({}, {}, {"resume_from": "twice?_step=0"}):
    with wandb.init(id="twice", project="p", **again) as run:
        run.log({"loss": 1})
with wandb.init(id="forked", project="p", fork_from="twice?_step=0") as run:
    run.log({"loss": 1})
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
def written(tmp_path_factory):
    """The `wandb` folder of a script with several runs, killed during the last one."""
    folder = tmp_path_factory.mktemp("client")
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        cwd=folder,
        env={**os.environ, "WANDB_MODE": "offline", "WANDB_SILENT": "true"},
        **dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE),
        text=True,
    ) as child:
        assert child.stdout.readline() == "READY\n", child.stderr.read()
        log = log_of(folder, "slain")
        wait_until(lambda: log.stat().st_size > BLOCK_BYTES)
        child.send_signal(signal.SIGKILL)
        child.communicate()  # also waits for its service process
    return folder


def log_of(folder, run_id):
    return next(folder.glob(f"wandb/*/run-{run_id}.wandb"))


def copied(folder, run_id, to):
    """The log of a copy of the run's directory below `to`."""
    source = log_of(folder, run_id).parent
    shutil.copytree(source, to / source.name)
    return to / source.name / f"run-{run_id}.wandb"


def test_a_finished_run_is_read_completely(written):
    run = runs_of(written)["done"]
    assert (run["entity"], run["project"], run["username"]) == ("local", "p", None)
    assert (run["display_name"], run["group_name"], run["job_type"]) == ("first", "g", "train")
    assert (run["tags"], run["notes"], run["sweep"]) == (["a", "exp:x"], "why", None)
    assert (run["source"], run["runtime_s"] is None) == ("files", False)
    (writer,) = run["writers"]
    assert writer["host"]
    assert writer["start"] <= run["created_at"] <= run["first_metric_at"]
    assert run["first_metric_at"] < run["last_metric_at"] <= run["heartbeat_at"]


def test_the_state_is_that_of_the_last_exit(written):
    runs = runs_of(written)
    expected = {"done": "finished", "bad": "failed", "evicted": "preempted", "again": "finished"}
    assert {run_id: runs[run_id]["state"] for run_id in expected} == expected


def test_the_whole_config_is_read(written):
    config = json.loads(runs_of(written)["done"]["config"])
    told = {"api_key": "hidden", "late": 2, "lr": 0.1, "model": {"width": 64}, "seed": 3}
    assert config == {**told, "_wandb": config["_wandb"]}


def test_a_resumed_run_is_one_row_with_a_start_for_each_writer(written):
    run = runs_of(written)["again"]
    assert run["project"] == "uncategorized"
    first, second = (writer["start"] for writer in run["writers"])
    assert first < second
    assert run["first_metric_at"] < second < run["last_metric_at"]


def test_a_killed_run_is_running_until_its_last_sign_of_life(written):
    run = runs_of(written)["slain"]
    assert run["state"] == "running"
    assert run["heartbeat_at"] >= run["last_metric_at"] >= run["first_metric_at"]


def test_the_same_id_without_resume_is_a_separate_run(written):
    runs = runs_of(written)
    (again,) = (run_id for run_id in runs if run_id.startswith("twice@"))
    assert (runs["twice"]["relaunched"], runs[again]["relaunched"]) == (None, True)
    assert runs["twice"]["writers"][0]["start"] < runs[again]["writers"][0]["start"]
    # The third one rewound the second.
    assert (len(runs[again]["writers"]), runs[again]["rewound"]) == (2, True)


def test_a_fork_is_a_run_that_did_not_resume(written):
    run = runs_of(written)["forked"]
    assert (run["resumed"], run["rewound"], run["relaunched"]) == (False, False, None)


def test_a_given_entity_fills_gaps_but_never_replaces(written):
    found = runs_of(written, entity="mine")
    entities = {run_id.partition("@")[0]: run["entity"] for run_id, run in found.items()}
    mine = ("done", "again", "twice", "forked", "evicted", "slain")
    assert entities == dict.fromkeys(mine, "mine") | {"bad": "lab"}


def test_a_given_username_owns_every_run(written):
    rows, _ = fetched(written, username="ada")
    assert {row["username"] for row in rows} == {"ada"}


def test_a_path_may_be_a_tree_a_wandb_directory_or_one_run(written):
    one = log_of(written, "done").parent
    assert set(runs_of(written)) == set(runs_of(written / "wandb"))
    assert set(runs_of(one)) == {"done"}
    assert set(runs_of(written / "wandb" / "latest-run")) == {"slain"}
    assert set(runs_of(one, written, one)) == set(runs_of(written))


def test_a_copy_of_a_directory_is_not_a_second_session(written, tmp_path):
    shutil.copytree(written, tmp_path / "backup")
    assert runs_of(written, tmp_path) == runs_of(written)


def test_a_file_cut_off_anywhere_gives_its_complete_records(written, tmp_path):
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
            assert (row["project"], row["created_at"]) == ("p", whole["created_at"])
            assert row["heartbeat_at"] <= whole["heartbeat_at"]
    assert states == {"running"}


def test_a_flipped_bit_is_reported_and_the_rest_is_used(written, tmp_path):
    log = copied(written, "done", tmp_path)
    data = log.read_bytes()
    finished = untold = 0
    for at in range(0, len(data), 61):
        log.write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        rows, rejected = fetched(tmp_path)
        assert rows or rejected
        assert all("damaged" in problem.reason for problem in rejected)
        assert all(row["unreadable"] in (["log"], None) for row in rows)
        # A length beyond the end of the file looks like a log that is still being written.
        untold += [row["unreadable"] for row in rows] == [None]
        finished += [row["state"] for row in rows] == ["finished"]
    # All except the few that hit the run's own record, its exit, or a length.
    assert finished > 0.8 * len(data) / 61
    assert untold < 0.1 * len(data) / 61


@pytest.mark.parametrize(
    ("content", "words"),
    [
        # It has just begun: its name is not written yet.
        (b":W&", "does not contain a complete run record"),
        (bytes(range(256)) * 500, "damaged at byte 0"),
    ],
)
def test_a_file_without_a_run_is_rejected(tmp_path, content, words):
    folder = tmp_path / "run-20260504_090000-new"
    folder.mkdir()
    (folder / "run-new.wandb").write_bytes(content)
    rows, (problem,) = fetched(tmp_path)
    assert (rows, problem.run_id) == ([], "new")
    assert words in problem.reason


def test_only_the_file_that_cannot_be_opened_is_rejected(written, tmp_path):
    copied(written, "done", tmp_path)
    folder = tmp_path / "run-20260504_090000-gone"
    folder.mkdir()
    (folder / "run-gone.wandb").symlink_to(tmp_path / "nowhere")
    (row,), (problem,) = fetched(tmp_path)
    assert (row["run_id"], problem.run_id) == ("done", "gone")
    assert "cannot be read" in problem.reason
