"""Streams: which line of work needs a mentor, and each stream against its own past."""

from __future__ import annotations

import polars as pl
import streamlit as st

from velocity import formats, reads, sentences, ui
from velocity.charts import Measure, draw_funnel, draw_multiples
from velocity.shapes import weeks as shape

_MEASURES = (
    Measure("experiments_concluded", "Concluded experiments a week", "count"),
    Measure("failure_share", "Share of runs failed", "share"),
    Measure("serial_share", "Serial share of busy hours", "share"),
    Measure("reaction_hours_median", "Reaction, median", "hours"),
)
_COLUMNS = {
    "scholar": st.column_config.TextColumn("Scholar", width=110),
    "project": st.column_config.TextColumn("Project", width=140),
    "stream_name": st.column_config.TextColumn("Stream", width=90),
    "state": st.column_config.TextColumn("State", width=160),
    "for": st.column_config.TextColumn("For", width=80),
    "last_loops_hours": st.column_config.BarChartColumn("Last 10 loops, hours", width=150),
    "median": st.column_config.TextColumn("Loop median (n)", width=120),
    "experiments_concluded": st.column_config.NumberColumn("Concluded", width=80),
    "url": st.column_config.LinkColumn("W&B", display_text="open", width=60),
}
view, mode = ui.view(), ui.theme_mode()
known = dict(view.read(reads.streams).select("stream", "name").iter_rows())
names = {stream: known[stream] for stream in view.streams}
if not names:
    ui.empty_state("There are no streams: write them into the roster.", "velocity roster suggest")
    st.stop()
lines = view.windowed(reads.line_states, streams=list(names))
weekly = view.read(reads.weekly, by="stream", groups=list(names))
view.say(
    formats.markdown(", ".join(names.values())),
    sentences.streams(
        lines=lines, weekly=weekly, names=names, week=shape.last_complete_week(view.window.last)
    ),
)
medians = view.windowed(reads.lines)
shown = lines.join(
    medians.select("scholar", "entity", "project", "loops", "loop_hours_median"),
    on=["scholar", "entity", "project"],
    how="left",
    maintain_order="left",
).with_columns(
    pl.col("waited_hours").map_elements(formats.duration, return_dtype=pl.String).alias("for"),
    pl.struct("loop_hours_median", "loops")
    .map_elements(
        lambda row: (
            f"{formats.duration(row['loop_hours_median'])} ({row['loops']})"
            if row["loop_hours_median"] is not None
            else formats.plural(row["loops"] or 0, "loop")
        ),
        return_dtype=pl.String,
    )
    .alias("median"),
)
ui.heading(
    "Lines",
    "One row per scholar and project, sorted by the oldest unanswered result or failure not "
    f"recovered; {formats.sample(lines.height)}",
    table=ui.Table(lines, "lines"),
)
st.dataframe(
    shown.select(*_COLUMNS), column_config=_COLUMNS, hide_index=True, row_height=34, height=380
)
ui.show_chart(
    draw_multiples(
        shape.panels(weekly, _MEASURES, names),
        measures=_MEASURES,
        groups=list(names.values()),
        along="column",
        mode=mode,
        title="Streams",
    ),
    title="Each stream against its own usual range",
    caption="12 weeks; grey band = usual range of the stream's own weeks; one scale down a column; "
    "a diamond marks a signal",
    table=ui.Table(weekly, "stream-weeks"),
)
funnel = view.read(reads.funnel)
people = view.read(reads.scholars).explode("streams")
own = people.filter(pl.col("streams").is_in(list(names)))["scholar"].to_list()
points = (
    view.read(reads.metrics, by="scholar")
    .filter(pl.col("experiments_started") > 0)
    .select(
        exposure_weeks="weeks",
        rate="throughput_per_week",
        n="experiments_concluded",
        own=pl.col("scholar").is_in(own),
        name="scholar",
    )
)
if points.height:
    ui.show_chart(
        draw_funnel(
            points,
            funnel,
            pooled=funnel["pooled_rate"][0] if funnel.height else None,
            mode=mode,
            title="Concluded a week",
        ),
        title="Streams differ in run length",
        caption="Concluded experiments a week by weeks of exposure; filled = the streams chosen, "
        "names on hover; limits widen where exposure is short",
        table=ui.Table(points, "funnel"),
    )
