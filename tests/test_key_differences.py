"""Config keys that differ between runs launched together, on Data health and in doctor."""

from functools import cache

import pytest

from tests.builders import apart, at, run, store_of
from velocity.cli.doctor import examine
from velocity.reading import reads
from velocity.reading.access import GROUPS_ALONE, Scope
from velocity.records import config_text
from velocity.settings import Experiments, Settings

pytestmark = pytest.mark.thorough


def launches(*configs, days=0):
    """Runs of one launch per day: a list of configs each, launched ten seconds apart."""
    rows = []
    for day, launch in enumerate(configs, start=days):
        for number, config in enumerate(launch):
            start = at(f"09:00:{number * 10:02}", days=day)
            text = config_text(config)
            rows.append(run(f"{day}-{number}", start, at("10:00", days=day), config=text))
    return rows


ODD = {"a": {"b/c": 1, "d~e": 1}, "[f]": 1, "l": [{"g": 1}]}
IGNORED = launches([{"lr": 1, "seed": 1, "a": {"run_name": "x"}}, {"lr": 1, "seed": 2}])
#: A claim, the runs of a scholar, and the keys that differ between them: in how many launches, of
#: how many, and which share.
CASES = {
    "keys are counted by launch and the most frequent come first": (
        launches(
            [{"lr": 1, "path": "a", "w": 1}, {"lr": 1, "path": "b", "w": 1}],
            [{"lr": 1, "path": "c", "w": 1}, {"lr": 2, "path": "d", "w": 1}],
            [{"lr": 1, "w": 1}, {"lr": 1, "w": 1}],
        ),
        [("path", 2, 2, 1.0), ("lr", 1, 3, pytest.approx(1 / 3))],
    ),
    # A run with an empty config is ignored: that launch has one run left.
    "a missing key differs": (
        launches([{"lr": 1, "extra": 1}, {"lr": 1}], [{"lr": 1}, {}], [{"lr": 1}, {"lr": 1}]),
        [("extra", 1, 1, 1.0)],
    ),
    "ignored keys do not differ": (IGNORED, []),
    "names are shown as people write them": (
        launches([ODD, {"a": {"b/c": 2, "d~e": 2}, "[f]": 2, "l": [{"g": 2}]}]),
        [(it, 1, 1, 1.0) for it in ("[f]", "a.b/c", "a.d~e", "l.[0].g")],
    ),
    "runs that were not launched together are not compared": (
        [
            run("r1", "09:00", "10:00", config='{"lr":1}'),
            run("r2", "09:05", "10:00", config='{"lr":2}'),  # in flight, five minutes later
            run("r3", "12:00", "12:30", config='{"lr":3}'),
            run("r4", "12:30:30", "12:40", config='{"lr":4}'),  # a script going on
            run("r5", "15:00", "16:00", config='{"lr":5}', sweep="s"),
            run("r6", "15:00", "16:00", config='{"lr":6}', sweep="s"),
        ],
        [],
    ),
    "each launch of an experiment is compared separately": (
        [
            run("r1", "09:00", "10:00", config='{"lr":1}'),
            run("r2", "09:00:10", "10:00", config='{"lr":1}'),
            run("r3", "10:00:30", "11:00", config='{"lr":2}'),
            run("r4", "10:00:40", "11:00", config='{"lr":2}'),
        ],
        [],
    ),
    "the newest fifty launches of a scholar count": (
        launches(
            *([{"old": n}, {"old": -n - 1}] for n in range(10)),
            *([{"new": n}, {"new": -n - 1}] for n in range(50)),
        ),
        [("new", 50, 50, 1.0)],
    ),
}


@cache
def snapshot():

    rows = [row for name, (runs, _) in CASES.items() for row in apart(name, runs)]
    return store_of(rows, "2026-06-01 00:00")


@pytest.mark.parametrize("name", CASES)
def test_keys_that_differ(name):
    assert reads.key_differences(snapshot(), scope=Scope(scholars=(name,))).rows() == CASES[name][1]


def test_other_keys_are_ignored_with_other_settings():
    few = Settings(experiments=Experiments(same_idea_ignore=("seed",)))
    found = reads.key_differences(store_of(IGNORED, "2026-06-01 00:00", settings=few))
    assert found.rows() == [("a.run_name", 1, 1, 1.0)]


def test_viewers_without_access_see_no_key():
    assert reads.key_differences(snapshot()).height > 5
    assert reads.key_differences(snapshot(), scope=GROUPS_ALONE).rows() == []


def findings(tmp_path, *configs):
    store_of(launches(*configs), "2026-06-01 00:00", data=tmp_path)
    return [it for it in examine(tmp_path, tmp_path / "velocity.toml") if it.about == "ideas"]


def test_doctor_names_the_keys_that_nearly_always_differ(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    launch = [{"cfg": {"tb_folder": n}, "lr": n if n < 3 else 0} for n in range(10)]
    pairs = [[one, {**one, "cfg": {"tb_folder": -1}, "lr": 0}] for one in launch]
    (finding,) = findings(tmp_path / "often", *pairs)
    assert finding.state == "note"
    assert "cfg.tb_folder (in 10 of 10 launches)" in finding.told
    assert "lr" not in finding.told
    assert '"tb_folder"' in finding.fix
    assert "same_idea_ignore" in finding.fix
    assert findings(tmp_path / "seldom", *pairs[:4]) == []
