"""Why this number: what can be asked of a figure, and what is said of it."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.app_pages import open_page, ten_weeks


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("why")
    ten_weeks(data)
    return data


def chosen(page):
    return {box.label: box.value for box in page.selectbox}


def said(page):
    return page.text[0].value.splitlines()


def test_a_signal_is_asked_for_by_week_and_measure(data, monkeypatch):
    page = open_page("why", data, monkeypatch, metric="signal", of="experiments_started")
    assert "All weeks" not in page.selectbox(key="week").options
    assert chosen(page)["Of"] == "experiments_started"
    assert "no: the week is still running" in said(page)
    page.selectbox(key="week").select("2026-02-02").run()
    assert any(step.endswith("the usual range") for step in said(page))


def test_the_blind_ratio_is_asked_for_by_line(data, monkeypatch):
    page = open_page("why", data, monkeypatch, metric="blind_ratio")
    slow, even = sorted(page.selectbox(key="of").options, reverse=True)
    page.selectbox(key="of").select(even).run()
    first = said(page)
    page.selectbox(key="of").select(slow).run()
    assert said(page) != first


def test_what_is_known_of_the_end_of_the_data_has_no_weeks(data, monkeypatch):
    page = open_page("why", data, monkeypatch, metric="wip_age_hours", week="2026-02-02")
    assert page.selectbox(key="week").options == ["End of the data"]
    assert page.title[0].value == "No experiment is in flight."


def test_people_read_titles_and_the_address_has_the_id(data, monkeypatch):
    page = open_page("why", data, monkeypatch, metric="busy_hours")
    assert chosen(page)["Figure"] == "busy_hours"
    assert page.title[0].value.startswith("Busy hours: ")
    assert {"Busy hours", "Signal"} <= set(page.selectbox(key="metric").options)
    page.selectbox(key="metric").select("signal").run()
    assert page.query_params["metric"] == "signal"
    page.selectbox(key="of").select("experiments_started").run()
    assert (chosen(page)["Figure"], page.query_params["of"]) == ("signal", "experiments_started")
    page.selectbox(key="metric").select("serial_share").run()
    assert page.title[0].value.startswith("Serial share of busy hours: ")


def test_an_address_of_what_is_no_figure_is_corrected(data, monkeypatch):
    page = open_page("why", data, monkeypatch, metric="hours_of_<b>")
    assert chosen(page)["Figure"] == "reaction_share"
    assert "metric" not in page.query_params


def test_two_lines_with_the_same_title_are_two_choices():
    def script():
        from velocity import ui  # noqa: PLC0415 - a script of its own

        ui.choose_titled("Of", {"a": "Line", "b": "Line"}, key="of", default="a", width=100)

    page = AppTest.from_function(script).run()
    page.selectbox(key="of").select("b").run()
    assert (page.selectbox(key="of").options, page.selectbox(key="of").value) == (
        ["Line", "Line (2)"],
        "b",
    )


def test_tables_do_not_repeat_what_the_page_says(data, monkeypatch):
    page = open_page("why", data, monkeypatch)
    loops = next(it.value for it in page.dataframe if "reaction_hours" in it.value)
    assert {"experiment_id", "status"} <= set(loops)
    assert not {"scholar", "stream", "entity", "project"} & set(loops)
