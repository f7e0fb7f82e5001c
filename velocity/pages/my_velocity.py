"""My velocity: how fast one scholar's experiments conclude, and what waits for them now."""

from __future__ import annotations

import streamlit as st

from velocity import formats, sentences, ui
from velocity.sentences.seen import AS_LEADS
from velocity.ui import scholar as sections


def _draw() -> None:
    opened = ui.view()
    scholar = opened.scholar
    if scholar is None:
        sections.show_whose(opened)
        return
    view = sections.others_switch(opened, scholar)
    sheet = sections.Sheet.of(view, scholar)
    if sheet is None or not sheet.trend.has_runs:
        sections.show_nothing(view, opened.who(scholar))
        return
    name = formats.markdown(formats.label(sheet.who["name"]))
    answer = sentences.my_velocity(sheet.facts, sheet.whose)
    if view is opened:
        view.say(name, answer)
    else:
        sections.show_sheets(sheet, over=name)
        if not view.settings.access.leads_see_individuals:
            return
        st.header(AS_LEADS, anchor=False)
        st.markdown(f"**{answer.sentence}** {answer.support}")
    sections.show_figures_line(sheet)
    sections.show_block(sections.show_tiles, sheet)
    sections.show_block(sections.show_loops, sheet)
    below = (
        sections.show_together,
        sections.show_bought,
        sections.show_cohort,
        sections.show_seen,
    )
    with st.grid(2, min_column_width=560, gap="medium"):
        for show in below:
            with st.container():
                sections.show_block(show, sheet)


PAGE = ui.Page(
    "my_velocity",
    "My velocity",
    ("period", "scholar"),
    ("lead", "scholar"),
    _draw,
    40,
    opens="4 weeks",
)
