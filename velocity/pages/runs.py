"""Runs: every run of the window, filterable, each with a link to W&B."""

from __future__ import annotations

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
    "experiment_name": 96,
    "display_name": 96,
    "class": 62,
    "started_at": 126,
    "active_hours": 64,
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
_EXPERIMENT = "runs-experiment"


def _draw() -> None:
    view = ui.view()
    filters: dict[str, list[str]] = {}
    chosen: list[tuple[str, str]] = []
    if asked := st.query_params.get_all(_EXPERIMENT):
        filters["experiments"] = asked
    counts = view.windowed(reads.run_counts, **filters)
    with st.container(horizontal=True):
        if asked and st.button("Runs of other experiments too"):
            del st.query_params[_EXPERIMENT]
            st.rerun()
        for name, column, label, how in _FILTERS:
            if values := _choose(counts, column, label):
                filters[name] = values
                counts = counts.filter(pl.col(column).is_in(values))
                if how:
                    chosen.append((how, _in_words(view, column, values)))
    runs = view.windowed(reads.runs, most=_MOST, **filters)
    if asked:
        chosen.insert(0, ("of", _experiments_in_words(runs)))
    view.say("runs by the day they started", sentences.runs(counts, view.window, chosen=chosen))
    _show_timeline_of_one(view, counts)
    most = f"The latest {formats.count(_MOST)} are shown. " if runs.height == _MOST else ""
    ui.heading(
        "Runs",
        f"{most}Times in {view.zone}; stale = no sign of life"
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
        view.show_ways(row, period=week_of(row["started_at"], view.zone))


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


def _in_words(view: ui.View, column: str, values: list[str]) -> str:
    """The chosen scholars or projects: the name of one, or how many."""
    if len(values) > 1:
        return formats.plural(len(values), column)
    known = view.read(reads.scholars) if column == "scholar" else None
    if known is not None and values[0] in known["scholar"]:
        return str(view.who(values[0])["name"])
    return values[0]


def _experiments_in_words(runs: pl.DataFrame) -> str:
    names = runs["experiment_name"].unique().to_list()
    return str(names[0]) if len(names) == 1 else formats.plural(len(names), "experiment")


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


PAGE = ui.Page(
    "runs", "Runs", ("period",), ("lead", "mentor", "research manager", "scholar"), _draw, 60
)
