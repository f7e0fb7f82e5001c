"""Streams on a small store: lines by urgency, figures of the reads, inert names."""

import pytest

from tests.app_pages import open_page, ten_weeks, words
from tests.builders import run, store_of
from tests.stores import built
from velocity import formats
from velocity.reading import reads
from velocity.store import latest_snapshot


@pytest.fixture(scope="module")
def data():
    return built(ten_weeks)


def test_the_line_that_waits_longest_comes_first_and_in_the_sentence(data, monkeypatch):
    page = open_page("streams", data, monkeypatch)
    lines = page.dataframe[0].value
    assert [name.split()[2] for name in lines["line"]] == ["slow", "even"]
    wait = formats.duration(35 + 55 / 60)
    assert lines["for"][0] == wait
    assert page.title[0].value.endswith(f"its result has waited for {wait}.")


def test_a_line_shows_the_figures_of_its_reads(data, monkeypatch):
    snapshot = latest_snapshot(data)
    page = open_page("streams", data, monkeypatch, period="Programme")
    lines = page.dataframe[0].value
    medians = {row["project"]: row for row in reads.lines(snapshot).to_dicts()}
    for shown, row in zip(
        lines.to_dict("records"), reads.line_states(snapshot).to_dicts(), strict=True
    ):
        median = medians[row["project"]]
        assert shown["median"] == (
            f"{formats.duration(median['loop_hours_median'])} ({median['loops']})"
        )
        assert shown["experiments_concluded"] == row["experiments_concluded"]
        assert shown["failed"] == round(row["failure_share"] * 100)


def test_the_failures_of_lines_are_those_of_their_scholar(data):
    snapshot = latest_snapshot(data)
    lines = reads.line_states(snapshot)
    whole = reads.metrics(snapshot, by="scholar").row(0, named=True)
    failed = (lines["failure_share"] * lines["runs_ended"]).sum()
    assert failed == pytest.approx(whole["runs_failed"])
    assert failed / lines["runs_ended"].sum() == pytest.approx(whole["failure_share"])


def test_only_chosen_streams_are_shown(data, monkeypatch):
    page = open_page("streams", data, monkeypatch, streams=["even"])
    assert [name.split()[2] for name in page.dataframe[0].value["line"]] == ["even"]
    assert list(page.dataframe[1].value["stream_name"]) == ["Even"]


def test_a_scholar_has_a_row_for_each_stream_and_a_bar_for_each_week(data, monkeypatch):
    page = open_page("streams", data, monkeypatch)
    people = page.dataframe[1].value
    assert list(people["scholar"]) == ["ada", "ada"]
    assert [len(bars) for bars in people["concluded_weeks"]] == [10, 10]
    weeks = reads.metrics(latest_snapshot(data), by="scholar", period="week", within="even")
    concluded = weeks.sort("period_start")["experiments_concluded"].to_list()[:10]
    assert list(people["concluded_weeks"][1]) == concluded


def test_n_counts_scholars_and_not_their_rows(data, monkeypatch):
    page = open_page("streams", data, monkeypatch)
    assert len(page.dataframe[1].value) == 2
    assert words(page).endswith("n = 1 scholar")


def test_names_are_inert_in_markdown(data, monkeypatch):
    text = words(open_page("streams", data, monkeypatch, streams=["slow"]))
    assert "](http" not in text
    assert "http://" not in text


def test_without_streams_the_page_says_where_to_define_them(tmp_path, monkeypatch):
    store_of([run("r1", "09:00", "10:00")], "2026-01-07 20:00", data=tmp_path)
    page = open_page("streams", tmp_path, monkeypatch)
    assert "velocity roster suggest" in page.code[0].value
