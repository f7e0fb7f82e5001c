"""The parts of every page: headings, charts, tables and files behind them, empty states."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import Any, Literal

import polars as pl
import streamlit as st

from velocity import formats
from velocity.charts.base import Chart
from velocity.charts.waits import draw_bullet
from velocity.errors import VelocityError
from velocity.reading.downloads import csv_bytes, parquet_bytes
from velocity.sentences.answer import as_read
from velocity.theme import Mode, tokens
from velocity.ui.files import download_button
from velocity.ui.sign_in import admission
from velocity.ui.tables import page_zone, show_rows

# Plotly uses pandas as soon as its import begins. A session that starts while another one
# imports it for its first table would find a partial module, so it is imported before any
# session draws.
import_module("pandas")

_BAR: dict[str, Any] = {"displayModeBar": True, "displaylogo": False}
_ZOOM = ["pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]
_CHOICES = {"table": "Show as table", "csv": "CSV", "parquet": "Parquet"}
_PICTURES: dict[str, str] = {"png": "PNG", "svg": "SVG"}
#: Choices of menus whose dialogs are wide.
_WIDE = ("table", "slack", *_PICTURES)
#: Of a saved picture, px.
_PICTURE_WIDTH = 1000


@dataclass(frozen=True)
class Table:
    """The rows behind a figure, which "Data" shows and downloads."""

    frame: pl.DataFrame  # as it is downloaded
    name: str  # key of the section; letters, digits and dashes
    person: str = ""  # of a page about one; part of the name of its files
    charts: tuple[Chart, ...] = ()  # drawn from these rows; they can be saved as pictures

    @property
    def called(self) -> str:
        """The name of its files: person, section and days."""
        days = st.session_state.get("days")
        return "-".join(filter(None, (self.person, self.name, days)))


def theme_mode() -> Mode:
    """The browser's theme; light until it is known."""
    return "dark" if st.context.theme.type == "dark" else "light"


def heading(
    title: str,
    caption: str = "",
    *,
    table: Table | None = None,
    about: str | None = None,
    anchor: str = "",
) -> None:
    """A section's title and caption (window, unit and n), with the "Data" menu at the right.

    All texts are Markdown: escape other people's (`formats.markdown`). Without a title the caption
    stands alone; `about` is the title's tooltip, `anchor` its name in links of the page. The
    table's name is the menu's key.
    """
    with st.container(
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="top" if title else "center",
    ):
        with st.container(gap=None, width="stretch"):
            if title:
                st.header(title, anchor=anchor or False, help=about)
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
    on_click: Callable[[str], object] | None = None,
) -> None:
    """A chart under its heading, as for `heading`; the table's name is its key."""
    heading(title, caption, table=replace(table, charts=(chart,)))
    show_figure(chart, key=f"{table.name}-chart", on_click=on_click)


def show_figure(chart: Chart, *, key: str, on_click: Callable[[str], object] | None = None) -> None:
    """A chart without a heading; `on_click` gets the id of a clicked mark, maybe an unknown one."""

    def click() -> None:
        match st.session_state.get(key):
            case {"selection": {"points": [{"customdata": [_, str(clicked), *_]}, *_]}} if on_click:
                on_click(clicked)

    if chart.missing:
        with st.container(height=chart.spec["layout"]["height"], border=False):
            st.caption(chart.missing)
        return
    st.plotly_chart(
        chart.in_mode(theme_mode()).unchecked,
        theme=None,
        key=key,
        alt=chart.alt,
        config=_BAR | {"modeBarButtons": [_ZOOM]} if chart.zoom else {"displayModeBar": False},
        on_select=click if on_click else "ignore",
        selection_mode="points",
    )
    if chart.note:
        st.caption(formats.markdown(chart.note))


def show_key(entries: Iterable[tuple[str, str, str]]) -> None:
    """One line of marks and our own words, each (glyph, name of its colour, words)."""
    colour = tokens(theme_mode())
    items = "".join(
        f'<span style="display:inline-block;margin-right:1.1em;white-space:nowrap">'
        f'<span style="color:{getattr(colour, fill)}">{glyph}</span>&nbsp;{words}</span>'
        for glyph, fill, words in entries
    )
    st.html(f'<div style="font-size:0.857rem;color:{colour.muted}">{items}</div>')


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
    """A menu whose choices, with their words, open a dialog that `offer` draws.

    It runs without the entry script, so it checks the admission again. `title` gives the dialog's
    title, Markdown, of a choice.
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
        closed = partial(st.session_state.update, dialog=False)
        st.dialog(title(choice), width=width, on_dismiss=closed)(offer)(choice)


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
        picture = chart.as_picture(title=as_read(title), about=st.session_state.get("about", ""))
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
            config=_BAR | {"modeBarButtons": [["toImage"]], "toImageButtonOptions": saved},
        )


def plain_name(text: str) -> str:
    """The text as a part of a key or of a file's name: letters, digits and dashes."""
    return "".join(it if it.isalnum() and it.isascii() else "-" for it in text)


def waits(lines: pl.DataFrame) -> Iterator[tuple[dict[str, Any], str, Chart]]:
    """Rows of `reads.needs_decision`, each with its line's name and a bullet on a shared axis."""
    longest = max([*lines["waited_working_hours"], *lines["usual_working_hours"]], default=0)
    for at, row in enumerate(lines.iter_rows(named=True), start=1):
        called = f"{formats.label(row['name'], 16)} / {formats.label(row['project'], 24)}"
        axis = at == lines.height
        yield row, called, draw_bullet(row, longest=longest, title=called, axis=axis)


def empty_state(what: str, command: str) -> None:
    """One sentence on what is missing, and the command or setting to copy that adds it."""
    st.markdown(what)
    st.code(command, language=None, wrap_lines=True)


def show_error(error: VelocityError) -> None:
    """The error and what to do about it; the rest of the page stays."""
    st.warning(f"{formats.markdown(error.message)} {formats.markdown(error.hint)}")
