"""Definitions: every figure has an anchor, and a search keeps what has all its words."""

from __future__ import annotations

import pytest

from tests.app_pages import open_page, ten_weeks, words
from tests.stores import built
from velocity.reading.definitions import terms


@pytest.fixture(scope="module")
def data():
    return built(ten_weeks)


def test_every_figure_can_be_linked_to(data, monkeypatch):
    page = open_page("definitions", data, monkeypatch)
    assert {it.proto.anchor for it in page.subheader} >= set(terms())


def test_a_link_to_a_figure_shows_it_alone(data, monkeypatch):
    page = open_page("definitions", data, monkeypatch, find="serial_parallel_ratio")
    assert [it.value for it in page.subheader] == ["Serial-to-parallel ratio"]
    assert "1 definition with these words" in words(page)


def test_a_search_keeps_definitions_with_all_words_in_any_order(data, monkeypatch):
    found = [
        {it.value for it in open_page("definitions", data, monkeypatch, find=find).subheader}
        for find in ("poisson limit", "LIMIT Poisson", "nothing has these")
    ]
    assert "Concluded experiments a week" in found[0]
    assert found[0] == found[1]
    assert found[2] == set()
