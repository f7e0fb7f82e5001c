"""Directories with the same run id: sessions of one run, or launches that are separate runs."""

from datetime import timedelta

import pytest

from tests import test_wandb_files_records as log
from tests.run_directories import fetched, runs_of, write_files
from tests.test_wandb_files_records import START, minutes, pb

HOUR = timedelta(hours=1)


def exit_record(runtime, code=0):
    return pb.Record(exit={"exit_code": code, "runtime": runtime})


def restored_record(runtime, at):
    """The first summary of a client that resumes: the server's, with one item per key."""
    values = {"_timestamp": str(at.timestamp()), "_wandb": f'{{"runtime": {runtime}}}'}
    update = [{"key": key, "value_json": it} for key, it in values.items()]
    return pb.Record(summary={"update": update})


def ticking_record(runtime):
    """A summary that the client writes during the run."""
    item = {"nested_key": ["_wandb", "runtime"], "value_json": str(runtime)}
    return pb.Record(summary={"update": [item]})


def launch(tmp_path, hours, *records, kind="run", **run):
    begun = START + hours * HOUR
    log.write_log(
        tmp_path / f"{kind}-{begun:%Y%m%d_%H%M%S}-r",
        log.run_record(begun, **run),
        log.environment_record(begun, host=f"n{hours:g}"),
        *records,
    )


def sessions(run):
    return [(writer["start"], writer["runtime_s"]) for writer in run["writers"]]


@pytest.mark.parametrize("kind", ["run", "offline-run"])
def test_a_launch_that_was_not_resumed_is_a_separate_run(tmp_path, kind):
    launch(tmp_path, 0, exit_record(600, code=1), kind=kind)
    launch(tmp_path, 4, exit_record(3600), kind=kind)
    launch(tmp_path, 8, kind=kind)
    runs = runs_of(tmp_path)
    assert list(runs) == ["r", "r@2026-05-04T13:00:00Z", "r@2026-05-04T17:00:00Z"]
    names = ("state", "relaunched", "runtime_s")
    assert [(*(run[it] for it in names), len(run["writers"])) for run in runs.values()] == [
        ("failed", None, 600, 1),
        ("finished", True, 3600, 1),
        ("running", True, 0, 1),
    ]


@pytest.mark.parametrize(
    "words",
    [
        {"resumed": True},
        {"starting_step": 10},
        {"resume": True},
        {"branch_point": {"run": "r", "metric": "_step"}},
    ],
)
def test_a_log_shows_in_several_ways_that_it_resumed(tmp_path, words):
    launch(tmp_path, 0, exit_record(600, code=1))
    launch(tmp_path, 4, exit_record(3600), **words)
    run = runs_of(tmp_path)["r"]
    assert sessions(run) == [(START, 600), (START + 4 * HOUR, 3600)]
    assert (run["resumed"], run["relaunched"], run["state"]) == (True, None, "finished")
    assert run["rewound"] == ("branch_point" in words)


def test_a_fork_has_earlier_steps_but_did_not_resume(tmp_path):
    launch(tmp_path, 0, starting_step=10, forked=True)
    launch(tmp_path, 1, starting_step=10, branch_point={"run": "other"}, forked=True)
    assert [run["resumed"] for run in runs_of(tmp_path).values()] == [False, False]


def test_the_stopwatch_of_earlier_sessions_is_subtracted(tmp_path):
    launch(tmp_path, 0, exit_record(3600, code=1))
    launch(tmp_path, 3, exit_record(10800), resumed=True, runtime=3600)
    run = runs_of(tmp_path)["r"]
    assert sessions(run) == [(START, 3600), (START + 3 * HOUR, 7200)]
    assert (run["runtime_s"], run["earlier_runtime_s"]) == (10800, None)
    assert run["heartbeat_at"] == START + 5 * HOUR


def test_a_client_that_begins_with_the_servers_summary_has_resumed(tmp_path):
    launch(tmp_path, 0, ticking_record(0), log.history_record(START), exit_record(3600))
    begun = START + 3 * HOUR
    restored = restored_record(3600, START)
    launch(
        tmp_path, 3, restored, ticking_record(4000), log.history_record(begun), exit_record(5400)
    )
    run = runs_of(tmp_path)["r"]
    assert sessions(run) == [(START, 3600), (begun, 1800)]
    assert run["resumed"]


def test_a_session_without_its_earlier_sessions(tmp_path):
    launch(tmp_path, 3, restored_record(3600, START), exit_record(5400), resumed=True)
    run = runs_of(tmp_path)["r"]
    assert sessions(run) == [(START + 3 * HOUR, 1800)]
    assert (run["runtime_s"], run["earlier_runtime_s"]) == (5400, 3600)
    # The summary's last row belongs to an earlier session.
    assert (run["first_metric_at"], run["last_metric_at"]) == (None, None)


