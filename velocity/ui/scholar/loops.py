"""The timeline and the loops of a scholar, the selected loop, and the waits."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import streamlit as st

from velocity import formats
from velocity.charts.loops import draw_loops
from velocity.charts.timeline import draw_timeline
from velocity.charts.timeline_frame import timeline_view
from velocity.reading import reads
from velocity.reading.mine import timeline_days
from velocity.reading.periods import local_midnight, monday_of
from velocity.sentences import loops as words
from velocity.sentences.queue import usual_words
from velocity.ui.choices import choose_titled
from velocity.ui.page import runs_of, show_way, show_why
from velocity.ui.parts import Table, heading, plain_name, show_chart, show_figure, show_key
from velocity.ui.scholar.sheet import Sheet
from velocity.ui.view import View

_ADDRESS = "loop"
_ROWS = 18
_LONGEST_WAITS = 3


def show_loops(sheet: Sheet) -> None:
    """The timeline for the scholar alone, then the loops with the selected one beside them."""
    loops = sheet.loops_of(up_to_now=sheet.up_to_now)
    if sheet.hours:
        with st.container(key="wide-timeline"):
            _timeline(sheet, loops)
    heading(
        "Loops: how long for a result, how long until the next launch",
        words.counted(loops, sheet.window, sheet.view.zone),
        table=sheet.table(loops, "loops"),
        about=words.LOOPS_HELP,
    )
    if loops.is_empty():
        st.markdown("No experiment was launched in these days.")
        return
    with st.container(horizontal=True, gap="medium"):
        left = st.container(width=920)
        right = st.container(width="stretch")
    launches = sheet.view.read(reads.meanwhile, scholar=sheet.scholar, from_day=sheet.window.first)
    with right:
        selected = _selected(sheet, loops, launches)
        _waits(sheet, loops, launches)
    with left:
        show_key(words.key(hours=sheet.hours))
        _chart(sheet, loops, selected)


def _timeline(sheet: Sheet, loops: pl.DataFrame) -> None:
    """The timeline up to now, opened on the latest week."""
    last: date | None = None
    if loops.height:
        last = loops["started_at"][0].astimezone(ZoneInfo(sheet.zone)).date()
        if sheet.up_to_now and last < monday_of(sheet.today):
            st.markdown(words.no_runs_since(last))
    name = formats.markdown(formats.label(sheet.whose.name))
    show_timeline(
        sheet.view,
        sheet.who,
        days=timeline_days(sheet.window, sheet.today, up_to_now=sheet.up_to_now, last_launch=last),
        title="Timeline of my experiments" if sheet.whose.own else f"Timeline of {name}",
        on_click=_select,
        person=plain_name(sheet.scholar),
    )


def show_timeline(
    view: View,
    who: Mapping[str, Any],
    *,
    days: tuple[date, date, date],
    title: str,
    on_click: Callable[[str], object],
    person: str = "",
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The timeline of a scholar (`who`) whose hours of the day the viewer may see.

    `days` are the first, the day after the last, and the day on which it opens; `on_click` gets the
    id of a clicked experiment; `person` is part of the name of its files. Returns the experiments
    and runs that it shows.
    """
    from_at, to_at, opens = (local_midnight(day, view.zone) for day in days)
    to_now = to_at >= view.as_of
    to_at = min(to_at, view.as_of.astimezone(to_at.tzinfo))
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
            title=title,
            likely=view.read(reads.open_work, scholar=who["scholar"]) if to_now else None,
            off=view.read(reads.days_off, scholar=who["scholar"]),
        ),
        title=title,
        caption=words.timeline_caption(drawn),
        table=Table(experiments, "timeline", person=person),
        on_click=on_click,
    )
    return experiments, runs


def _select(experiment_id: str) -> None:
    st.query_params[_ADDRESS] = experiment_id


