"""Stand-up: what changed, what is stuck, what the compute bought, whose credits end first."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from velocity import formats, ui
from velocity.reading import reads, series
from velocity.sentences import week as words
from velocity.sentences.answer import Answer
from velocity.sentences.weeks import coverage, not_tracked, restated_clause
from velocity.ui import week_parts as parts
from velocity.ui.drill import show_why
from velocity.ui.present import present, present_button
from velocity.ui.week import Week

_LATELY = timedelta(days=7)


def _draw() -> None:
    view = ui.view()
    week = Week(view)
    if present(week):
        return
    so_far = week.so_far("experiments_concluded")
    headline = words.headline(week.programme, week.programme_before, so_far, week.days)
    about = f"programme, {formats.plural(view.trust['scholars'], 'scholar')}"
    view.say(about, Answer(headline), window=week.days.kicker)
    present_button(view)
    ui.show_share(view, series.last_complete_week(view.window.last))
    with view.answer, st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption(
            coverage(
                view.windowed(reads.run_counts),
                view.trust,
                view.read(reads.scholars),
                week.days.on,
            ),
            width="content",
        )
        show_why(view, "experiments_concluded", label="Why this headline")
    _five_lines(week)
    parts.show_tiles(week)
    with st.grid(2, min_column_width=520, gap="medium"):
        with st.container():
            parts.show_queue(week)
        with st.container():
            parts.show_moved(week)
    parts.show_moved_lines(week)
    parts.show_streams(week)
    moved = view.read(reads.restated, by="programme", since=view.as_of - _LATELY)
    since = week.today - _LATELY
    st.caption(f"{not_tracked()} {restated_clause(moved, since)}".strip())


def _five_lines(week: Week) -> None:
    with st.container(gap="xxsmall"):
        for line in parts.five_lines(week):
            about, text = st.columns([1, 11.5], gap=None)
            about.caption(line.about)
            text.markdown(line.text)


PAGE = ui.Page("stand_up", "Stand-up", ("period",), ("lead",), _draw, 10)
