"""Definitions: what every figure means, from the headers of the queries that compute it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from velocity import ui
from velocity.formats import plural
from velocity.reading import definitions
from velocity.reading.conventions import conventions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from velocity.queries.metric import Metric

#: A heading, its anchor (empty if it has none) and the Markdown below it.
_Entry = tuple[str, str, str]


def _draw() -> None:
    st.caption("Definitions · as in docs/metrics.md, with the settings of this dashboard")
    st.title("Every figure has one definition: the query that computes it.", anchor=False)
    asked = st.text_input(
        "Search", key="find", type="search", live=True, bind="query-params", width=400
    )
    words = (asked or "").lower().split()
    kept = [
        (title, text, left)
        for title, text, entries in _sections()
        if (left := [it for it in entries if _has(words, title, text, *it)])
    ]
    if words:
        count = sum(len(entries) for _, _, entries in kept)
        st.caption(f"{plural(count, 'definition')} with these words")
    lengths = [sum(len(text) for *_, text in entries) for *_, entries in kept]
    for place, column in enumerate(st.columns(2, gap="large")):
        with column:
            for nth, section in enumerate(kept):
                # The first half of the text is on the left.
                if (sum(lengths[:nth]) * 2 >= sum(lengths)) == bool(place):
                    _show(*section)


def _sections() -> Iterator[tuple[str, str, list[_Entry]]]:
    """Title, introduction and entries of each section."""
    terms = [(it.title, it.name, it.text) for it in definitions.words()]
    yield "Terms", "", terms
    for group in definitions.groups():
        figures = [_entry(it) for it in group.metrics]
        yield group.title, group.text, figures + [_entry(it, shown=False) for it in group.sums]
    for title, rules in conventions(ui.settings_now().experiments).items():
        yield title, "", [("", "", rules)]


def _entry(metric: Metric, *, shown: bool = True) -> _Entry:
    where = "" if shown else ", only in formulas"
    formula = f" Formula: `{metric.formula}`." if metric.formula else ""
    return (
        metric.title,
        metric.id,
        f"{metric.text}{formula} :small[`{metric.id}`, {metric.unit}{where}]",
    )


def _has(words: list[str], *texts: str) -> bool:
    whole = " ".join(texts).lower()
    return all(it in whole for it in words)


def _show(title: str, text: str, entries: list[_Entry]) -> None:
    ui.heading(title, text)
    for name, anchor, words in entries:
        if name:
            st.subheader(name, anchor=anchor)
        st.markdown(words)


PAGE = ui.Page("definitions", "Definitions", None, ui.EVERYONE, _draw, 90, "Evidence")
