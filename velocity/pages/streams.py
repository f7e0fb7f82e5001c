"""Streams: whom to ask about which line, and the sheet of one scholar for the mentor's hour."""

from __future__ import annotations

from velocity import ui
from velocity.ui import stream_pages as forms


def _draw() -> None:
    view = ui.view().without_hours
    if view.managed:
        forms.show_managed(view)
        return
    streams = [it for it in view.stream_names if it in view.streams]
    if not streams:
        ui.empty_state("There are no streams: add them to the roster.", "velocity roster suggest")
    elif len(streams) == 1:
        forms.show_one(view, *streams)
    else:
        forms.show_all(view, streams)


PAGE = ui.Page(
    "streams",
    "Streams",
    ("period", "streams"),
    ("lead", "mentor", "research manager"),
    _draw,
    30,
)
