"""Nothing sent to a browser contains text of people outside the viewer's scope.

The tests search the unpacked frames of the websocket and the bodies of downloads, not the screen.
The tab is not a browser, so it can send what no browser would.
"""

import asyncio
import re
import time
from urllib.parse import quote

import pytest

from scripts.waiting import wait_until
from tests import people
from tests.browser.visitor import GROUPS, PAGES
from tests.coroutines import run
from tests.forgery import EXPERIMENT, NAME, OTHER, POINTS, ROWS, Tab, lies, said
from tests.identity import cookies, served
from tests.people import canary, email, scholar
from tests.stores import copied
from tests.test_access import SEEN, WORDS

pytestmark = pytest.mark.thorough

EVERY_PAGE = (*PAGES, GROUPS)
#: Every parameter of an address, with values of a person whom only leads may see.
FORGED = {
    "scholar": scholar(OTHER),
    "streams": ["language", "probes"],
    "period": "Programme",
    "runs-scholar": scholar(OTHER),
    "runs-project": f"language-{canary(OTHER)}",
    "metric": "reaction_off_share",
    "week": "2026-01-05",
    "experiment": EXPERIMENT,
    "loop": EXPERIMENT,
}
#: The address is sent back to its author.
ECHOED = re.compile(rf"[a-z-]+=(id-|Name(%20|\+)|(e%2F)?language-){canary(OTHER)}")
#: The error about a page that is not for the viewer.
NOT_LISTED = "page not found"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    data = copied(people.populate, tmp_path_factory.mktemp("canaries") / "store")
    set_policy(data, individuals=True)
    viewers = [email(0), people.MENTOR, people.MANAGER, people.LEAD]
    with served(data, {it: {"email": it, "email_verified": True} for it in viewers}) as running:
        yield running


def set_policy(data, *, individuals):
    """Set what leads may see; the app reads it again in every rerun."""
    (data / "velocity.toml").write_text(
        f'[access]\nmode = "oidc"\nleads_see_individuals = {str(individuals).lower()}\n',
        encoding="utf-8",
    )


def run_in(app, coroutine, *, individuals=True):
    """Run a coroutine under a policy; the app must not have logged an exception so far."""
    set_policy(app.data, individuals=individuals)
    result = run(coroutine)
    told = app.log.read_text(encoding="utf-8")
    assert [line for line in told.splitlines() if "Error" in line] == []
    return result


@pytest.fixture(scope="module")
def lead(app):
    """The cookies of a lead's browser."""
    return cookies(app, people.LEAD)


@pytest.fixture(scope="module")
def learnt(app, lead):
    """Every widget of every page, and the pages, as a viewer who may see everything sees them."""

    async def look():
        widgets, pages = {}, {}
        for path in PAGES:
            async with Tab(app, lead) as tab:
                answer = await tab.show(path, FORGED)
                assert answer.errors == [], path
                await tab.take_tables()
                widgets |= tab.drawn
                pages |= tab.pages
        return widgets.values(), pages

    return run_in(app, look())


class Watch:
    """Searches everything a tab received."""

    def __init__(self, app, tab, allowed):
        self._app, self._tab, self._allowed = app, tab, allowed
        self.found = set()

    def check(self, told, *answers):
        wire = self._tab.received()
        found = set(WORDS.findall(ECHOED.sub("", wire)))
        assert found <= self._allowed, f"{told}: {sorted(found - self._allowed)}"
        errors = {error for answer in answers for error in answer.errors}
        # The browser only learns that there was an exception; the log has the details.
        assert errors <= {NOT_LISTED}, f"{told}: {self._app.log.read_text(encoding='utf-8')}"
        assert "Traceback" not in wire, told
        self.found |= found


