"""Being written."""

from velocity import ui

ui.view()
