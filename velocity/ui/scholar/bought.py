"""What the scholar's compute bought."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import streamlit as st

from velocity.charts.hours import draw_bought
from velocity.charts.tile_trend import Line, draw_panel
from velocity.reading import reads
from velocity.sentences import bought as words
from velocity.ui.parts import heading, show_figure, theme_mode
from velocity.ui.why import show_why

if TYPE_CHECKING:
    from velocity.ui.scholar.sheet import Sheet


def show_bought(sheet: Sheet) -> None:
    """GPU-hours, what they led to, and their cost per concluded experiment."""
    now = sheet.now
    change = sheet.change_of("gpu_hours_per_concluded")
    parts, after = words.parts(now), words.after_decision(now)
    heading(
        "What my compute bought" if sheet.whose.own else "What the compute bought",
        words.over(sheet.window),
        table=sheet.table(parts, "compute"),
    )
    with st.container(horizontal=True, gap="small"):
        for label, value, about in words.figures(now):
            st.metric(label, value, help=about, width="stretch")
    show_figure(draw_bought(parts, mode=theme_mode(), title="GPU-hours"), key="bought-chart")
    st.html(words.key(parts, theme_mode()))
    spent = sheet.view.windowed(reads.compute_table, by_scholar=True)
    told = [it for it in sheet.who["streams"] if sheet.view.scope.sees_stream(it)]
    share = words.of_streams(spent.filter(pl.col("stream").is_in(told)), sheet.scholar)
    st.markdown(" ".join(filter(None, (words.compared(now, sheet.before, change), share, after))))
    panel = Line(
        "gpu_hours_per_concluded",
        "GPU-hours per concluded experiment",
        "count",
        value=words.per_concluded(now),
    )
    show_figure(
        draw_panel(
            sheet.trend.frame,
            panel=panel,
            weeks=sheet.weeks_of(panel.column),
            mode=theme_mode(),
            title="GPU-hours per concluded experiment",
        ),
        key="cost-chart",
    )
    if unknown := words.unknown(now):
        st.caption(unknown)
    show_why(sheet.view, "gpu_hours", scholar=sheet.scholar)
