"""The scholar beside the others, without names and without an order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from velocity import formats
from velocity.charts.strips import draw_strips
from velocity.reading import frames as shape
from velocity.reading import reads
from velocity.ui.parts import heading, show_chart, theme_mode

if TYPE_CHECKING:
    from velocity.ui.scholar.sheet import Sheet


def show_cohort(sheet: Sheet) -> None:
    """The tiles' figures beside the middle half of the others; only over the last four weeks."""
    with st.container(key="wide-cohort"):
        _show(sheet)


def _show(sheet: Sheet) -> None:
    if not sheet.view.compares:
        heading("Beside the cohort", "Only for the last four full weeks: choose 4 weeks")
        return
    bands = sheet.view.read(reads.bands, scholar=sheet.scholar)
    strips = shape.strips(sheet.now, bands)
    who = "you" if sheet.whose.own else formats.label(sheet.whose.name)
    chart = draw_strips(strips, mode=theme_mode(), title="Beside the cohort", who=who)
    show_chart(
        chart,
        title="Beside the cohort",
        caption=f"{sheet.window.words}. Bar: the middle half of the others; tick: their median; "
        "both rounded to 5 points or a half. Nobody is named or ranked",
        table=sheet.table(strips, "cohort"),
    )
