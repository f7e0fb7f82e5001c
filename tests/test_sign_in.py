"""Who is let in, without a browser: claims, age of the sign-in, and open pages."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from tests import people
from tests.app_pages import AS_OF, open_page
from tests.builders import run, store_of
from tests.sampling import one_in
from velocity.errors import ConfigurationError
from velocity.network import is_loopback
from velocity.reading.access import ANYBODY
from velocity.ui import sign_in
from velocity.ui.sign_in import Admission, NotAdmitted, SignIn, sign_in_of, viewer_now

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "roster.toml").write_text(people.roster_text(), encoding="utf-8")
    (tmp_path / "velocity.toml").write_text('[access]\nmode = "oidc"\n', encoding="utf-8")
    monkeypatch.setenv("VELOCITY_DATA", str(tmp_path))
    monkeypatch.setenv("VELOCITY_CONFIG", str(tmp_path / "velocity.toml"))
    return tmp_path


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({"email": "Ada@X.example", "email_verified": True}, "ada@x.example"),
        ({"email": "ada@x.example", "email_verified": "true"}, "ada@x.example"),
        ({"email": "ada@x.example", "email_verified": False}, None),
        ({"email": "ada@x.example", "email_verified": "false"}, None),
        ({"email": "ada@x.example", "email_verified": 1.5}, None),
        # In lower case the Kelvin sign and the dotted I become letters of other addresses.
        ({"email": "mar\u212a@x.example", "email_verified": True}, None),
        ({"email": "\u0130da@x.example", "email_verified": True}, None),
        ({"email": "ada@x.ex\u00e4mple", "email_verified": True}, None),
        ({"email": "\uff41da@x.example", "email_verified": True}, None),
        ({"email": "ada@x.example ", "email_verified": True}, None),
        ({"email": "ada@x.example\n", "email_verified": True}, None),
        ({"email": "ada\u202e@x.example", "email_verified": True}, None),
        ({"email": "ada@x@y.example", "email_verified": True}, None),
        ({"email": "ada@x.example"}, None),
        ({"email_verified": True}, None),
    ],
)
def test_only_a_verified_address_counts(claims, email):
    assert sign_in_of({"iat": 1_770_000_000, **claims}).email == email
    assert sign_in_of(claims) is None, "a sign-in without a time of issue does not count"


def test_a_letter_that_folds_to_another_does_not_impersonate_anybody(folder):
    roster = people.roster_text().replace(people.MENTOR, "mark@people.example")
    (folder / "roster.toml").write_text(roster, encoding="utf-8")
    assert "mentor" in viewer_now(SignIn("Mark@people.example", NOW)).roles
    with pytest.raises(NotAdmitted):
        viewer_now(SignIn("mar\u212a@people.example", NOW))


@pytest.mark.parametrize(
    ("age", "admitted"),
    [
        (timedelta(), True),
        (timedelta(hours=11, minutes=59), True),
        (timedelta(hours=12), False),
        (-timedelta(minutes=4), True),
        (-timedelta(minutes=6), False),
    ],
)
def test_a_sign_in_ends_at_its_maximum_age(folder, age, admitted):  # noqa: ARG001 - for its settings
    # The current time, because other tests may have run for minutes since the import.
    signed = SignIn(people.LEAD, datetime.now(UTC) - age)
    if admitted:
        assert viewer_now(signed).scope.everything
    else:
        with pytest.raises(NotAdmitted, match=r"Your sign-in has ended\."):
            viewer_now(signed)


def test_an_admission_is_checked_again_in_every_rerun(folder):
    signed = SignIn(people.MENTOR, NOW)
    admitted = Admission(viewer_now(signed), signed)
    assert admitted.holds()
    (folder / "roster.toml").write_text(
        people.roster_text().replace(f"'{people.MENTOR}'", ""), encoding="utf-8"
    )
    assert not admitted.holds()


def test_an_unreadable_roster_lets_nobody_in_and_names_nobody(folder):
    (folder / "roster.toml").write_text('leads = ["zq00kx"]', encoding="utf-8")
    assert "zq00kx" not in refusal(viewer_now, SignIn(people.LEAD, NOW))


def refusal(call, *arguments):
    """What somebody reads who is not admitted."""
    with pytest.raises(NotAdmitted) as refused:
        call(*arguments)
    return f"{refused.value.title} {refused.value.words}"


def test_loopback_addresses_are_recognised():
    for loopback in ("127.0.0.1", "127.8.0.1", "::1", "localhost"):
        assert is_loopback(loopback) is True
    elsewhere = ("0.0.0.0", "192.168.1.2", "evil.example", "127.0.0.1.evil.example")  # noqa: S104
    for other in (*elsewhere, "", None):
        assert is_loopback(other) is False


def asked_for(monkeypatch, served_on, headers):
    """Pretend a rerun of a page that was requested with these headers."""
    monkeypatch.setattr(sign_in.st, "context", SimpleNamespace(headers=headers))
    monkeypatch.setattr(sign_in.st, "get_option", lambda _: served_on)


@pytest.mark.parametrize(
    ("served_on", "headers", "reason"),
    [
        ("0.0.0.0", {"Host": "localhost:8501"}, "served on 0.0.0.0"),  # noqa: S104 - refused
        (None, {"Host": "localhost:8501"}, "every address"),
        ("127.0.0.1", {"Host": "velocity.example.org"}, "not this machine's own"),
        ("127.0.0.1", {"Host": "localhost", "X-Forwarded-For": "10.0.0.1"}, "proxy"),
        ("127.0.0.1", {"Host": "localhost:8501"}, None),
        ("127.0.0.1", {"Host": "[::1]:8501"}, None),
    ],
)
def test_open_pages_are_shown_on_this_machine_only(folder, monkeypatch, served_on, headers, reason):
    (folder / "velocity.toml").unlink()
    asked_for(monkeypatch, served_on, headers)
    if reason is None:
        assert sign_in.admit().viewer == ANYBODY
    else:
        assert reason in refusal(sign_in.admit)


@pytest.mark.parametrize(("started", "now"), [("oidc", "open"), ("open", "oidc")])
def test_a_server_keeps_the_sign_in_mode_of_its_start(folder, monkeypatch, started, now):
    (folder / "velocity.toml").write_text(f'[access]\nmode = "{now}"\n', encoding="utf-8")
    monkeypatch.setenv("VELOCITY_SERVED", started)
    for who in (None, SignIn(people.LEAD, datetime.now(UTC))):
        with pytest.raises(NotAdmitted, match="way to sign in has changed"):
            viewer_now(who)
    monkeypatch.setenv("VELOCITY_SERVED", now)
    assert viewer_now(SignIn(people.LEAD, datetime.now(UTC))).scope.everything


@pytest.mark.parametrize(
    ("host", "served", "shown"),
    [
        ("localhost:8501", "oidc", False),
        ("velocity.example.org", None, False),
        ("localhost:8501", None, True),
    ],
)
def test_mistakes_in_settings_are_shown_only_here(folder, monkeypatch, host, served, shown):
    (folder / "velocity.toml").write_text("[programme]\nzq00kx = 1\n", encoding="utf-8")
    asked_for(monkeypatch, "127.0.0.1", {"Host": host})
    if served:
        monkeypatch.setenv("VELOCITY_SERVED", served)
    if shown:
        with pytest.raises(ConfigurationError, match="zq00kx"):
            sign_in.admit()
    else:
        assert "zq00kx" not in refusal(sign_in.admit)


@pytest.mark.parametrize("served", one_in(2, [None, "open"]))
def test_plain_streamlit_run_says_that_it_is_for_development(tmp_path, monkeypatch, served):
    store_of([run("r1", "09:00", "10:00")], AS_OF, data=tmp_path)
    if served:
        monkeypatch.setenv("VELOCITY_SERVED", served)
    said = [it.value for it in open_page("definitions", tmp_path, monkeypatch).info]
    assert [it.startswith("Development server") for it in said] == ([] if served else [True])
