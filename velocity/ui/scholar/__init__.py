"""The sections of a scholar's own page, each drawn from one sheet of figures."""

from velocity.ui.scholar.bought import show_bought
from velocity.ui.scholar.cohort import show_cohort
from velocity.ui.scholar.loops import show_loops
from velocity.ui.scholar.mentor import show_mentor_sheet
from velocity.ui.scholar.nothing import show_nothing, show_whose
from velocity.ui.scholar.others import others_switch, show_sheets
from velocity.ui.scholar.seen import show_seen
from velocity.ui.scholar.sheet import Sheet, show_block
from velocity.ui.scholar.tiles import show_figures_line, show_tiles
from velocity.ui.scholar.together import show_together

__all__ = [
    "Sheet",
    "others_switch",
    "show_block",
    "show_bought",
    "show_cohort",
    "show_figures_line",
    "show_loops",
    "show_mentor_sheet",
    "show_nothing",
    "show_seen",
    "show_sheets",
    "show_tiles",
    "show_together",
    "show_whose",
]
