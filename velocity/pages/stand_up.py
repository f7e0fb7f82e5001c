"""Stand-up: what changed, what is stuck, what the compute bought."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import streamlit as st

from velocity import formats, reads, sentences, ui
from velocity.charts import (
    Measure,
    draw_burndown,
    draw_multiples,
    draw_spark_bars,
    draw_spark_line,
    draw_split_trend,
    draw_trend,
)
from velocity.shapes import weeks as shape

STREAM_MEASURES = (
    Measure("experiments_concluded", "Concluded experiments a week", "count"),
    Measure("serial_share", "Serial share of busy hours", "share"),
    Measure("reaction_hours_median", "Reaction, median", "hours"),
)
_STUCK_HOURS = 24
_MOST_RESTATED = 5
_COLUMNS = {
    "scholar": st.column_config.TextColumn("Scholar", width=120),
    "project": st.column_config.TextColumn("Project", width=150),
    "stream_name": st.column_config.TextColumn("Stream", width=100),
    "what": st.column_config.TextColumn("What", width=170),
    "for": st.column_config.TextColumn("For", width=90),
    "url": st.column_config.LinkColumn("W&B", display_text="open", width=70),
}


def _row(frame: pl.DataFrame) -> dict[str, Any]:
    return frame.row(0, named=True)


view, mode = ui.view(), ui.theme_mode()
figures = _row(view.windowed(reads.metrics, by="programme"))
before = _row(
    view.read(
        reads.metrics,
        by="programme",
        from_day=view.window.first - timedelta(weeks=4),
        to_day=view.window.first,
    )
)
weekly = view.read(reads.weekly, by="programme")
streams = view.read(reads.weekly, by="stream")
names = dict(view.read(reads.streams).select("stream", "name").iter_rows())
stuck = view.read(reads.stuck, min_hours=_STUCK_HOURS)
week = shape.last_complete_week(view.window.last)
view.say(
    f"programme, {formats.plural(view.trust['scholars'], 'scholar')}",
    sentences.stand_up(
        figures=figures, weekly=streams, programme=weekly, stuck=stuck, names=names, week=week
    ),
)
days = view.read(
    reads.metrics,
    by="programme",
    period="day",
    from_day=view.window.end - timedelta(days=28),
    to_day=view.window.end,
)
ui.heading(
    "",
    "Change is against the programme's own four weeks before. Upper chart: last 28 days, a value a "
    "day. Lower chart: 12 weeks, grey band = usual range.",
    table=ui.Table(weekly, "programme-weeks"),
)


def _daily(column: str) -> pl.DataFrame:
    return days.select(day="period_start", value=column)


with ui.tile_row():
    ui.tile(
        "Concluded experiments a week",
        formats.rate(figures["throughput_per_week"]),
        change=formats.count_change(
            figures["throughput_per_week"] - (before["throughput_per_week"] or 0)
        ),
        before=f"from {formats.rate(before['throughput_per_week'])}",
        charts=[
            draw_spark_bars(
                _daily("experiments_concluded"), mode=mode, title="Concluded a day", unit="count"
            ),
            draw_trend(
                shape.trend(weekly, "experiments_concluded"),
                mode=mode,
                title="Concluded a week",
                unit="count",
            ),
        ],
        second=f"{formats.share(figures['failure_share'])} of runs failed",
        note=f"n = {formats.count(figures['experiments_concluded'])}, 95 % limits "
        f"{formats.rate(figures['throughput_per_week_low'])} to "
        f"{formats.rate(figures['throughput_per_week_high'])}",
        key="concluded",
    )
    ui.tile(
        "Serial share of busy hours",
        formats.share(figures["serial_share"]),
        change=formats.points((figures["serial_share"] or 0) - (before["serial_share"] or 0)),
        before=f"from {formats.share(before['serial_share'])}",
        charts=[
            draw_spark_line(_daily("serial_share"), mode=mode, title="Serial share", unit="share"),
            draw_trend(
                shape.trend(weekly, "serial_share"), mode=mode, title="Serial share", unit="share"
            ),
        ],
        second=f"P {formats.rate(figures['experiment_parallelism'])} lines of thought in flight",
        note=f"{formats.count(figures['busy_hours'])} busy hours",
        key="serial",
    )
    ui.tile(
        "Feedback loop, median",
        formats.duration(figures["loop_hours_median"]),
        change=formats.duration_change(
            (figures["loop_hours_median"] or 0) - (before["loop_hours_median"] or 0)
        ),
        before=f"from {formats.duration(before['loop_hours_median'])}",
        charts=[
            draw_spark_line(
                _daily("loop_hours_median"), mode=mode, title="Loop median", unit="hours"
            ),
            draw_split_trend(shape.split(weekly), mode=mode, title="Machine and reaction"),
        ],
        second=f"machine {formats.duration(figures['machine_hours_median'])}, "
        f"reaction {formats.duration(figures['reaction_hours_median'])}",
        note=f"n = {formats.count(figures['loop_hours_n'])} loops, "
        f"{formats.count(figures['loops_closed'])} closed",
        key="loop",
    )
    ledger = view.read(reads.ledger, by="programme")
    credit = _row(ledger) if ledger.height else {}
    balance = view.read(reads.balance, by="programme")
    ui.tile(
        "Credits left",
        formats.count(credit.get("credits_left")),
        change=f"{formats.count(figures['credits'])} spent",
        before="in this window",
        charts=[
            draw_spark_bars(_daily("credits"), mode=mode, title="Credits a day", unit="count"),
            draw_burndown(
                balance,
                exhausted_on=credit.get("exhausted_on"),
                mode=mode,
                title="Credits left",
                tile=True,
            ),
        ],
        second=f"{formats.count(credit.get('runway_days'))} days at the last 14 days' pace",
        note="allocation, not utilisation",
        key="credits",
    )
with st.grid(2, min_column_width=470, gap="medium"):
    with st.container():
        ui.heading(
            "What is stuck",
            "Results waiting, failures not recovered and stale runs for more than 24 h; oldest "
            f"first, {formats.sample(stuck.height)}",
            table=ui.Table(stuck, "stuck"),
        )
        if stuck.height:
            st.dataframe(
                stuck.with_columns(
                    pl.col("waited_hours")
                    .map_elements(formats.duration, return_dtype=pl.String)
                    .alias("for")
                ).select(*_COLUMNS),
                column_config=_COLUMNS,
                hide_index=True,
                row_height=34,
                height="content",
            )
        else:
            st.markdown("Nothing has been stuck for more than a day.")
    with st.container():
        signals = pl.concat([weekly, streams]).filter(
            pl.col("signal") & (pl.col("week_start") == week)
        )
        ui.heading("Signals", f"Points of the {formats.week(week)} beyond their own usual range")
        with st.container(border=True):
            for row in signals.iter_rows(named=True):
                st.markdown(shape.signal_words(row, names))
            st.caption(
                "Everything else is ordinary variation."
                if signals.height
                else "No signal this week."
            )
        restated = view.read(reads.restated, by="programme", since=view.as_of - timedelta(days=7))
        if restated.height:
            ui.heading(
                "Restated since last week",
                "Late syncs and corrected clocks change past weeks",
                table=ui.Table(restated, "restated"),
            )
            for row in restated.head(_MOST_RESTATED).iter_rows(named=True):
                st.markdown(shape.restated_words(row))
if names:
    ui.show_chart(
        draw_multiples(
            shape.panels(streams, STREAM_MEASURES, names),
            measures=STREAM_MEASURES,
            groups=list(names.values()),
            along="row",
            mode=mode,
            title="Streams",
        ),
        title="Streams, each against its own usual range",
        caption="12 weeks; grey band = usual range of the stream's own weeks; a diamond marks a "
        "signal",
        table=ui.Table(streams, "stream-weeks"),
    )
