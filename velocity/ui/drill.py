"""Links from page to page: down from a row or a mark, and back up. The address carries the choices.

The browser only sends the position of the selected row. Ids come from rows that were read for the
viewer, never from the browser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.errors import StreamlitAPIException

from velocity import formats
from velocity.ui.page import YOUR_SCHOLARS
from velocity.ui.paper_table import show_on_paper
from velocity.ui.tables import NONE, ROW_HEIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from velocity.ui.view import View

_PAGES = "listed_pages"


def know_pages(pages: Mapping[str, st.Page]) -> None:
    """Stores the viewer's pages by name; the entry script calls it on every run."""
    st.session_state[_PAGES] = dict(pages)


def has_page(name: str) -> bool:
    """Whether the viewer has the page `name`, such as "my_velocity"."""
    return name in st.session_state.get(_PAGES, {})


def go_on_to(page: st.Page) -> None:
    """Opens `page` instead of the requested one, or links to it if it cannot be opened.

    Streamlit refuses while a choice in the address belongs to a widget. That happens after a run
    that was interrupted before it drew anything: the earlier widgets are still there.
    """
    try:
        st.switch_page(page)
    except StreamlitAPIException:
        st.page_link(page)


def show_way(name: str, label: str, **choices: str | list[str]) -> None:
    """A link to a page with `choices` made on it; nothing if the viewer does not have the page.

    The link takes the days of this page along.

    Args:
        name: of the page.
        label: Markdown.
        choices: key of a widget of that page, which this page does not draw -> its value.
    """
    if has_page(name):
        if "period" in st.query_params:
            choices = {"period": st.query_params["period"], **choices}
        st.page_link(st.session_state[_PAGES][name], label=label, query_params=choices)


def way_in_text(name: str, label: str, **choices: str | list[str]) -> str:
    """The same as Markdown, for a cell of a table; only the label without the page."""
    if not has_page(name):
        return label
    path = st.session_state[_PAGES][name].url_path or "."
    return f"[{label}]({path}?{urlencode(choices, doseq=True)})"


def show_step(page: str, name: str, **choices: str | list[str]) -> None:
    """A link up or down between programme and scholar, by the name of its target."""
    show_way(page, f"{formats.markdown(formats.label(name))} \u203a", **choices)


def show_trail(view: View) -> None:
    """Links to the pages above, from the top down, as far as the viewer has them."""
    ways = [way for way in _ways_up(view) if has_page(way[0])]
    if ways:
        with st.container(horizontal=True, gap="small"):
            for page, label, choices in ways:
                show_step(page, label, **choices)


def _ways_up(view: View) -> list[tuple[str, str, dict[str, Any]]]:
    """Name of each page above, its label and its choices."""
    names = view.stream_names
    top: tuple[str, str, dict[str, Any]] = ("stand_up", "Stand-up", {})
    if view.scholar is None:
        return [top] if 0 < len(view.streams) < len(names) else []
    who = view.who(view.scholar)
    above = [
        top,
        *(
            ("streams", names[it], {"streams": [it]})
            for it in who["streams"]
            if it in names and view.scope.sees_stream(it)
        ),
    ]
    if view.scholar in view.viewer.managed:
        above.append(("streams", YOUR_SCHOLARS, {"streams": [YOUR_SCHOLARS]}))
    # Scholars did not come to their own page from another one.
    above = [] if view.is_own(view.scholar) else above
    if view.page.name == "my_velocity":
        return above
    return [*above, ("my_velocity", who["name"], {})]


def chosen_row(
    shown: pl.DataFrame,
    rows: pl.DataFrame,
    *,
    columns: Mapping[str, Any],
    key: str,
    alt: str,
    opens: bool,
    height: int | None = None,
) -> dict[str, Any] | None:
    """A table whose rows can be selected with mouse or keyboard; returns the selected row.

    Args:
        shown: what the table shows, one row for each of `rows`.
        rows: as they were read for the viewer, in the same order.
        columns: configuration of the columns.
        key: of the table.
        alt: a description for screen readers.
        opens: whether rows lead anywhere for this viewer; otherwise none can be selected.
        height: px; None shows all rows.
    """
    state: Any = st.dataframe(
        shown,
        column_config=dict(columns),
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=height or "content",
        placeholder=NONE,
        alt=alt,
        key=key,
        on_select="rerun" if opens else "ignore",
        selection_mode="single-row",
    )
    show_on_paper(shown, columns, none=NONE)
    if not opens:
        return None
    match state["selection"]:
        case {"rows": [int(place), *_]} if 0 <= place < rows.height:
            return rows.row(place, named=True)
    return None
