"""Sentences as people read them, and properties of all sentences for any names and figures."""

import re

import polars as pl
from hypothesis import strategies as st

from tests.read_schemas import READ_SCHEMAS
from velocity.sentences.answer import LONGEST_SENTENCE, LONGEST_SUPPORT, as_read

#: Characters with a meaning in Markdown that our own text does not use.
MARKUP = re.compile(r"(?<!\\)[\[\]*_`$~|#\\](?![!-/:-@\[-`{-~])")

_MARKED_UP = (
    *("", "   ", "[x](javascript:alert(1))", "**bold** :red[x] $\\frac{1}{2}$", "# title\n- item"),
    *("![i](http://a.b/c.png)", "`code` ~~s~~ | a | b |", "x" * 10_000, "\u202eevil", "\\[a](b)"),
)
hostile = st.sampled_from(_MARKED_UP) | st.text(max_size=60)
whole = st.integers(0, 10**9)
hours = st.none() | st.floats(0, 1e6)
share = st.none() | st.floats(0, 1)


def plain(text):
    return as_read(text).replace("\u00a0", " ")


def assert_inert(text):
    assert MARKUP.search(text) is None, text
    assert re.search(r"(?<!\\)<(?!\u00a0)", text) is None, text
    assert "\n" not in text


def assert_fits(told):
    assert 0 < len(as_read(told.sentence)) <= LONGEST_SENTENCE
    assert len(as_read(told.support)) <= LONGEST_SUPPORT
    for text in (told.sentence, told.support):
        assert_inert(text)
        assert text == "" or (text == text.strip() and text.endswith("."))


def metric_rows():
    return st.fixed_dictionaries(
        {
            column: share if column.endswith("_share") else whole if kind == pl.Int64 else hours
            for column, kind in READ_SCHEMAS["metrics"].items()
            if kind in {pl.Int64, pl.Float64}
        }
    )
