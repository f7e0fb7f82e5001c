"""Stand-up: what changed, what is stuck, what the compute bought."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import streamlit as st

from velocity import charts, formats, sentences, ui
from velocity.reading import reads, series
from velocity.reading.frames import charged, tile_rows
from velocity.sentences import signals, tiles
from velocity.sentences.weeks import restated, window_words

_STUCK_HOURS = 24
_MOST_RESTATED = 5
_FOUR_WEEKS = timedelta(weeks=4)

view, mode = ui.view(), ui.theme_mode()
week = series.last_complete_week(view.window.last)
names = dict(view.read(reads.streams).select("stream", "name").iter_rows())
now = view.windowed(reads.metrics, by="programme").row(0, named=True)
start = view.window.first - _FOUR_WEEKS
before = None
if start >= view.trust["first_day"]:
    over = {"by": "programme", "from_day": start, "to_day": view.window.first}
    before = view.read(reads.metrics, **over).row(0, named=True)
programme = series.recent(view.read(reads.weekly, by="programme"), week, series.PROGRAMME_MEASURES)
streams = series.recent(
    view.read(reads.weekly, by="stream"), week, [it.id for it in charts.STREAM_MEASURES]
)
stuck = view.read(reads.stuck, min_hours=_STUCK_HOURS)
view.say(
    f"programme, {formats.plural(view.trust['scholars'], 'scholar')}",
    sentences.stand_up(
        figures=now, weekly=streams, programme=programme, stuck=stuck, names=names, week=week
    ),
)

ui.show_digest(view, week)

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
drawn = {
    "concluded": (tiles.concluded(now, before), charts.concluded_charts(days, programme, mode)),
    "serial": (
        tiles.serial(now, before, view.trust["scholars"]),
        charts.serial_charts(days, programme, mode),
    ),
    "loop": (tiles.loop(now, before), charts.loop_charts(days, programme, mode)),
    "credits": (tiles.credits_left(now, ledger), charts.credit_charts(days, balance, ledger, mode)),
}
uneven = " (they have weekends; this window is no whole number of weeks)"
ui.heading(
    "",
    "Change is against the programme's own four weeks before, taken as one window"
    f"{uneven if view.window.days % 7 else ''}. Upper chart: "
    f"last {formats.plural(days.height, 'day')}, a value a day. Lower chart: "
    f"{window_words(programme)}, grey band = usual range.",
    table=ui.Table(tile_rows(days, programme, balance), "programme"),
)
with ui.tile_row():
    for key, (tile, figures) in drawn.items():
        ui.tile(**asdict(tile), charts=figures, key=key)

with st.grid(2, min_column_width=470, gap="medium"):
    with st.container():
        ui.show_stuck(view, stuck)
    with st.container():
        found, checked = signals.signals([streams, programme], week, names)
        ui.heading("Signals", f"Points of the {formats.week(week)} beyond their own usual range")
        with st.container(border=True):
            st.markdown("\n\n".join(found) or signals.no_signal_words(checked))
            st.caption(signals.checked_words(checked))
        moved = view.read(reads.restated, by="programme", since=view.as_of - timedelta(days=7))
        if told := restated(moved):
            ui.heading(
                "Restated since last week",
                "Late syncs, corrected clocks and loops that closed since change past weeks",
                table=ui.Table(moved, "restated"),
            )
            st.markdown("  \n".join(told[:_MOST_RESTATED]))

if names:
    ui.show_stream_weeks(
        streams, names, along="row", title="Streams, each against its own usual range"
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption("Lines and scholars of", width="content")
        for stream, name in names.items():
            ui.show_step("streams", name, streams=[stream])
