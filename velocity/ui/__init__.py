"""What all pages are built of: the view they are over, and the parts they are drawn with."""

from velocity.ui.digest import show_digest
from velocity.ui.drill import chosen_row, go_on_to, know_pages, show_step, show_way
from velocity.ui.evidence import show_explanation
from velocity.ui.experiment import show_timeline
from velocity.ui.history import keep_history
from velocity.ui.lines import show_lines, show_scholars, show_stuck
from velocity.ui.loops import show_loops
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
from velocity.ui.printing import fit_to_paper
from velocity.ui.seen import show_seen
from velocity.ui.sign_in import NotAdmitted, admit, show_development, show_not_admitted, show_who
from velocity.ui.stream_weeks import show_stream_weeks
from velocity.ui.tables import column_config, plain_title, readable, show_rows
from velocity.ui.titled import choose_titled
from velocity.ui.view import View, keep_choices, open_view, view

__all__ = [
    "NotAdmitted",
    "Table",
    "View",
    "admit",
    "choose_titled",
    "chosen_row",
    "column_config",
    "empty_state",
    "fit_to_paper",
    "go_on_to",
    "heading",
    "keep_choices",
    "keep_history",
    "know_pages",
    "open_view",
    "plain_title",
    "readable",
    "show_chart",
    "show_development",
    "show_digest",
    "show_error",
    "show_explanation",
    "show_figure",
    "show_lines",
    "show_loops",
    "show_not_admitted",
    "show_rows",
    "show_scholars",
    "show_seen",
    "show_step",
    "show_stream_weeks",
    "show_stuck",
    "show_timeline",
    "show_way",
    "show_who",
    "theme_mode",
    "tile",
    "tile_row",
    "view",
]
