"""The address holds what was chosen; choices and figures outlive pages and snapshots."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.serving import served
from tests.browser.visitor import Visitor
from tests.builders import at, run, store_of

_TAKEN_WITHIN_MS = 15_000


def kicker(visitor: Visitor) -> str:
    """What the page says it is over."""
    return visitor.text().splitlines()[0].replace("\u00a0", " ")


def without_age(visitor: Visitor) -> str:
    """All words of the page but how old the data is, which grows while one looks."""
    return re.sub(r"\d+ \w+ ago", "ago", visitor.text().replace("\u00a0", " "))


def turn_to(visitor: Visitor, title: str, path: str) -> None:
    """Turns to a page by its name in the navigation."""
    visitor.page.get_by_role("link", name=title, exact=True).click()
    visitor.page.wait_for_url(re.compile(rf"/{path}(\?|$)"))
    expect(visitor.page.get_by_text(re.compile(f"^{title} · ")).first).to_be_visible()
    visitor.settle()


@pytest.mark.parametrize(
    ("link", "over"),
    [
        ("my-velocity?scholar=heron&period=Programme", "Heron"),
        ("my-velocity?scholar=heron&period=Custom&days=2026-10-05&days=2026-10-11", "Heron"),
        ("streams?streams=basalt&streams=dune&period=4+weeks", "Basalt, Dune"),
    ],
)
def test_a_link_by_ids_shows_whom_and_when_it_names(browser, demo, link, over):
    with Visitor(browser, demo) as visitor:
        visitor.open(link)
        assert kicker(visitor).endswith(f" · {over}")
        seen = without_age(visitor)
        with Visitor(browser, demo) as other:
            other.open(visitor.page.url.removeprefix(f"{demo}/"))
            assert without_age(other) == seen
            assert other.look() == []


def test_what_was_chosen_stands_in_the_address_and_holds_from_page_to_page(browser, demo):
    with Visitor(browser, demo) as visitor:
        page = visitor.open("my-velocity")
        page.get_by_role("combobox", name="Scholar").click()
        page.get_by_role("option", name="tern", exact=True).click()
        expect(page.get_by_text(re.compile("· Tern$"))).to_be_visible()
        visitor.settle()
        two_weeks = page.get_by_text(visitor.text().splitlines()[0], exact=True)
        page.get_by_role("radio", name="4 weeks").click()
        expect(two_weeks).to_have_count(0)
        visitor.settle()
        mine = kicker(visitor)
        assert "scholar=tern" in page.url
        assert re.search(r"period=4(\+|%20)weeks", page.url)
        weeks = mine.split(" · ")[1]
        turn_to(visitor, "Compute", "compute")
        assert kicker(visitor) == f"Compute · {weeks} · programme"
        turn_to(visitor, "My velocity", "my-velocity")
        assert kicker(visitor) == mine
        assert "scholar=tern" in page.url
        assert visitor.look() == []


def test_back_leads_to_the_page_before_with_the_choices_made_there(browser, demo):
    with Visitor(browser, demo) as visitor:
        page = visitor.open("my-velocity?scholar=heron&period=4+weeks")
        heron = (page.url, kicker(visitor))
        before = page.evaluate("history.length")
        turn_to(visitor, "Compute", "compute")
        compute = (page.url, kicker(visitor))
        turn_to(visitor, "My velocity", "my-velocity")
        page.get_by_role("combobox", name="Scholar").click()
        page.get_by_role("option", name="tern", exact=True).click()
        expect(page.get_by_text(re.compile("· Tern$"))).to_be_visible()
        visitor.settle()
        tern = (page.url, kicker(visitor))
        turn_to(visitor, "Streams", "streams")
        assert page.evaluate("history.length") == before + 3

        def came_to(url: str, over: str) -> None:
            expect(page).to_have_url(url)
            expect(page.get_by_text(over, exact=True)).to_be_visible()

        for url, over in (tern, compute, heron):
            page.go_back()
            came_to(url, over)
        for url, over in (compute, tern):
            page.go_forward()
            came_to(url, over)
        assert visitor.look() == []


def test_a_new_snapshot_is_taken_in_place_and_nothing_chosen_is_lost(browser, tmp_path):
    data = tmp_path / "store"
    data.mkdir()
    ben = run("b1", "09:30", "10:30", username="ben")
    store_of([run("r1", "09:00", "10:00"), ben], "20:00", data=data)
    with served(data) as address, Visitor(browser, address) as visitor:
        page = visitor.open("my-velocity?scholar=ben&period=Programme")
        assert kicker(visitor).endswith(" · ben")
        later = at("20:00") + timedelta(days=3)
        store_of(
            [run("b2", "2026-01-07 09:00", "2026-01-07 12:00", username="ben")], later, data=data
        )
        shown = page.get_by_text(re.compile("As of Thu.8.Jan, 20:00"))
        expect(shown).to_be_visible(timeout=_TAKEN_WITHIN_MS)
        visitor.settle()
        assert kicker(visitor) == "My velocity · 5 to 7 Jan 2026 · ben"
        assert "scholar=ben" in page.url
        assert visitor.look() == []
