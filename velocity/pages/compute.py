"""Compute: what the GPU credits bought, and how long they last."""

from __future__ import annotations

import polars as pl
import streamlit as st

from velocity import sentences, ui
from velocity.charts import draw_burndown, draw_compute
from velocity.reading import reads

_SPENT = ["gpu_hours", "gpu_hours_failed", "productive_share", "credits"]
_MEASURED = ["gpu_utilisation", "gpu_measured_share"]


def _table(frame: pl.DataFrame, title: str, caption: str, name: str) -> None:
    with st.container():
        ui.heading(title, caption, table=ui.Table(frame, name))
        ui.show_rows(frame, alt=title)


def _spent(by: str, title: str) -> None:
    frame = view.windowed(reads.metrics, by=by, parts=["volume", "compute"])
    if by == "stream":
        frame = frame.with_columns(pl.col(by).replace(names))
    found = _known(frame.select(by, *_SPENT, *_MEASURED, "unpriced_run_hours"))
    _table(found, title, view.window.words, f"compute-{by}")


def _known(frame: pl.DataFrame) -> pl.DataFrame:
    """Without the columns of utilisation where no run measured it."""
    return frame if frame["gpu_measured_share"].sum() else frame.drop(_MEASURED)


def _types() -> None:
    types = _known(view.windowed(reads.gpu_types))
    _table(
        types,
        "GPU types",
        "Utilisation only where local run files measured it"
        if "gpu_utilisation" in types.columns
        else "No run of this window measured its utilisation: local run files do",
        "gpu-types",
    )


view = ui.view()
names = dict(view.read(reads.streams).select("stream", "name").iter_rows())
mode = ui.theme_mode()
ledger = view.read(reads.ledger, by="programme")
whole = view.windowed(reads.metrics, by="programme", parts=["volume", "compute"])
view.say(
    "programme",
    sentences.compute(
        ledger=ledger.row(0, named=True) if ledger.height else None,
        figures=whole.row(0, named=True) if whole.height else None,
    ),
)
balance = view.read(reads.balance, by="programme")
weeks = view.windowed(reads.gpu_weeks)
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
                streams=list(names.values()),
                mode=mode,
                title="GPU-hours by week and stream",
            ),
            title="GPU-hours by week and stream",
            caption=f"{view.window.words}, so the first and last week may be part of one",
            table=ui.Table(weeks, "gpu-weeks"),
        )
with st.grid(2, min_column_width=470, gap="medium"):
    with st.container(gap="medium"):
        _spent("stream", "By stream")
        _types()
    _spent("scholar", "By scholar")
