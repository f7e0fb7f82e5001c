"""Stand-up on a small store: figures match the reads; texts are inert and correct."""

import json
import re
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from tests.app_pages import open_page, ten_weeks, words
from tests.builders import at, one_run, run, store_of
from tests.plain_sentences import plain
from tests.stores import built, copied
from velocity import formats
from velocity.reading import reads
from velocity.report.work import Covered
from velocity.sentences.compared import change
from velocity.store import latest_snapshot
from velocity.ui.share import address_of

pytestmark = pytest.mark.sampled(8)

WEEK = "2026-03-09..2026-03-15"


@pytest.fixture(scope="module")
def data():
    return built(ten_weeks)


@pytest.fixture(scope="module")
def page(data):
    """The page as it opens; read-only."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        return open_page("stand_up", data, monkeypatch)


def figures(monday="2026-03-09", by="programme"):
    """The figures of a week."""
    start = date.fromisoformat(monday)
    days = {"from_day": start, "to_day": start + timedelta(days=7)}
    return reads.metrics(latest_snapshot(built(ten_weeks)), by=by, **days).row(0, named=True)


@pytest.fixture(scope="module")
def now():
    return figures()


@pytest.fixture(scope="module")
def before():
    return figures("2026-03-02")


def test_before_the_first_working_day_is_over_it_shows_last_week(page):
    assert page.query_params["period"] == WEEK
    assert plain(page.caption[0].value) == (
        "Stand-up · Mon 9 to Sun 15 Mar 2026, against Mon 2 to Sun 8 Mar · programme, 1 scholar"
    )


def test_the_headline_and_the_tiles_show_the_figures_of_the_reads(page, now, before):
    concluded, serial, loop, credit = page.metric
    assert concluded.value == formats.count(now["experiments_concluded"])
    gained = (it["experiments_concluded"] for it in (now, before))
    assert concluded.delta == change(*gained, "count")
    assert concluded.proto.delta_description == f"from {before['experiments_concluded']}"
    assert concluded.proto.color == concluded.proto.MetricColor.GRAY  # more is not better
    assert serial.value == formats.share(now["serial_share"])
    assert loop.value == formats.duration(now["loop_hours_median"])
    assert credit.value == "none"
    count, earlier = (it["experiments_concluded"] for it in (now, before))
    assert plain(page.title[0].value).startswith(
        f"{count} experiments concluded from Mon 9 to Sun 15 Mar, "
        f"{earlier - count} fewer than the week before; "
    )


def test_the_charts_show_the_figures_above_them_and_those_of_streams(page, now):
    by_stream = page.get("plotly_chart")[4].proto.spec
    for it in (now, figures(by="stream")):
        assert str(it["experiments_concluded"]) in by_stream
    shown = (
        formats.count(now["experiments_concluded"]),
        formats.share(now["serial_share"]),
        formats.duration(now["loop_hours_median"]),
    )
    for chart, value in zip(page.get("plotly_chart")[:3], shown, strict=True):
        notes = json.loads(chart.proto.spec)["layout"]["annotations"]
        assert f"<b>{value}</b>" in [note["text"] for note in notes]


def test_five_lines_are_always_there_in_the_same_order(page, tmp_path, monkeypatch):
    order = ["Changed", "Going well", "Stuck", "Compute", "Runs out"]
    first = open_page("stand_up", copied(one_run, tmp_path), monkeypatch)
    for opened in (page, first):
        assert [it.value for it in opened.caption if it.value in order] == order
    text = words(first)
    assert "usual ranges start at 8." in text
    assert "**No grant of a stream is recorded.**" in text


def test_the_shift_of_the_week_is_named_without_markup_and_with_how_far_it_went(page, data):
    shifts = reads.weekly(latest_snapshot(data), by="stream").filter("signal")
    assert set(shifts["group_id"]) == {"slow"}
    line = next(it.value for it in page.markdown if "in the week of" in plain(it.value))
    assert line.startswith("**\\[Slow\\]")
    assert "its usual" in line
    assert not [it for it in ("](http", "http://") if it in words(page)]


def test_a_chosen_stream_opens_its_lines_and_experiments(data, monkeypatch):
    page = open_page("stand_up", data, monkeypatch)
    assert not page.table
    (group,) = [it for it in page.get("button_group") if "even" in it.options or it.key == "of"]
    group.set_value("even").run()
    assert not page.exception
    rows = page.table[0].value
    days = {"from_day": date(2026, 3, 9), "to_day": date(2026, 3, 16)}
    mine = reads.concluded(latest_snapshot(data), **days).filter(stream="even").height
    assert rows.iloc[-1, 1] == f"**{mine}**"
    started = figures(by="stream")["experiments_started"]
    assert re.search(rf"Launched: {started} on \d of 7 days, from \d+ on \d of 7\.", words(page))
    link = rows.iloc[0, 4]
    assert "](runs?period=2026-03-09..2026-03-15&runs-experiment=e%2F" in link.replace("%2E", ".")


def test_programme_has_no_comparison_and_there_is_no_fourth_slide(data, monkeypatch):
    page = open_page("stand_up", data, monkeypatch, period="Programme", present="4")
    assert "Present" in {button.label for button in page.button}
    assert [metric.delta for metric in page.metric][:3] == ["no earlier days"] * 3
    assert "against" not in page.caption[0].value
    assert "Nothing to compare" in words(page)


def test_the_page_of_an_empty_store_names_the_command_that_fills_it(tmp_path, monkeypatch):
    store_of([], "20:00", data=tmp_path)
    page = open_page("stand_up", tmp_path, monkeypatch)
    assert "velocity init" in page.code[0].value


@pytest.mark.thorough
def test_changes_of_past_weeks_by_later_data_are_counted(tmp_path, monkeypatch):
    rows = [run("r1", "09:00", "10:00"), run("r2", "2026-01-13 09:00", "2026-01-13 10:00")]
    store_of(rows, "2026-01-14 06:00", data=tmp_path)
    late = run("r3", "12:00", "13:00", project="q")
    store_of([late], "2026-01-14 07:00", data=tmp_path)
    page = open_page("stand_up", tmp_path, monkeypatch)
    said = plain(page.caption[-1].value)
    assert "of past weeks were restated since 6 Jan, the largest by 100.0 %." in said


@pytest.mark.parametrize("slide", [1, 2, 3])
def test_a_slide_has_few_words_no_names_and_no_choices(slide, data, monkeypatch):
    page = open_page("stand_up", data, monkeypatch, present=str(slide))
    said = [*page.title, *page.caption, *page.markdown]
    text = " ".join(it.value for it in said if "As of" not in it.value)
    text += " ".join(f" {it.label} {it.value}" for it in page.metric)
    assert len(text.split()) <= 40
    assert "ada" not in text.lower()
    labels = {button.label for button in page.button}
    assert labels & {"Back", "Next", "Close", "Present"} == {"Back", "Next", "Close"}
    assert f"{slide} of 3" in text


def test_the_slide_of_waiting_lines_counts_silent_runs(tmp_path, monkeypatch):
    store_of([run("r1", "09:00", "10:00", state="running")], "2026-01-06 12:00", data=tmp_path)
    page = open_page("stand_up", tmp_path, monkeypatch, present="2")
    assert page.caption[-1].value.endswith(" One run is silent and may hold a GPU.")


def test_the_digest_of_the_week_is_offered_in_every_form(page):
    (share,) = (it.proto for it in page.get("menu_button") if it.proto.label == "Share")
    assert [*share.options] == ["Copy for Slack", "Markdown", "One page, HTML", "CSV", "Link"]


def test_the_address_of_the_page_has_its_days_and_the_dashboard():
    programme = SimpleNamespace(address="https://velocity.example.org")
    window = SimpleNamespace(written="2026-03-09..2026-03-15")
    view = SimpleNamespace(window=window, settings=SimpleNamespace(programme=programme))
    view.page = SimpleNamespace(name="stand_up", path="stand-up", choices=("period",))
    assert address_of(view) == "https://velocity.example.org/?period=2026-03-09..2026-03-15"
    view.page = SimpleNamespace(name="groups", path="groups", choices=())
    assert address_of(view) == "https://velocity.example.org/groups"


@pytest.mark.parametrize(
    ("as_of", "zone", "day"),
    [
        ("2026-11-30 00:00", "UTC", 29),
        ("2026-11-30 00:00:01", "UTC", 30),
        ("2026-11-29 23:00", "Europe/Berlin", 29),
    ],
)
def test_data_that_ends_at_midnight_ends_with_the_day_before(as_of, zone, day):
    view = SimpleNamespace(as_of=at(as_of), zone=zone)
    assert Covered(view).known_on == date(2026, 11, day)
