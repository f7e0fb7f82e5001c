"""What all pages are built of: headings, tiles, charts with their table, period, empty states."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Literal

import polars as pl
import streamlit as st

from velocity import formats
from velocity.errors import VelocityError
from velocity.reading.downloads import csv_bytes, parquet_bytes
from velocity.reading.periods import PERIODS, Period, Window, window_of
from velocity.ui.owners import made_for
from velocity.ui.sign_in import Admission, admission
from velocity.ui.tables import page_zone, show_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from streamlit.delta_generator import DeltaGenerator

    from velocity.charts import Chart
    from velocity.theme import Mode

# Plotly uses pandas once something has begun to load it, and a session that starts while another
# one's first table loads it would find half a module. So it is whole before any session draws.
import_module("pandas")

_QUIET = {"displayModeBar": False}
_ZOOM = {
    "displayModeBar": True,
    "displaylogo": False,
    "modeBarButtons": [["pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
}
_Choice = Literal["table", "csv", "parquet"]
_CHOICES: dict[_Choice, str] = {"table": "Show as table", "csv": "CSV", "parquet": "Parquet"}


@dataclass(frozen=True)
class Table:
    """The rows behind a figure: what "Data" shows and downloads.

    Args:
        frame: as it is downloaded.
        name: of the file, without ending; letters, digits and dashes.
    """

    frame: pl.DataFrame
    name: str


def theme_mode() -> Mode:
    """Whether the browser shows the light or the dark theme; light until it has said."""
    return "dark" if st.context.theme.type == "dark" else "light"


def heading(title: str, caption: str = "", *, table: Table | None = None) -> None:
    """A section's title and what it is over, with the "Data" menu at the right.

    Args:
        title: Markdown; escape what others wrote (`formats.markdown`); "" for a caption alone.
        caption: window, unit and n; Markdown too.
        table: rows behind the section; its name is the menu's key.
    """
    with st.container(
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="top" if title else "center",
    ):
        with st.container(gap=None, width="stretch"):
            if title:
                st.header(title, anchor=False)
            if caption:
                st.caption(caption)
        if table is not None:
            with st.container(width="content"):
                data_menu(table, title or table.name.capitalize())


def show_chart(
    chart: Chart,
    *,
    title: str,
    caption: str,
    table: Table,
    on_select: Callable[[], None] | None = None,
) -> None:
    """A chart under its heading, with the menu that opens its table.

    Args:
        chart: what to draw.
        title: Markdown, as for `heading`.
        caption: Markdown, as for `heading`.
        table: the drawn rows; its name is the chart's key.
        on_select: what to do when a mark is clicked.
    """
    heading(title, caption, table=table)
    show_figure(chart, key=f"{table.name}-chart", on_select=on_select)


def show_figure(chart: Chart, *, key: str, on_select: Callable[[], None] | None = None) -> None:
    """A chart alone; for places whose heading already has the menu."""
    if chart.missing:
        with st.container(height=chart.spec["layout"]["height"], border=False):
            st.caption(chart.missing)
        return
    config = _ZOOM if chart.zoom else _QUIET
    st.plotly_chart(
        chart.unchecked,
        theme=None,
        key=key,
        alt=chart.alt,
        config=config,
        on_select=on_select or "ignore",
        selection_mode="points",
    )
    if chart.note:
        st.caption(formats.markdown(chart.note))


@st.fragment
def data_menu(table: Table, title: str) -> None:
    """The "Data" menu: the rows of the section `title` as a table, as CSV, as Parquet.

    It runs by itself, without the entry script, so it asks again whether the rows may be seen.
    """
    if not admission().holds():
        st.rerun()
    choice = st.menu_button(
        "Data",
        list(_CHOICES),
        key=f"{table.name}-data",
        type="tertiary",
        format_func=lambda option: _CHOICES[option],
    )
    if choice is not None:
        rows = formats.plural(table.frame.height, "row")
        width: Literal["large", "small"] = "large" if choice == "table" else "small"
        # A new snapshot waits for the dialog: drawing the page again would close it.
        st.session_state["dialog"] = True
        dialog = st.dialog(f"{title}, {rows}", width=width, on_dismiss=_dialog_closed)
        dialog(_offer)(table, choice)


def _dialog_closed() -> None:
    st.session_state["dialog"] = False


def _offer(table: Table, choice: _Choice) -> None:
    if choice == "table":
        if any(isinstance(kind, pl.Datetime) for kind in table.frame.dtypes):
            st.caption(f"Times in {page_zone()}; files carry UTC.")
        # By its name is enough for a table; files have the id too.
        named = "stream_name" in table.frame.columns
        show_rows(
            table.frame.drop("stream", strict=False) if named else table.frame,
            alt=f"Rows of {table.name}",
        )
    files = {
        "csv": ("Download CSV", "csv", "text/csv", csv_bytes),
        "parquet": ("Download Parquet", "parquet", "application/vnd.apache.parquet", parquet_bytes),
    }
    with st.container(horizontal=True):
        for label, ending, mime, content in (
            file for kind, file in files.items() if choice in {"table", kind}
        ):
            # Made only when asked for: most menus are opened for the table.
            st.download_button(
                label,
                data=partial(made_content, admission(), partial(content, table.frame)),
                file_name=f"{table.name}.{ending}",
                mime=mime,
                key=f"{table.name}-{ending}",
                on_click="ignore",
            )


def made_content(admitted: Admission, make: Callable[[], bytes]) -> bytes:
    """The bytes of a file, asked for by a click that runs no script."""
    if not admitted.holds():
        raise VelocityError("This sign-in has ended.", "Sign in again.")
    made = make()
    made_for(admitted, made)
    return made


def tile_row() -> DeltaGenerator:
    """Where tiles go: four side by side, fewer where they would be too narrow."""
    return st.grid(4, min_column_width=196, border=True)


def tile(
    label: str,
    value: str,
    *,
    change: str,
    before: str,
    charts: Sequence[Chart],
    second: str,
    note: str,
    key: str,
) -> None:
    """A headline figure over its charts, with a second figure as text; a cell of `tile_row`.

    Args:
        label: what the figure is.
        value: the figure, short: a long one is cut.
        change: against `before`, with its sign.
        before: the earlier figure, such as "from 215".
        charts: from top to bottom.
        second: the figure that must stand beside it, Markdown.
        note: n, limits and window, Markdown.
        key: of the charts; one for each tile of a page.
    """
    with st.container(gap="xsmall"):
        st.metric(
            label,
            value,
            change,
            delta_color="off",
            delta_arrow="off",
            delta_description=before,
        )
        for place, chart in enumerate(charts):
            show_figure(chart, key=f"{key}-{place}")
        st.markdown(f":small[{second}]")
        st.caption(note)


def empty_state(what: str, command: str, *, link: tuple[str, str] | None = None) -> None:
    """What is missing and the command or setting that fills it, in place of empty axes.

    Args:
        what: one sentence.
        command: shown to be copied.
        link: words and address of where to read on.
    """
    st.markdown(what)
    st.code(command, language=None)
    if link is not None:
        st.markdown(f"[{link[0]}]({link[1]})")


def show_error(error: VelocityError) -> None:
    """What is wrong and what to do, without taking the rest of the page down."""
    st.warning(f"{formats.markdown(error.message)} {formats.markdown(error.hint)}")


def period_control(*, first_day: date, last_day: date, default: Period = "14 days") -> Window:
    """The choice of a window, kept in the page's address (`period`, `days`).

    Belongs in the entry script, before the page runs: only there does it hold from page to page.

    Args:
        first_day: first day with data.
        last_day: last day to show.
        default: what a page opens with.
    """
    period: Period = st.segmented_control(
        "Period",
        PERIODS,
        default=default,
        required=True,
        key="period",
        bind="query-params",
        label_visibility="collapsed",
    )
    custom = _custom_days(first_day, last_day) if period == "Custom" else None
    return window_of(period, first_day=first_day, last_day=last_day, custom=custom)


def _custom_days(first_day: date, last_day: date) -> tuple[date, date] | None:
    chosen = st.date_input(
        "Days",
        value=(first_day, last_day),
        min_value=first_day,
        max_value=last_day,
        format="YYYY-MM-DD",
        key="days",
        bind="query-params",
        label_visibility="collapsed",
        width=210,
    )
    # While a range is being chosen it has one end only.
    return chosen if isinstance(chosen, tuple) and len(chosen) == 2 else None  # noqa: PLR2004
