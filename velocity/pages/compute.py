"""Compute: whose credits end first, what they bought, and where they went."""

from __future__ import annotations

import streamlit as st

from velocity import sentences, ui
from velocity.sentences.spending import ALLOCATION
from velocity.ui import spending as parts
from velocity.ui.week import Week
from velocity.ui.week_parts import show_why_it_ends
from velocity.ui.why import show_why


def _draw() -> None:
    view = ui.view()
    week = Week(view)
    answer = sentences.compute(
        ends=week.ends,
        today=week.known_on,
        now=week.programme,
        before=week.programme_before,
        days=week.days,
    )
    view.say("programme", answer, window=week.days.kicker)
    with view.answer, st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption(ALLOCATION, width="content")
        show_why_it_ends(week, label="Why this date")
        show_why(view, "credits_per_concluded", label="Why these credits")
    balances, what_if = st.columns([2, 1], gap="medium")
    with balances:
        parts.show_balances(week)
    with what_if:
        parts.show_what_if(week)
    parts.show_table(week)
    with st.grid(2, min_column_width=480, gap="medium"):
        with st.container():
            parts.show_costs(week)
        with st.container():
            parts.show_spent(week)
    with st.grid(2, min_column_width=480, gap="medium"):
        with st.container():
            parts.show_types(week)
        with st.container():
            parts.show_by_week(week)
    parts.show_by_scholar(week)


PAGE = ui.Page("compute", "Compute", ("period",), ("lead",), _draw, 50)
