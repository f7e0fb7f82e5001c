"""Compute: what the GPU credits bought, and how long they last."""

from __future__ import annotations

import polars as pl
import streamlit as st

from velocity import reads, sentences, ui
from velocity.charts import draw_burndown, draw_compute

_ALLOCATION = "Allocation, not utilisation; runs over several nodes are under-counted"
_SHOWN_WHOLE = 12
_COLUMNS = {
    "gpu_hours": st.column_config.NumberColumn("GPU-hours", format="%.0f"),
    "gpu_hours_failed": st.column_config.NumberColumn("of failed compute", format="%.0f"),
    "productive_share": st.column_config.NumberColumn("Productive share", format="percent"),
    "credits": st.column_config.NumberColumn("Credits", format="%.0f"),
    "gpu_utilisation": st.column_config.NumberColumn("Measured utilisation", format="percent"),
    "measured_share": st.column_config.NumberColumn("measured of hours", format="percent"),
    "unpriced_run_hours": st.column_config.NumberColumn("Hours of unknown GPUs", format="%.0f"),
}


def _table(frame: pl.DataFrame, title: str, caption: str, name: str) -> None:
    ui.heading(title, caption, table=ui.Table(frame, name))
    st.dataframe(
        frame,
        column_config=_COLUMNS,
        hide_index=True,
        row_height=34,
        height="content" if frame.height < _SHOWN_WHOLE else 430,
    )


view = ui.view()
mode = ui.theme_mode()
ledger = view.read(reads.ledger, by="programme")
whole = view.windowed(reads.metrics, by="programme")
view.say(
    "programme",
    sentences.compute(
        ledger=ledger.row(0, named=True) if ledger.height else None,
        figures=whole.row(0, named=True) if whole.height else None,
    ),
)
balance = view.read(reads.balance, by="programme")
weeks = view.windowed(reads.gpu_weeks)
streams = view.read(reads.streams)["name"].to_list()
with st.grid(2, min_column_width=470, gap="medium"):
    with st.container():
        if balance["granted"].sum():
            ui.show_chart(
                draw_burndown(
                    balance, exhausted_on=ledger["exhausted_on"][0], mode=mode, title="Credits left"
                ),
                title="Credits left",
                caption="Balance at the end of each day; dotted: at the pace of the last 14 days",
                table=ui.Table(balance, "credits-left"),
            )
        else:
            ui.heading("Credits left")
            ui.empty_state(
                "Grants and rates stand in the roster; see docs/configuration.md.",
                "[[credits.grants]]",
            )
    with st.container():
        ui.show_chart(
            draw_compute(
                weeks.with_columns(stream=pl.col("stream_name")),
                streams=streams,
                mode=mode,
                title="GPU-hours by week and stream",
            ),
            title="GPU-hours by week and stream",
            caption=_ALLOCATION,
            table=ui.Table(weeks, "gpu-weeks"),
        )
    for by, title in (("stream", "By stream"), ("scholar", "By scholar")):
        with st.container():
            frame = view.windowed(reads.metrics, by=by).select(
                by,
                "gpu_hours",
                "gpu_hours_failed",
                "productive_share",
                "credits",
                "unpriced_run_hours",
            )
            _table(frame, title, f"{view.window.words}; {_ALLOCATION.lower()}", f"compute-{by}")
    with st.container():
        _table(
            view.windowed(reads.gpu_types),
            "GPU types",
            "Utilisation only where local run files measured it",
            "gpu-types",
        )
