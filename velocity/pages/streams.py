"""Streams: which line of work needs a mentor, and each stream against its own past."""

from __future__ import annotations

import streamlit as st

from velocity import charts, formats, sentences, ui
from velocity.reading import reads, series
from velocity.reading.frames import funnel_points
from velocity.sentences.weeks import week_notes

view = ui.view()
known = dict(view.read(reads.streams).select("stream", "name").iter_rows())
names = {stream: known[stream] for stream in view.streams}
if not names:
    ui.empty_state("There are no streams: write them into the roster.", "velocity roster suggest")
    st.stop()
week = series.last_complete_week(view.window.last)
lines = view.windowed(reads.line_states, streams=list(names))
weekly = series.recent(
    view.read(reads.weekly, by="stream", groups=list(names)),
    week,
    [measure.id for measure in charts.STREAM_MEASURES],
)
chosen = formats.markdown(", ".join(formats.label(name) for name in names.values()))
view.say(
    f"all {len(names)} streams" if 1 < len(names) == len(known) else chosen,
    sentences.streams(lines=lines, weekly=weekly, names=names, week=week),
)

ui.show_lines(view, lines, view.windowed(reads.lines))

ui.show_stream_weeks(
    weekly,
    names,
    along="column",
    title="Each stream against its own usual range",
    notes=week_notes(weekly, week, names),
)

exposure = view.read(reads.metrics, by="scholar", parts=["volume"])
with st.grid(2 if view.scope.everything else 1, min_column_width=470, gap="medium"):
    # The pooled rate, and everybody's exposure, are for those who see everybody.
    if view.scope.everything:
        with st.container():
            limits = view.read(reads.funnel)
            points = funnel_points(exposure, view.read(reads.scholars), lines, list(names))
            ui.show_chart(
                charts.draw_funnel(
                    points,
                    limits,
                    pooled=next(iter(limits["pooled_rate"]), None),
                    mode=ui.theme_mode(),
                    title="Concluded experiments a week",
                ),
                title="Streams differ in run length",
                caption="Concluded experiments a week by weeks of exposure, all data, "
                f"{formats.plural(points.height, 'scholar')}; filled = the streams chosen, names "
                "on hover; limits widen where exposure is short",
                table=ui.Table(points, "funnel"),
            )
    with st.container():
        ui.show_scholars(view, lines, exposure, streams=list(names), week=week)