def test_a_restarted_stopwatch_belongs_to_the_session(tmp_path):
    launch(tmp_path, 0, exit_record(7200))
    launch(tmp_path, 3, exit_record(600), branch_point={"run": "r"}, runtime=7200)
    assert sessions(runs_of(tmp_path)["r"]) == [(START, 7200), (START + 3 * HOUR, 600)]


def test_each_session_has_its_own_machine_and_last_signs_of_life(tmp_path):
    row = START + minutes(20)
    launch(tmp_path, 0, log.stats_record(START + minutes(30)), log.history_record(row))
    launch(tmp_path, 2, exit_record(600), resume=True)
    first, second = runs_of(tmp_path)["r"]["writers"]
    assert (first["host"], second["host"]) == ("n0", "n2")
    assert (first["runtime_s"], first["heartbeat_at"]) == (None, START + minutes(30))
    assert (first["last_metric_at"], second["last_metric_at"]) == (row, None)
    assert second["heartbeat_at"] == START + 2 * HOUR + minutes(10)


def test_a_relaunch_may_be_resumed(tmp_path):
    launch(tmp_path, 0, exit_record(600))
    launch(tmp_path, 1, exit_record(600))
    launch(tmp_path, 2, exit_record(1200), resumed=True, runtime=600)
    runs = runs_of(tmp_path)
    assert sessions(runs["r"]) == [(START, 600)]
    resumed = [(START + HOUR, 600), (START + 2 * HOUR, 600)]
    assert sessions(runs["r@2026-05-04T10:00:00Z"]) == resumed


def test_two_launches_within_a_second_are_two_runs(tmp_path):
    for number, part in enumerate((0.25, 0.5)):
        begun = START + timedelta(seconds=part)
        log.write_log(tmp_path / str(number) / "run-20260504_090000-r", log.run_record(begun))
    assert list(runs_of(tmp_path)) == ["r", "r@2026-05-04T09:00:00.500000Z"]


@pytest.mark.parametrize("content", [b"", b":W&B", b":W&B\xe1\xbe\x00", bytes(range(256)) * 500])
def test_if_the_log_has_no_run_the_other_files_are_used(tmp_path, content):
    folder = tmp_path / "run-20260504_090000-r"
    write_files(
        folder,
        wandb_metadata='{"startedAt": "2026-05-04T09:00:00Z", "host": "n1", "gpu_count": 1}',
        wandb_summary='{"_wandb": {"runtime": 3600}}',
        config="lr: {value: 0.1}",
    )
    (folder / "run-r.wandb").write_bytes(content)
    run = runs_of(tmp_path)["r"]
    assert sessions(run) == [(START, 3600)]
    assert (run["state"], run["config"], run["heartbeat_at"]) == ("unknown", '{"lr":0.1}', None)
    assert run["unreadable"] == (["log"] if len(content) > 100 else None)


def test_if_the_log_cannot_be_opened_the_other_files_are_used(tmp_path):
    folder = tmp_path / "run-20260504_090000-r"
    write_files(folder, wandb_metadata='{"startedAt": "2026-05-04T09:00:00Z"}')
    (folder / "run-r.wandb").symlink_to(tmp_path / "nowhere")
    assert runs_of(tmp_path)["r"]["unreadable"] == ["log"]


def test_a_session_without_a_log_belongs_to_the_run_before_it(tmp_path):
    launch(tmp_path, 0, exit_record(600), entity="lab")
    metadata = '{"startedAt": "2026-05-04T10:00:00Z"}'
    write_files(tmp_path / "run-20260504_100000-r", wandb_metadata=metadata)
    (row,), rejected = fetched(tmp_path)
    assert rejected == []
    assert (row["entity"], row["project"], len(row["writers"])) == ("lab", "p", 2)


@pytest.mark.parametrize(
    ("rows_until", "total", "seconds"),
    [
        (minutes(59), 3600, 3600),  # 5400 s from 10:00 would be too short for rows until 12:59
        (minutes(29), 5400, 1800),  # the stopwatch continued
        (None, 5400, 5400),
    ],
)
def test_without_a_log_rows_show_whether_the_stopwatch_continued(
    tmp_path, rows_until, total, seconds
):
    for hours, runtime, until in ((0, 3600, HOUR), (3, total, rows_until)):
        begun = START + hours * HOUR
        last = "" if until is None else f', "_timestamp": {(begun + until).timestamp()}'
        write_files(
            tmp_path / f"run-{begun:%Y%m%d_%H%M%S}-r",
            wandb_metadata=f'{{"startedAt": "{begun.isoformat()}"}}',
            wandb_summary=f'{{"_wandb": {{"runtime": {runtime}}}{last}}}',
        )
    assert [lasted for _, lasted in sessions(runs_of(tmp_path)["r"])] == [3600, seconds]
