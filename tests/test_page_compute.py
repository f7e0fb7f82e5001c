"""Compute: its blocks open, its table adds up for the demo, and what if answers."""

from datetime import date

import polars as pl
import pytest

from tests.app_pages import open_page, ten_weeks, words
from tests.builders import run, store_of
from tests.stores import built
from velocity.reading import reads
from velocity.store import latest_snapshot

STATES = [f"{it}_gpu_hours" for it in ("finished", "running", "killed", "failed", "other")]


def test_without_grants_the_page_says_how_to_add_them(monkeypatch):
    page = open_page("compute", built(ten_weeks), monkeypatch, period="Programme")
    assert page.title[0].value == "No grant of a stream is recorded."
    assert "Add grants and rates to the roster" in words(page)


def test_the_page_shows_tokens_and_their_cost_and_idle_jobs(tmp_path, monkeypatch):
    kinds = dict.fromkeys(("output", "cache_read", "cache_write"), 0)
    used = [{"model": "m", "input": 12, **kinds, "dollars": 2.5}]
    # Four GPUs for three hours, with a run in the second.
    asked = {"created_at": "09:00", "submitted_at": "09:00", "source": "slurm", "job_id": "1"}
    job = run("1", "09:00", "12:00", host="node", gpu_count=4, **asked)
    inside = run("r2", "10:00", "11:00", host="node.lab", gpu_count=4)
    rows = [run("r1", "09:00", "10:00", usage=used), job, inside]
    store_of(rows, "20:00", data=tmp_path)
    page = open_page("compute", tmp_path, monkeypatch, period="Programme")
    assert not page.exception
    assert "evaluations used 12 tokens, which cost 2.50 dollars" in words(page)
    assert "Jobs held 8 GPU-hours while no run was in them." in words(page)
    (table,) = (it.value for it in page.table if "Tokens" in it.value)
    assert table["Dollars"].to_list() == ["2.50", "**2.50**"]


@pytest.mark.thorough
def test_every_part_opens_on_the_demo(demo_data, monkeypatch):
    page = open_page("compute", demo_data, monkeypatch)
    assert "credits end first" in page.title[0].value
    for toggle in ("by-week", "by-scholar"):
        page.toggle(key=toggle).set_value(True).run()
        assert not page.exception
    page.number_input(key="if-added").set_value(2000).run()
    assert "longer" in words(page)


@pytest.mark.thorough
@pytest.mark.parametrize("window", [{}, {"from_day": date(2026, 9, 7)}])
def test_rows_and_states_add_up_to_the_programme(demo_data, window):
    rows = reads.compute_table(latest_snapshot(demo_data), **window)
    parts, whole = rows.filter(pl.col("kind") != "programme"), rows.filter(kind="programme")
    for column in (*STATES, "gpu_hours", "credits", "experiments_concluded"):
        assert parts[column].sum() == pytest.approx(whole[column][0])
    assert rows.select(pl.sum_horizontal(STATES)).to_series().to_list() == pytest.approx(
        rows["gpu_hours"].to_list()
    )
