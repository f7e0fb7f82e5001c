"""Figures: a polars frame in, a Plotly figure and its words out. No Streamlit, no SQL."""

from velocity.charts.base import Chart, Unit
from velocity.charts.burndown import draw_burndown
from velocity.charts.calendar import draw_calendar
from velocity.charts.compute import draw_compute
from velocity.charts.funnel import draw_funnel
from velocity.charts.loops import draw_loops, draw_share_bar
from velocity.charts.multiples import STREAM_MEASURES, Measure, draw_multiples
from velocity.charts.programme import (
    concluded_charts,
    credit_charts,
    loop_charts,
    serial_charts,
)
from velocity.charts.strips import draw_strips
from velocity.charts.tiles import draw_spark_bars, draw_spark_line
from velocity.charts.timeline import draw_timeline
from velocity.charts.timeline_frame import TimelineView, timeline_view
from velocity.charts.trends import draw_dots, draw_split_trend, draw_throughput, draw_trend
from velocity.charts.weeks import trend

__all__ = [
    "STREAM_MEASURES",
    "Chart",
    "Measure",
    "TimelineView",
    "Unit",
    "concluded_charts",
    "credit_charts",
    "draw_burndown",
    "draw_calendar",
    "draw_compute",
    "draw_dots",
    "draw_funnel",
    "draw_loops",
    "draw_multiples",
    "draw_share_bar",
    "draw_spark_bars",
    "draw_spark_line",
    "draw_split_trend",
    "draw_strips",
    "draw_throughput",
    "draw_timeline",
    "draw_trend",
    "loop_charts",
    "serial_charts",
    "timeline_view",
    "trend",
]
