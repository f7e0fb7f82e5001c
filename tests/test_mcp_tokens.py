"""Tokens for the MCP server: one per person, stored as a hash, gone with the person."""

import pytest

from tests.commands import velocity as command
from velocity import state
from velocity.errors import ConfigurationError
from velocity.mcp.tokens import make_token, owner_of, viewer_at_start, viewer_now
from velocity.reading.access import ANYBODY
from velocity.settings import Access, Settings

ROSTER = '[[scholars]]\nid = "ada"\nname = "Ada"\nemails = ["ada@x.example"]\nusernames = ["ada"]\n'


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "roster.toml").write_text(ROSTER, encoding="utf-8")
    return Settings(roster=tmp_path / "roster.toml", access=Access(mode="oidc"))


def test_a_token_belongs_to_its_person_until_the_next_one_is_made(tmp_path, settings):
    first = make_token(tmp_path, settings, "Ada@x.example")
    assert owner_of(tmp_path, first) == "ada@x.example"
    second = make_token(tmp_path, settings, "ada@x.example")
    assert [owner_of(tmp_path, it) for it in (first, second, "")] == [None, "ada@x.example", None]


def test_the_token_itself_is_not_stored(tmp_path, settings):
    token = make_token(tmp_path, settings, "ada@x.example")
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("state.sqlite*"))
    assert b"ada@x.example" in kept
    assert token.encode() not in kept


def test_nobody_outside_the_roster_gets_a_token_or_has_access(tmp_path, settings):
    with pytest.raises(ConfigurationError, match="does not have the address"):
        make_token(tmp_path, settings, "eve@x.example")
    assert viewer_now(settings, "ada@x.example").scholar == "ada"
    (tmp_path / "roster.toml").write_text("", encoding="utf-8")
    assert viewer_now(settings, "ada@x.example") is None


def test_forget_removes_the_token(tmp_path, settings):
    token = make_token(tmp_path, settings, "ada@x.example")
    assert state.has_traces(tmp_path, "ada@x.example") == (False, True)
    state.forget(tmp_path, scholars=[], emails=["ada@x.example"])
    assert owner_of(tmp_path, token) is None
    assert b"ada@x.example" not in (tmp_path / "state.sqlite").read_bytes()


def test_a_server_of_ones_own_needs_a_token_only_with_sign_in(tmp_path, settings):
    token = make_token(tmp_path, settings, "ada@x.example")
    assert viewer_at_start(tmp_path, settings, token) == "ada@x.example"
    assert viewer_at_start(tmp_path, Settings(), None) is None
    assert viewer_now(Settings(), None) == ANYBODY
    assert viewer_now(settings, None) is None
    wrong = ((None, settings), ("wrong", settings), ("wrong", Settings()), ("\udcff", settings))
    for given, where in wrong:
        with pytest.raises(ConfigurationError, match="VELOCITY_MCP_TOKEN"):
            viewer_at_start(tmp_path, where, given)


@pytest.mark.usefixtures("settings")
def test_the_command_prints_a_token(tmp_path):
    done = command("mcp", "token", "ada@x.example", "--data", ".", cwd=tmp_path)
    assert done.returncode == 0
    assert owner_of(tmp_path, done.stdout.decode().strip()) == "ada@x.example"
    refused = command("mcp", "token", "eve@x.example", "--data", ".", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, b"")
