"""What crosses the wire holds no word of anybody outside the viewer's scope, whatever is asked for.

Looked through are the frames of the websocket and the bodies of downloads, not the screen.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests import people
from tests.browser.signed_in import Person, served
from tests.browser.visitor import GROUPS, PAGES
from tests.people import canary, email, scholar
from tests.test_access import SEEN, WORDS

VIEWERS = [email(0), people.MENTOR, people.LEAD]
#: Everything that an address can ask for, of somebody whom only leads may see.
FORGED = urlencode(
    {
        "scholar": scholar(5),
        "streams": ["language", "probes"],
        "period": "Programme",
        "runs-scholar": scholar(5),
        "runs-project": f"language-{canary(5)}",
        "metric": "reaction_off_share",
        "week": "2026-01-05",
        "experiment": f"e/language-{canary(5)}/rlanguage-5-9-0",
    },
    doseq=True,
)
#: The address comes back to whoever wrote it.
ECHOED = re.compile(rf"[a-z-]+=(id|(e%2F)?language)-{canary(5)}")
#: What the browser says of a page that is not for the viewer.
NOT_LISTED = "does not seem to exist"


@pytest.fixture(scope="module", params=[True, False], ids=["people", "groups"])
def app(request, tmp_path_factory):
    data = tmp_path_factory.mktemp("canaries") / "store"
    data.mkdir()
    people.populate(data)
    policy = str(request.param).lower()
    (data / "velocity.toml").write_text(
        f'[access]\nmode = "oidc"\nleads_see_individuals = {policy}\n', encoding="utf-8"
    )
    with served(data, {it: {"email": it, "email_verified": True} for it in VIEWERS}) as running:
        yield running, request.param


def download(person, *, most=1):
    """Takes the first tables of the page as files; the address of each."""
    menus = person.page.get_by_role("button", name="Data", exact=False)
    menus = menus.filter(has_text=re.compile("^Data"))
    dialog = person.page.get_by_role("dialog")
    if dialog.count():
        # Of a page that is not for the viewer, in whose place is the first of their own.
        most = 1
    urls = []
    for place in range(min(most, menus.count())):
        if dialog.count():
            dialog.get_by_role("button", name="Close").click()
            expect(dialog).to_have_count(0)
        menus.nth(place).click()
        person.page.get_by_role("option", name="CSV").or_(
            person.page.get_by_role("menuitem", name="CSV")
        ).first.click()
        with person.page.expect_download() as found:
            person.page.get_by_role("button", name="Download CSV").click()
        person.received.append(found.value.path().read_bytes())
        urls.append(found.value.url)
    return urls


def test_nothing_of_anybody_outside_the_scope_crosses_the_wire(browser, app):
    running, individuals = app
    # The policy is about leads: the others see the same with either.
    for viewer in VIEWERS if individuals else [people.LEAD]:
        allowed = SEEN[viewer] if individuals or viewer != people.LEAD else set()
        with Person(browser, running, viewer) as person:
            person.sign_in()
            files = 0
            for path in (*PAGES, GROUPS):
                person.open(f"{path}?{FORGED}")
                # A mentor's scope is the one that is neither everything nor one person.
                files += len(download(person, most=99 if viewer == people.MENTOR else 1))
                found = set(WORDS.findall(ECHOED.sub("", person.wire())))
                assert found <= allowed, f"{viewer} on {path}: {sorted(found - allowed)}"
                assert [it for it in person.look() if NOT_LISTED not in it] == [], path
            assert files, "no page had a table to take"
            # The search does find what is there.
            assert found == allowed or viewer == people.LEAD


def test_a_download_is_its_owners(browser, app):
    running, individuals = app
    # With the other policy a lead has tables too, of groups; the owner is what counts.
    path = "runs" if individuals else "groups"
    with (
        Person(browser, running, people.LEAD) as lead,
        Person(browser, running, email(0)) as other,
    ):
        lead.sign_in(path)
        other.sign_in("runs")
        if not individuals:
            lead.page.get_by_role("button", name="Digest").click()
            with lead.page.expect_download() as found:
                lead.page.get_by_role("button", name="Download HTML").click()
            digest = found.value.path().read_text(encoding="utf-8")
            assert "Other streams" in digest
            assert not WORDS.search(digest)
            lead.page.keyboard.press("Escape")
        (url,) = download(lead)
        assert url.startswith(f"{running.address}/media/")
        assert other.page.request.get(url).status == 404
        with Person(browser, running, "nobody") as stranger:
            assert stranger.page.request.get(url).status == 404
        whole = lead.page.request.get(url)
        assert whole.status == 200
        assert (canary(5) in whole.text()) is individuals
        lead.open("definitions")
        lead.page.get_by_role("button", name="Sign out").click()
        lead.page.wait_for_url(re.compile("end_session"))
        assert lead.page.request.get(url).status == 404
