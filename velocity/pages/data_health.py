"""Data health: whether the figures can be trusted, counts first, and what to do about each."""

import polars as pl
import streamlit as st

from velocity import formats
from velocity.reading import reads
from velocity.sentences.health import data_health
from velocity.sentences.weeks import restated_rows
from velocity.ui.page import Page
from velocity.ui.parts import Table, heading
from velocity.ui.tables import page_zone, plain_title, readable, show_rows
from velocity.ui.view import current_view

_ROWS_SHOWN = 8


def _draw() -> None:
    view = current_view()
    unattributed, ambiguous = view.read(reads.unattributed), view.read(reads.ambiguous)
    syncs = view.read(reads.sync_log)
    residual = float(view.read(reads.littles_law_residual)["littles_law_residual_hours"].sum())
    view.say(
        f"{formats.plural(view.trust['runs'], 'run')}, times in {view.zone}",
        data_health(
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
            "scholar project experiments first_at last_at",
        )
        _check(
            "Flags",
            "Contradictions in the data of runs, and the value that is used instead",
            view.read(reads.flags).filter("fault"),
            "flag runs held used",
            wraps=True,
        )
        _check(
            "Flagged runs",
            "Runs with one of these flags; latencies leave out experiments with “clock”",
            view.read(reads.runs, doubtful=True),
            "scholar project display_name class started_at end_source flags url",
        )
        _check(
            "Restated figures",
            "Programme figures of past weeks that changed after they were first reported, latest "
            "first; values are not stored if the roster was edited or runs were erased",
            restated_rows(view.read(reads.restated, by="programme")),
            "week_start measure value_before value_after restated_at",
        )
        _check(
            "Syncs",
            "What each command changed, newest first",
            syncs,
            "project finished_at runs_new runs_changed runs_rejected error note",
        )
        _check(
            "Projects",
            "The time up to which the data of each is complete",
            view.read(reads.projects),
            "entity project as_of runs",
        )
        _check(
            "Skipped rows",
            "Runs that could not be read; the next sync tries them again",
            view.read(reads.rejected),
        )
        _check(
            "Config keys that differ within a launch",
            "Between runs launched together; a lead can exclude keys that are not part of the idea "
            "(same_idea_ignore)",
            view.read(reads.key_differences),
        )
        heading(
            f"Little's-law residual: {formats.duration(abs(residual))}",
            "Run hours in the daily facts minus the sum over all runs; more than a rounding error "
            "is a bug in this tool",
        )


def _check(
    title: str, meaning: str, frame: pl.DataFrame, columns: str = "", *, wraps: bool = False
) -> None:
    """A check as a section: how many rows it found, what they mean, and the rows.

    `wraps`: the rows are few, and their words are our own and long.
    """
    table = Table(frame, title.lower().replace(" ", "-")) if frame.height else None
    shown = frame.select(columns.split() or frame.columns)
    with st.container():
        heading(f"{title}: {formats.count(frame.height)}", meaning, table=table)
        if wraps and frame.height:
            said = readable(shown, page_zone()).rename(plain_title)
            st.table(said, border="horizontal", hide_index=True)
        elif frame.height:
            show_rows(shown, alt=title, rows_shown=_ROWS_SHOWN)


PAGE = Page("data_health", "Data health", (), ("lead",), _draw, 80, "Evidence")
