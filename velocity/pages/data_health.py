"""Data health: whether the figures can be trusted, counts first, and what to do about each."""

from __future__ import annotations

import polars as pl
import streamlit as st

from velocity import formats, reads, sentences, ui

_SHOWN_WHOLE = 9
_FLAGGED = ["scholar", "project", "run_id", "state", "class", "started_at", "end_source", "flags"]


def _check(title: str, meaning: str, frame: pl.DataFrame, name: str) -> None:
    """A check as a section: how many rows it found, what they mean, and the rows."""
    ui.heading(
        f"{title}: {formats.count(frame.height)}",
        meaning,
        table=ui.Table(frame, name) if frame.height else None,
    )
    if frame.height:
        st.dataframe(
            frame,
            hide_index=True,
            row_height=34,
            height="content" if frame.height < _SHOWN_WHOLE else 340,
        )


view = ui.view()
flagged = view.read(reads.runs).filter(pl.col("flags").str.contains("clock|estimated|unknown_end"))
unattributed = view.read(reads.unattributed)
ambiguous = view.read(reads.ambiguous)
rejected = view.read(reads.rejected)
syncs = view.read(reads.sync_log)
view.say(
    formats.plural(view.trust["runs"], "run"),
    sentences.data_health(
        trust=view.trust,
        unattributed=unattributed,
        ambiguous=ambiguous,
        syncs=syncs,
        residual_hours=view.read(reads.littles_law_residual).item(),
    ),
)
with st.grid(2, min_column_width=470, gap="medium"):
    with st.container():
        _check(
            "Users that the roster lacks",
            "Their runs count in programme totals only; “velocity roster suggest” writes entries.",
            unattributed,
            "unattributed",
        )
    with st.container():
        _check(
            "Lines without a stream",
            "No project rule and no single membership claims them; say which in the roster.",
            ambiguous,
            "ambiguous",
        )
    with st.container():
        _check(
            "Rows set aside",
            "Runs that could not be read; they are tried again at the next sync.",
            rejected,
            "rejected",
        )
    with st.container():
        _check(
            "Flagged runs",
            "Doubtful clocks, estimated sessions, unknown ends; clocks are left out of latency.",
            flagged.select(_FLAGGED),
            "flagged",
        )
    with st.container():
        _check(
            "Projects",
            "To which instant each is complete (UTC).",
            view.read(reads.projects),
            "projects",
        )
    with st.container():
        _check(
            "Syncs", "What each command brought, newest first.", view.read(reads.sync_log), "syncs"
        )
