"""Why this number: one figure of a scholar, a stream or the programme, from raw rows on."""

from __future__ import annotations

import streamlit as st

from velocity import formats, ui
from velocity.sentences import why_this_number
from velocity.ui.why import choose_figure, sees_hours


def _draw() -> None:
    view = ui.view()
    with st.container(horizontal=True):
        chosen = choose_figure(view)
    if chosen is None:
        return
    found, result, name = chosen
    view.say(
        f"{formats.markdown(formats.label(name))}, times in {view.zone}",
        why_this_number(found, result, name),
        window=found.over,
    )
    hours = sees_hours(view) if found.scholar is None else sees_hours(view, found.scholar)
    ui.show_explanation(found, result, hours=hours)


PAGE = ui.Page(
    "why",
    "Why this number",
    ("period", "scholar"),
    ("lead", "mentor", "research manager", "scholar"),
    _draw,
    70,
    "Evidence",
    opens="4 weeks",
)
