"""Lines, scholars and weeks of streams. A table's row leads to its scholar."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
import streamlit as st

from velocity import formats
from velocity.charts.multiples import STREAM_MEASURES, draw_multiples
from velocity.reading import frames as shape
from velocity.reading import reads
from velocity.sentences import lines as words
from velocity.sentences.weeks import window_words
from velocity.theme import tokens
from velocity.ui.drill import chosen_row
from velocity.ui.parts import Table, heading, show_chart, theme_mode
from velocity.ui.tables import ROW_HEIGHT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from velocity.ui.view import View

_ROWS_SHOWN = 14


def show_lines(view: View, lines: pl.DataFrame, medians: pl.DataFrame) -> None:
    """The lines of some streams, what needs attention first.

    `lines` are rows of `reads.line_states`, `medians` of `reads.lines` over the same window.
    """
    heading(
        "Lines",
        "One row per scholar and project, sorted by the oldest unanswered result or failure not "
        f"recovered; {formats.sample(lines.height)}; {view.window.words}; bars end at "
        f"{formats.duration(words.LONGEST_BAR_HOURS)}{view.opens_words}",
        table=Table(shape.line_table(lines, medians), "lines"),
    )
    if lines.is_empty():
        st.markdown(
            "No line of these streams has an experiment in this window: choose a longer one."
        )
        return
    rows = words.line_rows(lines, medians, view.read(reads.open_work))
    columns = {
        "line": st.column_config.TextColumn("Scholar / line", width=140),
        "stream_name": st.column_config.TextColumn("Stream", width=70),
        "state": st.column_config.TextColumn("State", width=132),
        "for": st.column_config.TextColumn("For", width=72),
        "last_loops_hours": _bars("Last 10 loops, hours", 116, words.LONGEST_BAR_HOURS),
        "median": st.column_config.TextColumn("Loop median (n)", width=104),
        "experiments_concluded": st.column_config.NumberColumn("Concluded", width=72),
        "failed": st.column_config.NumberColumn("Failed", format="%d\u00a0%%", width=54),
        "url": st.column_config.LinkColumn("W&B", display_text="open", width=52),
    }
    _show(view, rows, rows, columns, key="line-rows", alt="Lines, those that need attention first")


def show_scholars(
    view: View, lines: pl.DataFrame, exposure: pl.DataFrame, *, streams: list[str], week: date
) -> None:
    """The scholars of some streams and their work in them, the longest wait first.

    Args:
        view: gives the window.
        lines: rows of `reads.line_states` of these streams.
        exposure: rows of `reads.metrics` by scholar, over all data.
        streams: their ids.
        week: Monday of the last complete week.
    """
    first, end = shape.series_days(week, view.trust["first_day"], view.window.end)
    by_week = _within(view, streams, period="week", from_day=first, to_day=end)
    in_window = _within(view, streams, from_day=view.window.first, to_day=view.window.end)
    people = shape.scholar_rows(by_week(), in_window(), exposure, lines)
    heading(
        "Scholars of these streams",
        f"One bar per week, {formats.span(first, end - timedelta(days=1))}, one scale per "
        f"column; “Failed” and “Now” cover {view.window.words}; sorted by the longest wait; "
        f"{formats.sample(people['scholar'].n_unique(), 'scholar')}",
        table=Table(people, "scholars"),
    )
    weeks = {"weeks": st.column_config.NumberColumn("Weeks", format="%.0f", width=55)}
    columns = {
        "scholar": st.column_config.TextColumn("Scholar", width=85),
        "stream_name": st.column_config.TextColumn("Stream", width=75),
        # Only viewers who see everybody may see how long each scholar has been here.
        **(weeks if view.scope.everything else {}),
        "waits": st.column_config.TextColumn("Waiting", width=75),
        "concluded_weeks": _bars("Concluded a week", 120, shape.most_concluded(people)),
        "failed": st.column_config.NumberColumn("Failed", format="%d\u00a0%%", width=60),
        "serial_weeks": _bars("Serial share", 120, 1),
        "serial": st.column_config.NumberColumn("Now", format="%d\u00a0%%", width=55),
    }
    alt = "Scholars of these streams, the longest wait first"
    _show(view, words.scholar_words(people), people, columns, key="scholar-rows", alt=alt)


def _within(view: View, streams: list[str], **filters: Any) -> Callable[[], pl.DataFrame]:
    """Starts to read scholars' figures within each of the streams; call the result for them."""
    begun = {
        stream: view.soon(reads.metrics, by="scholar", within=stream, parts=["volume"], **filters)
        for stream in streams
    }
    return lambda: pl.concat(
        figures().with_columns(stream=pl.lit(stream)) for stream, figures in begun.items()
    )


def _bars(title: str, width: int, longest: float) -> Any:
    return st.column_config.BarChartColumn(
        title, width=width, color=tokens(theme_mode()).faint, y_min=0, y_max=longest
    )


def show_stream_weeks(
    weekly: pl.DataFrame,
    names: Mapping[str, str],
    *,
    along: Literal["row", "column"],
    title: str,
    notes: Mapping[str, str] | None = None,
) -> None:
    """The weeks of streams, each beside its own usual range.

    Args:
        weekly: of `reading.series.recent` with the measures of streams.
        names: id of each stream -> its name.
        along: which panels share a scale: those in a row, or those in a column.
        title: of the section.
        notes: id of a stream -> n, below its name.
    """
    one_scale = "along a row" if along == "row" else "down a column"
    counted = "; n = loops of the last week" if notes else ""
    show_chart(
        draw_multiples(
            weekly,
            measures=STREAM_MEASURES,
            groups=names,
            along=along,
            mode=theme_mode(),
            title="Streams",
            notes=notes,
        ),
        title=title,
        caption=f"{window_words(weekly)}; grey band = usual range of the stream's own "
        f"weeks; one scale {one_scale}; a diamond marks a shift{counted}",
        table=Table(weekly, "stream-weeks"),
    )


def _show(
    view: View,
    shown: pl.DataFrame,
    rows: pl.DataFrame,
    columns: Mapping[str, Any],
    *,
    key: str,
    alt: str,
) -> None:
    row = chosen_row(
        shown.select(*columns),
        rows,
        columns=columns,
        key=key,
        alt=alt,
        opens=view.opens_scholars,
        height=None if rows.height <= _ROWS_SHOWN else ROW_HEIGHT * _ROWS_SHOWN + 36,
    )
    if row is not None:
        view.show_ways(row)
