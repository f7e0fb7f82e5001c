"""Stand-up: what changed, what is stuck, what the compute bought."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

import streamlit as st

from velocity import formats, sentences, ui
from velocity.charts import tiles as charts
from velocity.charts.multiples import STREAM_MEASURES
from velocity.reading import reads, series
from velocity.reading.frames import charged, tile_rows
from velocity.sentences import tiles
from velocity.sentences.shifts import checked_words, no_shift_words, shift_words
from velocity.sentences.weeks import restated, window_words

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

_STUCK_HOURS = 24
_MOST_RESTATED = 5
_FOUR_WEEKS = timedelta(weeks=4)


def _draw() -> None:
    view = ui.view()
    week, names = series.last_complete_week(view.window.last), view.stream_names
    now = view.windowed(reads.metrics, by="programme").row(0, named=True)
    weekly = view.read(reads.weekly, by="programme")
    programme = series.recent(weekly, week, series.PROGRAMME_MEASURES)
    weekly = view.read(reads.weekly, by="stream")
    streams = series.recent(weekly, week, [it.id for it in STREAM_MEASURES])
    stuck = view.read(reads.stuck, min_hours=_STUCK_HOURS)
    view.say(
        f"programme, {formats.plural(view.trust['scholars'], 'scholar')}",
        sentences.stand_up(
            figures=now, weekly=streams, programme=programme, stuck=stuck, names=names, week=week
        ),
    )
    ui.show_digest(view, week)
    _tiles(view, now, programme)
    with st.grid(2, min_column_width=470, gap="medium"):
        with st.container():
            ui.show_stuck(view, stuck)
        with st.container():
            _shifts(view, series.Shifts.of([streams, programme], week, names), week, names)
    if names:
        ui.show_stream_weeks(
            streams, names, along="row", title="Streams, each against its own usual range"
        )
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.caption("Lines and scholars of", width="content")
            for stream, name in names.items():
                ui.show_step("streams", name, streams=[stream])


def _tiles(view: ui.View, now: tiles.Row, programme: pl.DataFrame) -> None:
    start, before = view.window.first - _FOUR_WEEKS, None
    if start >= view.trust["first_day"]:
        over = {"by": "programme", "from_day": start, "to_day": view.window.first}
        before = view.read(reads.metrics, **over).row(0, named=True)
    days = view.read(
        reads.metrics,
        by="programme",
        period="day",
        parts=["volume", "medians", "compute"],
        from_day=max(view.window.end - _FOUR_WEEKS, view.trust["first_day"]),
        to_day=view.window.end,
    )
    balance = view.read(reads.balance, by="programme")
    ledger = charged(view.read(reads.ledger, by="programme"), "programme")
    uneven = " (they include weekends; this window is not a whole number of weeks)"
    ui.heading(
        "",
        "Changes compare with the programme's previous four weeks, taken as one window"
        f"{uneven if view.window.days % 7 else ''}. Upper chart: "
        f"last {formats.plural(days.height, 'day')}, one value per day. Lower chart: "
        f"{window_words(programme)}, grey band = usual range.",
        table=ui.Table(tile_rows(days, programme, balance), "programme"),
    )
    mode, scholars = ui.theme_mode(), view.trust["scholars"]
    with ui.tile_row():
        for key, tile, figures in (
            ("concluded", tiles.concluded(now, before), charts.concluded_charts),
            ("serial", tiles.serial(now, before, scholars), charts.serial_charts),
            ("loop", tiles.loop(now, before), charts.loop_charts),
        ):
            ui.tile(**asdict(tile), charts=figures(days, programme, mode), key=key)
        spent = charts.credit_charts(days, balance, ledger, mode)
        ui.tile(**asdict(tiles.credits_left(now, ledger)), charts=spent, key="credits")


def _shifts(view: ui.View, shifts: series.Shifts, week: date, names: dict[str, str]) -> None:
    ui.heading("Shifts", f"Values of the {formats.week(week)} beyond their own usual range")
    with st.container(border=True):
        found = [shift_words(row, names) for row in shifts.rows]
        st.markdown("\n\n".join(found) or no_shift_words(shifts))
        st.caption(checked_words(shifts))
    moved = view.read(reads.restated, by="programme", since=view.as_of - timedelta(days=7))
    if told := restated(moved):
        ui.heading(
            "Restated since last week",
            "Past weeks change with late syncs, corrected clocks and loops that have closed since",
            table=ui.Table(moved, "restated"),
        )
        st.markdown("  \n".join(told[:_MOST_RESTATED]))


PAGE = ui.Page("stand_up", "Stand-up", ("period",), ("lead",), _draw, 10)
