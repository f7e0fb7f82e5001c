"""velocity.toml: defaults without a file, and every mistake reported at once."""

from pathlib import Path

import pytest

from velocity.errors import ConfigurationError
from velocity.settings import Settings, load_settings


def refusal(folder, text):
    path = folder / "velocity.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path)
    assert caught.value.message.startswith(f"{path} has ")
    assert caught.value.message.endswith((".", "?"))
    assert "\n" not in caught.value.message
    assert "docs/configuration.md" in caught.value.hint
    return caught.value


def test_without_a_file_or_with_an_empty_one_the_defaults_apply(tmp_path):
    path = tmp_path / "velocity.toml"
    defaults = Settings(roster=tmp_path / "roster.toml")
    assert load_settings(path) == defaults
    path.write_text("")
    assert load_settings(path) == defaults


def test_a_relative_roster_path_is_relative_to_the_settings(tmp_path):
    path = tmp_path / "velocity.toml"
    for written, meant in (
        ("people/all.toml", tmp_path / "people" / "all.toml"),
        ("/somewhere/roster.toml", Path("/somewhere/roster.toml")),
    ):
        path.write_text(f'roster = "{written}"')
        assert load_settings(path).roster == meant


def test_a_file_that_begins_with_a_byte_order_mark_is_read(tmp_path):
    (tmp_path / "velocity.toml").write_bytes(b'\xef\xbb\xbf[programme]\nname = "Spring"\n')
    assert load_settings(tmp_path / "velocity.toml").programme.name == "Spring"


def test_every_mistake_is_reported_at_once_with_its_key_and_the_expected_value(tmp_path):
    text = """\
rooster = "roster.toml"
[programme]
timezone = "Europe/Berln"
[wandb]
projects = ["team/*", "just-a-name"]
[experiments]
stale_after_minutes = 0
together_minutes = "2"
script_gap_seconds = nan
[compute]
gpu_count_key = 8
[access]
mode = "closed"
"""
    message = refusal(tmp_path, text).message
    assert "has 8 mistakes" in message
    for told in (
        "rooster: unknown key; expected one of roster, programme",
        "Did you mean roster?",
        'programme.timezone: got "Europe/Berln"; expected an IANA time zone',
        "Did you mean Europe/Berlin",
        'wandb.projects: got "just-a-name"; expected "ENTITY/PROJECT", or',
        "experiments.stale_after_minutes: got 0; expected a number above 0",
        'experiments.together_minutes: got "2"; expected a number, without quotes',
        "experiments.script_gap_seconds: got nan; expected a finite number",
        "compute.gpu_count_key: got 8; expected text in quotes",
        "access.mode: got \"closed\"; expected 'open' or 'oidc'",
    ):
        assert told in message


MISTAKES = {
    "programme: got 3; expected a table of keys and values": "programme = 3",
    'wandb.projects: got "a/b"; expected a list in square brackets': '[wandb]\nprojects = "a/b"',
    "experiments.together_minutes: got true; expected a number, without quotes": (
        "[experiments]\ntogether_minutes = true"
    ),
    "experiments.together_minutes: got 1000000000.0; expected a number of 10080 or": (
        "[experiments]\ntogether_minutes = 1e9"
    ),
    "store.keep_weeks: got 12.5; expected a whole number, without quotes": (
        "[store]\nkeep_weeks = 12.5"
    ),
    'programme.name: got " "; expected a name on one line': '[programme]\nname = " "',
    r'programme.name: got "a\u001b[2J"; expected a name on one line': (
        '[programme]\nname = "a\\u001b[2J"'
    ),
    "programme.limit: unknown key; expected one of name, timezone": "[programme]\nlimit = 1",
    **{
        f"compute.gpu_count_key: got {shown}; expected a key of the runs' configs, such as": (
            f"[compute]\ngpu_count_key = {written}"
        )
        for shown, written in ((r'"a\"b"', "'a\"b'"), ('"gpu*"', '"gpu*"'), ('""', '""'))
    },
    'programme.timezone: got "localtime"; expected an IANA time zone such as': (
        '[programme]\ntimezone = "localtime"'
    ),
    **{
        f'wandb.projects: got "{project}"; expected "ENTITY/PROJECT"': (
            f'[wandb]\nprojects = ["{project}"]'
        )
        for project in ("team", "team/", "/p", "a/b/c", "team/vision-*", "*/p", "")
    },
    # Invalid TOML.
    "line 1: got \"[programme\"; expected valid TOML (parser: expected ']' at the end": (
        "[programme\n"
    ),
    'line 3: got "name = one two"; expected valid TOML (parser: invalid value)': (
        "\n\nname = one two\n"
    ),
    r'line 1: got "roster = \""; expected valid TOML (parser: unterminated string)': 'roster = "',
    "file: bytes at 10 that are not UTF-8; expected text saved as UTF-8": b'roster = "\xff"',
}


@pytest.mark.parametrize(("told", "text"), MISTAKES.items(), ids=MISTAKES)
def test_one_mistake_is_reported_in_one_sentence(tmp_path, told, text):
    assert f"has 1 mistake: {told}" in refusal(tmp_path, text).message


def test_a_folder_in_place_of_the_file_is_an_error(tmp_path):
    with pytest.raises(ConfigurationError, match="a file that can be read"):
        load_settings(tmp_path)


@pytest.mark.parametrize("project", ["team/deep drive", "team/*", "t.e-a_m/p"])
def test_projects_that_wandb_allows_are_accepted(tmp_path, project):
    (tmp_path / "velocity.toml").write_text(f'[wandb]\nprojects = ["{project}"]')
    assert load_settings(tmp_path / "velocity.toml").wandb.projects == (project,)
