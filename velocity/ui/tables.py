"""Frames as readable tables: plain words, the programme's time zone, units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import streamlit as st
from polars import selectors

from velocity.reading.definitions import metrics
from velocity.reading.hours import day_of
from velocity.ui.paper_table import show_on_paper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streamlit.elements.lib.column_types import ColumnConfig

ROW_HEIGHT = 34
#: A table of more rows scrolls, with part of a row at its end to say so.
_ROWS_SHOWN = 12
NONE = "\u2013"

#: Titles of columns whose name or metric header would not give a good one.
_TITLES = {
    "as_of": "Complete to",
    "charged_credits": "Credits charged",
    "charged_gpu_hours": "GPU-hours charged",
    "class": "State",
    "differing": "Launches it differs in",
    "differing_share": "Of those",
    "display_name": "Run",
    "end_source": "End known from",
    "event": "Ended",
    "experiment_id": "Experiment",
    "experiment_name": "Experiment",
    "gpu_count": "GPUs",
    "gpu_type": "GPU type",
    "gpus": "GPUs",
    "group_name": "W&B group",
    "heartbeat_at": "Last heartbeat",
    "joined_by": "Joined by",
    "hours_inside": "Hours in the window",
    "k": "Successes needed",
    "key": "Config key",
    "launches": "Launches with it",
    "n": "n",
    "next_at": "Next launch",
    "period_start": "From",
    "queue_hours": "Created to started",
    "rate": "Credits per GPU-hour",
    "run_id": "Run id",
    "runs_changed": "Changed",
    "runs_deleted": "Gone",
    "runs_new": "New",
    "runs_rejected": "Skipped",
    "runs_unchanged": "Unchanged",
    "scheduler_queue_hours": "Submitted to started",
    "start_source": "Start known from",
    "state": "W&B state",
    "stream_name": "Stream",
    "url": "W&B",
    "username": "W&B user",
    "week_start": "Week of",
}
#: Columns whose words have underscores in the data.
_WORDS = {
    "measure",
    "class",
    "end_source",
    "flags",
    "joined_by",
    "outcome",
    "start_source",
    "state",
    "status",
}
_SHARES = ("_share", "_utilisation")
#: Columns whose third and fourth decimal decide what a median is.
_FINE = ("survival",)
#: Sums so large that decimals do not matter.
_WHOLE = ("gpu_hours", "credits", "unpriced")


def plain_title(column: str) -> str:
    """The title of a column: "started_at" is "Started"."""
    if column in _TITLES:
        return _TITLES[column]
    if column in metrics():
        return metrics()[column].title
    words = column.removesuffix("_at").replace("_", " ")
    if words.endswith(" hours"):
        words = f"{words.removesuffix(' hours')}, hours"
    return words[:1].upper() + words[1:]


def readable(frame: pl.DataFrame, zone: str) -> pl.DataFrame:
    """The frame as a table shows it, with the same columns.

    Times are naive in `zone` (the browser would convert them to its own), shares are per cent,
    underscores are spaces, a measure has its title, and a list is one text.
    """
    return frame.with_columns(
        _readable(pl.col(name), name, kind, zone) for name, kind in frame.schema.items()
    )


def _are_days(instants: pl.Series) -> bool:
    """Whether all are the beginnings of days, as for viewers who may not see hours."""
    days = instants.to_frame().select(day_of(pl.all(), page_zone())).to_series()
    return not instants.is_empty() and bool((instants == days).all())


def _readable(column: pl.Expr, name: str, kind: pl.DataType, zone: str) -> pl.Expr:
    if isinstance(kind, pl.Datetime) and kind.time_zone is not None:
        return column.dt.convert_time_zone(zone).dt.replace_time_zone(None)
    if isinstance(kind, pl.List):
        item = pl.element().round(2) if kind == pl.List(pl.Float64) else pl.element()
        return column.list.eval(item.cast(pl.String)).list.join(", ")
    if kind == pl.Boolean:
        return pl.when(column).then(pl.lit("yes")).otherwise(pl.lit("")).alias(name)
    if kind.is_float() and name.endswith(_SHARES):
        return column * 100
    if kind == pl.String and name in _WORDS:
        titles = {it: metric.title for it, metric in metrics().items()} if name == "measure" else {}
        return column.replace(titles).str.replace_all("_", " ")
    return column


def _config(name: str, kind: pl.DataType, width: int | None) -> ColumnConfig:
    title = plain_title(name)
    if name == "url":
        return st.column_config.LinkColumn(title, display_text="open", width=width or 60)
    if isinstance(kind, pl.Datetime):
        return st.column_config.DatetimeColumn(title, format="D MMM YYYY, HH:mm", width=width)
    if kind == pl.Date:
        return st.column_config.DateColumn(title, format="D MMM YYYY", width=width)
    if kind.is_numeric():
        return st.column_config.NumberColumn(title, format=_number_format(name, kind), width=width)
    return st.column_config.TextColumn(title, width=width)


def _number_format(name: str, kind: pl.DataType) -> str:
    if name.endswith(_SHARES):
        return "%.0f\u00a0%%"
    whole = kind.is_integer() or name.startswith(_WHOLE)
    if name.startswith(_FINE):
        return "%.4f"
    return "%,.0f" if whole else "%,.2f"


def page_zone() -> str:
    """The programme's time zone when the page was opened."""
    return str(st.session_state.get("zone", "UTC"))


def page_days() -> str:
    """The days that the page covers, for names of files: "2026-10-26-2026-11-22"; "" without."""
    return str(st.session_state.get("days", ""))


def page_about() -> str:
    """The days that the page covers and the age of its data, in words."""
    return str(st.session_state.get("about", ""))


def column_config(
    frame: pl.DataFrame, widths: Mapping[str, int] | None = None
) -> dict[str, ColumnConfig]:
    """Titles and number formats of a read's columns; `widths` maps columns to pixels."""
    asked = widths or {}
    days = {it.name for it in frame.select(selectors.datetime(time_zone="*")) if _are_days(it)}
    return {
        name: _config(name, pl.Date() if name in days else kind, asked.get(name))
        for name, kind in frame.schema.items()
    }


def show_rows(
    frame: pl.DataFrame,
    *,
    alt: str,
    rows_shown: int = _ROWS_SHOWN,
    pinned: str | None = None,
) -> None:
    """Rows as a table; an unknown value is a dash.

    Args:
        frame: the rows of a read.
        alt: a description for screen readers.
        rows_shown: with more rows it scrolls.
        pinned: column that stays in place while the others scroll.
    """
    columns = column_config(frame)
    if pinned is not None:
        columns[pinned]["pinned"] = True
    scrolls = frame.height > rows_shown
    shown = readable(frame, page_zone())
    st.dataframe(
        shown,
        column_config=columns,
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=int(ROW_HEIGHT * (rows_shown + 1.5)) if scrolls else "content",
        placeholder=NONE,
        alt=alt,
    )
    show_on_paper(shown, columns, none=NONE)
