"""Which runs a rule of the roster matches, and what then happens to them."""

import random
from datetime import timedelta
from functools import cache
from typing import Any

import polars as pl
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
#: What the tests that share a store give to it: runs, and parts of its roster.
RUNS: list[dict[str, Any]] = []
ROSTER: list[str] = []


@cache
def together() -> Snapshot:
    return store_of(RUNS, AS_OF, roster=parsed("".join(ROSTER)))


def started(snapshot: Snapshot, *groups: str, **asked: Any) -> dict[str, int]:
    """Group -> experiments started; without groups, of all of them."""
    found = reads.metrics(snapshot, **{"by": "scholar"} | asked)
    every = dict(found.select(found.columns[0], "experiments_started").iter_rows())
    return {it: every[it] for it in groups or every}


def hourly(case: str, **columns: list[Any]) -> list[dict[str, Any]]:
    """A run per hour from 9:00, of the case's own user, with one value of each column."""
    (count,) = {len(it) for it in columns.values()}
    own = [{"username": case} | {it: columns[it][n] for it in columns} for n in range(count)]
    return [run(f"{case}{n}", f"{9 + n:02}:00", f"{9 + n:02}:30", **it) for n, it in enumerate(own)]


def people(*names: str) -> str:
    return "".join(ADA.replace("ada", it) for it in names)


CONFIGS: list[dict[str, Any]] = [
    *({"by": "agent", "n": 2}, {"n": 1}, {"n": 1.0}, {"n": True}, {"n": "1"}),
    *({"launch": {"by": "agent", "x": [1, 2]}}, {"launch.by": "agent"}),
    {"by": "me", "launch": "agent"},
]
CONFIGURED = {"config": [config_text(it) for it in CONFIGS]}
#: A rule, runs of a user with the name of the case, and the numbers of those that it matches.
RULES: dict[str, tuple[str, dict[str, list[Any]], list[int]]] = {
    "tagged": ('tag = "a"', {"tags": [["a"], ["b", "a"], ["A"], ["ab"], None]}, [0, 1]),
    "typed": ('job_type = "a"', {"job_type": ["a", "A", None]}, [0]),
    "placed": (
        'project = "e/agent-*"',
        {"project": ["agent-1", "agent", "Agent-1", "agent-"]},
        [0, 3],
    ),
    "named": ('username = "named"', {"username": ["named", "names", None]}, [0]),
    # A config value is matched by its hash.
    "text": ('scholar = "text"\nconfig = "by"\nvalue = "agent"', CONFIGURED, [0]),
    "whole": ('scholar = "whole"\nconfig = "n"\nvalue = 1', CONFIGURED, [1, 2]),
    "float": ('scholar = "float"\nconfig = "n"\nvalue = 1.0', CONFIGURED, [1, 2]),
    "true": ('scholar = "true"\nconfig = "n"\nvalue = true', CONFIGURED, [3]),
    "digits": ('scholar = "digits"\nconfig = "n"\nvalue = "1"', CONFIGURED, [4]),
    "nested": ('scholar = "nested"\nconfig = "launch.by"\nvalue = "agent"', CONFIGURED, [5, 6]),
}
ROSTER.append(people("names", *RULES))
for _case, (_rule, _columns, _) in RULES.items():
    RUNS += hourly(_case, **_columns)
    ROSTER.append(f"[[automation]]\n{_rule}\n")


@pytest.mark.parametrize("case", RULES)
def test_a_rule_matches_exactly(case):
    matched = RULES[case][-1]
    runs = reads.runs(together()).filter(pl.col("run_id").str.starts_with(case))
    found = runs.filter(pl.col("flags").str.contains("automated"))["run_id"]
    assert sorted(found) == [f"{case}{n}" for n in matched]
    counted = started(together(), case, "names", actor="automation")
    assert counted == {case: len(matched), "names": 0}


