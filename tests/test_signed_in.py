"""With a real sign-in: no redirects to other sites, and a record of who looked at whom."""

import re
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote

import pytest
import requests

from scripts.waiting import PATIENCE_S
from tests import people
from tests.coroutines import run
from tests.forgery import Tab
from tests.identity import cookies, served, sign_in
from tests.people import canary, email, scholar
from tests.stores import copied
from tests.test_front import ELSEWHERE
from velocity import state

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    data = copied(people.populate, tmp_path_factory.mktemp("signed-in") / "store")
    (data / "velocity.toml").write_text('[access]\nmode = "oidc"\n', encoding="utf-8")
    viewers = [email(1), email(6), people.MENTOR, people.MANAGER, people.LEAD]
    with served(data, {it: {"email": it, "email_verified": True} for it in viewers}) as running:
        yield running


def test_a_sign_in_returns_to_the_requested_page(app):
    page = "/runs?period=4+weeks"
    _, answer = sign_in(app, people.MENTOR, referer=f"{app.address}{page}")
    assert answer.headers["Location"] == page
    _, answer = sign_in(app, people.MENTOR, cookie=quote(page, safe=""))
    assert answer.headers["Location"] == page


@pytest.mark.parametrize("address", ELSEWHERE)
def test_no_cookie_can_redirect_a_sign_in_to_another_site(address, app):
    browser, answer = sign_in(app, people.MENTOR, cookie=quote(address, safe=""))
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/"
    assert "_streamlit_user" in browser.cookies


@pytest.mark.parametrize(
    "referer",
    [
        *("https://evil.example/runs", "{here}.evil.example/runs", "{here}//evil.example"),
        *("{here}/\\evil.example", "javascript:alert(1)"),
    ],
)
def test_no_referring_page_can_redirect_a_sign_in_to_another_site(referer, app):
    _, answer = sign_in(app, people.MENTOR, referer=referer.format(here=app.address))
    assert answer.headers["Location"] == "/"


def test_text_of_strangers_on_the_callback_is_not_logged(app):
    words = "zq77words\x1b[31m\u202e\nERROR zq78words"
    given = {"error": words, "error_description": words, "state": words}
    how = {"allow_redirects": False, "timeout": PATIENCE_S}
    asked = requests.get(f"{app.address}/oauth2callback", params=given, **how)  # noqa: S113
    assert asked.status_code == 302
    log = app.log.read_text(encoding="utf-8")
    assert "Error during authentication: (text)" in log
    assert not re.search(r"zq7\d|\x1b|\u202e", log)


def wire_of(app, viewer, page, **more):
    """What a viewer's browser receives of a page of the whole programme, without an error."""

    async def look():
        async with Tab(app, theirs) as tab:
            answer = await tab.show(page, {"period": "Programme", **more})
            return answer.errors, tab.received()

    theirs = cookies(app, viewer)
    errors, wire = run(look())
    assert errors == []
    return wire


@pytest.mark.parametrize("viewer", [email(1), people.MENTOR])
def test_runs_shows_outcomes_of_the_runs_that_the_viewer_sees(viewer, app):
    assert re.search(r"\d+ runs started from [^:]+: \d+ finished", wire_of(app, viewer, "runs"))


def looks_at(app, person):
    """Who looked at a person, and on which page."""
    seen = state.looks(app.data, scholar(person), at=datetime.now(UTC), kept_days=1)
    return seen.select("who", "page").rows()


def test_a_look_at_the_runs_of_a_person_is_shown_to_them(app):
    async def look():
        async with Tab(app, mentor) as tab:
            everybody = {"period": "Programme"}
            await tab.show("runs", everybody)
            assert not any(looks_at(app, it) for it in people.PEOPLE)
            # A stream opens on one person's sheet.
            await tab.show("streams", everybody)
            assert [it for it in map(partial(looks_at, app), people.PEOPLE) if it] == [
                [(people.MENTOR, "Streams")]
            ]
            await tab.show("runs", everybody | {"runs-scholar": scholar(1)})
            await tab.rerun()
        # A viewer who may not see the person did not see them: the filter was dropped.
        async with Tab(app, mentor) as tab:
            await tab.show("runs", everybody | {"runs-scholar": scholar(5)})
        async with Tab(app, own) as tab:
            await tab.show("runs", everybody)
            await tab.show("my-velocity", everybody)
            assert people.MENTOR in tab.received()

    mentor, own = cookies(app, people.MENTOR), cookies(app, email(1))
    run(look())
    assert (people.MENTOR, "Runs") in looks_at(app, 1)
    assert looks_at(app, 5) == []


def test_a_research_manager_opens_on_their_scholars_who_see_who_looked(app):
    first, second = people.MANAGED
    policy = app.data / "velocity.toml"
    text = policy.read_text(encoding="utf-8")

    async def look():
        async with Tab(app, manager) as tab:
            answer = await tab.show("", {"period": "Programme"})
            assert answer.errors == []
            wire = tab.received()
            # Both, each with the work of all streams; the sheet is that of one of them.
            assert f"Name {canary(first)}" in wire
            assert people.elsewhere() in wire
            for words in ("waiting for the next launch", "timeline-chart", "nights, days off"):
                assert words not in wire, words
            await tab.show("streams", {"period": "Programme", "scholar": scholar(second)})
            assert not {"My velocity", "Stand-up", "Compute"} & set(tab.pages)
            # Somebody else's sheet cannot be opened.
            await tab.show("streams", {"period": "Programme", "scholar": scholar(5)})
        async with Tab(app, own) as tab:
            await tab.show("my-velocity", {"period": "Programme"})
            wire = tab.received()
            assert "your runs, lines and figures in every stream" in wire
            assert wire.count(people.MANAGER) > 1  # who sees what, and who looked

    try:
        policy.write_text(f"{text}leads_see_individuals = false\n", encoding="utf-8")
        manager, own = cookies(app, people.MANAGER), cookies(app, email(second))
        run(look())
    finally:
        policy.write_text(text, encoding="utf-8")
    assert (people.MANAGER, "Streams") in looks_at(app, second)
    assert people.MANAGER not in {who for who, _ in looks_at(app, 5)}


def test_a_page_says_you_and_shows_today_and_times_of_day_only_to_its_scholar(app):
    own, lead = (
        wire_of(app, it, "my-velocity", scholar=scholar(1)) for it in (email(1), people.LEAD)
    )
    to_the_scholar = (
        *("Timeline of my experiments", "What my compute bought", "your working hours"),
        *("waiting for the next launch", "timeline-chart", "nights, days off"),
    )
    assert [words for words in to_the_scholar if words not in own] == []
    assert [words for words in to_the_scholar if words in lead] == []
    assert f"You see Name {canary(1)}" in lead.replace("\\", "")
