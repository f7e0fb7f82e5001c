"""roster.toml: its meaning, and its tables."""

from datetime import date
from unittest.mock import Mock

import polars as pl
import pytest

from tests.roster_texts import ADA, BEN, FULL, parsed, stream
from velocity.roster.against_data import Seen
from velocity.roster.models import Roster, check_roster, load_roster
from velocity.roster.tables import ROSTER_SCHEMA, roster_frames
from velocity.store.configuration import _first, _matching
from velocity.toml import read_toml

UNKNOWN = '[[scholars]]\nid = "ada"\nname = "Ada"\n'


@pytest.mark.parametrize(
    ("text", "roster", "told"),
    [
        (FULL, parsed(FULL), 0),
        ("", Roster(), 0),
        # A warning does not stop it: she has no username.
        (UNKNOWN, parsed(UNKNOWN), 1),
    ],
    ids=["full", "empty", "with a warning"],
)
def test_a_roster_without_errors_loads(tmp_path, text, roster, told):
    path = tmp_path / "roster.toml"
    assert load_roster(path) is None
    path.write_text(text)
    assert [it.severity for it in check_roster(path)] == ["warning"] * told
    assert load_roster(path) == roster


def test_several_usernames_can_belong_to_one_scholar_and_case_matters():
    owners = dict(roster_frames(parsed(FULL))["roster_username"].iter_rows())
    assert owners["ada"] == owners["ada-cluster"] == "ada"
    assert owners["Ben"] == "ben"
    assert "ben" not in owners


@pytest.mark.parametrize(
    ("awake", "minutes"),
    [
        ("09:00-21:00", (540, 1260)),
        ("22:00-06:30", (1320, 1830)),
        ("00:00-24:00", (0, 1440)),
        ("00:00-00:00", (0, 1440)),
        ("09:00-09:00", (540, 1980)),
    ],
)
def test_an_awake_window_that_does_not_end_after_its_start_ends_the_next_day(awake, minutes):
    assert parsed(ADA + f'awake = "{awake}"').scholars[0].awake_minutes() == minutes


@pytest.mark.parametrize(
    ("project", "wanted"),
    [
        ("team/vision-eval", "narrow"),
        ("team/data", "narrow"),
        ("team/vision", "wide"),
        ("other/vision", None),
        ("anyone/lm-a", "language"),
        ("anyone/lm-c", None),
        ("anyone/LM-a", None),  # case matters
    ],
)
def test_the_first_project_glob_that_matches_decides(project, wanted):
    narrow = stream("narrow", projects='["team/vision-eval", "team/data"]')
    language = stream("language", projects='["*/lm-[ab]"]')
    roster = parsed(narrow + stream("wide", projects='["team/*"]') + language)
    rules = roster_frames(roster)["roster_rule"]
    found = _matching(pl.DataFrame({"path": [project]}), "path", rules, "pattern")
    assert _first(found, "path")["stream"].to_list() == ([] if wanted is None else [wanted])


def test_the_tables_hold_the_roster_with_the_declared_types():
    frames = roster_frames(parsed(FULL))
    assert {name: dict(frame.schema) for name, frame in frames.items()} == {
        name: {column: pl.Schema({column: kind})[column] for column, kind in columns.items()}
        for name, columns in ROSTER_SCHEMA.items()
    }
    assert {name: frame.rows() for name, frame in frames.items()} == {
        "roster_scholar": [
            ("ada", "Ada", "Europe/London", 1320, 1830, None, False),
            ("ben", "Ben", "UTC", 540, 1260, None, True),
        ],
        "roster_username": [("ada", "ada"), ("ada-cluster", "ada"), ("Ben", "ben")],
        "roster_stream": [(0, "vision", "Vision"), (1, "language", "Language")],
        "roster_membership": [
            ("ada", "vision", date(2026, 1, 5), date(2026, 3, 2)),
            ("ben", "vision", None, None),
            ("ada", "language", date(2026, 3, 2), None),
        ],
        "roster_day_off": [],
        "roster_rule": [
            (0, "vision", "team/vision-eval"),
            (1, "vision", "team/vision*"),
            (2, "language", "*/lm-[ab]"),
        ],
        "roster_run_rule": [],
        "credit_token_rate": [],
        "credit_rate": [(0, "*H100*", date(2026, 1, 1), 3.0), (1, "*", date(2026, 1, 1), 0.5)],
        "credit_grant": [
            (date(2026, 1, 5), "stream", "vision", 5000.0),
            (date(2026, 2, 1), "scholar", "ben", 250.5),
        ],
    }


def test_without_a_roster_every_table_is_empty():
    frames = roster_frames(Roster())
    assert list(frames) == list(ROSTER_SCHEMA)
    for name, frame in frames.items():
        assert frame.is_empty()
        assert frame.schema == pl.Schema(ROSTER_SCHEMA[name])


def test_a_username_listed_twice_is_one_row():
    frames = roster_frames(parsed(ADA.replace('["ada"]', '["u", "u"]')))
    assert frames["roster_username"].rows() == [("u", "ada")]


def test_figures_do_not_depend_on_who_may_sign_in():
    before = roster_frames(parsed(ADA + stream("s")))
    after = roster_frames(
        parsed(
            f'leads = ["l@x.org"]\n{ADA}emails = ["a@x.org"]\n{stream("s")}mentors = ["m@x.org"]\n'
            '[[research_manager]]\nemail = "r@x.org"\nscholars = ["ada"]\n'
        )
    )
    assert after.keys() == before.keys()
    for name, frame in after.items():
        assert frame.equals(before[name])


def test_the_check_reads_the_file_once(tmp_path, monkeypatch):
    path = tmp_path / "roster.toml"
    path.write_text(ADA)
    counted = Mock(wraps=read_toml)
    monkeypatch.setattr("velocity.roster.models.read_toml", counted)
    check_roster(path, Seen(projects=(), usernames=(), gpu_types=()))
    assert [call.args[0] for call in counted.call_args_list] == [path]


def test_days_off_are_those_of_each_scholar_and_the_holidays_of_all():
    roster = parsed(
        ADA
        + 'workdays = ["Saturday", "Monday"]\n'
        + "away = [{ from = 2026-08-03, to = 2026-08-17 }]\n"
        + BEN
        + '[[holidays]]\nname = "New Year"\ndate = 2026-01-01\n'
        + '[[holidays]]\nname = "School"\nfrom = 2026-07-06\nto = 2026-07-11\n'
    )
    frames = roster_frames(roster)
    assert frames["roster_scholar"]["workdays"].to_list() == ["16", None]
    assert frames["roster_day_off"].rows() == [
        ("ada", date(2026, 8, 3), date(2026, 8, 17)),
        (None, date(2026, 1, 1), date(2026, 1, 2)),
        (None, date(2026, 7, 6), date(2026, 7, 11)),
    ]