RUNS += hourly("own", tags=[["agent"]] * 4, username=["ada", "ben", "bot", "bot"])
ROSTER.append(ADA + BEN + '[[automation]]\nscholar = "ada"\ntag = "agent"\n')


def test_a_rule_with_a_scholar_takes_no_run_of_another_one():
    assert started(together(), "ada", "ben") == {"ada": 0, "ben": 1}
    assert started(together(), "ada", "ben", actor="automation") == {"ada": 3, "ben": 0}


def test_the_automation_of_nobody_counts_in_the_programme():
    rows = hourly("r", tags=[["agent"]] * 3, username=["ada", "bot", None])
    snapshot = store_of(rows, AS_OF, roster=parsed(ADA + '[[automation]]\ntag = "agent"\n'))
    for actor, count in (("person", 0), ("automation", 3)):
        assert started(snapshot, by="programme", actor=actor) == {"programme": count}
    assert started(snapshot, actor="automation") == {"ada": 1}
    assert reads.unattributed(snapshot)["runs"].to_list() == [1, 1]


#: What an excluded run has, and the rule that excludes it.
EXCLUDED: dict[str, tuple[str, dict[str, Any]]] = {
    "ignored": ("", {"tags": ["velocity:ignore"]}),
    "tagged": ('[[excluded]]\ntag = "debug"\n', {"tags": ["x", "debug"]}),
    "placed": ('[[excluded]]\nproject = "e/de*"\n', {"project": "debug"}),
    "typed": ('[[excluded]]\njob_type = "smoke"\n', {"job_type": "smoke"}),
}


@pytest.mark.parametrize("who", ["", people(*EXCLUDED)])
def test_an_excluded_run_counts_nowhere(who):
    rows, more = [], []
    for name, (_, columns) in EXCLUDED.items():
        machine = {"gpu_type": "X", "host": name, "username": name}
        rows.append(run(f"a-{name}", "09:00", "12:00", gpu_count=1, **machine))
        rows.append(run(f"b-{name}", "10:00", "13:00", gpu_count=1, **machine))
        # It reports a larger host, and would follow a result, overlap and be charged.
        failed = {"state": "failed", "gpu_count": 8} | machine | columns
        more.append(run(f"c-{name}", "12:05", "15:00", **failed))
    ended = {("e", "p"): at(AS_OF), ("e", "debug"): at(AS_OF)}
    rules = "".join(rule for rule, _ in EXCLUDED.values())
    roster = parsed(f'{who}{rules}[[automation]]\ntag = "agent"\n')
    # In a roster without people, too.
    rows += hourly("ignored", tags=[["agent"]])
    found = store_of([*rows, *more], ended, roster=roster)
    plain = store_of(rows, ended, roster=roster)
    for asked in ({"by": "scholar"}, {"by": "programme", "period": "day"}):
        assert_frame_equal(
            reads.metrics(found, **asked), reads.metrics(plain, **asked), check_exact=True
        )
    trust = reads.trust(found).row(0, named=True)
    assert (trust["runs"], trust["ignored_runs"]) == (9, 4)
    excluded = reads.runs(found).filter(pl.col("run_id").str.starts_with("c-"))
    assert excluded.select("excluded", "experiment_id").rows() == [("ignored", None)] * 4
    assert started(found, "ignored", actor="automation") == {"ignored": 1}


RUNS += [
    run(name, "09:00", "10:00", project=project, username="copied")
    for name in ("excluded", "plain")
    for project in ("p", f"scratch-{name}")
]
ROSTER.append('[[excluded]]\nproject = "e/scratch-excluded"\n')


def test_an_excluded_copy_does_not_hide_the_run():
    runs = reads.runs(together())
    # Without the rule, the copy is the one that counts.
    plain = runs.filter(run_id="plain")
    assert plain.filter(excluded="same_run")["project"].to_list() == ["p"]
    found = runs.filter(run_id="excluded").sort("project").select("project", "excluded")
    assert found.rows() == [("p", None), ("scratch-excluded", "ignored")]


