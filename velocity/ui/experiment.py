"""The timeline of a scholar with the one experiment that was chosen in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from velocity import formats
from velocity.charts import draw_timeline, timeline_view
from velocity.reading import reads
from velocity.reading.frames import timeline_window
from velocity.reading.periods import week_of
from velocity.sentences.timeline import experiment_words, timeline_caption
from velocity.ui.drill import forget_unknown, show_way
from velocity.ui.parts import Table, show_chart, theme_mode
from velocity.ui.tables import show_rows

if TYPE_CHECKING:
    from typing import Any

    import polars as pl

    from velocity.ui.view import View

_CHART = "timeline-chart"
_KEY = "experiment"
_RUN = ["display_name", "class", "started_at", "ended_at", "url"]


def show_timeline(view: View, who: dict[str, Any], *, title: str) -> None:
    """The timeline, and below it the experiment that was clicked or picked, with ways on from it.

    Args:
        view: whose window it is over.
        who: the scholar, a row of `reads.scholars`.
        title: of the chart.
    """
    from_at, to_at = timeline_window(view.window, view.as_of, view.zone)
    over = {"scholar": who["scholar"], "from_at": from_at, "to_at": to_at}
    drawn = timeline_view(from_at, to_at, view.as_of, who)
    experiments = view.read(reads.timeline_experiments, **over)
    runs = view.read(reads.timeline_runs, **over)
    show_chart(
        draw_timeline(
            experiments,
            runs,
            view.read(reads.concurrency, **over),
            view=drawn,
            mode=theme_mode(),
            title=title,
        ),
        title=title,
        caption=timeline_caption(drawn),
        table=Table(experiments, "timeline"),
        on_select=_take_clicked,
    )
    if not experiments.is_empty():
        _show_chosen(view, experiments.reverse(), runs)


def _take_clicked() -> None:
    """Makes the experiment of a clicked mark the one chosen; whether it is known is asked later."""
    match st.session_state.get(_CHART):
        case {"selection": {"points": [{"customdata": [_, str(clicked), *_]}, *_]}}:
            st.session_state[_KEY] = clicked


def _show_chosen(view: View, experiments: pl.DataFrame, runs: pl.DataFrame) -> None:
    known = experiments["experiment_id"].to_list()
    forget_unknown(_KEY, known)
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = st.selectbox(
            "Experiment",
            known,
            index=None,
            placeholder="Click an experiment in the timeline, or choose one here",
            key=_KEY,
            bind="query-params",
            label_visibility="collapsed",
            width=420,
        )
        if chosen is None:
            return
        row = experiments.row(known.index(chosen), named=True)
        show_way("why", "Why this number", week=week_of(row["started_at"], view.zone))
    st.markdown(experiment_words(row, view.as_of))
    own = runs.filter(experiment_id=chosen)
    show_rows(own.select(_RUN), alt=f"Runs of {formats.label(chosen)}", rows_shown=6)
