"""Runs: every run of the window, filterable, each with a link to W&B."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import polars as pl
import streamlit as st

from velocity import formats
from velocity.reading import reads
from velocity.reading.frames import TIMELINE_DAYS
from velocity.reading.periods import Window, last_whole_day, week_of
from velocity.sentences import health
from velocity.sentences.loops import experiment_words
from velocity.ui.page import Page, has_page, show_way
from velocity.ui.parts import Table, empty_state, heading
from velocity.ui.scholar.loops import show_timeline
from velocity.ui.tables import show_rows
from velocity.ui.view import View, current_view

_ROWS_SHOWN = 20
#: Only the latest runs of a window are read: a browser cannot show a million.
_MOST = 20_000
#: Column -> its width in pixels; together, and with the selection, they fit a window of 900.
_COLUMNS = {
    "scholar": 70,
    "stream_name": 62,
    "project": 90,
    "experiment_name": 90,
    "display_name": 90,
    "class": 62,
    "started_at": 120,
    "active_hours": 88,
    "gpu_count": 46,
    "flags": 84,
    "url": 46,
}
#: Filter of `reads.runs`, its column, its label, and the preposition before it in a sentence.
_FILTERS = (
    ("scholars", "scholar", "Scholar", "of"),
    ("projects", "project", "Project", "in"),
    ("classes", "class", "State", ""),
)
#: Key of the address: ids of experiments, as links of other pages give them.
_EXPERIMENTS = "runs-experiment"
#: Key of the address: the experiment that was chosen in the timeline.
_EXPERIMENT = "experiment"
_OF_EXPERIMENT = ["display_name", "class", "started_at", "ended_at", "url"]


def _draw() -> None:
    asked = st.query_params.get_all(_EXPERIMENTS)
    view = _up_to_now(current_view()) if asked else current_view()
    filters: dict[str, list[str]] = {"experiments": asked} if asked else {}
    counts = view.windowed(reads.run_counts, **filters)
    # Preposition and what it stands before, for the sentence on top.
    chosen: list[tuple[str, str]] = []
    with st.container(horizontal=True, key="run-filters"):
        if asked and st.button("Runs of other experiments too"):
            del st.query_params[_EXPERIMENTS]
            st.rerun()
        for name, column, label, how in _FILTERS:
            key = f"runs-{column}"
            kept = st.session_state.get(key, st.query_params.get_all(key))
            values = st.multiselect(
                label,
                _offered(view, counts, column, kept),
                format_func=formats.label,
                key=key,
                bind="query-params",
                placeholder=f"All {label.lower()}s",
                label_visibility="collapsed",
            )
            if values:
                filters[name] = values
                counts = counts.filter(pl.col(column).is_in(values))
                if how:
                    chosen.append((how, _in_words(view, column, values)))
    runs = view.windowed(reads.runs, most=_MOST, **filters)
    if asked:
        names = {*runs["experiment_name"]} or {"this experiment"}
        many = formats.plural(max(len(names), len(asked)), "experiment")
        chosen.insert(0, ("of", many if len(asked) > 1 else names.pop()))
    view.say("runs by the day they started", health.runs(counts, view.window, chosen=chosen))
    if not counts.is_empty():
        _show_timeline(view, counts["scholar"].unique().to_list())
    opens = view.scope.everything and has_page("my_velocity")
    most = f"The latest {formats.count(_MOST)} are shown. " if runs.height == _MOST else ""
    select = "; select a row to see which figures it counts in" if opens else ""
    caption = f"{most}Times in {view.zone}; stale = no sign of life{select}"
    heading("Runs", caption, table=Table(runs, "runs"))
    if runs.is_empty():
        _say_none(filters)
        return
    place = show_rows(
        runs.select(*_COLUMNS),
        alt="Runs of the window, latest first",
        rows_shown=_ROWS_SHOWN,
        widths=_COLUMNS,
        key="run-rows",
        selects=opens,
    )
    if place is not None:
        _show_ways(view, runs.row(place, named=True))


def _offered(view: View, counts: pl.DataFrame, column: str, kept: list[str]) -> list[str]:
    """The values to choose from: what is chosen stays if the viewer knows it, even without runs."""
    known = {*counts[column].drop_nulls()}
    if not known.issuperset(kept):
        read = reads.scholars if column == "scholar" else reads.run_counts
        known |= {*kept} & {*view.read(read)[column]}
    return sorted(known)


def _up_to_now(view: View) -> View:
    """The view with the running day: a link may name an experiment that began on it."""
    whole = last_whole_day(view.as_of, view.zone)
    if view.window.last < whole:
        return view
    return replace(view, window=Window(view.window.first, whole + timedelta(days=1)))


def _say_none(filters: dict[str, list[str]]) -> None:
    if filters:
        st.markdown("No run matches: choose a longer period, or other filters.")
    else:
        empty_state("No run matches: choose a longer period, or pull more runs.", "velocity sync")


def _in_words(view: View, column: str, values: list[str]) -> str:
    """The chosen scholars or projects: the name of one, or how many."""
    if len(values) > 1:
        return formats.plural(len(values), column)
    known = column == "scholar" and values[0] in view.read(reads.scholars)["scholar"]
    return str(view.who(values[0])["name"]) if known else values[0]


def _show_ways(view: View, run: dict[str, Any]) -> None:
    """Links to the pages about the scholar of a selected run, if they have any, and to W&B."""
    scholar = run["scholar"]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{formats.markdown(formats.label(scholar))}**", width="content")
        if scholar in view.seen_whole:
            show_way("my_velocity", "My velocity", scholar=scholar)
            why = {"whose": "scholar", "scholar": scholar}
            days = week_of(run["started_at"], view.zone)
            show_way("why", "Why this number", **why, period=days)
        if run["url"]:
            st.link_button("W&B", run["url"], type="tertiary")


def _show_timeline(view: View, scholars: list[str]) -> None:
    """The last days of the only scholar whose runs are left, if the viewer may see their hours."""
    if len(scholars) != 1 or scholars[0] not in view.read(reads.scholars)["scholar"]:
        st.caption("Choose one scholar for a timeline of their experiments and runs.")
        return
    view.record_look(scholars[0])
    if scholars[0] not in view.seen_whole or not view.scope.sees_hours(scholars[0]):
        return
    who, last = view.who(scholars[0]), view.window.last
    first = max(view.window.first, last - timedelta(days=TIMELINE_DAYS - 1))
    with st.container(key="wide-timeline"):
        experiments, runs = show_timeline(
            view,
            who,
            days=(first, view.window.end, first),
            title=f"Timeline of {formats.markdown(formats.label(who['name']))}",
            on_click=lambda it: st.session_state.update({_EXPERIMENT: it}),
        )
    if not experiments.is_empty():
        _show_chosen(view, scholars[0], experiments.reverse(), runs)


def _show_chosen(view: View, scholar: str, experiments: pl.DataFrame, runs: pl.DataFrame) -> None:
    """The experiment chosen in the timeline, with its runs."""
    known = experiments["experiment_id"].to_list()
    if st.session_state.get(_EXPERIMENT) not in {None, *known}:
        del st.session_state[_EXPERIMENT]
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = st.selectbox(
            "Experiment",
            known,
            index=None,
            placeholder="Choose an experiment to see its runs",
            key=_EXPERIMENT,
            bind="query-params",
            label_visibility="collapsed",
            width=420,
        )
        if chosen is None:
            return
        row = experiments.row(known.index(chosen), named=True)
        why = {"whose": "scholar", "scholar": scholar}
        days = week_of(row["started_at"], view.zone)
        show_way("why", "Why this number", **why, period=days)
    st.markdown(experiment_words(row, view.as_of))
    own = runs.filter(experiment_id=chosen)
    show_rows(own.select(_OF_EXPERIMENT), alt=f"Runs of {formats.label(chosen)}", rows_shown=6)


PAGE = Page(
    "runs", "Runs", ("period",), ("lead", "mentor", "research manager", "scholar"), _draw, 60
)
