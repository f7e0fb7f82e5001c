"""Sign-in from door to door: in, back to the page asked for, out in every tab, and never in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests import people
from tests.browser.signed_in import Person, served
from tests.people import canary, email, scholar

UNVERIFIED, STRANGER = "unverified@people.example", "stranger@people.example"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    data = tmp_path_factory.mktemp("people") / "store"
    data.mkdir()
    people.populate(data)
    (data / "velocity.toml").write_text('[access]\nmode = "oidc"\n', encoding="utf-8")
    known = [email(0), email(5), email(people.DISABLED), people.MENTOR, people.LEAD, STRANGER]
    claims = {it: {"email": it, "email_verified": True} for it in known}
    claims[UNVERIFIED] = {"email": people.LEAD, "email_verified": False}
    with served(data, claims) as running:
        yield running


def test_a_deep_link_survives_the_sign_in(browser, app):
    link = "my-velocity?period=4+weeks"
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
        person.new_tab("runs")
        person.page.get_by_role("button", name="Sign out").click()
        person.page.wait_for_url(re.compile("end_session"))
        other.get_by_text("4 weeks", exact=True).click()
        expect(other.get_by_text("You have signed out.")).to_be_visible()
        expect(other.get_by_text(canary(0))).to_have_count(0)
        # And the cookie, kept by somebody, lets nobody in any more.
        assert "is not in" not in other.inner_text("body")


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (STRANGER, "There is nothing here for this address."),
        (email(people.DISABLED), "There is nothing here for this address."),
        (UNVERIFIED, "Your e-mail address is not verified."),
    ],
)
def test_whoever_the_roster_does_not_let_in_gets_a_word_and_no_data(browser, app, who, said):
    with Person(browser, app, who) as person:
        person.sign_in(f"my-velocity?scholar={scholar(0)}")
        expect(person.page.get_by_text(said)).to_be_visible()
        assert not re.search(r"zq(?!13)\d\dkx", person.wire())
        assert "Runs" not in person.page.inner_text("body")
