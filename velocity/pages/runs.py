"""Runs: every run of the window, filterable, each with a link to W&B."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from velocity import formats, sentences, ui
from velocity.reading import reads
from velocity.reading.periods import week_of

_ROWS_SHOWN = 20
#: Only the latest runs of a window are read: a browser cannot show a million.
_MOST = 20_000
#: Column -> its width in pixels; together, and with the selection, they fit a window of 900.
_COLUMNS = {
    "scholar": 70,
    "stream_name": 62,
    "project": 96,
    "display_name": 110,
    "class": 68,
    "started_at": 126,
    "active_hours": 86,
    "gpu_count": 46,
    "flags": 84,
    "url": 46,
}
#: Filter of `reads.runs`, its column, and its label.
_FILTERS = (
    ("scholars", "scholar", "Scholar"),
    ("projects", "project", "Project"),
    ("classes", "class", "State"),
)


def _draw() -> None:
    view = ui.view()
    counts = view.windowed(reads.run_counts)
    view.say(
        "all runs that started in it",
        sentences.runs(figures=_figures(view), started=int(counts["runs"].sum())),
    )
    filters: dict[str, list[str]] = {}
    with st.container(horizontal=True):
        for name, column, label in _FILTERS:
            if chosen := _choose(counts, column, label):
                filters[name] = chosen
                counts = counts.filter(pl.col(column).is_in(chosen))
    _show_timeline_of_one(view, counts)
    runs = view.windowed(reads.runs, most=_MOST, **filters)
    found = formats.plural(int(counts["runs"].sum()), "run")
    if runs.height == _MOST:
        found += f", of which the latest {formats.count(_MOST)} are shown"
    ui.heading(
        "Runs",
        f"{found}, times in {view.zone}; stale = no sign of life"
        + ("; select a row to see which figures it counts in" if view.opens_scholars else ""),
        table=ui.Table(runs, "runs"),
    )
    if runs.is_empty():
        ui.empty_state(
            "No run matches: choose a longer period, or pull more runs.", "velocity sync"
        )
        return
    shown = runs.select(*_COLUMNS)
    row = ui.chosen_row(
        ui.readable(shown, view.zone),
        runs,
        columns=ui.column_config(shown, _COLUMNS),
        key="run-rows",
        alt="Runs of the window, latest first",
        opens=view.opens_scholars,
        height=int(34 * (_ROWS_SHOWN + 1.5)) if runs.height > _ROWS_SHOWN else None,
    )
    if row is not None:
        view.show_ways(row, week=week_of(row["started_at"], view.zone))


def _choose(counts: pl.DataFrame, column: str, label: str) -> list[str]:
    """The chosen values of `column`; empty for all."""
    return st.multiselect(
        label,
        counts[column].drop_nulls().unique().sort().to_list(),
        format_func=formats.label,
        key=f"runs-{column}",
        bind="query-params",
        placeholder=f"All {label.lower()}s",
        label_visibility="collapsed",
    )


def _show_timeline_of_one(view: ui.View, counts: pl.DataFrame) -> None:
    """The timeline of the only scholar whose runs are left, if the viewer may see it."""
    names = counts["scholar"].unique().to_list()
    if len(names) != 1 or names[0] not in view.read(reads.scholars)["scholar"]:
        st.caption("Choose one scholar for a timeline of their experiments and runs.")
        return
    view.record_look(names[0])
    if view.scope.sees_whole(names[0]) and view.scope.sees_hours(names[0]):
        who = view.who(names[0])
        label = formats.markdown(formats.label(who["name"]))
        ui.show_timeline_of_one(view, who, title=f"Timeline of {label}")


def _figures(view: ui.View) -> dict[str, Any] | None:
    """The figures of everything that the viewer may see, if it is one group."""
    scope = view.scope
    groups = [("scholar", it) for it in scope.scholars] + [("stream", it) for it in scope.streams]
    if scope.everything:
        groups = [("programme", "programme")]
    if len(groups) != 1:
        return None
    ((by, group),) = groups
    found = view.windowed(reads.metrics, by=by, groups=[group], parts=["volume"])
    return next(found.iter_rows(named=True), None)


PAGE = ui.Page("runs", "Runs", ("period",), ("lead", "mentor", "scholar"), _draw, 60)
