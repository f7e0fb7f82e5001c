"""The building blocks of all pages: their declaration, their view, and the parts they draw."""

from velocity.ui.browser import prepare_browser
from velocity.ui.choices import choose_titled
from velocity.ui.drill import go_on_to, has_page, know_pages, show_step
from velocity.ui.page import EVERYONE, Page
from velocity.ui.parts import (
    Table,
    empty_state,
    heading,
    show_chart,
    show_error,
    show_figure,
    theme_mode,
)
from velocity.ui.share import show_share
from velocity.ui.sign_in import (
    NotAdmitted,
    admit,
    settings_now,
    show_development,
    show_not_admitted,
    show_who,
)
from velocity.ui.tables import column_config, readable, show_rows
from velocity.ui.view import View, keep_choices, open_view, view

__all__ = [
    "EVERYONE",
    "NotAdmitted",
    "Page",
    "Table",
    "View",
    "admit",
    "choose_titled",
    "column_config",
    "empty_state",
    "go_on_to",
    "has_page",
    "heading",
    "keep_choices",
    "know_pages",
    "open_view",
    "prepare_browser",
    "readable",
    "settings_now",
    "show_chart",
    "show_development",
    "show_error",
    "show_figure",
    "show_not_admitted",
    "show_rows",
    "show_share",
    "show_step",
    "show_who",
    "theme_mode",
    "view",
]
