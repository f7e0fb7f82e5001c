"""Frames as readable tables: plain words, the programme's time zone, units; on paper too."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import streamlit as st
from polars import selectors

from velocity import formats
from velocity.reading.definitions import metrics
from velocity.reading.periods import day_of

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig

_ROW_HEIGHT = 34
#: A table of more rows scrolls, with part of a row at its end to say so.
_ROWS_SHOWN = 12
NONE = "\u2013"
#: Rows on paper. More are better read in a file; they would make every page heavier.
MOST = 250

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
    "hours_inside": "Hours in the window",
    "k": "Successes needed",
    "key": "Config key",
    "launches": "Launches with it",
    "n": "n",
    "next_at": "Next launch",
    "period_start": "From",
    "queue_hours": "Created to started",
    "rate": "Credits per GPU-hour",
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
    *("measure", "class", "end_source", "flag", "flags", "joined_by", "outcome"),
    *("start_source", "state", "status"),
}
_SHARES = ("_share", "_utilisation")
#: Columns whose third and fourth decimal decide what a median is.
_FINE = ("survival",)
#: Sums so large that decimals do not matter.
_WHOLE = ("gpu_hours", "credits", "unpriced")


def plain_title(column: str) -> str:
    """The title of a column: "started_at" is "Started"."""
    if column in _TITLES or column in metrics():
        return _TITLES.get(column) or metrics()[column].title
    words = column.removesuffix("_at").replace("_", " ")
    if words.endswith(" hours"):
        words = f"{words.removesuffix(' hours')}, hours"
    return words[:1].upper() + words[1:]


def readable(frame: pl.DataFrame, zone: str) -> pl.DataFrame:
    """The frame as a table shows it, with the same columns.

    Times are naive in `zone` (the browser would convert them to its own), shares are per cent,
    underscores are spaces, a measure has its title, and a list is one text.
    """
    titles = {it: metric.title for it, metric in metrics().items()}

    def shown(name: str, kind: pl.DataType) -> pl.Expr:
        column = pl.col(name)
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
            known = column.replace(titles) if name == "measure" else column
            return known.str.replace_all("_", " ")
        return column

    return frame.with_columns(shown(name, kind) for name, kind in frame.schema.items())


def _config(name: str, kind: pl.DataType, width: int | None) -> ColumnConfig:
    title = plain_title(name)
    if name == "url":
        return st.column_config.LinkColumn(title, display_text="open", width=width or 60)
    if isinstance(kind, pl.Datetime):
        return st.column_config.DatetimeColumn(title, format="D MMM YYYY, HH:mm", width=width)
    if kind == pl.Date:
        return st.column_config.DateColumn(title, format="D MMM YYYY", width=width)
    if kind.is_numeric():
        form = "%,.0f" if kind.is_integer() or name.startswith(_WHOLE) else "%,.2f"
        form = "%.4f" if name.startswith(_FINE) else form
        form = "%.0f\u00a0%%" if name.endswith(_SHARES) else form
        return st.column_config.NumberColumn(title, format=form, width=width)
    return st.column_config.TextColumn(title, width=width)


def page_zone() -> str:
    """The programme's time zone when the page was opened."""
    return str(st.session_state.get("zone", "UTC"))


def column_config(
    frame: pl.DataFrame, widths: Mapping[str, int] | None = None
) -> dict[str, ColumnConfig]:
    """Titles and number formats of a read's columns; `widths` maps columns to pixels."""
    asked, instants = widths or {}, frame.select(selectors.datetime(time_zone="*"))
    # All are the beginnings of days, as for viewers who may not see hours.
    begin = instants.select((pl.all() == day_of(pl.all(), page_zone())).all())
    days = {it.name for it in begin if frame.height and it.item()}
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
    widths: Mapping[str, int] | None = None,
    key: str | None = None,
    selects: bool = False,
) -> int | None:
    """Rows as a table; an unknown value is a dash. Returns the number of the selected row.

    With more than `rows_shown` it scrolls, while the column `pinned` stays in place. `alt`
    describes it for screen readers; `widths` of some columns are px; `selects`: whether a row can
    be selected, with mouse or keyboard.
    """
    columns = column_config(frame, widths)
    if pinned is not None:
        columns[pinned]["pinned"] = True
    scrolls = frame.height > rows_shown
    shown = readable(frame, page_zone())
    state: Any = st.dataframe(
        shown,
        column_config=columns,
        hide_index=True,
        row_height=_ROW_HEIGHT,
        height=int(_ROW_HEIGHT * (rows_shown + 1.5)) if scrolls else "content",
        placeholder=NONE,
        alt=alt,
        key=key,
        on_select="rerun" if selects else "ignore",
        selection_mode="single-row",
    )
    st.html(table_on_paper(shown, columns))
    # The browser sends a position only: ids come from rows that were read for the viewer.
    match state:
        case {"selection": {"rows": [int(place), *_]}} if selects and 0 <= place < frame.height:
            return place
    return None


def table_on_paper(shown: pl.DataFrame, columns: Mapping[str, Any]) -> str:
    """The plain table, as HTML, that paper has for the grid, a picture of the rows in sight.

    It has the first `MOST` rows that the grid shows, without links, and says how many there are.
    """
    told = [it for it in shown.columns if columns[it]["type_config"]["type"] != "link"]

    def cells(tag: str, texts: Iterable[str]) -> str:
        return "".join(f"<{tag}>{html.escape(it)}</{tag}>" for it in texts)

    heads = cells("th", (columns[it]["label"] for it in told))
    rows = "".join(
        f"<tr>{cells('td', (_on_paper(row[it], columns[it]) for it in told))}</tr>"
        for row in shown.head(MOST).iter_rows(named=True)
    )
    more = ""
    if shown.height > MOST:
        more = f"<p>{MOST} of {formats.plural(shown.height, 'row')}; the menu Data has all.</p>"
    head = f"<thead><tr>{heads}</tr></thead>"
    return f'<div class="on-paper"><table>{head}<tbody>{rows}</tbody></table>{more}</div>'


def _on_paper(value: object, column: Mapping[str, Any]) -> str:
    kind = column["type_config"]
    if value is None:
        return NONE
    if isinstance(value, datetime) and kind["type"] != "date":
        return f"{formats.day(value)} {value.year}, {formats.clock(value)}"
    if isinstance(value, date):
        return f"{formats.day(value)} {value.year}"
    if isinstance(value, int | float):
        number, _, unit = kind["format"].removeprefix("%").partition("f")
        return f"{value:{number}f}{unit.replace('%%', '%')}"
    return str(value)
