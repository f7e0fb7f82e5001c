"""The loops of a scholar, the selected one, and the waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import streamlit as st

from velocity import formats
from velocity.charts.loops import draw_loops
from velocity.reading import reads
from velocity.reading.periods import monday_of
from velocity.sentences import loops as words
from velocity.ui.choices import choose_titled
from velocity.ui.drill import show_way
from velocity.ui.experiment import TIMELINE, clicked_experiment, show_timeline
from velocity.ui.parts import heading, show_figure, theme_mode
from velocity.ui.why import show_why

if TYPE_CHECKING:
    from velocity.reading.mine import Row
    from velocity.ui.scholar.sheet import Sheet

_CHART = "loops-chart"
_ADDRESS = "loop"
_ROWS = 18
_LONGEST_WAITS = 3


def show_loops(sheet: Sheet) -> None:
    """The timeline, then the loops with the selected one beside them."""
    if sheet.hours:
        with st.container(key="wide-timeline"):
            show_scholar_timeline(sheet)
    loops = sheet.shown_loops
    counts = words.counted(loops, sheet.window, sheet.view.zone)
    heading(
        "Loops: how long for a result, how long until the next launch",
        counts,
        table=sheet.table(loops, "loops"),
        about=words.LOOPS_HELP,
    )
    if loops.is_empty():
        st.markdown("No experiment was launched in these days.")
        return
    with st.container(horizontal=True, gap="medium"):
        left = st.container(width=920)
        right = st.container(width="stretch")
    with right:
        selected = _selected(sheet, loops)
        _waits(sheet)
    with left:
        st.html(words.key(sheet.hours, theme_mode()))
        _chart(sheet, loops, selected["experiment_id"])


def show_scholar_timeline(sheet: Sheet) -> None:
    """The timeline up to now, opened on the latest week; for the scholar alone."""
    days = sheet.timeline_days
    last = sheet.last_launch
    if last is not None and sheet.up_to_now and last < monday_of(sheet.last_day):
        st.markdown(words.no_runs_since(last))
    name = formats.markdown(formats.label(sheet.whose.name))
    title = "Timeline of my experiments" if sheet.whose.own else f"Timeline of {name}"
    show_timeline(
        sheet.view,
        sheet.who,
        days=days,
        title=title,
        on_select=lambda: _take(TIMELINE),
        table=lambda frame: sheet.table(frame, "timeline"),
    )


def _take(chart: str) -> None:
    clicked = clicked_experiment(chart)
    if clicked is not None:
        st.query_params[_ADDRESS] = clicked


def _chart(sheet: Sheet, loops: pl.DataFrame, selected: str) -> None:
    everything = st.session_state.get("all-loops", False)
    shown = loops if everything else loops.head(_ROWS)
    chart = draw_loops(
        shown,
        mode=theme_mode(),
        title="Loops",
        zone=sheet.zone,
        medians=sheet.half_medians,
        selected=selected,
        tails=sheet.hours,
    )
    show_figure(chart, key=_CHART, on_select=lambda: _take(_CHART))
    if loops.height > _ROWS:
        label = f"Show the latest {_ROWS}" if everything else f"Show all {loops.height}"
        if st.button(label, type="tertiary"):
            st.session_state["all-loops"] = not everything
            st.rerun()


def _selected(sheet: Sheet, loops: pl.DataFrame) -> Row:
    """The chosen loop: in the address, clicked in a chart, or the one that waits longest."""
    rows = {row["experiment_id"]: row for row in loops.iter_rows(named=True)}
    titles = {it: words.titled(row, sheet.zone) for it, row in rows.items()}
    waiting = loops.filter(pl.col("status") == "awaiting")
    default = waiting["experiment_id"][-1] if waiting.height else next(iter(rows))
    if sheet.wait is not None and sheet.wait.experiment_id in rows:
        # The result that the headline names.
        default = sheet.wait.experiment_id
    st.header("Selected loop", anchor=False)
    chosen = choose_titled("Loop", titles, key=_ADDRESS, default=default, width=300)
    row = rows[chosen]
    st.markdown(words.selected(row))
    st.table(words.steps(row, sheet.zone, hours=sheet.hours), border="horizontal")
    launches = int(sheet.meanwhile.filter(experiment_id=chosen)["launches"].sum())
    st.caption(words.by_the_clock(row) + words.meanwhile(launches))
    if row["status"] == "awaiting" and sheet.hours:
        st.button(
            "Read, still thinking",
            help="Takes the result out of Today and of lists until one more usual wait has passed. "
            "The wait is still counted.",
            on_click=sheet.view.mark_read,
            args=(sheet.scholar, chosen, row["result_at"]),
        )
    with st.container(horizontal=True, gap="small"):
        show_way(
            "runs",
            "Its runs",
            **sheet.runs_of(row),
        )
        show_why(sheet.view, "loop_hours_median", scholar=sheet.scholar, label="Why these figures")
    return row


def _waits(sheet: Sheet) -> None:
    st.header("While results waited", anchor=False)
    st.markdown(words.waits(sheet.now, sheet.whose, hours=sheet.hours))
    inside = sheet.loops_inside["experiment_id"].implode()
    if said := words.elsewhere(sheet.meanwhile.filter(pl.col("experiment_id").is_in(inside))):
        st.markdown(said)
    if words.launches_look_unrelated(sheet.view.read(reads.lines, scholar=sheet.scholar)):
        st.markdown(words.UNRELATED)
    if sheet.hours:
        _ask_about_days_off(sheet)
    longest = words.longest(sheet.shown_loops, _LONGEST_WAITS)
    if longest.height:
        st.caption("Longest waits, in working hours")
        rows = (words.waited(row, sheet.zone) for row in longest.iter_rows(named=True))
        st.markdown("  \n".join(rows))


def _ask_about_days_off(sheet: Sheet) -> None:
    """Asks the scholar alone: only they know."""
    if not sheet.whose.own:
        return
    rows = sheet.view.read(reads.weekdays, scholar=sheet.scholar)
    question = words.days_off(rows, sheet.trend.weeks_with_data, sheet.whose)
    if question:
        st.markdown(question)
        show_way("definitions", "What working hours are", find="working hours")
