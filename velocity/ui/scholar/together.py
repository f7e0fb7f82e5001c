"""Side by side: what parallel work spared, and what could have run together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from velocity.charts.side_by_side import draw_side_by_side
from velocity.sentences import mine as words
from velocity.sentences.together import array_line, sweep_stub
from velocity.ui.parts import heading, show_figure, theme_mode
from velocity.ui.why import show_why

if TYPE_CHECKING:
    from velocity.ui.scholar.sheet import Sheet

_MOST_CHAINS = 3


def _how_to_launch(sheet: Sheet) -> None:
    """Something to copy, only where something was found."""
    setting, longest = sheet.setting, max(map(len, sheet.chains["experiments"]), default=0)
    with st.container(key="wide-array"):
        if setting is not None:
            st.markdown(words.one_setting(setting))
            st.code(sweep_stub(setting.key, setting.experiments), language=None, wrap_lines=True)
        elif longest:
            st.caption("Next time, launch such a chain at once:")
            # Their configs differ in several keys: one config file for each.
            st.code(array_line("config", longest), language=None, wrap_lines=True)


def show_together(sheet: Sheet) -> None:
    """Hours spared, hours that could have been, and up to three chains."""
    now = sheet.now
    heading(
        "Side by side",
        sheet.facts.dates,
        table=sheet.table(sheet.chains, "chains"),
    )
    spared, could = words.together_figures(now, sheet.chains)
    with st.container(horizontal=True, gap="small"):
        st.metric("Spared by working in parallel", spared, help=words.SPARED_HELP, width="stretch")
        st.metric("Could have run side by side", could, help=words.COULD_HELP, width="stretch")
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
    _how_to_launch(sheet)
    show_why(sheet.view, "side_by_side_hours", scholar=sheet.scholar)
