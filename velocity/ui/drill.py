"""From a row or a mark to the page about it: what was chosen holds, and the address says it.

What a browser says was selected is only a place in rows that were read for the viewer: ids are
taken from those rows, never from the browser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

from velocity import formats
from velocity.ui.tables import ROW_HEIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

_PAGES = "listed_pages"
_NONE = "\u2013"


def know_pages(pages: Mapping[str, Any]) -> None:
    """Keeps which pages the viewer has, by file name; called by the entry script on every run."""
    st.session_state[_PAGES] = dict(pages)


def has_page(name: str) -> bool:
    """Whether the viewer has the page `name`, such as "my_velocity"."""
    return name in st.session_state.get(_PAGES, {})


def go_on_to(page: Any) -> None:
    """Opens `page` instead of the one asked for, or links to it where it cannot be opened.

    Streamlit refuses while a choice in the address belongs to a widget. It does after a run that
    was interrupted before it drew anything: that run has not let go of the widgets before it.
    """
    try:
        st.switch_page(page)
    except StreamlitAPIException:
        st.page_link(page)


def show_way(name: str, label: str, **choices: str | list[str]) -> None:
    """A link to a page with `choices` made on it; nothing where the viewer has no such page.

    Args:
        name: file of the page, without its ending.
        label: Markdown.
        choices: key of a widget of that page, which this page does not draw -> its value; the
            address carries them.
    """
    if has_page(name):
        st.page_link(st.session_state[_PAGES][name], label=label, query_params=choices)


def show_step(page: str, name: str, **choices: str | list[str]) -> None:
    """A link up or down the way from the programme to a scholar, by the name of where it leads."""
    show_way(page, f"{formats.markdown(formats.label(name))} \u203a", **choices)


def chosen_row(
    shown: Any,
    rows: pl.DataFrame,
    *,
    columns: Mapping[str, Any],
    key: str,
    alt: str,
    opens: bool,
    height: int | None = None,
) -> dict[str, Any] | None:
    """A table whose rows can be selected, with mouse or keyboard; the row that is.

    Args:
        shown: what the table shows, a row for each of `rows`.
        rows: as they were read for the viewer, in the same order.
        columns: configuration of the columns.
        key: of the table.
        alt: what the table holds, for those who do not see it.
        opens: whether rows lead anywhere for this viewer; none can be selected otherwise.
        height: px; without it all rows are shown.
    """
    state: Any = st.dataframe(
        shown,
        column_config=dict(columns),
        hide_index=True,
        row_height=ROW_HEIGHT,
        height=height or "content",
        placeholder=_NONE,
        alt=alt,
        key=key,
        on_select="rerun" if opens else "ignore",
        selection_mode="single-row",
    )
    if not opens:
        return None
    match state["selection"]:
        case {"rows": [int(place), *_]} if 0 <= place < rows.height:
            return rows.row(place, named=True)
    return None


def forget_unknown(key: str, known: list[str]) -> None:
    """Drops what was chosen for the widget `key` where that is no longer among the choices."""
    if st.session_state.get(key) not in {None, *known}:
        del st.session_state[key]
