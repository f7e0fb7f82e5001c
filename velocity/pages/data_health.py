"""Data health: whether the figures can be trusted, counts first, and what to do about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from velocity import formats, sentences, ui
from velocity.reading import reads

if TYPE_CHECKING:
    import polars as pl

_FLAGGED = [
    "scholar",
    "project",
    "display_name",
    "class",
    "started_at",
    "end_source",
    "flags",
    "url",
]
_SYNCS = ["project", "finished_at", "runs_new", "runs_changed", "runs_rejected", "error", "note"]


def _check(title: str, meaning: str, frame: pl.DataFrame, columns: list[str] | None = None) -> None:
    """A check as a section: how many rows it found, what they mean, and the rows."""
    name = title.lower().replace(" ", "-")
    with st.container():
        ui.heading(
            f"{title}: {formats.count(frame.height)}",
            meaning,
            table=ui.Table(frame, name) if frame.height else None,
        )
        if frame.height:
            ui.show_rows(frame.select(columns or frame.columns), alt=title, rows_shown=8)


view = ui.view()
flagged = view.read(reads.runs, doubtful=True)
flags = view.read(reads.flags)
unattributed = view.read(reads.unattributed)
ambiguous = view.read(reads.ambiguous)
rejected = view.read(reads.rejected)
syncs = view.read(reads.sync_log)
residual = float(view.read(reads.littles_law_residual)["littles_law_residual_hours"].sum())
view.say(
    f"{formats.plural(view.trust['runs'], 'run')}, times in {view.zone}",
    sentences.data_health(
        trust=view.trust,
        unattributed=unattributed,
        ambiguous=ambiguous,
        syncs=syncs,
        residual_hours=residual,
    ),
)
with st.grid(2, min_column_width=470, gap="medium"):
    _check(
        "Users that the roster lacks",
        "Their runs count in programme totals only; “velocity roster suggest” writes entries",
        unattributed,
    )
    _check(
        "Lines without a stream",
        "No project rule and no single membership claims them; say which in the roster",
        ambiguous,
        ["scholar", "project", "experiments", "first_at", "last_at"],
    )
    _check(
        "Flags",
        "What of a run was held against what else, and what counts instead",
        flags.filter("fault"),
        ["flag", "runs", "held", "used"],
    )
    _check(
        "Flagged runs",
        "Runs that bear one of these flags; experiments with the flag “clock” have no latency",
        flagged,
        _FLAGGED,
    )
    _check("Syncs", "What each command brought, newest first", syncs, _SYNCS)
    _check(
        "Projects",
        "To which instant each is complete",
        view.read(reads.projects),
        ["entity", "project", "as_of", "runs"],
    )
    _check(
        "Config keys that differ in a launch",
        "Of runs begun together; a lead can have those ignored that say nothing of the idea "
        "(same_idea_ignore)",
        view.read(reads.key_differences),
    )
    with st.container():
        _check(
            "Rows set aside",
            "Runs that could not be read; they are tried again at the next sync",
            rejected,
        )
        ui.heading(
            f"Little's-law residual: {formats.duration(abs(residual))}",
            "Run hours of the daily facts less those added run by run; 0 but for rounding, "
            "or it is a fault of ours",
        )
