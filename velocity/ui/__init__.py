"""What all pages are built of: the view they are over, and the parts they are drawn with."""

from velocity.ui.digest import show_digest
from velocity.ui.parts import (
    Table,
    empty_state,
    heading,
    show_chart,
    show_error,
    show_figure,
    theme_mode,
    tile,
    tile_row,
)
from velocity.ui.sign_in import NotAdmitted, admit, show_not_admitted, show_who
from velocity.ui.tables import plain_title, readable, show_rows
from velocity.ui.view import View, keep_choices, open_view, view

__all__ = [
    "NotAdmitted",
    "Table",
    "View",
    "admit",
    "empty_state",
    "heading",
    "keep_choices",
    "open_view",
    "plain_title",
    "readable",
    "show_chart",
    "show_digest",
    "show_error",
    "show_figure",
    "show_not_admitted",
    "show_rows",
    "show_who",
    "theme_mode",
    "tile",
    "tile_row",
    "view",
]
