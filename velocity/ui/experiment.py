"""The timeline of a scholar, and the experiment chosen in it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import streamlit as st

from velocity import formats
from velocity.charts.timeline import draw_timeline
from velocity.charts.timeline_frame import timeline_view
from velocity.reading import reads
from velocity.reading.frames import TIMELINE_DAYS
from velocity.reading.periods import local_midnight, week_of
from velocity.sentences.loops import experiment_words, timeline_caption
from velocity.ui.drill import show_way
from velocity.ui.parts import Table, show_chart, theme_mode
from velocity.ui.tables import show_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from typing import Any

    import polars as pl

    from velocity.ui.view import View

TIMELINE = "timeline-chart"
_KEY = "experiment"
_RUN = ["display_name", "class", "started_at", "ended_at", "url"]


def show_timeline_of_one(view: View, who: dict[str, Any], *, title: str) -> None:
    """The timeline of the last days of the window, and below it the chosen experiment with links.

    `who` is the scholar's row of `reads.scholars`; `title` is the chart's.
    """
    last = view.window.last
    days = (max(view.window.first, last - timedelta(days=TIMELINE_DAYS - 1)), view.window.end)
    experiments, runs = show_timeline(
        view, who, days=(*days, days[0]), title=title, on_select=_take_clicked
    )
    if not experiments.is_empty():
        _show_chosen(view, experiments.reverse(), runs)


def clicked_experiment(chart: str) -> str | None:
    """The id of the experiment of a clicked mark of a chart, which may be an unknown one."""
    match st.session_state.get(chart):
        case {"selection": {"points": [{"customdata": [_, str(clicked), *_]}, *_]}}:
            return clicked
    return None


def show_timeline(
    view: View,
    who: Mapping[str, Any],
    *,
    days: tuple[date, date, date],
    title: str,
    on_select: Callable[[], None],
    table: Callable[[pl.DataFrame], Table] = lambda frame: Table(frame, "timeline"),
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The timeline of a scholar whose hours of the day the viewer may see.

    Args:
        view: gives the zone of days, and the end of the data.
        who: the scholar's row of `reads.scholars`.
        days: first day, day after the last, and the day on which the timeline opens.
        title: of the chart.
        on_select: called when a mark is clicked.
        table: makes the section's table of the experiments.

    Returns:
        The experiments and runs that it shows.
    """
    from_at, to_at, opens = (local_midnight(day, view.zone) for day in days)
    to_now = to_at >= view.as_of
    to_at = min(to_at, view.as_of)
    over = {"scholar": who["scholar"], "from_at": from_at, "to_at": to_at}
    drawn = timeline_view(from_at, to_at, view.as_of, who, opens)
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
            likely=view.read(reads.open_work, scholar=who["scholar"]) if to_now else None,
            off=view.read(reads.days_off, scholar=who["scholar"]),
        ),
        title=title,
        caption=timeline_caption(drawn),
        table=table(experiments),
        on_select=on_select,
    )
    return experiments, runs


def _take_clicked() -> None:
    clicked = clicked_experiment(TIMELINE)
    if clicked is not None:
        st.session_state[_KEY] = clicked


def _show_chosen(view: View, experiments: pl.DataFrame, runs: pl.DataFrame) -> None:
    known = experiments["experiment_id"].to_list()
    if st.session_state.get(_KEY) not in {None, *known}:
        del st.session_state[_KEY]
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
        show_way("why", "Why this number", period=week_of(row["started_at"], view.zone))
    st.markdown(experiment_words(row, view.as_of))
    own = runs.filter(experiment_id=chosen)
    show_rows(own.select(_RUN), alt=f"Runs of {formats.label(chosen)}", rows_shown=6)
