"""My velocity: where one scholar's time goes, and what is waiting for them now."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from velocity import formats, sentences, ui
from velocity.charts import draw_calendar, draw_strips, draw_throughput
from velocity.reading import frames as shape
from velocity.reading import reads
from velocity.sentences.scholar import now

_WEEKS = 12

view, mode = ui.view(), ui.theme_mode()
scholar = view.scholar
if scholar is None:
    ui.empty_state("There is no scholar yet.", "velocity sync --project ENTITY/PROJECT")
    st.stop()
who = view.who(scholar)
# Hours of the day, nights and weekends are shown to the scholar alone, whoever else looks here.
hours = view.scope.sees_hours(scholar)
own = view.is_own(scholar)
label = formats.label(who["name"])
name = formats.markdown(label)
since = view.window.last - timedelta(weeks=_WEEKS)
over = {"from_day": view.window.first, "to_day": view.window.end}
lines = view.soon(reads.lines, scholar=scholar)
runs = view.soon(reads.runs, scholars=[scholar], classes=["running", "stale"])
open_work = view.soon(reads.open_work, scholar=scholar)
waiting = view.soon(reads.waiting_results, scholar=scholar)
usual = view.soon(reads.weekly, by="scholar", groups=[scholar])
volume = {"by": "scholar", "groups": [scholar], "parts": ["volume"]}
volume_by_week = view.soon(reads.metrics, period="week", **volume)
volume_by_day = (
    view.soon(reads.metrics, period="day", from_day=since, to_day=view.window.end, **volume)
    if hours
    else None
)
bands = view.soon(reads.bands, scholar=scholar, **over)
figures = view.windowed(
    reads.metrics,
    by="scholar",
    groups=[scholar],
    parts=["volume", "loops", "medians"],
).row(0, named=True)
loops = view.windowed(reads.loops, scholar=scholar).reverse()
view.say(
    name,
    sentences.my_velocity(
        figures=figures,
        lines=lines(),
        awake=(who["awake_start_min"], who["awake_end_min"]) if hours else (0, 0),
        own=own,
    ),
)

with st.container(border=True), st.grid(4, min_column_width=196):
    stale_after = view.trust["stale_after_minutes"]
    for tile in now(runs(), open_work(), waiting(), stale_after_minutes=stale_after, own=own):
        with st.container(gap="xsmall"):
            st.metric(tile.label, tile.value)
            st.caption(tile.note)

if loops.is_empty():
    ui.empty_state(
        "No experiment was launched in this window: choose a longer one.", "velocity sync"
    )
else:
    ui.show_loops(view, loops, figures)

ui.show_timeline(view, who, title="Timeline of my experiments" if own else f"Timeline of {name}")

with st.grid(3 if hours else 2, min_column_width=300, gap="medium"):
    with st.container():
        weekly = shape.throughput(
            usual(),
            volume_by_week(),
        )
        ui.show_chart(
            draw_throughput(weekly, mode=mode, title="Concluded and failed"),
            title="Concluded and failed",
            caption="Experiments concluded and runs failed a week; band = usual range",
            table=ui.Table(weekly, "throughput"),
        )
    if volume_by_day is not None:
        with st.container():
            alone = "; shown to you alone" if own else ""
            days = volume_by_day().select(day="period_start", value="experiments_started")
            ui.show_chart(
                draw_calendar(days, mode=mode, title="Launches by day", noun="launch"),
                title="Launches by day",
                caption=f"Experiments launched; stronger is more{alone}",
                table=ui.Table(days, "launches"),
            )
    with st.container():
        title = f"{'You' if own else label} and the cohort"
        strips = shape.strips(figures, bands())
        ui.show_chart(
            draw_strips(strips, mode=mode, title=title, who="you" if own else label),
            title=formats.markdown(title),
            caption=f"{view.window.words}; bar = middle half of the others, tick = their median; "
            "nobody is named",
            table=ui.Table(strips, "cohort"),
        )
ui.show_seen(view, who)
