"""Stand-up on a small store: figures match the reads; texts are inert and correct."""

from datetime import date, timedelta

import pytest

from tests.app_pages import HOSTILE, open_page, ten_weeks, words
from tests.builders import run, store_of
from tests.sampling import one_in
from tests.stores import built
from velocity import formats
from velocity.reading import reads
from velocity.store import latest_snapshot


@pytest.fixture(scope="module")
def data():
    return built(ten_weeks)


@pytest.fixture
def page(data, monkeypatch):
    return open_page("stand_up", data, monkeypatch)


def figures(data, first, days):
    start = date.fromisoformat(first)
    return reads.metrics(
        latest_snapshot(data), by="programme", from_day=start, to_day=start + timedelta(days=days)
    ).row(0, named=True)


def test_the_tiles_show_the_figures_of_the_reads(page, data):
    now = figures(data, "2026-03-09", 7)
    before = figures(data, "2026-02-09", 28)
    concluded, serial, loop, credit = page.metric
    assert concluded.value == formats.rate(now["throughput_per_week"])
    gained = now["throughput_per_week"] - before["throughput_per_week"]
    assert concluded.delta == formats.count_change(gained)
    assert concluded.proto.delta_description == (
        f"from {formats.rate(before['throughput_per_week'])}"
    )
    assert serial.value == formats.share(now["serial_share"])
    assert loop.value == formats.duration(now["loop_hours_median"])
    assert credit.value == "not known"


def test_throughput_has_its_failures_limits_and_n_beside_it(page, data):
    now = figures(data, "2026-03-09", 7)
    text = words(page)
    assert f"{round(now['failure_share'] * 100)} % of runs failed" in text
    low, high = (formats.rate(now[f"throughput_per_week_{end}"]) for end in ("low", "high"))
    assert f"n = {now['experiments_concluded']}, 95 % limits {low} to {high} a week" in text


def test_a_window_without_four_earlier_weeks_is_not_compared(data, monkeypatch):
    page = open_page("stand_up", data, monkeypatch, period="Programme")
    assert [metric.delta for metric in page.metric][:3] == ["no earlier four weeks"] * 3


@pytest.mark.parametrize(
    ("last", "uneven"), one_in(2, [("2026-03-11", True), ("2026-03-15", False)])
)
def test_the_page_says_if_a_partial_week_is_compared_with_whole_ones(
    last, uneven, data, monkeypatch
):
    page = open_page("stand_up", data, monkeypatch, period=f"2026-03-09..{last}")
    assert ("not a whole number of weeks" in words(page)) is uneven


def test_the_shifts_are_those_of_the_latest_complete_week(page, data):
    shifts = reads.weekly(latest_snapshot(data), by="stream").filter("signal")
    assert set(shifts["group_id"]) == {"slow"}
    text = words(page)
    assert "reaction time, median: 7 h.** Usual range 1 h 32 m to 3 h 15 m; n = 12 loops" in text
    assert "Even" not in text
    assert page.title[0].value.startswith(formats.markdown("[Slow]"))


def test_lines_stuck_for_more_than_a_day_are_listed(page):
    rows = page.dataframe[0].value
    assert list(rows["what"]) == ["result waiting"]
    assert list(rows["for"]) == [formats.duration(35 + 55 / 60)]
    assert rows["line"][0].startswith(f"ada / slow {HOSTILE}"[:30])


def test_names_are_inert_in_markdown(page):
    text = words(page)
    assert "](http" not in text
    assert "http://" not in text
    assert "\\[Slow\\]" in text


@pytest.mark.thorough
def test_after_the_first_run_the_page_has_texts_instead_of_medians(tmp_path, monkeypatch):
    store_of([run("r1", "09:00", "10:00")], "2026-01-07 20:00", data=tmp_path)
    page = open_page("stand_up", tmp_path, monkeypatch)
    assert page.metric[2].value == "no median"
    text = words(page)
    assert "0 loops so far; medians start at 6 events." in text
    assert "No series has a usual range yet." in text


def test_the_page_of_an_empty_store_names_the_command_that_fills_it(tmp_path, monkeypatch):
    store_of([], "20:00", data=tmp_path)
    page = open_page("stand_up", tmp_path, monkeypatch)
    assert "velocity sync" in page.code[0].value


@pytest.mark.thorough
def test_changes_of_past_weeks_by_later_data_are_listed(tmp_path, monkeypatch):
    rows = [run("r1", "09:00", "10:00"), run("r2", "2026-01-13 09:00", "2026-01-13 10:00")]
    store_of(rows, "2026-01-14 06:00", data=tmp_path)
    late = run("r3", "12:00", "13:00", project="q")
    store_of([late], "2026-01-14 07:00", data=tmp_path)
    text = words(open_page("stand_up", tmp_path, monkeypatch))
    assert "Experiments concluded, week of 5 Jan: 1 → 2." in text


def test_the_digest_of_the_week_is_offered_as_markdown_and_html(page):
    labels = [button.proto.label for button in page.get("download_button")]
    assert [label for label in labels if label.startswith("Download ")][:2] == [
        "Download Markdown",
        "Download HTML",
    ]
    assert "2026-W11 on one page" in words(page)
