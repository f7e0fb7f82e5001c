"""Config keys that differ between runs launched together, on Data health and in doctor."""

from __future__ import annotations

import pytest

from tests.builders import at, run, store_of
from velocity.cli.doctor import examine
from velocity.reading import reads
from velocity.reading.access import GROUPS_ALONE
from velocity.records import config_text
from velocity.settings import Experiments, Settings

pytestmark = pytest.mark.thorough


def launches(*configs, project="p", username="ada", days=0):
    """Runs of one launch per day: a list of configs each, launched ten seconds apart."""
    rows = []
    for day, launch in enumerate(configs, start=days):
        for number, config in enumerate(launch):
            start = at(f"09:00:{number * 10:02}", days=day)
            rows.append(
                run(
                    f"{project}-{day}-{number}",
                    start,
                    at("10:00", days=day),
                    project=project,
                    username=username,
                    config=None if config is None else config_text(config),
                )
            )
    return rows


def differing(rows, settings=None, **options):
    snapshot = store_of(rows, "2026-06-01 00:00", settings=settings)
    return reads.key_differences(snapshot, **options).rows()


def test_keys_are_counted_by_launch_and_the_most_frequent_come_first():
    rows = launches(
        [{"lr": 1, "path": "a", "w": 1}, {"lr": 1, "path": "b", "w": 1}],
        [{"lr": 1, "path": "c", "w": 1}, {"lr": 2, "path": "d", "w": 1}],
        [{"lr": 1, "w": 1}, {"lr": 1, "w": 1}],
    )
    assert differing(rows) == [("path", 2, 2, 1.0), ("lr", 1, 3, pytest.approx(1 / 3))]


def test_a_missing_key_differs():
    rows = launches([{"lr": 1, "extra": 1}, {"lr": 1}], [{"lr": 1}, {}], [{"lr": 1}, {"lr": 1}])
    # A run with an empty config is ignored: that launch has one run left.
    assert differing(rows) == [("extra", 1, 1, 1.0)]


def test_ignored_keys_do_not_differ():
    rows = launches([{"lr": 1, "seed": 1, "a": {"run_name": "x"}}, {"lr": 1, "seed": 2}])
    assert differing(rows) == []
    few = Settings(experiments=Experiments(same_idea_ignore=("seed",)))
    assert differing(rows, few) == [("a.run_name", 1, 1, 1.0)]


def test_names_are_shown_as_people_write_them():
    odd = {"a": {"b/c": 1, "d~e": 1}, "[f]": 1, "l": [{"g": 1}]}
    other = {"a": {"b/c": 2, "d~e": 2}, "[f]": 2, "l": [{"g": 2}]}
    keys = {key for key, *_ in differing(launches([odd, other]))}
    assert keys == {"a.b/c", "a.d~e", "[f]", "l.[0].g"}


def test_runs_that_were_not_launched_together_are_not_compared():
    rows = [
        run("r1", "09:00", "10:00", config='{"lr":1}'),
        run("r2", "09:05", "10:00", config='{"lr":2}'),  # in flight, five minutes later
        run("r3", "12:00", "12:30", config='{"lr":3}'),
        run("r4", "12:30:30", "12:40", config='{"lr":4}'),  # a script going on
        run("r5", "15:00", "16:00", config='{"lr":5}', sweep="s"),
        run("r6", "15:00", "16:00", config='{"lr":6}', sweep="s"),
    ]
    assert differing(rows) == []


def test_each_launch_of_an_experiment_is_compared_separately():
    rows = [
        run("r1", "09:00", "10:00", config='{"lr":1}'),
        run("r2", "09:00:10", "10:00", config='{"lr":1}'),
        run("r3", "10:00:30", "11:00", config='{"lr":2}'),
        run("r4", "10:00:40", "11:00", config='{"lr":2}'),
    ]
    assert differing(rows) == []


def test_the_newest_fifty_launches_of_a_scholar_count():
    old = [[{"old": n}, {"old": -n - 1}] for n in range(10)]
    new = [[{"new": n}, {"new": -n - 1}] for n in range(50)]
    assert differing(launches(*old, *new)) == [("new", 50, 50, 1.0)]


def test_viewers_without_access_see_no_key():
    rows = launches([{"lr": 1}, {"lr": 2}])
    assert differing(rows, scope=GROUPS_ALONE) == []


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
