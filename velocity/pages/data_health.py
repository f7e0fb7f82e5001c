"""Data health: whether the figures can be trusted, counts first, and what to do about each."""

from __future__ import annotations

import polars as pl
import streamlit as st

from velocity import formats, reads, ui
from velocity.sentences import Answer

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
            frame, hide_index=True, row_height=34, height="content" if frame.height < 9 else 340
        )


view = ui.view()
flagged = view.read(reads.runs).filter(pl.col("flags").str.contains("clock|estimated|unknown_end"))
unattributed = view.read(reads.unattributed)
ambiguous = view.read(reads.ambiguous)
rejected = view.read(reads.rejected)
residual = view.read(reads.littles_law_residual).item()
doubtful = unattributed.height + ambiguous.height + rejected.height
view.say(
    formats.plural(view.trust["runs"], "run"),
    Answer(
        f"{formats.share_exact(view.trust['attributed_share'])} of runs belong to a known scholar; "
        f"{formats.plural(doubtful, 'entry' if doubtful == 1 else 'entrie')} below need a look."
        if doubtful
        else "Every run belongs to a known scholar, and every row could be read.",
        f"The daily facts and the runs differ by {formats.duration(residual)} in all: "
        "anything but nothing is a fault of this program.",
    ),
)
with st.grid(2, min_column_width=470, gap="medium"):
    with st.container():
        _check(
            "Users that the roster lacks",
            "Their runs count in programme totals only; `velocity roster suggest` writes entries.",
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
