"""The parts of every page: headings, tiles, charts with their tables, period, empty states."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Literal

import polars as pl
import streamlit as st

from velocity import formats
from velocity.reading.definitions import definition
from velocity.reading.downloads import csv_bytes, parquet_bytes
from velocity.sentences.answer import as_read, defined
from velocity.ui.files import download_button
from velocity.ui.sign_in import admission
from velocity.ui.tables import page_about, page_days, page_zone, show_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from velocity.charts.base import Chart
    from velocity.errors import VelocityError
    from velocity.theme import Mode

# Plotly uses pandas as soon as its import begins. A session that starts while another one
# imports it for its first table would find a partial module, so it is imported before any
# session draws.
import_module("pandas")

_QUIET = {"displayModeBar": False}
_ZOOM = {
    "displayModeBar": True,
    "displaylogo": False,
    "modeBarButtons": [["pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
}
_CHOICES = {"table": "Show as table", "csv": "CSV", "parquet": "Parquet"}
_PICTURES: dict[str, str] = {"png": "PNG", "svg": "SVG"}
#: Choices of menus whose dialogs are wide.
_WIDE = ("table", "slack", *_PICTURES)
#: Of a saved picture, px.
_PICTURE_WIDTH = 1000


@dataclass(frozen=True)
class Table:
    """The rows behind a figure, which "Data" shows and downloads.

    Args:
        frame: as it is downloaded.
        name: key of the section; letters, digits and dashes.
        file: name of the file without its extension; "" for that of the section, and the days.
        charts: drawn from these rows; they can be saved as pictures.
    """

    frame: pl.DataFrame
    name: str
    file: str = ""
    charts: tuple[Chart, ...] = ()

    @property
    def called(self) -> str:
        """The name of its files: block and days, and the person of a page about one."""
        days = page_days()
        return self.file or (f"{self.name}-{days}" if days else self.name)


def theme_mode() -> Mode:
    """The browser's theme; light until it is known."""
    return "dark" if st.context.theme.type == "dark" else "light"


def heading(
    title: str, caption: str = "", *, table: Table | None = None, about: str | None = None
) -> None:
    """A section's title and caption, with the "Data" menu at the right.

    Args:
        title: Markdown; escape other people's text (`formats.markdown`); "" for a caption alone.
        caption: window, unit and n; Markdown too.
        table: rows behind the section; its name is the menu's key.
        about: tooltip of the title, Markdown; None without one.
    """
    with st.container(
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="top" if title else "center",
    ):
        with st.container(gap=None, width="stretch"):
            if title:
                st.header(title, anchor=False, help=about)
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
    """A chart under its heading, as for `heading`; the table's name is its key.

    `on_select` is called when a mark is clicked.
    """
    heading(title, caption, table=replace(table, charts=(chart,)))
    show_figure(chart, key=f"{table.name}-chart", on_select=on_select)


def show_figure(chart: Chart, *, key: str, on_select: Callable[[], None] | None = None) -> None:
    """A chart without a heading."""
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


def data_menu(table: Table, title: str) -> None:
    """The "Data" menu: rows of the section `title` as a table or file, charts as pictures."""
    rows = formats.plural(table.frame.height, "row")
    drawn = any(not chart.missing for chart in table.charts)
    menu(
        "Data",
        _CHOICES | (_PICTURES if drawn else {}),
        partial(_offer, table, title),
        key=f"{table.name}-data",
        title=lambda _: f"{title}, {rows}",
    )


