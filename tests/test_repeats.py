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


def made(run_id, start, end, config=SEEDED, commit="c1", **columns):
    text = None if config is None else config_text(config)
    return run(run_id, start, end, config=text, commit=commit, **columns)


FIRST = made("first", "09:00", "10:00")
AGAIN = made("again", "10:00", "11:00")
HASHED = {"config": None, "config_hash": "h"}
#: A log, and whether its last run repeats an earlier one: the whole config and the commit are those
#: of a run of the same line that has finished.
LOGS = [
    ((FIRST, AGAIN), True),
    ((FIRST, made("again", "10:00", "11:00", {"seed": 1, "lr": 1, "_wandb": {"x": 1}})), True),
    ((FIRST, made("again", "10:00", "10:00:30", state="failed")), True),
    ((FIRST, made("again", "12:00", "19:59", state="running")), True),
    ((FIRST, made("other", "09:00", "19:00"), AGAIN), True),
    ((FIRST | {"state": "failed"}, made("second", "09:00", "09:30"), AGAIN), True),
    ((FIRST, made("again", "10:00", "11:00", OTHER_SEED)), False),
    ((FIRST, made("again", "10:00", "11:00", {"lr": 1.0, "seed": 1})), False),
    ((FIRST, made("again", "10:00", "11:00", commit="c2")), False),
    ((FIRST, made("again", "09:59:59", "11:00")), False),
    ((FIRST, made("again", "10:00", "11:00", username="bob")), False),
    ((FIRST | {"state": "failed"}, AGAIN), False),
    ((FIRST | {"commit": None}, AGAIN | {"commit": None}), False),
    ((FIRST | {"config": "{}"}, AGAIN | {"config": "{}"}), False),
    ((FIRST | {"config": None}, AGAIN | {"config": None}), False),
    # The same idea in a table does not mean the same whole config.
    ((FIRST | HASHED, AGAIN | HASHED), False),
    # A run of no length does not repeat itself.
    ((made("again", "09:00", "09:00"),), False),
]


def drawn(chance):
    for number in range(25):
        start = at("09:00") + timedelta(minutes=chance.randrange(200))
        end = start + timedelta(minutes=chance.choice((0, 5, 30)))
        facts = (chance.choice((None, {}, SEEDED, OTHER_SEED)), chance.choice((None, "c1", "c2")))
        own = {"state": chance.choice(("finished", "finished", "failed"))}
        own["username"] = chance.choice(("ada", "bob"))
        yield made(f"r{number}", start, end, *facts, **own)


DRAWN = [list(drawn(random.Random(number))) for number in range(12)]  # noqa: S311


@pytest.fixture(scope="module")
def repeats():
    """Ids of the runs that repeat another, log by log; each is a project."""
    logs = [*(log for log, _ in LOGS), *DRAWN]
    rows = [
        # The same id in several projects would be the same run.
        row | {"project": f"{number}", "run_id": f"{row['run_id']} {number}"}
        for number, log in enumerate(logs)
        for row in log
    ]
    runs = reads.runs(store_of(rows, "20:00", settings=SETTINGS))
    found = [set() for _ in logs]
    for project, run_id, flags in runs.select("project", "run_id", "flags").iter_rows():
        if "repeat" in flags.split():
            found[int(project)].add(run_id.partition(" ")[0])
    return found


@pytest.mark.parametrize("number", range(len(LOGS)))
def test_only_the_same_config_and_commit_after_a_finished_run_are_a_repeat(repeats, number):
    assert repeats[number] == ({"again"} if LOGS[number][1] else set())


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


@pytest.mark.parametrize("number", range(len(DRAWN)))
def test_drawn_logs_agree_with_a_plain_search(repeats, number):
    log = DRAWN[number]
    expected = {it["run_id"] for it in log if is_repeat(it, log)}
    assert repeats[len(LOGS) + number] == expected