@pytest.mark.parametrize(
    ("viewer", "individuals"),
    [(email(0), True), (people.MENTOR, True), (people.MANAGER, False), (people.LEAD, False)],
    ids=["scholar", "mentor", "research manager", "lead of groups"],
)
def test_no_text_of_people_outside_the_scope_is_sent(viewer, individuals, app, learnt):
    theirs = cookies(app, viewer)
    allowed = set() if viewer == people.LEAD else SEEN[viewer]
    widgets, pages = learnt

    async def try_everything():
        files, found = 0, set()
        for path in EVERY_PAGE:
            async with Tab(app, theirs) as tab:
                watch = Watch(app, tab, allowed)
                watch.check(f"{path} by its address", await tab.show(path, FORGED))
                answers, taken = await tab.take_tables()
                assert all(taken.values()), path
                files += len(taken)
                watch.check(f"tables and files of {path}", *answers)
                known = {it.id: it for it in (*widgets, *tab.drawn.values())}.values()
                for turn, states in enumerate(lies(known)):
                    watch.check(f"{path} told lie {turn}", await tab.rerun(*states))
                found |= watch.found
        # In one tab, from page to page by ids that only the server should know.
        async with Tab(app, theirs) as tab:
            watch = Watch(app, tab, allowed)
            await tab.show("", FORGED)
            for turn, (path, page) in enumerate(pages.items()):
                watch.check(f"{path} by its hash", await tab.rerun(page_hash=page))
                # Each lie on every third page: by its address, each page received all of them.
                for states in list(lies(widgets))[turn % 3 :: 3]:
                    for fragment in {it.fragment for it in widgets} - {""}:
                        await tab.ask_for_part(fragment, states)
                    watch.check(f"parts of other pages on {path}", await tab.rerun())
        assert files, "no page had a table to take"
        # The search finds what it should find.
        assert found == allowed

    run_in(app, try_everything(), individuals=individuals)


def test_a_click_on_a_removed_chart_is_not_an_error(app, lead):
    async def click():
        async with Tab(app, lead) as tab:
            await tab.show("my-velocity", {"period": "Programme", "scholar": scholar(1)})
            chart = tab.named("loops-chart")
            await tab.rerun(said(tab.named("scholar"), NAME))
            await tab.rerun(page_hash=tab.pages["definitions"])
            assert (await tab.rerun(said(chart, POINTS[0]))).errors == []

    run_in(app, click())


def test_forged_values_work_for_viewers_who_may_see_them(app, lead):
    """The forged values above use the server's own protocol."""

    async def try_each():
        async with Tab(app, lead) as tab:
            await tab.show("my-velocity", {"period": "Programme", "scholar": scholar(1)})
            # The choice lists all names; the line on top has the one that is chosen.
            assert f"\u00b7 {NAME}" not in tab.received()
            await tab.rerun(said(tab.named("scholar"), NAME))
            assert f"\u00b7 {NAME}" in tab.received()
            assert f"loop={quote(EXPERIMENT, safe='')}" not in tab.received()
            await tab.rerun(said(tab.named("loops-chart"), POINTS[0]))
            assert f"loop={quote(EXPERIMENT, safe='')}" in tab.received()
            await tab.show("runs", {"period": "Programme"})
            own = {it.id for it in tab.drawn.values()}
            await tab.rerun(said(tab.named("run-rows"), ROWS[0]))
            assert "Why this number" in tab.received()
            assert {it.id for it in tab.drawn.values()} >= own
            await tab.rerun(said(tab.named("runs-scholar"), scholar(OTHER)))
            # A timeline shows hours of the day, which only the scholar may see.
            assert "Timeline of" not in tab.received()

    run_in(app, try_each())


@pytest.mark.parametrize("individuals", [True, False], ids=["people", "groups"])
def test_a_file_is_only_for_its_owner(individuals, app):
    # With the other policy a lead has tables too, of groups; only the owner matters.
    path = "runs" if individuals else "groups"
    owner, scholars = cookies(app, people.LEAD), cookies(app, email(0))

    async def try_others():
        async with Tab(app, owner) as tab, Tab(app, scholars) as other, Tab(app, {}) as stranger:
            await tab.show(path, {"period": "Programme"})
            _, bodies = await tab.take_tables()
            theirs = "\n".join(it.decode("utf-8", "ignore") for it in bodies.values())
            assert (canary(OTHER) in theirs) is individuals
            assert individuals or ("Stand-up digest" in theirs and not WORDS.search(theirs))
            for nobody in (other, stranger):
                await nobody.show("")
                for it in bodies:
                    assert (await nobody.get(it)).status_code == 404
                # Not even when they request it themselves, by an id that was not sent to them.
                for it in [it.file for it in tab.drawn.values() if it.file]:
                    made = await nobody.file(it)
                    assert made in {"", *bodies}
                    assert not made or (await nobody.get(made)).status_code == 404
                assert not set(WORDS.findall(nobody.received())) - {canary(0)}
            *_, url = bodies  # the files of earlier menus are gone
            assert (await tab.get(url)).status_code == 200
            await tab.show("definitions")
            await tab.rerun(said(tab.named("sign-out"), True))
            assert (await tab.get(url)).status_code == 404
            # Sign-ins have whole seconds: the next one must be later than the one that ended.
            ended = int(time.time())
            await asyncio.to_thread(wait_until, lambda: int(time.time()) > ended)

    set_policy(app.data, individuals=individuals)
    run(try_others())
