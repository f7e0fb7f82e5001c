"""The address holds the choices; choices and figures survive other pages and new snapshots."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.serving import served
from tests.browser.visitor import Visitor
from tests.builders import at, run, store_of

#: Ends the name of a link that leads up or down a level.
UP = "\u203a"


def without_age(visitor: Visitor) -> str:
    """All text of the page except the age of the data, which changes with time."""
    return re.sub(r"\d+ \w+ ago", "ago", visitor.text().replace("\u00a0", " "))


def came_to(visitor: Visitor, over: str | re.Pattern) -> None:
    """Wait for the page whose heading line is `over`."""
    expect(visitor.page.get_by_text(over, exact=True)).to_be_visible()
    visitor.settle()


def choose(visitor: Visitor, option: str, of: str = "Scholar") -> None:
    """Choose an option of a list."""
    visitor.page.get_by_role("combobox", name=of).click()
    visitor.page.get_by_role("option", name=option, exact=True).click()


def turn_to(visitor: Visitor, title: str, path: str) -> None:
    """Open a page by its name in the navigation."""
    visitor.page.get_by_role("link", name=title, exact=True).click()
    visitor.page.wait_for_url(re.compile(rf"/{path}(\?|$)"))
    expect(visitor.page.get_by_text(re.compile(f"^{title} · ")).first).to_be_visible()
    visitor.settle()


@pytest.mark.parametrize(
    ("link", "over"),
    [
        ("my-velocity?scholar=heron&period=Programme", "Heron"),
        ("my-velocity?scholar=heron&period=2026-10-05..2026-10-11", "Heron"),
        ("streams?streams=basalt&scholar=heron&period=4+weeks", "Basalt, 5 scholars"),
    ],
)
def test_a_link_shows_the_people_and_period_that_it_names(browser, demo, link, over):
    with Visitor(browser, demo) as visitor:
        visitor.open(link)
        assert visitor.kicker().endswith(f" · {over}")
        seen = without_age(visitor)
        with Visitor(browser, demo) as other:
            other.open(visitor.page.url.removeprefix(f"{demo}/"))
            assert without_age(other) == seen
            assert other.look() == []


def test_choices_are_in_the_address_and_hold_on_every_page(browser, demo):
    with Visitor(browser, demo) as visitor:
        page = visitor.open("my-velocity")
        page.get_by_role("button", name="Heron", exact=True).click()
        came_to(visitor, re.compile("· Heron$"))
        choose(visitor, "Tern")
        came_to(visitor, re.compile("· Tern$"))
        four_weeks = page.get_by_text(visitor.kicker(), exact=True)
        page.get_by_role("radio", name="Last week").click()
        expect(four_weeks).to_have_count(0)
        visitor.settle()
        mine = visitor.kicker()
        assert "scholar=tern" in page.url
        assert re.search(r"period=\d{4}-\d\d-\d\d\.\.\d{4}-\d\d-\d\d", page.url)
        days = parse_qs(urlsplit(page.url).query)["period"]
        turn_to(visitor, "Compute", "compute")
        assert parse_qs(urlsplit(page.url).query)["period"] == days
        turn_to(visitor, "My velocity", "my-velocity")
        assert visitor.kicker() == mine
        assert "scholar=tern" in page.url
        assert visitor.look() == []


def test_back_leads_to_the_previous_page_with_its_choices(browser, demo):
    with Visitor(browser, demo) as visitor:
        page = visitor.open("my-velocity?scholar=heron&period=4+weeks")
        heron = (page.url, visitor.kicker())
        before = page.evaluate("history.length")
        turn_to(visitor, "Compute", "compute")
        compute = (page.url, visitor.kicker())
        turn_to(visitor, "My velocity", "my-velocity")
        choose(visitor, "Tern")
        came_to(visitor, re.compile("· Tern$"))
        tern = (page.url, visitor.kicker())
        turn_to(visitor, "Streams", "streams")
        assert page.evaluate("history.length") == before + 3

        back, forward = page.go_back, page.go_forward
        ways = [(back, tern), (back, compute), (back, heron), (forward, compute), (forward, tern)]
        for go, (url, over) in ways:
            go()
            expect(page).to_have_url(url)
            expect(page.get_by_text(over, exact=True)).to_be_visible()
        assert visitor.look() == []


def test_links_lead_from_the_programme_down_to_a_run_and_back(browser, demo):
    """Stand-up, stream, scholar, experiment, run on W&B; then back to the top by links."""
    with Visitor(browser, demo) as visitor:
        page = visitor.open("?period=4+weeks")
        compared = visitor.kicker()
        page.get_by_role("link", name=f"Basalt {UP}").click()
        came_to(visitor, re.compile("^Streams · .* · Basalt, 5 scholars$"))
        stream = visitor.kicker()
        # If Heron is not the first of the queue, a link leads to their sheet.
        if page.get_by_role("heading", name=re.compile("^Heron, ")).count() == 0:
            page.get_by_role("link", name=re.compile("^Heron")).first.click()
            expect(page.get_by_role("heading", name=re.compile("^Heron, "))).to_be_visible()
            visitor.settle()
        page.get_by_role("main").get_by_role("link", name=f"My velocity {UP}").click()
        came_to(visitor, re.compile("^My velocity · .* · Heron$"))
        mine = visitor.kicker()
        page.get_by_role("combobox", name="Loop").click()
        # In sight: a list that has to scroll may draw other options under the click.
        page.get_by_role("option", selected=False).first.click()
        page.wait_for_url(re.compile("[?&]loop="))
        visitor.settle()
        loop = parse_qs(urlsplit(page.url).query)["loop"]
        assert loop[0].startswith("aviary/probe-sweep/")
        page.get_by_role("main").get_by_role("link", name="Why these figures").click()
        came_to(visitor, re.compile("^Why this number · "))
        page.get_by_role("link", name=f"Heron {UP}").click()
        came_to(visitor, mine)
        page.get_by_role("link", name=f"Basalt {UP}").click()
        came_to(visitor, stream)
        page.get_by_role("link", name=f"Stand-up {UP}").click()
        came_to(visitor, compared)
        # Another stream replaces the first one.
        page.get_by_role("link", name=f"Dune {UP}").click()
        came_to(visitor, re.compile("^Streams · .* · Dune, "))
        page.go_back()
        came_to(visitor, compared)
        assert visitor.look() == []


def test_a_link_leads_to_the_same_page_in_a_new_tab(browser, demo):
    with Visitor(browser, demo) as visitor:
        page = visitor.open("why?scholar=heron&period=2026-10-05..2026-10-11")
        for name, over in (("Heron", "· Heron$"), ("Stand-up", "^Stand-up · Mon.5 to Sun.11.Oct")):
            for how in ({"modifiers": ["Control"]}, {"button": "middle"}):
                with page.context.expect_page() as opened:
                    page.get_by_role("link", name=f"{name} {UP}").click(**how)
                expect(opened.value.get_by_text(re.compile(over)).first).to_be_visible()
                opened.value.close()
        # The navigation takes the same people and days along, also over a page without people.
        turn_to(visitor, "Compute", "compute")
        for name, over in (
            ("My velocity", "· 5 to 11.Oct 2026 · Heron$"),
            ("Runs", "· 5 to 11.Oct"),
        ):
            with page.context.expect_page() as opened:
                page.get_by_role("link", name=name, exact=True).click(button="middle")
            expect(opened.value.get_by_text(re.compile(over)).first).to_be_visible()
            opened.value.close()
        assert visitor.look() == []


@pytest.mark.parametrize("metric", ["busy_hours", "throughput_per_week"])
def test_a_link_to_a_definition_shows_its_heading_at_the_top(browser, demo, metric):
    with Visitor(browser, demo) as visitor:
        heading = visitor.open(f"definitions#{metric}").locator(f"#{metric}")
        box, header = heading.bounding_box(), visitor.page.get_by_test_id("stHeader").bounding_box()
        assert abs(box["y"] - header["height"]) < 3
        assert visitor.look() == []


def test_a_new_snapshot_is_shown_in_place_and_choices_are_kept(browser, tmp_path):
    data = tmp_path / "store"
    data.mkdir()
    ben = run("b1", "09:30", "10:30", username="ben")
    store_of([run("r1", "09:00", "10:00"), ben], "20:00", data=data)
    with served(data) as address, Visitor(browser, address) as visitor:
        page = visitor.open("my-velocity?scholar=ben&period=Programme")
        assert visitor.kicker().endswith(" · ben")
        later = run("b2", "2026-01-07 09:00", "2026-01-07 12:00", username="ben")
        store_of([later], at("20:00", days=3), data=data)
        came_to(visitor, re.compile("As of Thu.8.Jan, 20:00"))
        assert visitor.kicker() == "My velocity · 5 to 7 Jan 2026 · ben"
        assert "scholar=ben" in page.url
        assert visitor.look() == []


def test_a_figure_is_chosen_by_title_and_its_id_is_in_the_address(browser, demo):
    with Visitor(browser, demo) as visitor:
        page = visitor.open("why?scholar=lapwing&metric=loop_hours_median")
        loop = page.get_by_role("heading", name=re.compile("^Feedback loop, median: "))
        expect(loop).to_be_visible()
        choose(visitor, "Serial share of busy hours", of="Figure")
        serial = page.get_by_role("heading", name=re.compile("^Serial share of busy hours: "))
        expect(serial).to_be_visible()
        visitor.settle()
        assert parse_qs(urlsplit(page.url).query)["metric"] == ["serial_share"]
        turn_to(visitor, "Runs", "runs")
        assert "metric" not in page.url
        page.go_back()
        expect(serial).to_be_visible()
        assert parse_qs(urlsplit(page.url).query)["metric"] == ["serial_share"]
        assert visitor.look() == []
