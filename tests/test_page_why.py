"""Why this number: what can be asked of a figure, and what is said of it."""

from __future__ import annotations

import pytest

from tests.app_pages import open_page, ten_weeks


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    data = tmp_path_factory.mktemp("why")
    ten_weeks(data)
    return data


def chosen(page):
    return {box.label: box.value for box in page.selectbox}


def said(page):
    return [text.value for text in page.text]


def test_a_signal_is_asked_for_by_week_and_measure(data, monkeypatch):
    page = open_page("why", data, monkeypatch, metric="signal", of="Experiments started")
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
