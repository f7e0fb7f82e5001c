"""The loops of a scholar, and beside them where their time goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from velocity import formats
from velocity.charts import draw_dots, draw_loops, draw_share_bar
from velocity.reading.frames import dots
from velocity.sentences.scholar import medians
from velocity.ui.parts import Table, show_chart, show_figure, theme_mode

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from velocity.ui.view import View


def show_loops(view: View, loops: pl.DataFrame, figures: Mapping[str, Any]) -> None:
    """A bar a loop; and machine and reaction as shares and medians, or as dots where too few.

    Args:
        view: whose window they are over.
        loops: rows of `reads.loops` of the scholar, the first launched first; at least one.
        figures: the row of `reads.metrics` of the scholar.
    """
    mode = theme_mode()
    left, right = st.columns([2.4, 1], gap="medium")
    with left:
        show_chart(
            draw_loops(loops, mode=mode, title="Loops", zone=view.zone),
            title="Loops, in order of launch",
            caption=f"One bar an experiment, hours, {formats.sample(loops.height)}; "
            "bars above 20 h are cut",
            table=Table(loops, "loops"),
        )
    with right:
        medians_table = medians(figures)
        show_chart(
            draw_share_bar(
                machine_hours=figures["machine_hours_closed"],
                reaction_hours=figures["reaction_hours_closed"],
                reaction_share=figures["reaction_share"],
                loops=figures["loops_closed"],
                mode=mode,
                title="The loop",
            ),
            title="Where the loop goes",
            caption=f"Hours of {formats.plural(figures['loops_closed'], 'closed loop')}; "
            f"medians of all, {figures['loops_abandoned']} abandoned",
            table=Table(medians_table, "medians"),
        )
        if figures["loop_hours_median"] is None:
            few = draw_dots(dots(loops, view.zone), mode=mode, title="Loops")
            show_figure(few, key="loop-dots")
        else:
            st.table(medians_table, border="horizontal")
