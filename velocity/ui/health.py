"""The checks of Data health: what each looks for, and the rows that it found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from velocity import formats
from velocity.reading import reads
from velocity.sentences import health as words
from velocity.ui.parts import Table, heading
from velocity.ui.tables import plain_title, show_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from velocity.ui.view import View

_ROWS_SHOWN = 8


def show_lines(unattributed: pl.DataFrame, ambiguous: pl.DataFrame) -> None:
    """Runs that count for nobody, or in no stream."""
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


def show_flags(view: View) -> None:
    """Contradictions in the data of runs, by flag and by run."""
    _check(
        "Flags",
        "Contradictions in the data of runs, and the value that is used instead",
        view.read(reads.flags).filter("fault"),
        ["flag", "runs", "held", "used"],
        wraps=True,
    )
    _check(
        "Flagged runs",
        "Runs with one of these flags; latencies leave out experiments with “clock”",
        view.read(reads.runs, doubtful=True),
        ["scholar", "project", "display_name", "class", "started_at", "end_source", "flags", "url"],
    )


def show_restated(view: View) -> None:
    """Figures of past weeks that changed."""
    _check(
        "Restated figures",
        "Programme figures of past weeks that changed after they were first reported, latest "
        "first; values are not stored if the roster was edited or runs were erased",
        words.restated_rows(view.read(reads.restated, by="programme")),
        ["week_start", "measure", "value_before", "value_after", "restated_at"],
    )


def show_syncs(view: View, syncs: pl.DataFrame) -> None:
    """What was brought in, up to when, and which rows could not be read."""
    _check(
        "Syncs",
        "What each command changed, newest first",
        syncs,
        ["project", "finished_at", "runs_new", "runs_changed", "runs_rejected", "error", "note"],
    )
    _check(
        "Projects",
        "The time up to which the data of each is complete",
        view.read(reads.projects),
        ["entity", "project", "as_of", "runs"],
    )
    _check(
        "Skipped rows",
        "Runs that could not be read; the next sync tries them again",
        view.read(reads.rejected),
    )


def show_keys(view: View) -> None:
    """Config keys that differ between runs of one launch."""
    _check(
        "Config keys that differ within a launch",
        "Between runs launched together; a lead can exclude keys that are not part of the idea "
        "(same_idea_ignore)",
        view.read(reads.key_differences),
    )


def show_residual(hours: float) -> None:
    """Whether the daily figures add up to the runs."""
    heading(
        f"Little's-law residual: {formats.duration(abs(hours))}",
        "Run hours in the daily facts minus the sum over all runs; more than a rounding error is "
        "a bug in this tool",
    )


def _check(
    title: str,
    meaning: str,
    frame: pl.DataFrame,
    columns: Sequence[str] = (),
    *,
    wraps: bool = False,
) -> None:
    """A check as a section: how many rows it found, what they mean, and the rows.

    `wraps`: the rows are few, and their words are our own and long.
    """
    table = Table(frame, title.lower().replace(" ", "-")) if frame.height else None
    with st.container():
        heading(f"{title}: {formats.count(frame.height)}", meaning, table=table)
        if not frame.height:
            return
        shown = frame.select(columns or frame.columns)
        if wraps:
            st.table(shown.rename(plain_title), border="horizontal", hide_index=True)
        else:
            show_rows(shown, alt=title, rows_shown=_ROWS_SHOWN)
