"""Signing in to the requested page, signing out of every tab, and being refused."""

import re
import secrets
from contextlib import contextmanager
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests import people
from tests.browser.serving import served as open_app
from tests.browser.signed_in import Person
from tests.identity import App, served
from tests.people import canary, email, scholar
from tests.stores import copied
from tests.test_access import WORDS

UNVERIFIED, STRANGER = "unverified@people.example", "stranger@people.example"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    data = copied(people.populate, tmp_path_factory.mktemp("people") / "store")
    (data / "velocity.toml").write_text('[access]\nmode = "oidc"\n', encoding="utf-8")
    known = [email(0), email(5), email(people.DISABLED), people.MENTOR, people.LEAD, STRANGER]
    claims = {it: {"email": it, "email_verified": True} for it in known}
    # Some providers send so many claims that the cookies exceed 8 kB; a websocket must accept it.
    claims[people.LEAD]["groups"] = secrets.token_urlsafe(2500)
    claims[UNVERIFIED] = {"email": people.LEAD, "email_verified": False}
    with served(data, claims) as running:
        yield running


@contextmanager
def changed(file, old, new):
    """Change a text of a file for a while."""
    before = file.read_text(encoding="utf-8")
    assert old in before
    file.write_text(before.replace(old, new), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(before, encoding="utf-8")


def test_a_deep_link_survives_the_sign_in(browser, app):
    link = "my-velocity?period=2026-02-16..2026-03-15"
    with Person(browser, app, email(0)) as person:
        person.sign_in(link)
        assert re.sub("%20", "+", person.page.url) == f"{app.address}/{link}"
        expect(person.page.get_by_text(re.compile("^My velocity · "))).to_be_visible()
        assert f"Name {canary(0)}" in person.text()
        assert person.look() == []


def test_signing_out_stops_other_tabs_at_their_next_interaction(browser, app):
    with Person(browser, app, email(0)) as person:
        person.sign_in("my-velocity")
        other = person.page
        expect(other.get_by_text("4 weeks", exact=True)).to_be_visible()
        person.new_tab("runs")
        person.page.get_by_role("button", name="Sign out").click()
        person.page.wait_for_url(re.compile("end_session"))
        # The timer that updates the age of the data may be the next interaction too.
        signed_out = other.get_by_text("You have signed out.")
        other.get_by_text("4 weeks", exact=True).or_(signed_out).first.click()
        expect(signed_out).to_be_visible()
        expect(other.get_by_text(canary(0))).to_have_count(0)


def test_a_scholar_sees_viewers_and_looks_and_nobody_else_sees_hours(browser, app):
    with Person(browser, app, people.LEAD) as lead:
        lead.sign_in(f"my-velocity?scholar={scholar(5)}&period=Programme")
        seen = lead.text()
        assert f"Name {canary(5)}" in seen
        hours = ("Timeline of", "You and", "wake", "09:00 to 21:00", "Who looked")
        assert [words for words in hours if words in seen] == []
        assert lead.look() == []
    with Person(browser, app, email(5)) as person:
        person.sign_in("my-velocity?period=Programme")
        own = ("Timeline", "working 09:00 to 21:00", "What this page sees, and who sees it")
        assert [words for words in own if words not in person.text()] == []
        wire = person.wire()
        assert wire.count(people.LEAD) > 1  # who sees what, and who looked
        assert "all your runs and figures" in wire
        assert people.MENTOR not in wire  # who mentors another stream
        assert person.look() == []


@pytest.mark.parametrize(
    ("who", "paths", "individuals"),
    [
        (email(0), ("my-velocity", "runs", "why"), True),
        (people.MENTOR, ("streams", "runs", "why"), True),
        (people.LEAD, ("groups",), False),
    ],
    ids=["scholar", "mentor", "lead of groups"],
)
def test_each_role_gets_its_own_pages_and_they_are_complete(who, paths, individuals, browser, app):
    policy = f'mode = "oidc"\nleads_see_individuals = {str(individuals).lower()}\n'
    with (
        changed(app.data / "velocity.toml", 'mode = "oidc"\n', policy),
        Person(browser, app, who) as person,
    ):
        person.sign_in()
        # The page adds the days that it shows.
        opened = re.escape(f"{app.address}/{paths[0]}")
        expect(person.page).to_have_url(re.compile(rf"{opened}(\?.*)?$"))
        for path in paths:
            person.open(f"{path}?period=Programme")
            assert person.look() == []
            assert person.barriers() == []


def test_a_role_removed_from_the_roster_ends_without_a_new_sign_in(browser, app):
    with Person(browser, app, people.LEAD) as lead:
        lead.sign_in("runs")
        with changed(app.data / "roster.toml", f'leads = ["{people.LEAD}"]', "leads = []"):
            lead.page.get_by_text("4 weeks", exact=True).click()
            expect(lead.page.get_by_text("You don't have access.")).to_be_visible()
            expect(lead.page.locator("[data-testid=stDataFrame]")).to_have_count(0)


@pytest.mark.thorough
def test_logs_do_not_contain_secrets_tokens_addresses_or_run_names(app):
    log = app.log.read_text(encoding="utf-8")
    assert not re.search(r"zq\d|zq-|@people\.example|eyJ|code=|state=", log)


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (STRANGER, "You don't have access."),
        (email(people.DISABLED), "You don't have access."),
        (UNVERIFIED, "Your e-mail address is not verified."),
    ],
)
def test_people_who_are_not_let_in_get_a_message_and_no_data(browser, app, who, said):
    with Person(browser, app, who) as person:
        person.sign_in(f"my-velocity?scholar={scholar(0)}")
        expect(person.page.get_by_text(said)).to_be_visible()
        assert not re.search(r"zq(?!13)\d\dkx", person.wire())
        assert "Runs" not in person.page.inner_text("body")


@pytest.fixture(scope="module")
def unsigned(tmp_path_factory):
    """The app without sign-in; its address has the token."""
    data = copied(people.populate, tmp_path_factory.mktemp("open") / "store")
    with open_app(data) as printed:
        yield App(printed, data.parent / "log", data)


def test_without_sign_in_a_foreign_host_name_shows_nothing(browser, unsigned):
    with Person(browser, unsigned, "nobody") as person:
        person.page.goto(f"{person.address.replace('localhost', 'evil.localhost')}/runs")
        said = "Without sign-in, pages are shown on this machine only."
        expect(person.page.get_by_text(said)).to_be_visible()
        assert not WORDS.search(person.wire())
        person.open("runs")
        assert WORDS.search(person.wire())


def test_without_sign_in_only_the_printed_address_opens_the_pages(browser, unsigned):
    address = unsigned.address.partition("/?")[0]
    with Person(browser, replace(unsigned, address=address), "nobody") as neighbour:
        neighbour.page.goto(f"{address}/runs")
        expect(neighbour.page.get_by_text("This address requires a token.")).to_be_visible()
        assert not WORDS.search(neighbour.wire())
        # Like the person who started the app, with the address from the terminal.
        neighbour.page.goto(unsigned.address)
        neighbour.settle()
        assert neighbour.page.url.partition("?")[0] == f"{address}/"
        assert "token" not in neighbour.page.url
        neighbour.new_tab("runs")
        neighbour.problems.clear()
        assert neighbour.look() == []
        assert WORDS.search(neighbour.wire())
