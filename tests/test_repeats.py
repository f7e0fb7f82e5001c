"""Runs with the whole config and the commit of an already finished run of the same line."""

import random
from datetime import timedelta

import pytest

from tests.builders import at, run, store_of
from velocity.reading import reads
from velocity.records import config_text
from velocity.settings import Experiments, Settings

SEEDED = {"lr": 1, "seed": 1}
OTHER_SEED = {"lr": 1, "seed": 2}
#: Only the learning rate would remain of these configs, but it is ignored as well.
SETTINGS = Settings(experiments=Experiments(same_idea_ignore=["lr", "seed"]))
DRAWN = 12


def made(run_id, start, end, config=SEEDED, commit="c1", **columns):
    text = None if config is None else config_text(config)
    return run(run_id, start, end, config=text, commit=commit, **columns)


FIRST = made("first", "09:00", "10:00")
AGAIN = made("again", "10:00", "11:00")
REPEATED = [
    (FIRST, AGAIN),
    (FIRST, made("again", "10:00", "11:00", {"seed": 1, "lr": 1, "_wandb": {"x": 1}})),
    (FIRST, made("again", "10:00", "10:00:30", state="failed")),
    (FIRST, made("again", "12:00", "19:59", state="running")),
    (FIRST, made("other", "09:00", "19:00"), AGAIN),
    (FIRST | {"state": "failed"}, made("second", "09:00", "09:30"), AGAIN),
]
NOT_REPEATED = [
    (FIRST, made("again", "10:00", "11:00", OTHER_SEED)),
    (FIRST, made("again", "10:00", "11:00", {"lr": 1.0, "seed": 1})),
    (FIRST, made("again", "10:00", "11:00", commit="c2")),
    (FIRST, made("again", "09:59:59", "11:00")),
    (FIRST, made("again", "10:00", "11:00", username="bob")),
    (FIRST | {"state": "failed"}, AGAIN),
    (FIRST | {"commit": None}, AGAIN | {"commit": None}),
    (FIRST | {"config": "{}"}, AGAIN | {"config": "{}"}),
    (FIRST | {"config": None}, AGAIN | {"config": None}),
    # The same idea in a table does not mean the same whole config.
    (FIRST | {"config": None, "config_hash": "h"}, AGAIN | {"config": None, "config_hash": "h"}),
    # A run of no length does not repeat itself.
    (made("again", "09:00", "09:00"),),
]


def drawn(chance):
    for number in range(25):
        start = at("09:00") + timedelta(minutes=chance.randrange(200))
        yield made(
            f"r{number}",
            start,
            start + timedelta(minutes=chance.choice((0, 5, 30))),
            chance.choice((None, {}, SEEDED, OTHER_SEED)),
            chance.choice((None, "c1", "c2")),
            state=chance.choice(("finished", "finished", "failed")),
            username=chance.choice(("ada", "bob")),
        )


LOGS = [list(drawn(random.Random(number))) for number in range(DRAWN)]  # noqa: S311


@pytest.fixture(scope="module")
def repeats():
    """Ids of the runs that repeat another, by project; each log above is a project."""
    named = {"repeated": REPEATED, "not": NOT_REPEATED, "drawn": LOGS}
    logs = {
        f"{name}{number}": log for name, of_it in named.items() for number, log in enumerate(of_it)
    }
    rows = [
        # The same id in several projects would be the same run.
        row | {"project": name, "run_id": f"{row['run_id']} {name}"}
        for name, log in logs.items()
        for row in log
    ]
    runs = reads.runs(store_of(rows, "20:00", settings=SETTINGS))
    found = {name: set() for name in logs}
    for project, run_id, flags in runs.select("project", "run_id", "flags").iter_rows():
        if "repeat" in flags.split():
            found[project].add(run_id.partition(" ")[0])
    return found


@pytest.mark.parametrize("number", range(len(REPEATED)))
def test_the_same_config_and_commit_after_a_finished_run_are_a_repeat(repeats, number):
    assert repeats[f"repeated{number}"] == {"again"}


@pytest.mark.parametrize("number", range(len(NOT_REPEATED)))
def test_another_or_unknown_config_commit_or_line_is_not_a_repeat(repeats, number):
    assert repeats[f"not{number}"] == set()


def is_repeat(row, log):
    """By a plain search through the log."""
    if row["commit"] is None or row["config"] in (None, "{}"):
        return False
    return any(
        all(it[name] == row[name] for name in ("config", "commit", "username"))
        and it["state"] == "finished"
        and it["heartbeat_at"] <= row["created_at"]
        for it in log
        if it is not row
    )


@pytest.mark.parametrize("number", range(DRAWN))
def test_drawn_logs_agree_with_a_plain_search(repeats, number):
    log = LOGS[number]
    assert repeats[f"drawn{number}"] == {it["run_id"] for it in log if is_repeat(it, log)}
