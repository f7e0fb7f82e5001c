"""Compute: what the GPU credits bought, and how long they last."""

from __future__ import annotations

import polars as pl
import streamlit as st

from velocity import sentences, ui
from velocity.charts.burndown import draw_burndown
from velocity.charts.compute import draw_compute
from velocity.reading import reads

_SPENT = ["gpu_hours", "gpu_hours_failed", "productive_share", "credits"]
_MEASURED = ["gpu_utilisation", "gpu_measured_share"]


def _draw() -> None:
    view = ui.view()
    names = view.stream_names
    ledger = view.read(reads.ledger, by="programme")
    whole = view.windowed(reads.metrics, by="programme", parts=["volume", "compute"])
    view.say(
        "programme",
        sentences.compute(
            ledger=ledger.row(0, named=True) if ledger.height else None,
            figures=whole.row(0, named=True) if whole.height else None,
        ),
    )
    with st.grid(2, min_column_width=470, gap="medium"):
        with st.container():
            _credits_left(view, ledger)
        with st.container():
            title, weeks = "GPU-hours by week and stream", view.windowed(reads.gpu_weeks)
            stacked = weeks.with_columns(stream=pl.col("stream_name"))
            streams = list(names.values())
            ui.show_chart(
                draw_compute(stacked, streams=streams, mode=ui.theme_mode(), title=title),
                title=title,
                caption=f"{view.window.words}; the first and last week may be incomplete",
                table=ui.Table(weeks, "gpu-weeks"),
            )
    with st.grid(2, min_column_width=470, gap="medium"):
        with st.container(gap="medium"):
            by_stream = _spent(view, "stream").with_columns(pl.col("stream").replace(names))
            _table(by_stream, "By stream", view.window.words, "compute-stream")
            types = _known(view.windowed(reads.gpu_types))
            caption = "No run in this window has a measured utilisation; local run files have it"
            if "gpu_utilisation" in types.columns:
                caption = "Utilisation is known only where local run files measured it"
            _table(types, "GPU types", caption, "gpu-types")
        by_scholar = _spent(view, "scholar")
        _table(by_scholar, "By scholar", view.window.words, "compute-scholar")


def _credits_left(view: ui.View, ledger: pl.DataFrame) -> None:
    title, balance = "Credits left", view.read(reads.balance, by="programme")
    if not balance["granted"].sum():
        ui.heading(title)
        words = "Add grants and rates to the roster; see docs/configuration.md."
        ui.empty_state(words, "[[credits.grants]]")
        return
    until = ledger["exhausted_on"][0]
    ui.show_chart(
        draw_burndown(balance, exhausted_on=until, mode=ui.theme_mode(), title=title),
        title=title,
        caption="Balance at the end of each day; dotted: at the pace of the last 14 days",
        table=ui.Table(balance, "credits-left"),
    )


def _spent(view: ui.View, by: str) -> pl.DataFrame:
    frame = view.windowed(reads.metrics, by=by, parts=["volume", "compute"])
    return _known(frame.select(by, *_SPENT, *_MEASURED, "unpriced_run_hours"))


def _known(frame: pl.DataFrame) -> pl.DataFrame:
    """Without the columns of utilisation if no run measured it."""
    return frame if frame["gpu_measured_share"].sum() else frame.drop(_MEASURED)


def _table(frame: pl.DataFrame, title: str, caption: str, name: str) -> None:
    with st.container():
        ui.heading(title, caption, table=ui.Table(frame, name))
        ui.show_rows(frame, alt=title)


PAGE = ui.Page("compute", "Compute", ("period",), ("lead",), _draw, 50)
