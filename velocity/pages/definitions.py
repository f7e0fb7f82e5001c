"""Definitions: what every figure means, from the headers of the queries that compute it."""

from __future__ import annotations

import streamlit as st

from velocity import ui
from velocity.sentences import Answer
from velocity.sql import list_queries

view = ui.view()
view.say(
    "the same words as in the tooltips",
    Answer("Every figure has one definition: the query that computes it."),
)
with st.container(width=640):
    for query in list_queries("metrics"):
        ui.heading(query.title)
        st.markdown(query.text)
        for metric in query.metrics:
            st.markdown(f"**{metric.title}** (`{metric.id}`, {metric.unit}). {metric.text}")
