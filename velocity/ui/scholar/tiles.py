"""Today, and the three tiles: concluded, serial or parallel, feedback loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from velocity import formats
from velocity.charts.tile_trend import OFF, Line, Stack, draw_tile
from velocity.reading.periods import whole_week
from velocity.sentences import mine as words
from velocity.sentences.headline import headline
from velocity.sentences.weeks import caption
from velocity.ui.parts import data_menu, show_figure, theme_mode
from velocity.ui.scholar.today import show_today
from velocity.ui.why import show_why

if TYPE_CHECKING:
    from velocity.charts.base import Chart
    from velocity.ui.scholar.sheet import Sheet


def show_figures_line(sheet: Sheet) -> None:
    """Over which days the figures are, and a link to how the headline's was worked out."""
    said = headline(sheet.facts, sheet.whose)
    window = sheet.window if said.week is None else whole_week(said.week)
    if sheet.away is not None:
        st.markdown(words.away_line(*sheet.away))
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        line = words.figures_line(sheet.facts, sheet.zone, hours=sheet.hours)
        st.caption(line, width="content")
        label = "Why this headline"
        show_why(sheet.view, said.measure, scholar=sheet.scholar, window=window, label=label)


def show_tiles(sheet: Sheet) -> None:
    """Today for the scholar alone, beside three equal tiles with their twelve weeks."""
    with st.grid(4 if sheet.hours else 3, min_column_width=300, border=True):
        if sheet.hours:
            with st.container(gap="xsmall"):
                show_today(sheet)
        with st.container(gap="xsmall"):
            _concluded(sheet)
        with st.container(gap="xsmall"):
            _serial(sheet)
        with st.container(gap="xsmall"):
            _loop(sheet)
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch"):
            away = not sheet.trend.away.isdisjoint(sheet.trend.starts)
            st.html(words.key_of_tiles(theme_mode(), away=away))
        with st.container(width="content"):
            data_menu(sheet.table(sheet.trend.frame, "weeks"), "Weeks")
    if happened := caption({sheet.whose.name: sheet.events}, sheet.trend.starts):
        st.caption(happened)


def _concluded(sheet: Sheet) -> None:
    now, trend = sheet.now, sheet.trend
    so_far = sheet.facts.so_far
    counted = "experiments_concluded" if so_far else "throughput_per_week"
    _figures(
        "Concluded so far" if so_far else "Concluded per week",
        "How many experiments of yours had a result."
        if sheet.whose.own
        else "How many experiments had a result.",
        ("Experiments", formats.rate(now[counted]), words.concluded_help(now)),
        (
            "Runs failed",
            formats.share(now["failure_share"]),
            words.FAILED_HELP,
        ),
    )
    _status(sheet, "experiments_concluded", counted)
    chart = _chart(
        sheet,
        "Concluded per week",
        Line(
            "experiments_concluded",
            "experiments concluded",
            "count",
            value=now["throughput_per_week"],
            usual=trend.usual("experiments_concluded"),
            earlier=trend.earlier("experiments_concluded"),
        ),
        Line(
            "failure_share",
            "share of runs failed",
            "share",
            value=now["failure_share"],
            usual=trend.usual("failure_share"),
            earlier=trend.earlier("failure_share"),
            ink="failed",
        ),
    )
    show_figure(chart, key="concluded-chart")
    st.caption(words.concluded_caption(now, trend, sheet.window))


def _serial(sheet: Sheet) -> None:
    now = sheet.now
    serial, parallel = words.serial_hours(now)
    _figures(
        "Serial or parallel",
        "Serial: exactly one experiment in flight. Parallel: two or more.",
        (
            "Serial share",
            formats.share(now["serial_share"]),
            words.SERIAL_HELP,
        ),
        (
            "Hours, serial : parallel",
            f"{serial} : {parallel}",
            words.HOURS_HELP,
        ),
    )
    _status(sheet, "serial_share", "serial_share")
    chart = _chart(
        sheet,
        "Serial or parallel",
        Line(
            "serial_share",
            "serial share",
            "share",
            value=now["serial_share"],
            usual=sheet.trend.usual("serial_share"),
            earlier=sheet.trend.earlier("serial_share"),
        ),
        Stack(
            (
                ("serial_hours", "one in flight", "serial"),
                ("parallel_hours", "two or more", "parallel"),
            ),
            "hours",
        ),
    )
    show_figure(chart, key="serial-chart")
    st.caption(words.serial_caption(now, sheet.trend))


def _loop(sheet: Sheet) -> None:
    now, trend = sheet.now, sheet.trend
    value, too_few = words.loop_value(now)
    _figures(
        "Feedback loop",
        words.LOOP_HELP,
        ("Launch to next launch", value, words.loop_help(now)),
        words.largest_part(sheet.parts),
    )
    if too_few:
        st.markdown(too_few)
    else:
        _status(sheet, "loop_hours_median", "loop_hours_median")
    layers = [("machine_part", "machine", "machine"), ("waiting_part", "waiting", "reaction")]
    if sheet.hours:
        layers.append(("off_part", "nights, days off", OFF))
    chart = _chart(
        sheet,
        "Feedback loop",
        Line(
            "loop_hours_median",
            "median loop, log scale",
            "hours",
            value=now["loop_hours_median"],
            usual=trend.usual("loop_hours_median"),
            earlier=trend.earlier("loop_hours_median"),
            log=True,
        ),
        Stack(tuple(layers), "share"),  # type: ignore[arg-type] # the inks are literals
    )
    show_figure(chart, key="loop-chart")
    st.caption(words.loop_caption(now, sheet.parts))


def _figures(title: str, about: str, *metrics: tuple[str, str, str]) -> None:
    st.header(title, anchor=False, help=about)
    with st.container(horizontal=True, gap="small"):
        for label, value, tip in metrics:
            st.metric(label, value, help=tip, width="stretch")


def _status(sheet: Sheet, measure: str, metric: str) -> None:
    if sheet.trend.is_running_week:
        said = words.so_far_status(measure, sheet.trend)
    else:
        said = words.status(
            measure,
            trend=sheet.trend,
            now=sheet.now,
            before=sheet.before,
            change=sheet.change_of(measure),
        )
    if aim := sheet.aims.get(measure):
        said = f"{said}. {words.aim(aim, own=sheet.whose.own)}"
    with st.container(
        horizontal=True, gap="xsmall", vertical_alignment="center", key=f"one-row-{measure}"
    ):
        st.markdown(said, width="content")
        show_why(sheet.view, metric, scholar=sheet.scholar)


def _chart(sheet: Sheet, title: str, upper: Line, lower: Line | Stack) -> Chart:
    return draw_tile(
        sheet.trend.frame,
        upper=upper,
        lower=lower,
        weeks=sheet.weeks_of(upper.column),
        mode=theme_mode(),
        title=title,
    )
