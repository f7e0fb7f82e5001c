"""Every page in a browser: complete, readable, inside the window or paper, and accessible."""

import pytest
from playwright.sync_api import expect

from tests.app_pages import BIDI
from tests.browser.paper import measure, sheets_printed
from tests.browser.visitor import PAGES, WIDTH, Visitor, title_of
from velocity.theme import DARK, LIGHT

HERON, HERONS_RUNS = "my-velocity?scholar=heron", "runs?runs-scholar=heron"
#: Number of charts on each page of the demo.
CHARTS = {"": 6, HERON: 9, "streams": 8, "compute": 2}

WITHOUT_DATA = {"nothing-published", "no-runs"}
_COLOURS = """() => ({
  paper: getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor,
  text: getComputedStyle(document.querySelector('h1')).color,
  marks: [...document.querySelectorAll('.js-plotly-plot path')].map(
    it => getComputedStyle(it).fill).sort(),
})"""

#: No scrolling sideways, and every word of the charts shown is inside its chart.
_WORDS_FIT = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  const charts = [...document.querySelectorAll('[data-testid=stPlotlyChart]')]
    .filter(it => it.clientWidth);
  return main.scrollWidth <= main.clientWidth && charts.length && charts.every(chart => {
    const box = chart.getBoundingClientRect();
    return [...chart.querySelectorAll('.annotation-text, .xtick text')].every(it => {
      const word = it.getBoundingClientRect();
      return word.left >= box.left - 1 && word.right <= box.right + 1;
    });
  });
}"""


@pytest.fixture(scope="module", params=PAGES)
def path(request) -> str:
    """A page; the tests of each page follow one another, so that it is opened once."""
    return request.param


def assert_complete(visitor, path):
    """The page has its name and its charts, without a warning or a problem."""
    assert visitor.kicker().startswith(title_of(path))
    assert visitor.page.locator("[data-testid=stPlotlyChart]").count() >= CHARTS.get(path, 0)
    assert visitor.page.locator("[data-testid=stAlert]").count() == 0
    assert visitor.look() == []


def test_a_page_of_the_demo_is_complete_and_accessible(light, path):
    light.at(path)
    light.narrow(WIDTH)
    assert_complete(light, path)
    assert light.barriers() == []


def test_a_page_of_the_demo_fits_a_narrow_window_and_a_phone(light, path):
    light.at(path)
    light.narrow(900)
    assert light.look() == []
    if path in {"streams", "compute"}:
        light.narrow(420)
        assert light.barriers() == []


@pytest.mark.parametrize("slide", [1, 2, 3])
def test_a_slide_fits_a_phone(light, slide):
    page = light.open(f"?present={slide}")
    size = page.viewport_size
    page.set_viewport_size({"width": 420, "height": 900})
    try:
        page.wait_for_function(_WORDS_FIT)
    finally:
        page.set_viewport_size(size)


@pytest.mark.parametrize("width", [900, WIDTH])
def test_a_printed_page_is_complete(light, path, width):
    page = light.at(path)
    light.narrow(width)
    printed = sheets_printed(page)
    sheets, faults = measure(page)
    assert faults == []
    # Columns round differently than sheets: a page that just fits may need one more.
    assert abs(sheets - printed) <= 1 + sheets // 20


def test_the_page_of_a_scholar_is_complete_and_accessible(light):
    light.open(HERON)
    light.narrow(WIDTH)
    assert_complete(light, HERON)
    assert light.barriers() == []
    light.narrow(900)
    assert light.look() == []


@pytest.mark.parametrize("path", [*PAGES, HERON, HERONS_RUNS])
def test_a_dark_page_of_the_demo_is_complete_and_has_contrast(dark, path):
    """Only the colours differ from the light page, so only they are checked again."""
    dark.turn_to(path)
    assert_complete(dark, path)
    assert dark.barriers("color-contrast") == []


def test_every_column_of_why_this_number_fits(light):
    page = light.open("why?scholar=lapwing&metric=reaction_hours_median")
    light.narrow(WIDTH)
    scrollers = page.locator("[data-testid=stDataFrame] .dvn-scroller")
    expect(scrollers).to_have_count(6)  # lengths, runs, sessions, experiments, loops, left out
    cut = "boxes => boxes.filter(it => it.scrollWidth > it.clientWidth).length"
    assert scrollers.evaluate_all(cut) == 0
    light.narrow(900)
    # Runs and loops: the names stay while the rest scrolls.
    assert scrollers.evaluate_all(cut) == 2


def test_what_the_keyboard_reaches_is_outlined(light):
    page = light.open("streams")
    outlines = set()
    for _ in range(12):  # over the pages and the controls to the first links
        page.keyboard.press("Tab")
        outlines.add(page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle"))
    assert outlines == {"solid"}


def test_a_printed_page_begins_with_a_note_on_names(light):
    page = light.at("streams")
    page.emulate_media(media="print")
    lines = page.get_by_test_id("stMain").inner_text().splitlines()
    assert next(line for line in lines if line).startswith("Names scholars; not for passing on.")
    assert page.locator("[class*=st-key-mentor-sheet]").count() == 1
    page.emulate_media(media="null")


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_an_open_menu_is_accessible(request, mode):
    visitor = request.getfixturevalue(mode)
    page = visitor.at("streams")
    for button in ("Data", "Evidence"):
        page.get_by_role("button", name=button).first.click()
        expect(page.get_by_role("menu")).to_be_visible()
        assert visitor.barriers() == []
        page.keyboard.press("Escape")


def test_a_printed_page_has_plain_tables_instead_of_grids(light):
    page = light.at("compute")
    grids, tables = page.get_by_test_id("stDataFrame"), page.locator(".on-paper table")
    assert grids.count() == tables.count() > 0
    assert not tables.first.is_visible()
    page.emulate_media(media="print")
    assert tables.first.is_visible()
    assert not grids.first.is_visible()
    page.emulate_media(media="null")


def _rgb(colour):
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"


def test_a_dark_page_prints_on_white_paper(dark):
    page = dark.at("streams")
    marks = page.evaluate(_COLOURS)["marks"]
    assert _rgb(DARK.machine) in marks
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    printed = page.evaluate(_COLOURS)["marks"]
    assert _rgb(LIGHT.machine) in printed
    assert _rgb(DARK.machine) not in printed
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(_COLOURS)["marks"] == marks
    # A browser that prints does not draw charts again; one that emulates paper does.
    page.emulate_media(media="print", color_scheme="dark")
    colours = page.evaluate(_COLOURS)
    assert (colours["paper"], colours["text"]) == ("rgb(255, 255, 255)", _rgb(LIGHT.text))
    page.emulate_media(media="null")


def test_every_page_works_on_a_store_unlike_the_demo(browser, odd_store):
    name, address = odd_store
    wrong = {}
    with Visitor(browser, address) as visitor:
        # Without a roster, a page does not always say which one it is.
        show = visitor.turn_to if name == "hostile-names" else visitor.open
        for path in PAGES:
            page = show(path)
            if found := visitor.look():
                wrong[path] = found
            text = visitor.text()
            assert text.strip(), f"{path} is empty"
            assert not page.evaluate("() => window.harmed"), f"{path} ran a name"
            assert page.locator("[data-testid=stMain] img").count() == 0, f"{path} shows an image"
            assert BIDI not in text, f"{path} lets a name turn around what follows it"
            if name in WITHOUT_DATA and path != "definitions":
                assert "velocity init" in text, f"{path} does not say what to do"
    assert wrong == {}
