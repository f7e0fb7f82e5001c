"""Runs: every run of the window, filterable, each with its way to W&B."""

from __future__ import annotations

import polars as pl
import streamlit as st

from velocity import formats, reads, sentences, ui

_COLUMNS = {
    "scholar": st.column_config.TextColumn("Scholar", width=110),
    "stream": st.column_config.TextColumn("Stream", width=90),
    "project": st.column_config.TextColumn("Project", width=140),
    "display_name": st.column_config.TextColumn("Run", width=190),
    "class": st.column_config.TextColumn("State", width=90),
    "started_at": st.column_config.DatetimeColumn("Started", format="D MMM, HH:mm", width=120),
    "active_hours": st.column_config.NumberColumn("Active, hours", format="%.2f", width=100),
    "gpu_count": st.column_config.NumberColumn("GPUs", width=70),
    "joined_by": st.column_config.TextColumn("Joined its experiment by", width=120),
    "flags": st.column_config.TextColumn("Flags", width=120),
    "url": st.column_config.LinkColumn("W&B", display_text="open", width=70),
}


def _chosen(runs: pl.DataFrame, column: str, label: str) -> pl.DataFrame:
    """The runs whose `column` is one of those chosen; all where none is."""
    known = runs[column].drop_nulls().unique().sort().to_list()
    chosen = st.multiselect(
        label,
        known,
        format_func=formats.label,
        key=f"runs-{column}",
        bind="query-params",
        placeholder=f"All {label.lower()}s",
        label_visibility="collapsed",
    )
    return runs.filter(pl.col(column).is_in(chosen)) if chosen else runs


view = ui.view()
runs = view.windowed(reads.runs).with_columns(
    pl.col("started_at").dt.convert_time_zone(view.zone).dt.replace_time_zone(None)
)
whole = view.windowed(reads.metrics, by="programme")
view.say(
    "all runs that started in it",
    sentences.runs(figures=whole.row(0, named=True) if whole.height else None),
)
with st.container(horizontal=True):
    for column, label in (("scholar", "Scholar"), ("project", "Project"), ("class", "State")):
        runs = _chosen(runs, column, label)
ui.heading(
    "Runs",
    f"{formats.plural(runs.height, 'run')}, times in {view.zone}; stale = no sign of life",
    table=ui.Table(runs, "runs"),
)
if runs.is_empty():
    ui.empty_state("No run fits: choose a longer period, or pull more runs.", "velocity sync")
else:
    st.dataframe(
        runs.select(*_COLUMNS),
        column_config=_COLUMNS,
        hide_index=True,
        height=640,
        row_height=34,
        alt="Runs of the window, latest first",
    )
