"""The way back up from a page: the programme, the streams of a scholar, the scholar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from velocity.reading import reads
from velocity.ui.drill import has_page, show_step

if TYPE_CHECKING:
    from velocity.ui.view import View


def show_trail(view: View) -> None:
    """Links to the pages above, from the top down, as far as the viewer has them."""
    ways = [way for way in _ways_up(view) if has_page(way[0])]
    if ways:
        with st.container(horizontal=True, gap="small"):
            for page, label, choices in ways:
                show_step(page, label, **choices)


def _ways_up(view: View) -> list[tuple[str, str, dict[str, Any]]]:
    """File of each page above, its label and its choices."""
    names = dict(view.read(reads.streams).select("stream", "name").iter_rows())
    top: tuple[str, str, dict[str, Any]] = ("stand_up", "Stand-up", {})
    if view.scholar is None:
        return [top] if 0 < len(view.streams) < len(names) else []
    who = view.who(view.scholar)
    # Whoever is on a page of their own came from nowhere else.
    above = (
        [top, *(("streams", names[it], {"streams": [it]}) for it in who["streams"] if it in names)]
        if not view.is_own(view.scholar)
        else []
    )
    if view.title == "My velocity":
        return above
    return [*above, ("my_velocity", who["name"], {})]