@st.fragment
def menu(
    label: str,
    choices: Mapping[str, str],
    offer: Callable[[str], None],
    *,
    key: str,
    title: Callable[[str], str],
) -> None:
    """A menu whose choices open a dialog.

    It runs without the entry script, so it checks the admission again.

    Args:
        label: of its button.
        choices: choice -> its words.
        offer: draws the dialog of a choice.
        key: of the button.
        title: of the dialog of a choice, Markdown.
    """
    if not admission().holds():
        st.rerun()
    choice = st.menu_button(
        label, list(choices), key=key, type="tertiary", format_func=choices.__getitem__
    )
    if choice is not None:
        width: Literal["large", "small"] = "large" if choice in _WIDE else "small"
        # A new snapshot waits until the dialog is closed: a new run of the page would close it.
        st.session_state["dialog"] = True
        st.dialog(title(choice), width=width, on_dismiss=_dialog_closed)(offer)(choice)


def _dialog_closed() -> None:
    st.session_state["dialog"] = False


def _offer(table: Table, title: str, choice: str) -> None:
    if choice in _PICTURES:
        _offer_pictures(table, title, choice)
        return
    if choice == "table":
        if any(isinstance(kind, pl.Datetime) for kind in table.frame.dtypes):
            st.caption(f"Times are in {page_zone()}; files have UTC.")
        # A table shows the name of a stream; files have its id too.
        named = "stream_name" in table.frame.columns
        frame = table.frame.drop("stream", strict=False) if named else table.frame
        show_rows(frame, alt=f"Rows of {table.name}")
    with st.container(horizontal=True):
        for ending, kind, mime, content in (
            ("csv", "CSV", "text/csv", csv_bytes),
            ("parquet", "Parquet", "application/vnd.apache.parquet", parquet_bytes),
        ):
            if choice in {"table", ending}:
                file = f"{table.called}.{ending}"
                make = partial(content, table.frame)
                download_button(f"Download {kind}", file, mime, make, key=f"{table.name}-{ending}")


def _offer_pictures(table: Table, title: str, ending: str) -> None:
    """The charts as they are saved, each with the button that saves it: browsers draw charts."""
    st.caption(f"The camera at the top right of a picture saves it as {_PICTURES[ending]}.")
    drawn = [chart for chart in table.charts if not chart.missing]
    for place, chart in enumerate(drawn, start=1):
        picture = chart.as_picture(title=as_read(title), about=page_about())
        saved = {
            "format": ending,
            "filename": f"{table.called}-{place}" if len(drawn) > 1 else table.called,
            "width": _PICTURE_WIDTH,
            "height": picture.spec["layout"]["height"],
            "scale": 2,
        }
        st.plotly_chart(
            picture.unchecked,
            theme=None,
            key=f"{table.name}-picture-{place}",
            alt=chart.alt,
            config={
                "displayModeBar": True,
                "displaylogo": False,
                "modeBarButtons": [["toImage"]],
                "toImageButtonOptions": saved,
            },
        )


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
    metric: str,
    why: Callable[[], None],
) -> None:
    """A headline figure over its charts, with a second figure as text.

    Args:
        label: what the figure is.
        value: the figure, short: a long one is cut.
        change: against `before`, with its sign.
        before: the earlier figure, such as "from 215".
        charts: from top to bottom.
        second: the figure that belongs beside it, Markdown.
        note: n, limits and window, Markdown.
        key: of the charts, unique on the page.
        metric: id of the figure, whose definition is the tooltip.
        why: shows the link to the rows of the figure, if the viewer may see them.
    """
    with st.container(gap="xsmall"):
        st.metric(
            label,
            value,
            change,
            delta_color="off",
            delta_arrow="off",
            delta_description=before,
            help=defined(definition(metric).text, metric),
        )
        for place, chart in enumerate(charts):
            show_figure(chart, key=f"{key}-{place}")
        st.markdown(f":small[{second}]")
        st.caption(note)
        why()


def empty_state(what: str, command: str) -> None:
    """One sentence on what is missing, and the command or setting to copy that adds it."""
    st.markdown(what)
    st.code(command, language=None, wrap_lines=True)


def show_error(error: VelocityError) -> None:
    """The error and what to do about it; the rest of the page stays."""
    st.warning(f"{formats.markdown(error.message)} {formats.markdown(error.hint)}")
