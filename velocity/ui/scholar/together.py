"""Side by side: what parallel work spared, and what could have run together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from velocity.charts.side_by_side import draw_side_by_side
from velocity.sentences import mine as words
from velocity.ui.drill import show_way
from velocity.ui.parts import heading, show_figure, theme_mode

if TYPE_CHECKING:
    from velocity.ui.scholar.sheet import Sheet

_MOST_CHAINS = 3


def show_together(sheet: Sheet) -> None:
    """Hours spared, hours that could have been, and up to three chains."""
    now = sheet.now
    heading(
        "Side by side",
        words.over(sheet.window),
        table=sheet.table(sheet.chains, "chains"),
        about=words.TOGETHER_HELP,
    )
    spared, could = words.together_figures(now, sheet.chains)
    with st.container(horizontal=True, gap="small"):
        st.metric("Spared by working in parallel", spared, width="stretch")
        st.metric("Could have run side by side", could, width="stretch")
    chart = draw_side_by_side(
        experiment_hours=now["experiment_hours"],
        serial_hours=now["serial_hours"],
        parallel_hours=now["parallel_hours"],
        mode=theme_mode(),
        title="Side by side",
    )
    show_figure(chart, key="together-chart")
    st.markdown(words.together_words(now, sheet.chains))
    chains = sheet.chains.sort("spare_hours", descending=True).head(_MOST_CHAINS)
    for row in chains.iter_rows(named=True):
        st.markdown(words.chain(row, sheet.zone))
    if sheet.chains.height:
        longest = max(len(it) for it in sheet.chains["experiments"])
        with st.container(key="wide-array"):
            st.caption("Next time, launch such a chain at once:")
            st.code(words.array_line(longest), language=None)
    show_way("why", "why", scholar=sheet.scholar, metric="side_by_side_hours")
