"""Why this number: the choices for a figure, and its explanation."""

import re
from datetime import date

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from scripts.waiting import PATIENCE_S
from tests.app_pages import HOSTILE, open_page, ten_weeks, words
from tests.builders import run, store_of
from tests.roster_texts import ADA, BEN, parsed
from tests.sampling import one_in
from tests.stores import built
from velocity import explain, formats
from velocity.reading import reads
from velocity.reading.periods import Window
from velocity.settings import Programme, Settings
from velocity.store import latest_snapshot

pytestmark = pytest.mark.sampled(3)

NAMES = ["n" * 300, f"<script>alert(1)</script>{HOSTILE}", "\U0001f469\u200d\U0001f52c" * 40]
#: The days of the data of `ten_weeks`.
EVER = Window(date(2026, 1, 5), date(2026, 3, 15))


@pytest.fixture(scope="module")
def data():
    return built(ten_weeks)


def named(data):
    """Eight runs of a person of each name."""
    rows = [
        run(f"{name}{n}", f"{9 + n:02}:00", f"{9 + n:02}:30", username=name, project=name)
        for name in NAMES
        for n in range(8)
    ]
    store_of(rows, "20:00", data=data)


def opened(data, monkeypatch, **query):
    """The page over all days of the data, unless `query` has others."""
    return open_page("why", data, monkeypatch, **{"period": "Programme", **query})


def explained(data, metric):
    """What the page shows of a figure of its only scholar."""
    ever = EVER if explain.ways()[metric].windows == "any" else None
    return explain.explain(latest_snapshot(data), scholar="ada", metric=metric, window=ever)


def chosen(page):
    return {box.label: box.value for box in page.selectbox}


def choose(page, key, value):
    page.selectbox(key=key).select(value).run()


def assert_about(page, what):
    """The line above the title."""
    assert f"Why this number \u00b7 {what}" in words(page)


def said(page):
    return page.text[0].value.splitlines()


def test_a_shift_is_chosen_by_measure_in_the_last_week_of_the_days(data, monkeypatch):
    page = opened(data, monkeypatch, metric="signal", of="experiments_started")
    assert chosen(page)["Of"] == "experiments_started"
    assert page.header[0].value == "How it is worked out"
    assert_about(page, "week of 9 Mar 2026 \u00b7 Ada")
    assert any(step.endswith("the usual range") for step in said(page))


@pytest.mark.parametrize("window", [Window(date(2026, 2, 3), date(2026, 2, 12)), EVER])
def test_the_page_explains_the_days_of_its_address(window, data, monkeypatch):
    page = opened(data, monkeypatch, metric="experiments_concluded", period=window.written)
    days = {"from_day": window.first, "to_day": window.end}
    figures = reads.metrics(latest_snapshot(data), by="scholar", groups=["ada"], **days)
    count = figures["experiments_concluded"][0]
    title = page.title[0].value.replace("\u00a0", " ")
    assert title.startswith(f"Experiments concluded: {count} experiments for Ada")
    assert_about(page, f"{window.words} \u00b7 Ada".replace("\u00a0", " "))


@pytest.mark.thorough
def test_the_blind_ratio_is_chosen_by_line(data, monkeypatch):
    page = opened(data, monkeypatch, metric="blind_ratio")
    told = []
    for line in page.selectbox(key="of").options:
        choose(page, "of", line)
        told.append(said(page))
    one, other = told
    assert one != other


def test_the_programme_can_be_chosen_instead_of_a_scholar(data, monkeypatch):
    page = opened(data, monkeypatch, metric="busy_hours")
    assert chosen(page)["Whose"] == "scholar"
    assert page.header[0].value == "How it is worked out"
    choose(page, "whose", "programme")
    assert page.query_params["whose"] == "programme"
    assert_about(page, "5 Jan to 15 Mar 2026 \u00b7 the programme")
    assert " for the programme " in page.title[0].value
    assert "blind_ratio" not in page.selectbox(key="metric").options


def test_the_page_shows_titles_and_the_address_has_the_id(data, monkeypatch):
    page = opened(data, monkeypatch, metric="busy_hours")
    assert chosen(page)["Figure"] == "busy_hours"
    assert page.title[0].value.startswith("Busy hours: ")
    assert {"Busy hours", "Shift"} <= set(page.selectbox(key="metric").options)
    choose(page, "metric", "signal")
    assert page.query_params["metric"] == "signal"
    choose(page, "of", "experiments_started")
    assert (chosen(page)["Figure"], page.query_params["of"]) == ("signal", "experiments_started")
    choose(page, "metric", "serial_share")
    assert page.title[0].value.startswith("Serial share of busy hours: ")


@pytest.mark.thorough
def test_an_address_with_an_unknown_figure_is_corrected(data, monkeypatch):
    page = opened(data, monkeypatch, metric="hours_of_<b>")
    assert chosen(page)["Figure"] == "reaction_share"
    assert "metric" not in page.query_params


@pytest.mark.thorough
def test_two_lines_with_the_same_title_are_two_choices():
    def script():
        from velocity.ui.choices import choose_titled  # noqa: PLC0415 - a script of its own

        choose_titled("Of", {"a": "Line", "b": "Line"}, key="of", default="a", width=100)

    page = AppTest.from_function(script).run()
    choose(page, "of", "b")
    box = page.selectbox(key="of")
    assert (box.options, box.value) == (["Line", "Line (2)"], "b")


