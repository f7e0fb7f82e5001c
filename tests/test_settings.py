"""velocity.toml: defaults without a file, and every mistake told at once in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from velocity.errors import ConfigurationError
from velocity.settings import Settings, load_settings


def refusal(folder: Path, text: str | bytes) -> ConfigurationError:
    path = folder / "velocity.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path)
    assert caught.value.message.startswith(f"{path} has ")
    assert caught.value.message.endswith(".")
    assert "\n" not in caught.value.message
    assert "docs/configuration.md" in caught.value.hint
    return caught.value


def test_without_a_file_the_defaults_hold(tmp_path):
    settings = load_settings(tmp_path / "velocity.toml")
    assert settings == Settings(roster=tmp_path / "roster.toml")


def test_an_empty_file_changes_nothing(tmp_path):
    (tmp_path / "velocity.toml").write_text("")
    assert load_settings(tmp_path / "velocity.toml") == load_settings(tmp_path / "absent.toml")


def test_a_relative_roster_is_beside_the_settings(tmp_path):
    (tmp_path / "velocity.toml").write_text('roster = "people/all.toml"')
    assert load_settings(tmp_path / "velocity.toml").roster == tmp_path / "people" / "all.toml"


def test_an_absolute_roster_stays_where_it_is(tmp_path):
    (tmp_path / "velocity.toml").write_text('roster = "/somewhere/roster.toml"')
    assert load_settings(tmp_path / "velocity.toml").roster == Path("/somewhere/roster.toml")


def test_a_file_that_begins_with_a_byte_order_mark_is_read(tmp_path):
    (tmp_path / "velocity.toml").write_bytes(b'\xef\xbb\xbf[programme]\nname = "Spring"\n')
    assert load_settings(tmp_path / "velocity.toml").programme.name == "Spring"


def test_every_mistake_is_told_at_once_with_its_line_and_what_would_be_right(tmp_path):
    message = refusal(
        tmp_path,
        """\
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
""",
    ).message
    assert "has 8 mistakes" in message
    for told in (
        "rooster (line 1): read a key that nothing knows; right would be one of roster, programme",
        'perhaps "roster"',
        'programme.timezone (line 3): read "Europe/Berln"; right would be an IANA time zone',
        'perhaps "Europe/Berlin"',
        'wandb.projects[1] (line 5): read "just-a-name"; right would be "ENTITY/PROJECT", or',
        "experiments.stale_after_minutes (line 7): read 0; right would be a number above 0",
        'experiments.together_minutes (line 8): read "2"; right would be a number, without quotes',
        "experiments.script_gap_seconds (line 9): read nan; right would be a finite number",
        "compute.gpu_count_key (line 11): read 8; right would be text in quotes",
        "access.mode (line 13): read \"closed\"; right would be 'open' or 'oidc'",
    ):
        assert told in message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("programme = 3", "programme (line 1): read 3; right would be a table of keys and values"),
        (
            '[wandb]\nprojects = "a/b"',
            'wandb.projects (line 2): read "a/b"; right would be a list in square brackets',
        ),
        ("[experiments]\ntogether_minutes = true", "read true; right would be a number"),
        ("[experiments]\ntogether_minutes = 1e9", "right would be a number of 10080 or less"),
        ('[programme]\nname = " "', 'read " "; right would be a name on one line'),
        ('[programme]\nname = "a\\u001b[2J"', "right would be a name on one line"),
        ("[programme]\nlimit = 1", "right would be one of name, timezone"),
        (
            "[compute]\ngpu_count_key = 'a\"b'",
            r'read "a\"b"; right would be a key of the runs' + "' configs",
        ),
        ('[compute]\ngpu_count_key = "gpu*"', 'read "gpu*"; right would be a key'),
        ('[compute]\ngpu_count_key = ""', 'read ""; right would be a key'),
        ('[programme]\ntimezone = "localtime"', 'read "localtime"; right would be an IANA'),
    ],
)
def test_one_mistake_is_told_in_one_clear_sentence(tmp_path, text, told):
    message = refusal(tmp_path, text).message
    assert "has a mistake: " in message
    assert told in message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[programme\n", "line 1: read"),
        ("\n\nname = one two\n", 'line 3: read "name = one two"; right would be valid TOML (inv'),
        ('roster = "', "line 1: read"),
        (b'roster = "\xff"', "bytes at 10 that are not UTF-8; right would be text saved as UTF-8"),
    ],
)
def test_a_file_that_is_no_toml_says_where(tmp_path, text, told):
    assert told in refusal(tmp_path, text).message


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match="a file to read"):
        load_settings(tmp_path)


@pytest.mark.parametrize("project", ["team/deep drive", "team/*", "t.e-a_m/p"])
def test_projects_that_wandb_allows_are_accepted(tmp_path, project):
    (tmp_path / "velocity.toml").write_text(f'[wandb]\nprojects = ["{project}"]')
    assert load_settings(tmp_path / "velocity.toml").wandb.projects == (project,)


@pytest.mark.parametrize("project", ["team", "team/", "/p", "a/b/c", "team/vision-*", "*/p", ""])
def test_projects_that_nothing_could_be_pulled_from_are_refused(tmp_path, project):
    assert "ENTITY/PROJECT" in refusal(tmp_path, f'[wandb]\nprojects = ["{project}"]').message
