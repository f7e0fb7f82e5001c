"""Definitions: what every figure means, from the headers of the queries that compute it."""

import streamlit as st

from velocity.formats import plural
from velocity.sentences.definitions import found, three_measures
from velocity.ui.page import EVERYONE, Page, has_page
from velocity.ui.parts import heading
from velocity.ui.sign_in import settings_now

#: Streamlit scrolls to the heading of an address before the text above it is complete.
_TO_THE_HEADING = (
    "<script>document.getElementById(location.hash.slice(1))?.scrollIntoView()</script>"
)


def _draw() -> None:
    # A script runs again if it moves, as after a search.
    script = st.empty()
    st.caption("Definitions · as in docs/metrics.md, with the settings of this dashboard")
    st.title("Every figure has one definition: the query that computes it.", anchor=False)
    asked = st.text_input(
        "Search", key="find", type="search", live=True, bind="query-params", width=400
    )
    kept = found(settings_now().experiments, asked or "", explains=has_page("why"))
    if not (asked or "").strip():
        st.markdown(three_measures())
    else:
        count = sum(len(section.entries) for section in kept)
        st.caption(f"{plural(count, 'definition')} with these words")
    lengths = [sum(len(entry.text) for entry in section.entries) for section in kept]
    for place, column in enumerate(st.columns(2, gap="large")):
        with column:
            for nth, section in enumerate(kept):
                # The first half of the text is on the left.
                if (sum(lengths[:nth]) * 2 >= sum(lengths)) != bool(place):
                    continue
                heading(section.title, section.text)
                for title, anchor, text in section.entries:
                    if title:
                        st.subheader(title, anchor=anchor)
                    st.markdown(text)
    script.html(_TO_THE_HEADING, unsafe_allow_javascript=True)


PAGE = Page("definitions", "Definitions", None, EVERYONE, _draw, 90, "Evidence")
