"""Which runs a rule of the roster matches, and what then happens to them."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from polars.testing import assert_frame_equal

from tests.builders import at, run, store_of
from tests.derived_tables import assert_tables_agree, derived_tables
from tests.roster_texts import ADA, BEN, parsed
from velocity.reading import reads
from velocity.records import config_text, run_frame
from velocity.settings import Settings
from velocity.store import Snapshot, open_live
from velocity.store.derive import derive

pytestmark = pytest.mark.sampled(14)

AS_OF = "20:00"


def started(snapshot: Snapshot, **asked: Any) -> dict[str, int]:
    """Group -> experiments started."""
    found = reads.metrics(snapshot, **{"by": "scholar"} | asked)
    return dict(found.select(found.columns[0], "experiments_started").iter_rows())


def hourly(**columns: list[Any]) -> list[dict[str, Any]]:
    """A run of ada in each hour from 9:00, with one value of each column."""
    (count,) = {len(it) for it in columns.values()}
    return [
        run(
            f"r{n}",
            at("09:00") + timedelta(hours=n),
            at("09:30") + timedelta(hours=n),
            **{name: values[n] for name, values in columns.items()},
        )
        for n in range(count)
    ]


def automated(rows: list[dict[str, Any]], rule: str, people: str = ADA + BEN) -> dict[str, int]:
    """Scholar -> automated experiments under a rule."""
    return started(store_of(rows, AS_OF, roster=parsed(people + rule)), actor="automation")


@pytest.mark.parametrize(
    ("rule", "columns", "matched"),
    [
        ('tag = "a"', {"tags": [["a"], ["b", "a"], ["A"], ["ab"], None]}, 2),
        ('job_type = "a"', {"job_type": ["a", "A", None]}, 1),
        ('project = "e/agent-*"', {"project": ["agent-1", "agent", "Agent-1", "agent-"]}, 2),
        ('username = "ada"', {"username": ["ada", "ben", None]}, 1),
    ],
)
def test_a_rule_matches_exactly(rule, columns, matched):
    found = automated(hourly(**columns), f"[[automation]]\n{rule}\n")
    assert found == {"ada": matched, "ben": 0}


@pytest.mark.parametrize(
    ("rule", "matched"),
    [
        ('config = "by"\nvalue = "agent"', "a"),
        ('config = "n"\nvalue = 1', "bc"),
        ('config = "n"\nvalue = 1.0', "bc"),
        ('config = "n"\nvalue = true', "d"),
        ('config = "n"\nvalue = "1"', "e"),
        ('config = "launch.by"\nvalue = "agent"', "fg"),
    ],
)
def test_a_config_value_is_matched_by_its_hash(rule, matched):
    configs: list[dict[str, Any]] = [
        {"by": "agent", "n": 2},
        {"n": 1},
        {"n": 1.0},
        {"n": True},
        {"n": "1"},
        {"launch": {"by": "agent", "x": [1, 2]}},
        {"launch.by": "agent"},
        {"by": "me", "launch": "agent"},
    ]
    rows = hourly(config=[config_text(it) for it in configs])
    roster = parsed(ADA + f"[[automation]]\n{rule}\n")
    runs = reads.runs(store_of(rows, AS_OF, roster=roster))
    found = runs.filter(runs["flags"].str.contains("automated"))["run_id"]
    assert sorted(found) == [f"r{'abcdefgh'.index(it)}" for it in matched]


def test_a_rule_with_a_scholar_takes_no_run_of_another_one():
    rows = hourly(tags=[["agent"]] * 4, username=["ada", "ben", "bot", "bot"])
    rule = '[[automation]]\nscholar = "ada"\ntag = "agent"\n'
    snapshot = store_of(rows, AS_OF, roster=parsed(ADA + BEN + rule))
    assert started(snapshot) == {"ada": 0, "ben": 1}
    assert started(snapshot, actor="automation") == {"ada": 3, "ben": 0}


def test_the_automation_of_nobody_counts_in_the_programme():
    rows = hourly(tags=[["agent"]] * 3, username=["ada", "bot", None])
    snapshot = store_of(rows, AS_OF, roster=parsed(ADA + '[[automation]]\ntag = "agent"\n'))
    counted = {
        actor: started(snapshot, by="programme", actor=actor)["programme"]
        for actor in ("person", "automation")
    }
    assert counted == {"person": 0, "automation": 3}
    assert started(snapshot, actor="automation") == {"ada": 1}
    assert reads.unattributed(snapshot)["runs"].to_list() == [1, 1]


def test_rules_work_in_a_roster_without_people():
    rows = hourly(tags=[["agent"], []], username=["ada", "ada"])
    snapshot = store_of(rows, AS_OF, roster=parsed('[[automation]]\ntag = "agent"\n'))
    assert started(snapshot) == started(snapshot, actor="automation") == {"ada": 1}


@pytest.mark.parametrize(
    ("rule", "columns"),
    [
        ("", {"tags": ["velocity:ignore"]}),
        ('[[excluded]]\ntag = "debug"\n', {"tags": ["x", "debug"]}),
        ('[[excluded]]\nproject = "e/de*"\n', {"project": "debug"}),
        ('[[excluded]]\njob_type = "smoke"\n', {"job_type": "smoke"}),
    ],
)
@pytest.mark.parametrize("people", ["", ADA])
def test_an_excluded_run_counts_nowhere(people, rule, columns):
    machine = {"gpu_type": "X", "host": "h"}
    rows = [
        run("a", "09:00", "12:00", gpu_count=1, **machine),
        run("b", "10:00", "13:00", gpu_count=1, **machine),
    ]
    # It reports a larger host, and would follow a result, overlap and be charged.
    more = run("c", "12:05", "15:00", state="failed", gpu_count=8, **machine, **columns)
    ended = {("e", "p"): at(AS_OF), ("e", "debug"): at(AS_OF)}
    roster = parsed(people + rule)
    found = store_of([*rows, more], ended, roster=roster)
    plain = store_of(rows, ended, roster=roster)
    for asked in ({"by": "scholar"}, {"by": "programme", "period": "day"}):
        assert_frame_equal(
            reads.metrics(found, **asked), reads.metrics(plain, **asked), check_exact=True
        )
    trust = reads.trust(found).row(0, named=True)
    assert (trust["runs"], trust["ignored_runs"]) == (2, 1)
    (row,) = reads.runs(found).filter(run_id="c").to_dicts()
    assert (row["excluded"], row["experiment_id"]) == ("ignored", None)


def test_an_excluded_copy_does_not_hide_the_run():
    rows = [run("a", "09:00", "10:00"), run("a", "09:00", "10:00", project="scratch")]
    rule = '[[excluded]]\nproject = "e/scratch"\n'
    plain = store_of(rows, AS_OF, roster=parsed(ADA))
    # Without the rule, the copy is the one that counts.
    assert reads.runs(plain).filter(excluded="same_run")["project"].to_list() == ["p"]
    found = store_of(rows, AS_OF, roster=parsed(ADA + rule))
    assert dict(reads.runs(found).select("project", "excluded").iter_rows()) == {
        "p": None,
        "scratch": "ignored",
    }


SHARED = """\
[[shared_account]]
username = "lab"
rules = [
  { scholar = "ben", project = "e/ben-*" },
  { scholar = "ada", tag = "ada" },
  { scholar = "ben", tag = "ben" },
  { scholar = "ben", config = "who", value = "ben" },
]
"""


def test_runs_of_a_shared_account_belong_to_whom_the_first_rule_says():
    rows = hourly(
        username=["lab", "lab", "lab", "lab", "lab", "ada"],
        tags=[["ada"], ["ben", "ada"], ["ada"], [], [], ["ben"]],
        project=["p", "p", "ben-1", "p", "p", "p"],
        config=[None, None, None, config_text({"who": "ben"}), None, None],
    )
    snapshot = store_of(rows, AS_OF, roster=parsed(ADA + BEN + SHARED))
    assert dict(reads.runs(snapshot).select("run_id", "scholar").iter_rows()) == {
        "r0": "ada",
        "r1": "ada",
        "r2": "ben",
        "r3": "ben",
        "r4": "lab",
        "r5": "ada",
    }
    assert reads.unattributed(snapshot).select("username", "runs").rows() == [("lab", 1)]


def test_automation_on_a_shared_account_is_that_of_its_scholar():
    rows = hourly(username=["lab"] * 3, tags=[["ada"], ["ada", "agent"], ["agent"]])
    rule = '[[automation]]\ntag = "agent"\n'
    snapshot = store_of(rows, AS_OF, roster=parsed(ADA + BEN + SHARED + rule))
    assert started(snapshot) == {"ada": 1, "ben": 0}
    assert started(snapshot, actor="automation") == {"ada": 1, "ben": 0}


TAGS = [[], ["agent"], ["ada"], ["ben"], ["ben", "agent"], ["velocity:ignore"]]


@pytest.mark.parametrize("seed", [1, 2])
def test_changed_tags_are_derived_again_like_everything(seed, tmp_path):
    chance = random.Random(seed)  # noqa: S311 - no secret
    rule = '[[automation]]\ntag = "agent"\n'
    roster = parsed(ADA + BEN + SHARED + rule)

    def drawn(number: int) -> dict[str, Any]:
        begun = at("00:00") + timedelta(hours=17 * number)
        return run(
            f"r{number:02}",
            begun,
            begun + timedelta(minutes=chance.choice([50, 50, 6000])),
            username=chance.choice(["lab", "ada", "bot"]),
            tags=chance.choice(TAGS),
            gpu_count=1,
            host="h",
        )

    rows = {number: drawn(number) for number in range(30)}
    with open_live(tmp_path / "partial") as store, open_live(tmp_path / "full") as other:
        for changed in ([], *([chance.randrange(30) for _ in range(3)] for _ in range(4))):
            rows |= {number: drawn(number) for number in changed}
            for it in (store, other):
                it.record.merge_runs(run_frame(list(rows.values())))
                it.record.merge_project("e", "p", rejected=(), as_of=at("2026-01-28 00:00"))
            derive(store, Settings(), roster)
            # Without a fingerprint, everything is derived again.
            other.run("DELETE FROM derived_with")
            derive(other, Settings(), roster)
            assert_tables_agree(derived_tables(store), derived_tables(other))
