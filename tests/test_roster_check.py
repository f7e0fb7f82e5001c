"""Every mistake in a roster is found in one pass, with its entry and the expected value."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, strategies as st

from tests.roster_texts import ADA, BEN, errors, grant, rate, stream, warnings
from velocity.roster.models import Roster, RosterError, Scholar, Stream, check_roster, load_roster
from velocity.toml import toml_string


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
[credits]
rates = [{ gpu = "*", from = 2026-01-05T10:00:00, credits_per_gpu_hour = -1 }]
grants = [{ date = 2026-01-05, stream = "visio", amount = 0 }]
"""
    found = errors(tmp_path, text)
    places = [
        "leeds: unknown key",
        'scholar no. 1: id: got "a da"',
        'scholar no. 1: emails: got "nobody"',
        'scholar no. 1: timezone: got "Europe/Berln"',
        'scholar ben (no. 2): name: got " "',
        'scholar ben (no. 2): usernames: "shared" also appears in scholar no. 1: usernames',
        'scholar ben (no. 2): usernames: got ""',
        'scholar ben (no. 2): disabled: got "no"',
        'scholar ben (no. 3): id: "ben" also appears in scholar ben (no. 2): id',
        "scholar ben (no. 3): name: missing",
        'stream vision: projects: got "vision"',
        'stream vision: member bem: scholar: got "bem"',
        'stream vision: member ben (no. 2): from: got "2026-01-05"',
        "stream vision: member ben (no. 3): to: got 2026-01-01, which is not after 2026-02-01",
        'rate "*": from: got 2026-01-05T10:00:00',
        'rate "*": credits_per_gpu_hour: got -1',
        'grant 2026-01-05: stream: got "visio"',
        "grant 2026-01-05: amount: got 0",
    ]
    assert Counter(error.split("; expected ")[0] for error in found) == Counter(places)
    with pytest.raises(RosterError) as caught:
        load_roster(tmp_path / "roster.toml")
    assert f"has {len(places)} mistakes" in caught.value.message
    assert all(error in caught.value.message for error in found)
    assert "docs/configuration.md" in caught.value.hint
    assert [str(finding) for finding in caught.value.findings] == found


MISTAKES = {
    (
        "scholar no. 1: id: missing; expected a value (Short name in lists and choices, in links "
        "and on the command line)"
    ): '[[scholars]]\nname = "Ada"',
    (
        "scholar ada: timezome: unknown key; expected one of id, name, emails, usernames, "
        "timezone, awake, workdays, away, aims, disabled, messages. Did you mean timezone?"
    ): ADA + "timezome = 'UTC'",
    "stream s: member ada: til: unknown key; expected one of scholar, from, to": (
        stream("s", members="[{ scholar = 'ada', til = 2026-01-01 }]") + ADA
    ),
    'scholar ada: emails: got "a@x.org"; expected a list in square brackets': (
        ADA + "emails = 'a@x.org'"
    ),
    'stream s: member ada: from: got "2026-01-05"; expected a date without quotes,': (
        stream("s", members="[{ scholar = 'ada', from = '2026-01-05' }]") + ADA
    ),
    'rate "*": from: got 2026-01-01T00:00:00; expected a date without quotes, such': (
        rate("*", "2026-01-01T00:00:00")
    ),
    "scholars: got 3; expected a list in square brackets": "scholars = 3",
    'scholar ada: usernames: got "ada"; expected a list in square brackets': (
        ADA.replace('["ada"]', '"ada"')
    ),
    "scholars: got a table; expected a list: [[scholars]] above each entry, not": (
        '[scholars]\nid = "ada"'
    ),
    "credits: got a list of 1; expected a table of keys and values": "[[credits]]\n",
    "grant no. 1: date: got 0206-01-05; expected a day from 2000-01-01 to 2099-12-31": (
        stream("s") + grant("stream = 's'", date="0206-01-05")
    ),
    "grant no. 1: date: got 2206-01-05; expected a day from 2000-01-01 to 2099-12-31": (
        stream("s") + grant("stream = 's'", date="2206-01-05")
    ),
    'rate "*": from: got 2206-01-01; expected a day up to 2099-12-31': rate("*", "2206-01-01"),
    'rate "*": credits_per_gpu_hour: got': (
        rate("*", "2026-01-01").replace("= 1", "= 1" + "0" * 400)
    ),
    'rate "*": credits_per_gpu_hour: got 1e+300; expected a number of 1e+12 or less': (
        rate("*", "2026-01-01", 1e300)
    ),
    "grant 2026-01-01: amount: got 1e+308; expected a number of 1e+12 or less": (
        stream("s") + grant("stream = 's'", amount=1e308)
    ),
    "file: lists nested too deeply to read; expected entries as documented": (
        "leads = " + "[" * 3000 + "]" * 3000
    ),
    'leads: got "x"; expected an address in plain ASCII, such as name@example.org': (
        'leads = ["x"]'
    ),
}


