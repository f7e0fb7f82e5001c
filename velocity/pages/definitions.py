"""Definitions: what every figure means, from the headers of the queries that compute it."""

from __future__ import annotations

import streamlit as st

from velocity import ui
from velocity.reading import definitions
from velocity.reading.conventions import conventions


def _draw() -> None:
    st.caption("Definitions · as in docs/metrics.md, with the settings of this dashboard")
    st.title("Every figure has one definition: the query that computes it.", anchor=False)
    with st.container(width=640):
        for title, rules in conventions(ui.settings_now().experiments).items():
            ui.heading(title)
            st.markdown(rules)
        ui.heading("Terms")
        for word in definitions.words():
            st.markdown(f"**{word.title}.** {word.text}")
        for group in definitions.groups():
            ui.heading(group.title, group.text)
            for metric in group.metrics:
                formula = f" Formula: `{metric.formula}`." if metric.formula else ""
                st.markdown(
                    f"**{metric.title}** (`{metric.id}`, {metric.unit}). {metric.text}{formula}"
                )
            for it in group.sums:
                st.markdown(f"**{it.title}** (`{it.id}`, {it.unit}, only in formulas). {it.text}")


PAGE = ui.Page("definitions", "Definitions", None, ui.EVERYONE, _draw, 90, "Evidence")
