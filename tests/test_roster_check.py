"""Every mistake in a roster is found in one pass, with where, what was read and the right."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.roster_texts import ADA, errors, rate, stream, warnings
from velocity.roster.models import Roster, RosterError, Scholar, Stream, check_roster, load_roster
from velocity.toml.problems import toml_string


@pytest.mark.parametrize("address", ["mar\u212a@x.example", "\u0131@x.example", "a@\u00e4.example"])
def test_an_address_that_folds_to_another_is_a_mistake(tmp_path, address):
    found = errors(tmp_path, f'leads = ["{address}"]\n{ADA}emails = ["{address}"]\n')
    assert len(found) == 2
    assert all("plain ASCII" in str(it) for it in found)


def test_every_mistake_is_found_in_one_pass_across_all_kinds(tmp_path):
    text = """\
leeds = ["lead@example.org"]

[[scholars]]
id = "a da"
name = "Ada"
emails = ["nobody"]
usernames = ["shared"]
timezone = "Europe/Berln"

[[scholars]]
id = "ben"
name = " "
usernames = ["shared", ""]
disabled = "no"

[[scholars]]
id = "ben"

[[streams]]
id = "vision"
name = "Vision"
projects = ["vision"]
members = [
  { scholar = "bem" },
  { scholar = "ben", from = "2026-01-05" },
  { scholar = "ben", from = 2026-02-01, to = 2026-01-01 },
]

[[credits.rates]]
gpu = "*"
from = 2026-01-05T10:00:00
credits_per_gpu_hour = -1

