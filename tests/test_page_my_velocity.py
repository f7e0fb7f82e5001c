"""My velocity without sign-in: it names the scholar and the settings that apply."""

import re

import pytest

from tests.app_pages import open_page, ten_weeks, words
from tests.builders import one_run, run, store_of
from tests.sampling import one_in
from tests.sentence_frames import frame
from tests.stores import built, copied
from velocity.pages import PAGES
from velocity.sentences.tiles import present
from velocity.settings import load_settings


@pytest.fixture(scope="module")
def data():
    return built(ten_weeks)


def said(page):
    """All text of a page, including names of figures and alternative texts of charts."""
    figures = [f"{metric.label} {metric.value}" for metric in page.metric]
    charts = [chart.proto.alt + chart.proto.spec for chart in page.get("plotly_chart")]
    return "\n".join([words(page), *figures, *charts])


@pytest.mark.parametrize(
    "name", one_in(4, [it.name for it in PAGES if "lead" in it.roles and it.choices is not None])
)
def test_without_sign_in_nobody_is_you(name, data, monkeypatch):
    text = said(open_page(name, data, monkeypatch, period="Programme"))
    text = text.replace("My velocity", "")  # the page's name, the same for everybody
    assert re.findall(r"(?i)\b(?:you|yours?|my|mine)\b", text) == []


def test_without_sign_in_the_page_is_about_the_scholar_by_name(data, monkeypatch):
    text = said(open_page("my_velocity", data, monkeypatch, period="Programme"))
    assert "Timeline of Ada" in text
    assert "Ada and the cohort" in text
    assert "What others can see about Ada" in text
    assert "Older than usual" in text
    assert "Launches by day" in text
    assert "only you see this" not in text


@pytest.mark.thorough
def test_the_page_shows_the_stale_setting_of_the_snapshot(tmp_path, monkeypatch):
    config = tmp_path / "velocity.toml"
    config.write_text("[experiments]\nstale_after_minutes = 37.5\n", encoding="utf-8")
    rows = [run("r1", "09:00", "09:30", state="running"), run("r2", "10:00", "11:00")]
    store_of(rows, "12:00", settings=load_settings(config), data=tmp_path)
    config.write_text("[experiments]\nstale_after_minutes = 4\n", encoding="utf-8")
    page = open_page("my_velocity", tmp_path, monkeypatch)
    assert "no heartbeat for more than 37.5 min" in words(page)


def test_definitions_show_the_values_of_the_settings(tmp_path, monkeypatch):
    settings = "stale_after_minutes = 37.5\ntogether_minutes = 1\nscript_gap_seconds = 7"
    (tmp_path / "velocity.toml").write_text(f"[experiments]\n{settings}\n", encoding="utf-8")
    copied(one_run, tmp_path)
    text = " ".join(words(open_page("definitions", tmp_path, monkeypatch)).split())
    assert "sign of life is more than 37.5 minutes before the end of the data" in text
    assert "began at most 1 minute earlier" in text
    assert "Relaunches within 7 seconds" in text
    assert "The 37.5 minutes, 1 minute and 7 seconds are settings" in text


def test_open_work_is_compared_with_the_scholars_own_past():
    open_work = frame("open_work", [{"older_than_usual": True, "usual_hours": 3.0}])
    runs, waiting = frame("runs"), frame("waiting_results")
    for own, label in ((True, "Older than your usual"), (False, "Older than usual")):
        tiles = present(runs, open_work, waiting, stale_after_minutes=15.0, own=own)
        assert [tile.value for tile in tiles if tile.label == label] == ["1"]
