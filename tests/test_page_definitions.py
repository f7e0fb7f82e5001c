"""Definitions: every figure has an anchor, and a search keeps what has all its words."""

import re

from tests.app_pages import open_page, ten_weeks, words
from tests.stores import built
from velocity.reading.definitions import terms


def found(monkeypatch, **asked):
    return open_page("definitions", built(ten_weeks), monkeypatch, **asked)


def test_every_figure_can_be_linked_to(monkeypatch):
    page = found(monkeypatch)
    anchors = {it.proto.anchor for it in page.subheader}
    assert anchors >= set(terms())
    first = re.findall(r"\]\(#(\w+)\)", page.markdown[0].value)
    assert first == ["throughput_per_week", "serial_share", "loop_hours_median"]
    assert {*first} <= anchors


def test_a_link_to_a_figure_shows_it_alone(monkeypatch):
    page = found(monkeypatch, find="serial_parallel_ratio")
    assert [it.value for it in page.subheader] == ["Serial-to-parallel ratio"]
    assert "1 definition with these words" in words(page)


def test_a_search_keeps_definitions_with_all_words_in_any_order(monkeypatch):
    one, other, none = (
        {it.value for it in found(monkeypatch, find=words).subheader}
        for words in ("poisson limit", "LIMIT Poisson", "nothing has these")
    )
    assert "Concluded experiments a week" in one
    assert (one, none) == (other, set())
