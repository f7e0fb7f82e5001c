"""Rules about runs: which ones a roster can hold, and the mistakes in them."""

import pytest

from tests.roster_texts import ADA, BEN, errors, findings, parsed, warnings
from velocity.roster.against_data import Seen
from velocity.roster.models import check_roster
from velocity.roster.tables import roster_frames

RULES = """\
[[automation]]
scholar = "ada"
tag = "agent"
[[automation]]
config = "launcher.name"
value = 3
[[excluded]]
project = "team/debug*"
[[shared_account]]
username = "lab"
rules = [{ scholar = "ben", config = "who", value = "ben" }, { scholar = "ada", tag = "ada" }]
"""


def test_rules_become_rows_in_the_order_of_the_file(tmp_path):
    assert findings(tmp_path, ADA + BEN + RULES, "warning") == []
    frame = roster_frames(parsed(ADA + BEN + RULES))["roster_run_rule"]
    assert frame.rows() == [
        (0, "automation", "ada", None, "tag", "agent", None),
        (1, "automation", None, None, "config", "launcher.name", "3"),
        (2, "excluded", None, None, "project", "team/debug*", None),
        (3, "shared", "ben", "lab", "config", "who", '"ben"'),
        (4, "shared", "ada", "lab", "tag", "ada", None),
    ]


def test_every_mistake_in_rules_is_found_in_one_pass(tmp_path):
    text = """\
automation = [
  { scholar = "eve", tag = "a", job_type = "b" },
  { scholar = "ada" },
  { scholar = "ben", username = "ada" },
  { config = "launcher" },
  { config = "launcher", value = [1] },
  { config = "launcher", value = 100_000_000_000_000_000_000 },
]
excluded = [{ project = "debug" }, { username = "ada", tag = "b" }]
[[shared_account]]
username = "lab"
rules = [{ scholar = "bn", tag = "x" }, { scholar = "ada" }]
[[shared_account]]
username = "lab"
rules = [{ scholar = "ada", tag = "x" }]
"""
    found = errors(tmp_path, text + ADA + BEN)
    for told in (
        "automation eve: got tag and job_type; expected one of username, tag, project, job_type",
        'automation eve: scholar: got "eve"; expected the id of a scholar in this file',
        "automation ada: got none; expected one of username",
        'automation ben: username: "ada" is a username of scholar ada; expected a username of',
        "automation no. 4: got no value; expected a config key and its value",
        "automation no. 5: value: got a list of 1; expected text, a number, true or false",
        "automation no. 6: value: got 100000000000000000000; expected text, a number, true",
        'excluded no. 1: project: got "debug"; expected ENTITY/PROJECT',
        "excluded b: username: unknown key; expected one of tag, project, job_type",
        'shared_account lab (no. 1): rule bn: scholar: got "bn"; expected the id of a scholar',
        "shared_account lab (no. 1): rule ada: got none; expected one of tag, project, config",
        "shared_account lab (no. 2): username: also appears in shared_account lab (no. 1)",
    ):
        assert sum(told in it for it in found) == 1, (told, found)
    assert len(found) == 12


USELESS = {
    "automation no. 2: never applies: automation no. 1 above it already matches": (
        2 * "[[automation]]\ntag = 'a'\n"
    ),
    "excluded no. 2: never applies: excluded no. 1 above it already matches its runs": (
        "[[excluded]]\nproject = 't/*'\n[[excluded]]\nproject = 't/x'\n"
    ),
    "shared_account lab: rules: empty; expected": "[[shared_account]]\nusername = 'lab'\n",
    "shared_account lab: rule ben: never applies: shared_account lab: rule ada above it": (
        "[[shared_account]]\nusername = 'lab'\n"
        "rules = [{ scholar = 'ada', tag = 'a' }, { scholar = 'ben', tag = 'a' }]\n"
    ),
}


@pytest.mark.parametrize(("told", "text"), USELESS.items(), ids=USELESS)
def test_a_rule_without_effect_is_a_warning(tmp_path, told, text):
    (found,) = warnings(tmp_path, ADA + BEN + text)
    assert found.startswith(told)


def test_rules_that_only_look_alike_are_not_mistakes(tmp_path):
    text = """\
automation = [
  { tag = "agent" },
  { scholar = "ada", tag = "agent" },
  { scholar = "ada", username = "ada" },
  { config = "n", value = 1 },
  { config = "n", value = true },
]
"""
    assert warnings(tmp_path, text + ADA + BEN) == errors(tmp_path, text + ADA + BEN) == []


def test_rules_that_match_nothing_in_the_data_are_reported(tmp_path):
    path = tmp_path / "roster.toml"
    path.write_text(
        ADA
        + "[[automation]]\nusername = 'ada-agnt'\n[[excluded]]\nproject = 'team/debg'\n"
        + "[[shared_account]]\nusername = 'labb'\nrules = [{ scholar = 'ada', tag = 'a' }]\n"
    )
    seen = Seen(["team/debug"], ["ada", "ada-agent", "lab"], [])
    told = [str(it) for it in check_roster(path, seen)]
    assert len(told) == 3
    assert any('Did you mean "ada-agent"?' in it or "ada-agent" in it for it in told)
    assert any("team/debug" in it for it in told)