[[credits.grants]]
date = 2026-01-05
stream = "visio"
amount = 0
"""
    found = errors(tmp_path, text)
    places = [
        "leeds (line 1)",
        "scholars[0].id (line 4)",
        "scholars[0].emails[0] (line 6)",
        "scholars[0].timezone (line 8)",
        "scholars[1].name (line 12)",
        "scholars[1].usernames[0] (line 13)",
        "scholars[1].usernames[1] (line 13)",
        "scholars[1].disabled (line 14)",
        "scholars[2].id (line 17)",
        "scholars[2].name (line 16)",
        "streams[0].projects[0] (line 22)",
        "streams[0].members[0].scholar (line 24)",
        "streams[0].members[1].from (line 25)",
        "streams[0].members[2].to (line 26)",
        "credits.rates[0].from (line 31)",
        "credits.rates[0].credits_per_gpu_hour (line 32)",
        "credits.grants[0].stream (line 36)",
        "credits.grants[0].amount (line 37)",
    ]
    assert Counter(error.split(": read ")[0] for error in found) == Counter(places)
    with pytest.raises(RosterError) as caught:
        load_roster(tmp_path / "roster.toml")
    assert f"has {len(places)} mistakes" in caught.value.message
    assert all(error in caught.value.message for error in found)
    assert "docs/configuration.md" in caught.value.hint
    assert [str(finding) for finding in caught.value.findings] == found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '[[scholars]]\nname = "Ada"',
            (
                "scholars[0].id (line 1): read nothing; "
                "right would be a value (Short name: in lists and choices, in links and on the "
                "command line)"
            ),
        ),
        (
            ADA + "timezome = 'UTC'",
            (
                "scholars[0].timezome (line 5): read a key that nothing knows; right would be "
                'one of id, name, emails, usernames, timezone, awake, disabled, perhaps "timezone"'
            ),
        ),
        (
            stream("s", members="[{ scholar = 'ada', til = 2026-01-01 }]") + ADA,
            (
                "streams[0].members[0].til (line 5): read a key that nothing knows; "
                "right would be one of scholar, from, to"
            ),
        ),
        (ADA + "emails = 'a@x.org'", 'read "a@x.org"; right would be a list in square brackets'),
        (
            stream("s", members="[{ scholar = 'ada', from = '2026-01-05' }]") + ADA,
            'read "2026-01-05"; right would be a date without quotes, such as 2026-01-05',
        ),
        (
            rate("*", "2026-01-01T00:00:00"),
            "read 2026-01-01T00:00:00; right would be a date without quotes",
        ),
        ("scholars = 3", "scholars (line 1): read 3; right would be a list in square brackets"),
        (
            '[scholars]\nid = "ada"',
            "scholars (line 1): read a table; right would be a list: [[scholars]] above each entry",
        ),
        ("[[credits]]\n", "credits (line 1): read a list of 1; right would be a table"),
        (
            stream("s") + "[[credits.grants]]\ndate = 0206-01-05\nstream = 's'\namount = 1",
            "grants[0].date (line 7): read 0206-01-05; right would be a day from 2000-01-01 to",
        ),
        (
            stream("s") + "[[credits.grants]]\ndate = 2206-01-05\nstream = 's'\namount = 1",
            "right would be a day from 2000-01-01 to 2099-12-31",
        ),
        (
            rate("*", "2206-01-01"),
            "rates[0].from (line 3): read 2206-01-01; right would be a day up to 2099-12-31",
        ),
        (
            rate("*", "2026-01-01").replace("= 1", "= 1" + "0" * 400),
            "right would be a number that is not so large",
        ),
        (
            rate("*", "2026-01-01", 1e300),
            "read 1e+300; right would be a number of 1e+12 or less",
        ),
        (
            stream("s") + "[[credits.grants]]\ndate = 2026-01-05\nstream = 's'\namount = 1e308",
            "grants[0].amount (line 9): read 1e+308; right would be a number of 1e+12 or less",
        ),
        ("leads = " + "[" * 3000 + "]" * 3000, "too deep to read; right would be"),
        ('leads = ["x"]', 'leads[0] (line 1): read "x"; right would be an address in plain'),
    ],
)
def test_a_mistake_says_where_it_is_what_was_read_and_what_would_be_right(tmp_path, text, told):
    (error,) = errors(tmp_path, text)
    assert told in error


def test_a_long_value_is_cut_in_the_report(tmp_path):
    (error,) = errors(tmp_path, f'leads = ["{"x" * 5000}"]')
    assert len(error) < 200
    assert "…" in error


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[[scholars]\n", "line 1: read"),
        (b"leads = " + b"9" * 5000, "right would be valid TOML (exceeds the limit"),
        (b'leads = ["\xe4"]', "not UTF-8; right would be text saved as UTF-8"),
    ],
)
def test_a_file_that_is_no_toml_is_one_finding(tmp_path, content, told):
    path = tmp_path / "roster.toml"
    path.write_bytes(content)
    (finding,) = check_roster(path)
    assert told in str(finding)
    with pytest.raises(RosterError):
        load_roster(path)


def test_checking_a_file_that_is_not_there_says_so(tmp_path):
    (finding,) = check_roster(tmp_path / "roster.toml")
    assert finding.severity == "error"
    assert str(finding).endswith("read no such file or directory; right would be a file to read")


@pytest.mark.parametrize(
    "awake", ["9-21", "9:00-21:00", "24:00-09:00", "09:00-24:30", "09:60-10:00"]
)
def test_times_of_day_that_no_clock_shows_are_refused(tmp_path, awake):
    (error,) = errors(tmp_path, ADA + f'awake = "{awake}"')
    assert error == (
        f'scholars[0].awake (line 5): read "{awake}"; '
        'right would be two times of day, such as "09:00-21:00"'
    )


def test_no_text_of_the_file_moves_the_cursor_or_breaks_a_line(tmp_path):
    text = (
        '"\\u001b[2Jx" = 1\n'
        "[[scholars]]\n"
        'id = "a\\u009b31m"\n'
        'name = "A"\n'
        'usernames = ["a", "a", "\\u202e", "\\u202e"]\n'
        '"two\\nlines".deep = 2\n'
    )
    found = errors(tmp_path, text) + warnings(tmp_path, text)
    assert all(it.isprintable() for it in found), found
    assert [it.partition(":")[0] for it in found] == [
        "scholars[0].id (line 3)",
        'scholars[0]."two\\nlines" (line 6)',
        '"\\u001b[2Jx" (line 1)',
        "scholars[0].usernames[1] (line 5)",
        "scholars[0].usernames[3] (line 5)",
    ]


_MORE_KEYS = ("scholar", "from", "to", "rates", "grants", "gpu", "stream", "date", "amount", "x")
_KEYS = st.sampled_from(
    [*Roster.model_fields, *Scholar.model_fields, *Stream.model_fields, *_MORE_KEYS]
)
_SCALARS = (
    st.text(st.characters(codec="utf-8"), max_size=8).map(toml_string)
    | st.sampled_from(["ada", "t/*", "a@x.org", "UTC", "09:00-21:00"]).map(toml_string)
    | st.sampled_from(["true", "nan", "-inf", "1e308", "2026-01-05", "2026-01-05T10:00:00Z"])
    | st.integers(-(2**70), 2**70).map(str)
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]")
        | st.dictionaries(_KEYS, inner, max_size=5).map(
            lambda table: f"{{ {', '.join(f'{key} = {text}' for key, text in table.items())} }}"
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=6))
def test_whatever_stands_in_the_file_is_told_and_never_breaks_the_check(values):
    text = "".join(f"{key} = {value}\n" for key, value in values.items())
    with TemporaryDirectory() as folder:
        path = Path(folder) / "roster.toml"
        path.write_text(text, encoding="utf-8")
        wrong = [finding for finding in check_roster(path) if finding.severity == "error"]
        if wrong:
            with pytest.raises(RosterError) as caught:
                load_roster(path)
            assert list(caught.value.findings) == wrong
        else:
            assert load_roster(path) is not None
    assert all("(line " in finding.where for finding in wrong)