SHARED = """\
[[shared_account]]
username = "{0}"
rules = [
  {{ scholar = "{0}-ben", project = "e/ben-*" }},
  {{ scholar = "{0}-ada", tag = "ada" }},
  {{ scholar = "{0}-ben", tag = "ben" }},
  {{ scholar = "{0}-ben", config = "who", value = "ben" }},
]
"""
RUNS += hourly(
    "lab",
    username=["lab", "lab", "lab", "lab", "lab", "lab-ada"],
    tags=[["ada"], ["ben", "ada"], ["ada"], [], [], ["ben"]],
    project=["p", "p", "ben-1", "p", "p", "p"],
    config=[None, None, None, config_text({"who": "ben"}), None, None],
)
ROSTER.append(people("lab-ada", "lab-ben") + SHARED.format("lab"))


def test_runs_of_a_shared_account_belong_to_whom_the_first_rule_says():
    runs = reads.runs(together()).filter(pl.col("run_id").str.starts_with("lab")).sort("run_id")
    found = [f"{run_id} {scholar}" for run_id, scholar in runs["run_id", "scholar"].rows()]
    assert found == [
        *("lab0 lab-ada", "lab1 lab-ada", "lab2 lab-ben", "lab3 lab-ben"),
        *("lab4 lab", "lab5 lab-ada"),
    ]
    unattributed = reads.unattributed(together()).filter(username="lab")
    assert unattributed.select("username", "runs").rows() == [("lab", 1)]


RUNS += hourly("crew", tags=[["ada"], ["ada", "robot"], ["robot"]])
ROSTER.append(people("crew-ada", "crew-ben") + SHARED.format("crew"))
ROSTER.append('[[automation]]\ntag = "robot"\n')


def test_automation_on_a_shared_account_is_that_of_its_scholar():
    both = ("crew-ada", "crew-ben")
    assert started(together(), *both) == {"crew-ada": 1, "crew-ben": 0}
    assert started(together(), *both, actor="automation") == {"crew-ada": 1, "crew-ben": 0}


TAGS = [[], ["agent"], ["ada"], ["ben"], ["ben", "agent"], ["velocity:ignore"]]


def test_changed_tags_are_derived_again_like_everything(tmp_path):
    """In labs whose people have nothing to do with each other, and have few runs."""
    chance = random.Random(1)  # noqa: S311 - no secret
    labs = [f"lab{number}" for number in range(8)]
    own = "".join(people(f"{it}-ada", f"{it}-ben") + SHARED.format(it) for it in labs)
    roster = parsed(f'{own}[[automation]]\ntag = "agent"\n')

    def drawn(lab: str, number: int) -> dict[str, Any]:
        begun = at("00:00") + timedelta(hours=17 * number)
        return run(
            f"{lab}-{number}",
            begun,
            begun + timedelta(minutes=chance.choice([50, 50, 6000])),
            project=lab,
            username=chance.choice([lab, f"{lab}-ada", f"{lab}-bot"]),
            tags=chance.choice(TAGS),
            gpu_count=1,
            host=lab,
        )

    rows = {(lab, number): drawn(lab, number) for lab in labs for number in range(6)}
    with open_live(tmp_path / "partial") as store, open_live(tmp_path / "full") as other:
        for changed in ((), labs, labs):
            for lab in changed:
                number = chance.randrange(6)
                rows[lab, number] = drawn(lab, number)
            for it in (store, other):
                it.record.merge_runs(run_frame(list(rows.values())))
                for lab in labs:
                    it.record.merge_project("e", lab, rejected=(), as_of=at("2026-01-28 00:00"))
            derive(store, Settings(), roster)
            # Without a fingerprint, everything is derived again.
            other.run("DELETE FROM derived_with")
            derive(other, Settings(), roster)
            assert_tables_agree(derived_tables(store), derived_tables(other))