@pytest.mark.parametrize(("told", "text"), MISTAKES.items(), ids=MISTAKES)
def test_a_mistake_names_its_entry_the_value_and_the_expected_value(tmp_path, told, text):
    (error,) = errors(tmp_path, text)
    assert error.startswith(told)


def test_a_long_value_is_cut_in_the_report(tmp_path):
    (error,) = errors(tmp_path, f'leads = ["{"x" * 5000}"]')
    assert len(error) < 200
    assert "…" in error


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            b"[[scholars]\n",
            "line 1: got \"[[scholars]\"; expected valid TOML (parser: expected ']]' at the",
        ),
        (b"leads = " + b"9" * 5000, "expected valid TOML (parser: exceeds the limit"),
        (b'leads = ["\xe4"]', "file: bytes at 10 that are not UTF-8; expected text saved as UTF-8"),
    ],
)
def test_invalid_toml_is_one_finding(tmp_path, content, told):
    path = tmp_path / "roster.toml"
    path.write_bytes(content)
    (finding,) = check_roster(path)
    assert told in str(finding)
    with pytest.raises(RosterError):
        load_roster(path)


def test_checking_a_missing_file_reports_it(tmp_path):
    (finding,) = check_roster(tmp_path / "roster.toml")
    assert finding.severity == "error"
    assert str(finding) == "file: no such file or directory; expected a file that can be read."


@pytest.mark.parametrize(
    "awake", ["9-21", "9:00-21:00", "24:00-09:00", "09:00-24:30", "09:60-10:00"]
)
def test_impossible_times_of_day_are_refused(tmp_path, awake):
    told = f'scholar ada: awake: got "{awake}"; expected two times of day, such as "09:00-21:00".'
    assert errors(tmp_path, f'{ADA}awake = "{awake}"') == [told]


def test_text_from_the_file_cannot_move_the_cursor_or_break_a_line(tmp_path):
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
    assert [it.split("; expected")[0] for it in found] == [
        r'scholar no. 1: id: got "a\U0000009b31m"',
        r'scholar no. 1: "two\nlines": unknown key',
        r'"\u001b[2Jx": unknown key',
        'scholar no. 1: usernames: "a" appears twice',
        r'scholar no. 1: usernames: "\U0000202e" appears twice',
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
def test_any_file_can_be_checked_and_loads_unless_it_has_an_error(values):
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


def test_every_mistake_in_days_off_is_found_in_one_pass(tmp_path):
    holidays = """\
holidays = [
  { name = "Both", date = 2026-01-01, from = 2026-01-01 },
  { name = "None" },
  { name = "Half", from = 2026-01-01 },
  { name = "Backwards", from = 2026-01-02, to = 2026-01-01 },
  { date = "2026-13-01" },
  { name = "Last", date = 9999-12-31 },
]
"""
    days_off = """\
workdays = ["Monday", "monday"]
away = [
  { from = 2026-08-03, to = 2026-08-03 },
  { from = "2026-08-03", to = 2026-08-09 },
  { from = 2026-09-07 },
  { from = 2026-10-05, to = 2062-10-05 },
]
"""
    text = f"{holidays}{ADA}{days_off}{BEN}workdays = []\n"
    assert [error.split("; expected ")[0] for error in errors(tmp_path, text)] == [
        'scholar ada: workdays: got "monday"',
        'scholar ada: away no. 2: from: got "2026-08-03"',
        "scholar ada: away 2026-09-07: to: missing",
        "scholar ben: workdays: got a list of 0",
        "holiday no. 5: name: missing",
        'holiday no. 5: date: got "2026-13-01"',
        "holiday Last: date: got 9999-12-31",
        "scholar ada: away 2026-08-03: to: got 2026-08-03, which is not after 2026-08-03",
        "scholar ada: away 2026-10-05: to: got 2062-10-05, 13149 days after 2026-10-05",
        "holiday Both: got date and from",
        "holiday None: got no day",
        "holiday Half: got from",
        "holiday Backwards: to: got 2026-01-01, which is not after 2026-01-02",
    ]


def test_days_off_that_say_the_same_twice_are_warnings(tmp_path):
    text = f"""\
holidays = [
  {{ name = "New Year", date = 2026-01-01 }},
  {{ name = "First", date = 2026-01-01 }},
]
{ADA}workdays = ["Monday", "Monday"]
away = [
  {{ from = 2026-08-03, to = 2026-08-10 }},
  {{ from = 2026-08-10, to = 2026-08-12 }},
  {{ from = 2026-08-11, to = 2026-08-14 }},
]
"""
    assert errors(tmp_path, text) == []
    assert [it.split("; expected ")[0] for it in warnings(tmp_path, text)] == [
        'scholar ada: workdays: "Monday" appears twice',
        "scholar ada: away 2026-08-11: overlaps in time with scholar ada: away 2026-08-10",
        'holiday First: date: same as holiday "New Year"',
    ]
