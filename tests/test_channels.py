"""Digest and brief arrive whole and readable in each channel, and a brief only where it may go."""

import socket
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from markdown_it import MarkdownIt

from tests.app_pages import BIDI, HOSTILE, ten_weeks
from tests.commands import environment, velocity
from tests.receivers import SECRET, http_receiver, mail_receiver
from tests.roster_texts import ADA, BEN, parsed
from tests.stores import copied
from velocity import state
from velocity.delivery import Address
from velocity.errors import ConfigurationError, VelocityError
from velocity.reading.access import EVERYTHING
from velocity.report.brief import brief_as_message, find_reader, make_brief
from velocity.report.digest import make_digest
from velocity.report.post import post_once, title_of
from velocity.report.text import as_message
from velocity.roster.models import load_roster
from velocity.store import latest_snapshot

pytestmark = pytest.mark.sampled(8)

FORMS = ("slack", "markdown", "text")
PEOPLE = f"""
leads = ["lead@x.org"]
{ADA}emails = ["ada@x.org"]
{BEN}emails = ["ben@x.org"]

[[research_manager]]
email = "manager@x.org"
scholars = ["ada"]

[[streams]]
id = "even"
name = "Even"
projects = ["e/even*"]
mentors = ["mentor@x.org"]
"""
LINK = "https://v.example/?period=2026-03-09..2026-03-15"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = copied(ten_weeks, tmp_path_factory.mktemp("ten-weeks"))
    (folder / "roster.toml").write_text(PEOPLE, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def digest(data):
    made = make_digest(latest_snapshot(data), scope=EVERYTHING, posted=True)
    return replace(made, address="https://v.example")


@pytest.fixture(scope="module")
def brief(data):
    return make_brief(latest_snapshot(data), "ada")


@pytest.fixture(autouse=True)
def quick_names(monkeypatch):
    # The look-up of this machine's name may take long.
    monkeypatch.setattr(socket, "getfqdn", lambda *_: "here.example")


def post(data, url, digest):
    address = Address(url, "PLACE")
    text = as_message(digest, address.form, address.longest(title_of(digest.week)))
    assert post_once(data, address, text, week=digest.week, stream=None, again=False)
    return text


def test_the_digest_reaches_a_webhook_in_slacks_markup(tmp_path, digest):
    with http_receiver() as server:
        text = post(tmp_path, server.url, digest)
        assert server.got == [{"text": text.rstrip()}]
    assert f"*Stand-up digest {digest.week}: " in text
    assert f"<{LINK}|Open the week>" in text


def test_the_digest_reaches_mail_as_html_and_as_plain_text(tmp_path, digest):
    with mail_receiver() as server:
        post(tmp_path, server.url, digest)
        (message,) = server.got
    assert message["Subject"] == f"Stand-up digest {digest.week}"
    page = message.get_body(("html",)).get_content()
    assert f"<strong>Stand-up digest {digest.week}: " in page
    assert f'<a href="{LINK}">Open the week</a>' in page
    assert page.count("<li>") == len(digest.news[0].lines)
    assert "**" not in page
    plain = message.get_body(("plain",)).get_content()
    assert digest.news[0].lines[-1].strong in plain


def test_the_digest_reaches_ntfy_as_plain_text(tmp_path, digest):
    with http_receiver() as server:
        text = post(tmp_path, server.ntfy, digest)
        assert server.got[0]["message"] == text.rstrip()
    assert f"Open the week: {LINK}" in text
    assert not set("*_`<>") & set(text)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("longest", [900, 1_400, 10_000])
def test_what_does_not_fit_is_left_out_by_the_line_and_counted(digest, brief, form, longest):
    whole = as_message(digest, form, 10_000)
    text = as_message(digest, form, longest)
    assert len(text) <= min(longest, 1_999)
    assert (" more\n" in text) == (text != whole)
    assert text.splitlines()[-1] == whole.splitlines()[-1]
    shorter = brief_as_message(brief, form, longest)
    assert len(shorter) <= longest
    assert brief.footing in shorter


def test_a_service_for_very_short_texts_gets_none(digest):
    with pytest.raises(VelocityError, match="160 characters"):
        as_message(digest, "text", 160)


@pytest.mark.parametrize(
    ("url", "form", "longest"),
    [
        ("https://hooks.slack.example/services/x", "slack", 32_768),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/", "markdown", 35_000),
        ("mailto://x:y@mail.example?to=a@x.example", "markdown", 32_768),
        ("mailto://x:y@mail.example?to=a@x.example&format=text", "text", 32_768),
        ("ntfy://ntfy.example/topic", "text", 7_800),
        (f"discord://{'1' * 10}/{'a' * 20}", "markdown", 2_000),
        # Without a title of its own: the text follows it.
        (f"mmost://mm.example/{'a' * 26}", "text", 4_000 - len("# Title\r\n")),
    ],
)
def test_each_service_has_a_form_and_a_length(url, form, longest):
    address = Address(url, "PLACE")
    assert (address.form, address.longest("Title")) == (form, longest)


@pytest.mark.parametrize("form", FORMS)
def test_names_are_inert_in_every_form(digest, brief, form):
    for text in (as_message(digest, form), brief_as_message(brief, form, 10_000)):
        assert [it for it in (BIDI, HOSTILE, "<img", "http://") if it in text] == []
        if form == "markdown":
            read = MarkdownIt("commonmark", {"html": True}).parse(text)
            tags = {it.type for block in read for it in block.children or ()}
            assert not {"html_inline", "image"} & tags


def test_a_message_to_somebody_is_plain_in_a_mail_too():
    text = "first line\n- second <b>line</b> & more"
    with mail_receiver() as server:
        Address(server.url, "PLACE").deliver(text, title="Title")
        (message,) = server.got
    assert message.get_content_type() == "text/plain"
    assert message.get_content().replace("\r\n", "\n").strip() == text


@pytest.mark.parametrize("to", ["ada", "ada@x.org", "manager@x.org", "Mentor@x.org"])
def test_a_brief_is_for_the_scholar_mentors_and_research_managers(data, to):
    reader = find_reader(load_roster(data / "roster.toml"), to, "ada", "even")
    assert "ada" in reader.scope.scholars or "even" in reader.scope.streams


def test_a_scholar_gets_their_own_brief_without_a_sign_in():
    assert find_reader(parsed(ADA), "ada", "ada", None).scholar == "ada"
    disabled = parsed(ADA + "disabled = true\n")
    with pytest.raises(ConfigurationError, match="does not let"):
        find_reader(disabled, "ada", "ada", None)


@pytest.mark.parametrize(
    ("to", "stream"),
    [
        ("mentor@x.org", None),
        ("mentor@x.org", "slow"),
        ("lead@x.org", "even"),
        ("ben", "even"),
        ("ben@x.org", None),
        ("nobody@x.org", "even"),
        ("", None),
    ],
)
def test_a_brief_is_for_nobody_else(data, to, stream):
    with pytest.raises(ConfigurationError, match="does not let"):
        find_reader(load_roster(data / "roster.toml"), to, "ada", stream)
    with pytest.raises(ConfigurationError, match="There is no roster"):
        find_reader(None, to, "ada", stream)


def test_the_command_sends_a_brief_and_the_scholar_sees_to_whom(data):
    addresses = data / "addresses.toml"
    addresses.touch(mode=0o600)
    env = environment(data, VELOCITY_ADDRESSES=str(addresses))
    brief = ("--data", data, "brief", "--scholar", "ada", "--to")
    with http_receiver() as slack, mail_receiver() as mail:
        text = f'[addresses]\nada = "{slack.url}"\n"mentor@x.org" = "{mail.url}"\n'
        addresses.write_text(text, encoding="utf-8")
        done = [
            velocity(*brief, *to.split(), cwd=data, env=env)
            for to in ("ada", "mentor@x.org --stream even", "manager@x.org", "lead@x.org")
        ]
        assert [it.returncode for it in done] == [0, 0, 1, 1], done
        assert done[0].stdout == b""
        assert b"There is no address for manager@x.org" in done[2].stderr
        assert b"does not let lead@x.org" in done[3].stderr
        (text,) = (it["text"] for it in slack.got)
        (message,) = mail.got
    assert text.startswith("*Ada, ")
    assert "*Three questions*" in text
    page = message.get_body(("html",)).get_content()
    assert page.count("<li>") > 3
    assert "<strong>Three questions</strong>" in page
    told = b"".join(it.stdout + it.stderr for it in done)
    assert SECRET.lower().encode() not in told.lower()

    def readers():
        found = state.looks(data, "ada", at=datetime.now(UTC), kept_days=90)
        return found.filter(page="Brief")["who"].to_list()

    assert readers() == ["mentor@x.org"]
    state.forget(data, scholars=[], emails=["mentor@x.org"])
    assert readers() == []