@pytest.mark.thorough
def test_tables_show_the_most_useful_columns_and_offer_all(data, monkeypatch):
    found = explained(data, "reaction_share")
    page = opened(data, monkeypatch, metric="reaction_share")
    shown = [tuple(it.value) for it in page.dataframe][2:]  # after the addends
    assert shown == [it.shown for it in explain.sections(found) if it.frame.height]
    assert any(len(it.shown) < it.frame.width for it in explain.sections(found))
    # The number of rows is not mistaken for the value.
    sums = [step.split(" (sum of")[0] for step in said(page) if "(sum of" in step]
    assert len(sums) == 2
    assert all(f" rows, adding up to {value}" in words(page) for value in sums)
    assert not [it.value for it in page.header if any(map(str.isdigit, it.value))]


@pytest.mark.thorough
def test_viewers_without_hours_of_the_day_see_no_empty_column(data):
    def script(data, hours):
        from velocity import explain, store  # noqa: PLC0415 - a script of its own
        from velocity.pages.why import show_explanation  # noqa: PLC0415

        found = explain.explain(store.latest_snapshot(data), scholar="ada", metric="run_hours")
        show_explanation(found, found.results[0], hours=hours)

    for hours in (True, False):
        test = AppTest.from_function(script, kwargs={"data": data, "hours": hours})
        page = test.run(timeout=PATIENCE_S)
        (loops,) = (it.value for it in page.dataframe if "loop_hours" in it.value)
        assert ("reaction_awake_hours" in loops) == hours


@pytest.mark.thorough
def test_a_maximum_is_not_described_as_a_sum(data, monkeypatch):
    page = opened(data, monkeypatch, metric="peak_experiments")
    assert " rows, of which the largest is 2 experiments" in words(page)
    assert "adding up" not in words(page)
    assert page.dataframe[0].value["amount"].iloc[0] == 2


@pytest.mark.thorough
def test_exactly_the_terms_on_the_page_are_explained(data, monkeypatch):
    found = explained(data, "busy_hours")
    told = words(opened(data, monkeypatch, metric="busy_hours"))
    shown = [(name, it.frame[name]) for it in explain.sections(found) for name in it.shown]
    meanings = explain.meanings()
    occur = {
        (word, meanings[name][word])
        for name, rows in shown
        if name in meanings
        for word in set(rows.drop_nulls())
    }
    every = {pair for words in meanings.values() for pair in words.items()}
    assert 0 < len(occur) < len(every)
    for word, meaning in every:
        said_so = told.count(f"**{word.replace('_', ' ')}**: {meaning}")
        assert said_so == ((word, meaning) in occur), word


@pytest.mark.thorough
@pytest.mark.parametrize("metric", one_in(2, ["blind_ratio", "waiting_hours"]))
def test_rows_of_the_line_or_experiment_come_first(metric, data, monkeypatch):
    found = explained(data, metric)
    assert len(found.results) == 2
    page = opened(data, monkeypatch, metric=metric)
    for result in found.results:
        choose(page, "of", formats.label(result.title or result.of, 200))
        assert words(page).count(" come first") == 1
        tables = [it.value for it in page.dataframe if {"state", "k"} & set(it.value)]
        assert len(tables) == 2  # runs and experiments
        for table, rows in zip(tables, (found.runs, found.experiments), strict=True):
            own = pl.concat_str("experiment", pl.lit("/")).str.starts_with(f"{result.of}/")
            assert 0 < rows.select(own.sum()).item() < rows.height
            first = rows.sort(own.fill_null(value=False), descending=True, maintain_order=True)
            assert list(table["started_at"]) == list(first["started_at"].dt.replace_time_zone(None))


@pytest.mark.thorough
def test_the_line_above_the_title_names_the_week_or_the_end_of_the_data(data, monkeypatch):
    page = opened(data, monkeypatch, metric="busy_hours", period="2026-02-02..2026-02-08")
    assert_about(page, "week of 2 Feb 2026 \u00b7 Ada, times in UTC")
    choose(page, "metric", "wip_age_hours")
    assert_about(page, "end of the data \u00b7 Ada")
    assert page.title[0].value == "No experiment is in flight."


@pytest.mark.thorough
def test_a_scholar_without_launches_has_the_weeks_of_the_data(tmp_path, monkeypatch):
    (tmp_path / "roster.toml").write_text(ADA + BEN, encoding="utf-8")
    rows = [run("r1", "09:00", "10:00"), run("r2", "2026-01-14 09:00", "2026-01-14 10:00")]
    store_of(rows, "2026-01-20 06:00", data=tmp_path, roster=parsed(ADA + BEN))
    page = open_page("why", tmp_path, monkeypatch, scholar="ben", metric="signal")
    assert_about(page, "week of 12 Jan 2026 \u00b7 Ben")
    assert page.title[0].value == "No measure has a value in that week."


@pytest.mark.thorough
@pytest.mark.parametrize("name", one_in(3, NAMES))
def test_any_name_fits_and_is_inert(name, monkeypatch):
    page = open_page("why", built(named), monkeypatch, metric="loop_hours_median", scholar=name)
    assert page.query_params["scholar"] == name
    assert page.header[0].value == "How it is worked out"
    assert len(page.title[0].value.replace("\\", "")) <= 110
    for text in words(page).splitlines():
        assert "n" * 80 not in text
        assert not re.search(r"(?<!\\)[<>$\[]", text)


@pytest.mark.thorough
def test_days_are_not_moved_to_another_zone(tmp_path, monkeypatch):
    settings = Settings(programme=Programme(timezone="America/New_York"))
    store_of([run("r1", "09:00", "10:00")], "20:00", data=tmp_path, settings=settings)
    page = open_page("why", tmp_path, monkeypatch, metric="weeks")
    days = page.dataframe[0].value
    assert [f"{it.day} {it:%b %Y}" for it in days["at"]] == list(days["what"])