def _chart(sheet: Sheet, loops: pl.DataFrame, selected: str) -> None:
    everything = st.session_state.get("all-loops", False)
    shown = loops if everything else loops.head(_ROWS)
    chart = draw_loops(
        shown,
        title="Loops",
        zone=sheet.zone,
        medians=(sheet.now["machine_hours_median"], sheet.now["reaction_working_hours_median"]),
        selected=selected,
        tails=sheet.hours,
    )
    show_figure(chart, key="loops-chart", on_click=_select)
    if loops.height > _ROWS:
        label = f"Show the latest {_ROWS}" if everything else f"Show all {loops.height}"
        if st.button(label, type="tertiary"):
            st.session_state["all-loops"] = not everything
            st.rerun()


def _selected(sheet: Sheet, loops: pl.DataFrame, meanwhile: pl.DataFrame) -> str:
    """The chosen loop: in the address, clicked in a chart, or the one that waits longest."""
    rows = {row["experiment_id"]: row for row in loops.iter_rows(named=True)}
    titles = {it: words.titled(row, sheet.zone) for it, row in rows.items()}
    waiting = loops.filter(pl.col("status") == "awaiting")
    default = waiting["experiment_id"][-1] if waiting.height else next(iter(rows))
    if sheet.wait is not None and sheet.wait["experiment_id"] in rows:
        # The result that the headline names.
        default = sheet.wait["experiment_id"]
    st.header("Selected loop", anchor="selected-loop")
    chosen = choose_titled("Loop", titles, key=_ADDRESS, default=default, width=300)
    row = rows[chosen]
    st.markdown(words.selected(row))
    st.table(words.steps(row, sheet.zone, hours=sheet.hours), border="horizontal")
    launched = row["started_at"].astimezone(ZoneInfo(sheet.view.zone)).date()
    launches = int(meanwhile.filter(experiment_id=chosen)["launches"].sum())
    said = [words.by_the_clock(row, hours=sheet.hours), words.meanwhile(launches)]
    if sheet.wait is not None and sheet.wait["experiment_id"] == chosen:
        said.append(f"In working hours: {usual_words(sheet.wait)}.")
    if told := " ".join(filter(None, said)):
        st.caption(told)
    if row["status"] == "awaiting" and sheet.hours:
        marked = chosen in sheet.waiting.filter("marked_read")["experiment_id"]
        st.button(
            "Marked as read: undo" if marked else "Read, still thinking",
            help="Takes the result out of Today and of lists until one more usual wait has passed. "
            "The wait is still counted.",
            on_click=sheet.view.mark_read,
            args=(sheet.scholar, chosen, row["result_at"]),
            kwargs={"read": not marked},
        )
    with st.container(horizontal=True, gap="small"):
        show_way("runs", "Its runs", **runs_of([chosen], launched, sheet.window))
        show_why(sheet.view, "loop_hours_median", scholar=sheet.scholar, label="Why these figures")
    return chosen


def _waits(sheet: Sheet, loops: pl.DataFrame, meanwhile: pl.DataFrame) -> None:
    view, whose = sheet.view, sheet.whose
    st.header("While results waited", anchor=False)
    st.markdown(words.waits(sheet.now, whose, hours=sheet.hours))
    inside = sheet.loops_of(up_to_now=False)["experiment_id"].implode()
    if said := words.elsewhere(meanwhile.filter(pl.col("experiment_id").is_in(inside))):
        st.markdown(said)
    if words.launches_look_unrelated(view.read(reads.lines, scholar=sheet.scholar)):
        st.markdown(words.UNRELATED)
    # Only the scholar knows their days off.
    if sheet.hours and whose.own:
        weekdays = view.read(reads.weekdays, scholar=sheet.scholar)
        if question := words.days_off(weekdays, sheet.trend.weeks_with_data, whose):
            st.markdown(question)
            show_way("definitions", "What working hours are", find="working hours")
    longest = words.longest(loops, _LONGEST_WAITS)
    if longest.height:
        st.caption("Longest waits, in working hours")
        rows = (words.waited(row, sheet.zone) for row in longest.iter_rows(named=True))
        st.markdown("  \n".join(rows))
