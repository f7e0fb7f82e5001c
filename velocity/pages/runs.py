"""Runs: every run of the window, filterable, each with a link to W&B."""

from __future__ import annotations

from velocity import formats, sentences, ui
from velocity.reading import reads
from velocity.reading.periods import week_of
from velocity.ui.run_filters import choose_runs, show_timeline

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


def _draw() -> None:
    view = ui.view()
    chosen = choose_runs(view)
    runs = view.windowed(reads.runs, most=_MOST, **chosen.filters)
    said = sentences.runs(chosen.counts, view.window, chosen=chosen.with_experiments(runs))
    view.say("runs by the day they started", said)
    show_timeline(view, chosen.counts)
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


PAGE = ui.Page(
    "runs", "Runs", ("period",), ("lead", "mentor", "research manager", "scholar"), _draw, 60
)
