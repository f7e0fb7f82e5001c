"""Streams: which line of work needs a mentor, and each stream against its own past."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import streamlit as st

from velocity import charts, formats, reads, sentences, ui
from velocity.shapes import streams as shape
from velocity.shapes import weeks as series
from velocity.theme import tokens

if TYPE_CHECKING:
    from collections.abc import Callable

_ROWS_SHOWN = 14
view, mode = ui.view(), ui.theme_mode()
bars = tokens(mode).faint
_LINES = {
    "line": st.column_config.TextColumn("Scholar / line", width=140),
    "stream_name": st.column_config.TextColumn("Stream", width=70),
    "state": st.column_config.TextColumn("State", width=132),
    "for": st.column_config.TextColumn("For", width=72),
    "last_loops_hours": st.column_config.BarChartColumn(
        "Last 10 loops, hours", width=116, color=bars, y_min=0, y_max=shape.LONGEST_BAR_HOURS
    ),
    "median": st.column_config.TextColumn("Loop median (n)", width=104),
    "experiments_concluded": st.column_config.NumberColumn("Concluded", width=72),
    "failed": st.column_config.NumberColumn("Failed", format="%d\u00a0%%", width=54),
    "url": st.column_config.LinkColumn("W&B", display_text="open", width=52),
}


def _show(
    shown: pl.DataFrame, rows: pl.DataFrame, columns: dict[str, Any], *, key: str, alt: str
) -> None:
    """Rows of scholars; one that is selected opens My velocity of its scholar."""
    row = ui.chosen_row(
        shown.select(*columns),
        rows,
        columns=columns,
        key=key,
        alt=alt,
        opens=view.opens_scholars,
        height=None if rows.height <= _ROWS_SHOWN else 34 * _ROWS_SHOWN + 36,
    )
    if row is not None:
        view.show_ways(row)


def _within(read: Callable[..., pl.DataFrame], **filters: Any) -> pl.DataFrame:
    """Figures of scholars, only what they did in each of the streams shown."""
    return pl.concat(
        read(reads.metrics, by="scholar", within=stream, parts=["volume"], **filters).with_columns(
            stream=pl.lit(stream)
        )
        for stream in names
    )


known = dict(view.read(reads.streams).select("stream", "name").iter_rows())
names = {stream: known[stream] for stream in view.streams}
if not names:
    ui.empty_state("There are no streams: write them into the roster.", "velocity roster suggest")
    st.stop()
week = series.last_complete_week(view.window.last)
lines = view.windowed(reads.line_states, streams=list(names))
medians = view.windowed(reads.lines)
weekly = series.recent(
    view.read(reads.weekly, by="stream", groups=list(names)),
    week,
    [measure.id for measure in series.STREAM_MEASURES],
)
chosen = formats.markdown(", ".join(formats.label(name) for name in names.values()))
view.say(
    f"all {len(names)} streams" if 1 < len(names) == len(known) else chosen,
    sentences.streams(lines=lines, weekly=weekly, names=names, week=week),
)

ui.heading(
    "Lines",
    "One row per scholar and project, sorted by the oldest unanswered result or failure not "
    f"recovered; {formats.sample(lines.height)}; {view.window.words}; bars end at "
    f"{formats.duration(shape.LONGEST_BAR_HOURS)}{view.opens_words}",
    table=ui.Table(shape.line_table(lines, medians), "lines"),
)
if lines.is_empty():
    st.markdown("No line of these streams has an experiment in this window: choose a longer one.")
else:
    rows = shape.line_rows(lines, medians, view.read(reads.open_work))
    _show(rows, rows, _LINES, key="line-rows", alt="Lines, what needs attention first")

ui.show_chart(
    charts.draw_multiples(
        series.panels(weekly, names),
        measures=series.STREAM_MEASURES,
        groups=list(names.values()),
        along="column",
        mode=mode,
        title="Streams",
        notes=series.week_notes(weekly, week, names),
    ),
    title="Each stream against its own usual range",
    caption=f"{series.window_words(weekly)}; grey band = usual range of the stream's own weeks; "
    "one scale down a column; a diamond marks a signal; n = loops of the last week",
    table=ui.Table(weekly, "stream-weeks"),
)

exposure = view.read(reads.metrics, by="scholar", parts=["volume"])
with st.grid(2 if view.scope.everything else 1, min_column_width=470, gap="medium"):
    # The pooled rate, and everybody's exposure, are for those who see everybody.
    if view.scope.everything:
        with st.container():
            limits = view.read(reads.funnel)
            points = shape.funnel_points(exposure, view.read(reads.scholars), lines, list(names))
            ui.show_chart(
                charts.draw_funnel(
                    points,
                    limits,
                    pooled=next(iter(limits["pooled_rate"]), None),
                    mode=mode,
                    title="Concluded experiments a week",
                ),
                title="Streams differ in run length",
                caption="Concluded experiments a week by weeks of exposure, all data, "
                f"{formats.plural(points.height, 'scholar')}; filled = the streams chosen, names "
                "on hover; limits widen where exposure is short",
                table=ui.Table(points, "funnel"),
            )
    with st.container():
        first, end = shape.series_days(week, view.trust["first_day"], view.window.end)
        people = shape.scholar_rows(
            _within(view.read, period="week", from_day=first, to_day=end),
            _within(view.windowed),
            exposure,
            lines,
        )
        ui.heading(
            "Scholars of these streams",
            f"A bar a week, {formats.span(first, end - timedelta(days=1))}, one scale down each "
            f"column; failed and now over {view.window.words}; sorted by what has waited longest; "
            f"{formats.sample(people.height)}",
            table=ui.Table(people, "scholars"),
        )
        weeks = {"weeks": st.column_config.NumberColumn("Weeks", format="%.0f", width=55)}
        _show(
            shape.scholar_words(people),
            people,
            {
                "scholar": st.column_config.TextColumn("Scholar", width=85),
                "stream_name": st.column_config.TextColumn("Stream", width=75),
                **(weeks if view.scope.everything else {}),
                "waits": st.column_config.TextColumn("Waiting", width=75),
                "concluded_weeks": st.column_config.BarChartColumn(
                    "Concluded a week",
                    width=120,
                    color=bars,
                    y_min=0,
                    y_max=shape.most_concluded(people),
                ),
                "failed": st.column_config.NumberColumn("Failed", format="%d\u00a0%%", width=60),
                "serial_weeks": st.column_config.BarChartColumn(
                    "Serial share", width=120, color=bars, y_min=0, y_max=1
                ),
                "serial": st.column_config.NumberColumn("Now", format="%d\u00a0%%", width=55),
            },
            key="scholar-rows",
            alt="Scholars of these streams, what has waited longest first",
        )
