"""My velocity without sign-in, as others see it, and in its thin states."""

import re

import pytest

from tests.app_pages import BIDI, HOSTILE, open_page, ten_weeks, words
from tests.builders import one_run, run, store_of
from tests.roster_texts import ADA, BEN, parsed, rate, stream
from tests.sampling import one_in
from tests.stores import built, copied
from velocity.errors import VelocityError
from velocity.pages import PAGES
from velocity.reading import reads

pytestmark = pytest.mark.sampled(8)

GPU = {"gpu_count": 1, "gpu_type": "A100"}


@pytest.fixture(scope="module")
def data():
    return built(ten_weeks)


@pytest.fixture(scope="module")
def page(data):
    """The page as it opens; read-only."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        return open_page("my_velocity", data, monkeypatch)


def said(page):
    """All text of a page, including names of figures and alternative texts of charts."""
    figures = [f"{metric.label} {metric.value}" for metric in page.metric]
    charts = [chart.proto.alt + chart.proto.spec for chart in page.get("plotly_chart")]
    return "\n".join([words(page), *figures, *charts])


def headings(page):
    return [header.value for header in page.header]


@pytest.mark.parametrize(
    "name", one_in(4, [it.name for it in PAGES if "lead" in it.roles and it.choices is not None])
)
def test_without_sign_in_nobody_is_you(name, data, monkeypatch):
    text = said(open_page(name, data, monkeypatch, period="Programme"))
    text = text.replace("My velocity", "")  # the page's name, the same for everybody
    assert re.findall(r"(?i)\b(?:you|yours?|my|mine)\b", text) == []


def test_the_page_opens_with_the_last_four_full_weeks_and_its_sections_in_order(page):
    assert "16 Feb to 15 Mar 2026" in words(page)
    assert page.query_params["period"] == "2026-02-16..2026-03-15"
    assert headings(page) == [
        "Today",
        "Concluded per week",
        "Serial or parallel",
        "Feedback loop",
        "Timeline of Ada",
        "Loops: how long for a result, how long until the next launch",
        "Selected loop",
        "While results waited",
        "Side by side",
        "What the compute bought",
        "Beside the cohort",
        "What this page sees, and who sees it",
    ]
    assert "No sign-in: anyone who can open this address" in words(page)
    # Nothing has other people's markup.
    assert re.search(rf"{BIDI}|(?<!\\)<img|\]\(http", words(page)) is None


def test_the_figures_of_a_section_are_those_of_the_others(page):
    by_label = {metric.label: metric.value for metric in page.metric}
    serial, parallel = (int(it) for it in by_label["Hours, serial : parallel"].split(" : "))
    assert f"{serial + parallel:,} h with anything in flight" in words(page)
    concluded = by_label["Experiments"]
    assert page.title[0].value.replace("\u00a0", " ").startswith(("In the week", "16 Feb"))
    assert float(concluded) * 4 == pytest.approx(
        float(re.search(r"(\d+) concluded, 16 Feb", words(page))[1]), abs=2
    )


def test_as_others_see_it_there_are_no_hours_of_the_day(data, monkeypatch):
    page = open_page("my_velocity", data, monkeypatch)
    page.toggle[0].set_value(True).run()
    assert not page.exception
    assert page.title[0].value == "As mentors see it"
    assert "As leads see it" in headings(page)
    assert not [it for it in headings(page) if it == "Today" or it.startswith("Timeline")]
    text = said(page)
    assert "nights" not in text.replace("hours of the day, nights or days off", "")
    tables = "".join(str(table.value.to_dict()) for table in page.table)
    assert not re.search(r"\b\d\d:\d\d\b", tables)
    charts = "".join(chart.proto.spec for chart in page.get("plotly_chart"))
    # Places within the column of a day, the same for every mark of a kind.
    places = {"01:55", "08:10", "12:00", "14:24", "22:34", "23:46"}
    assert set(re.findall(r"\b\d\d:\d\d\b", charts)) <= places


def test_a_chosen_loop_of_a_week_is_in_the_address(data, monkeypatch):
    page = open_page("my_velocity", data, monkeypatch, period="2026-03-09..2026-03-15")
    assert "Concluded per week" in headings(page)
    box = page.selectbox(key="loop")
    box.set_value(box.options[-1]).run()
    assert not page.exception
    assert page.query_params["loop"].startswith("e/")


def test_definitions_show_the_values_of_the_settings(tmp_path, monkeypatch):
    settings = "stale_after_minutes = 37.5\ntogether_minutes = 1\nscript_gap_seconds = 7"
    (tmp_path / "velocity.toml").write_text(f"[experiments]\n{settings}\n", encoding="utf-8")
    page = open_page("definitions", copied(one_run, tmp_path), monkeypatch)
    text = " ".join(words(page).split())
    for said in (
        "sign of life is more than 37.5 minutes before the end of the data",
        "began at most 1 minute earlier",
        "Relaunches within 7 seconds",
        "The 37.5 minutes, 1 minute and 7 seconds are settings",
    ):
        assert said in text


def test_credits_are_those_of_each_stream_that_the_scholar_worked_in(tmp_path, monkeypatch):
    moved = [f'[{{ scholar = "ada", {it} = 2026-01-06 }}' for it in ("to", "from")]
    roster = ADA + BEN + stream("old", members=moved[0] + ', { scholar = "ben" }]')
    roster += stream("new", members=moved[1] + "]") + rate("*", "2026-01-01")
    rows = [
        run(f"r{at}", f"2026-01-0{day} 09:00", f"2026-01-0{day} {end}:00", username=who, **GPU)
        for at, (day, end, who) in enumerate([(5, 10, "ada"), (5, 12, "ben"), (6, 10, "ada")])
    ]
    store_of(rows, "2026-01-12 20:00", data=tmp_path, roster=parsed(roster))
    page = open_page("my_velocity", tmp_path, monkeypatch, scholar="ada", period="Programme")
    told = "All of these runs took 25 % of old's credits and 100 % of new's credits."
    assert told in words(page)


def test_after_one_run_there_are_texts_instead_of_medians_and_ranges(tmp_path, monkeypatch):
    text = words(open_page("my_velocity", copied(one_run, tmp_path), monkeypatch))
    assert "0 loops so far; medians start at 6 events." in text
    assert "0 full weeks so far; a usual range needs 8" in text
    assert "Too few launches followed a result" in text


def mentored(data):
    """A store of Ada, who has a run and a mentor, and of Eve, who has neither."""
    eve = ADA.replace("ada", "eve").replace("Ada", "Eve")
    mentors = 'mentors = ["kestrel@x.org"]\nmembers'
    roster = ADA + eve + stream("s", members='[{ scholar = "ada" }]').replace("members", mentors)
    (data / "roster.toml").write_text(roster, encoding="utf-8")
    settings = "[access]\nleads_see_individuals = false\n"
    (data / "velocity.toml").write_text(settings, encoding="utf-8")
    store_of([run("r1", "09:00", "10:00")], "20:00", data=data, roster=parsed(roster))


def test_someone_without_runs_has_no_tile_and_no_zero(tmp_path, monkeypatch):
    mentored(tmp_path)
    page = open_page("my_velocity", tmp_path, monkeypatch, scholar="eve")
    assert page.title[0].value == "No run of Eve has arrived yet."
    assert [*page.metric, *page.get("plotly_chart")] == []
    assert len(page.code) == 3


def test_a_period_without_runs_says_so(tmp_path, monkeypatch):
    rows = [run("r1", "09:00", "10:00"), run("r2", "2026-02-02 09:00", "2026-02-02 10:00")]
    store_of(rows, "2026-02-03 20:00", data=tmp_path)
    page = open_page("my_velocity", tmp_path, monkeypatch, period="2026-01-12..2026-01-18")
    assert page.title[0].value.replace("\u00a0", " ") == "Nothing was in flight, 12 to 18 Jan."
    assert "No experiment was launched in these days." in words(page)


def test_weeks_before_the_first_launch_are_not_zeros_and_silent_runs_are_named(
    tmp_path, monkeypatch
):
    rows = [
        run("r1", "09:00", "10:00"),
        run("b1", "2026-02-04 09:00", "2026-02-04 10:00", username="ben"),
        run("b2", "2026-02-06 09:00", "2026-02-06 10:00", username="ben", state="running"),
    ]
    store_of(rows, "2026-02-09 20:00", data=tmp_path)
    page = open_page("my_velocity", tmp_path, monkeypatch, scholar="ben")
    text = words(page).replace("\u00a0", " ")
    assert "Figures: 2 to 8 Feb 2026, 7 days, from the week of the first launch;" in text
    assert page.title[0].value.replace("\u00a0", " ").startswith("2 to 8 Feb: 1 experiment")
    assert "**1 run** is silent and may hold a GPU for nothing" in text


@pytest.mark.parametrize(
    ("query", "title", "none"),
    [
        # Launched after the last whole day.
        (
            {"runs-experiment": "e/p/r2"},
            "1 run of r2 started from 5 to 7 Jan 2026: 1 finished.",
            False,
        ),
        ({"runs-experiment": "e/p/no"}, "No run of this experiment started from 5 to 7 Jan", True),
        ({"runs-scholar": "eve"}, "No run of eve started from 5 to 6 Jan 2026.", True),
        ({"runs-scholar": ["ada", "eve"]}, "1 run of 2 scholars started from 5 to 6 Jan", False),
    ],
)
def test_runs_shows_what_a_link_names_and_drops_no_filter(
    query, title, none, tmp_path, monkeypatch
):
    late = run("r2", "2026-01-07 09:00", "2026-01-07 10:00")
    before = run("r0", "2026-01-02 09:00", "2026-01-02 10:00", username="eve")
    store_of([before, run("r1", "09:00", "10:00"), late], "2026-01-07 20:00", data=tmp_path)
    days = {"period": "2026-01-05..2026-01-07"}
    page = open_page("runs", tmp_path, monkeypatch, **days, **query)
    assert page.title[0].value.replace("\u00a0", " ").startswith(title)
    assert ("or other filters." in words(page)) == none
    assert "This page does not have" not in words(page)
    assert len(page.code) == 0


def test_a_result_that_was_marked_as_read_says_so_until_the_mark_is_undone(tmp_path, monkeypatch):
    page = open_page("my_velocity", copied(one_run, tmp_path), monkeypatch)
    for label in ("Read, still thinking", "Marked as read: undo", "Read, still thinking"):
        (button,) = (it for it in page.button if it.label == label)
        button.click().run()


def test_an_address_that_asks_for_nobody_says_so(tmp_path, monkeypatch):
    mentored(tmp_path)
    page = open_page("my_velocity", tmp_path, monkeypatch, scholar=HOSTILE)
    said = [it.value for it in page.caption if it.value.startswith("This page does not have ")]
    assert said == ['This page does not have what its address asks for by "scholar".']


def test_the_mentors_view_has_their_name_on_top_and_ends_with_it(tmp_path, monkeypatch):
    """Leads who may not see individuals do not see any of it."""
    mentored(tmp_path)
    page = open_page("my_velocity", tmp_path, monkeypatch, scholar="ada")
    assert page.toggle[0].label == "As the mentor sees it"
    page.toggle[0].set_value(True).run()
    assert page.title[0].value == "As Kestrel sees it"
    assert "s, seen by Kestrel" in words(page)
    assert "Feedback loop" not in headings(page)
    assert not page.metric


def test_a_block_that_cannot_be_read_warns_and_the_others_stay(data, monkeypatch):
    def refuse(*_, **__):
        raise VelocityError("Too little memory for the quartiles.", "Try again.")

    monkeypatch.setattr(reads, "bands", refuse)
    page = open_page("my_velocity", data, monkeypatch, warned=True)
    (warning,) = page.warning
    assert warning.value == "Too little memory for the quartiles\\. Try again\\."
    assert "What this page sees, and who sees it" in headings(page)
