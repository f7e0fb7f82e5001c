"""Data health: whether the figures can be trusted, counts first, and what to do about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from velocity import formats, sentences, ui
from velocity.reading import reads

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

_FLAGGED = (
    "scholar",
    "project",
    "display_name",
    "class",
    "started_at",
    "end_source",
    "flags",
    "url",
)
_SYNCS = ("project", "finished_at", "runs_new", "runs_changed", "runs_rejected", "error", "note")


def _draw() -> None:
    view = ui.view()
    unattributed = view.read(reads.unattributed)
    ambiguous = view.read(reads.ambiguous)
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
            "Users that are not in the roster",
            "Their runs count in programme totals only; “velocity roster suggest” writes entries",
            unattributed,
        )
        _check(
            "Lines without a stream",
            "Neither a project rule nor a single membership decides; name the stream in the roster",
            ambiguous,
            ["scholar", "project", "experiments", "first_at", "last_at"],
        )
        _check(
            "Flags",
            "Contradictions in the data of runs, and the value that is used instead",
            view.read(reads.flags).filter("fault"),
            ["flag", "runs", "held", "used"],
        )
        _check(
            "Flagged runs",
            "Runs with one of these flags; latencies leave out experiments with “clock”",
            view.read(reads.runs, doubtful=True),
            _FLAGGED,
        )
        _check("Syncs", "What each command changed, newest first", syncs, _SYNCS)
        _check(
            "Projects",
            "The time up to which the data of each is complete",
            view.read(reads.projects),
            ["entity", "project", "as_of", "runs"],
        )
        _check(
            "Config keys that differ within a launch",
            "Between runs launched together; a lead can exclude keys that are not part of the idea "
            "(same_idea_ignore)",
            view.read(reads.key_differences),
        )
        with st.container():
            _check(
                "Skipped rows",
                "Runs that could not be read; the next sync tries them again",
                view.read(reads.rejected),
            )
            ui.heading(
                f"Little's-law residual: {formats.duration(abs(residual))}",
                "Run hours in the daily facts minus the sum over all runs; more than a rounding "
                "error is a bug in this tool",
            )


def _check(title: str, meaning: str, frame: pl.DataFrame, columns: Sequence[str] = ()) -> None:
    """A check as a section: how many rows it found, what they mean, and the rows."""
    table = ui.Table(frame, title.lower().replace(" ", "-")) if frame.height else None
    with st.container():
        ui.heading(f"{title}: {formats.count(frame.height)}", meaning, table=table)
        if frame.height:
            ui.show_rows(frame.select(columns or frame.columns), alt=title, rows_shown=8)


PAGE = ui.Page("data_health", "Data health", (), ("lead",), _draw, 80, "Evidence")
