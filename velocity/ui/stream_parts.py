"""The blocks of Streams: the queue, who waits for nothing, and the scholars' weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import streamlit as st

from velocity import formats
from velocity.charts.bullet import draw_bullet
from velocity.charts.panels import draw_panels
from velocity.reading import reads
from velocity.sentences import streams as words
from velocity.sentences.events import caption
from velocity.ui.drill import show_way
from velocity.ui.parts import Table, heading, show_figure, theme_mode
from velocity.ui.view import ALL_STREAMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from velocity.ui.stream import Stream
    from velocity.ui.view import View

#: Measure -> the title of its panels, and its unit.
MEASURES = {
    "experiments_concluded": ("Concluded a week", "count"),
    "failure_share": ("Runs failed", "share"),
    "serial_share": ("One experiment at a time", "share"),
    "reaction_working_hours_median": ("Result to next launch, working hours", "hours"),
}
_LINE = ("scholar", "entity", "project")


def show_queue(view: View, decisions: pl.DataFrame, chosen: str | None, *, choice: str) -> None:
    """A card per line that needs a decision: its name, the question, its wait against its usual.

    Args:
        view: of a mentor.
        decisions: rows of `reads.needs_decision` of the streams shown.
        chosen: the scholar whose sheet is shown.
        choice: the stream that is chosen, or `ALL_STREAMS`; links keep it.
    """
    queue = decisions.filter("needs_decision")
    heading(
        words.queue_title(queue),
        "Longest against the line's own usual first" if queue.height else "",
        table=Table(decisions, "decisions"),
    )
    shown = queue.filter("named")
    longest = max([*shown["waited_working_hours"], *shown["usual_working_hours"]], default=0)
    for at, row in enumerate(shown.iter_rows(named=True)):
        with st.container(border=True, gap="xsmall"):
            _sheet_link(_called(row), row["scholar"], choice, chosen)
            st.markdown(words.question(row))
            chart = draw_bullet(
                waited=row["waited_working_hours"],
                usual=row["usual_working_hours"],
                median=row["usual_median_working_hours"],
                longest=longest,
                mode=theme_mode(),
                title=_called(row),
                axis=at == shown.height - 1,
            )
            show_figure(chart, key=f"wait-{row['experiment_id']}")
            st.caption(words.card_caption(row, view.zone, stream=choice == ALL_STREAMS))
    if later := words.hidden(queue):
        st.caption(later)


def _called(row: Mapping[str, str]) -> str:
    return f"{formats.label(row['name'], 16)} / {formats.label(row['project'], 24)}"


def _sheet_link(label: str, scholar: str, choice: str, chosen: str | None) -> None:
    """A link to the sheet of a scholar; their name alone if it is the one shown."""
    label = formats.markdown(label)
    if scholar == chosen:
        st.markdown(f":primary[**{label}**]")
    else:
        show_way("streams", f"{label} \u203a", scholar=scholar, streams=choice)


def show_quiet(stream: Stream, chosen: str | None) -> None:
    """Every scholar with nothing that waits, by name, with one fact."""
    asked = set(stream.queue.filter("named")["scholar"])
    others = {it: name for it, name in stream.people.items() if it not in asked}
    if not others:
        return
    st.header("Nothing waits" if asked else "Everybody, by name", anchor=False)
    for scholar, name in others.items():
        fresh = stream.decisions.filter(~pl.col("needs_decision") & (pl.col("scholar") == scholar))
        days = fresh["result_at"].drop_nulls().dt.convert_time_zone(stream.view.zone).dt.date()
        fact = words.quiet_fact(
            stream.now.get(scholar), stream.before.get(scholar), stream.days, days.to_list()
        )
        with st.container(gap=None):
            _sheet_link(formats.label(name, 24), scholar, stream.id, chosen)
            st.caption(fact)


def show_people(stream: Stream) -> None:
    """The scholars of the stream by name: four measures over thirteen weeks, each in own range."""
    heading(
        words.people_title(len(stream.people)),
        f"By name; never compared with each other. {weeks_caption(stream, stream.people)}",
        table=Table(stream.weeks, "scholar-weeks"),
    )
    with st.grid(4, min_column_width=300, gap="medium", key="stacked-people"):
        for measure, (title, _) in MEASURES.items():
            with st.container(gap=None):
                st.markdown(f"**{title}**")
                _panels(stream, measure, stream.people, f"people-{measure}")


def show_panels(stream: Stream, scholar: str) -> None:
    """The same of one scholar, side by side."""
    with st.grid(4, min_column_width=190, gap="small"):
        for measure, (title, _) in MEASURES.items():
            with st.container(gap=None):
                st.caption(title)
                _panels(stream, measure, {scholar: ""}, f"sheet-{stream.id}-{measure}")


def _panels(stream: Stream, measure: str, groups: Mapping[str, str], key: str) -> None:
    title, unit = MEASURES[measure]
    chart = draw_panels(
        stream.weeks.filter(measure=measure),
        groups=groups,
        unit=unit,
        mode=theme_mode(),
        title=title,
        events={it: found for it, found in stream.events.items() if it in groups},
    )
    show_figure(chart, key=key)


def weeks_caption(stream: Stream, scholars: Iterable[str]) -> str:
    """Which days of thirteen weeks the panels show, and what happened in them."""
    days, window = stream.days, stream.days.window
    part = days.is_week and not days.is_whole_week
    through = f"{window.first:%A} to {window.last:%A}" if window.days > 1 else f"{window.first:%A}"
    same = f"{through} of thirteen weeks" if part else "Thirteen weeks"
    so_far = "; open point: so far" if stream.weeks["running"].any() else ""
    said = f"{same}; grey: the scholar's own usual range{so_far}."
    found = {stream.people[it]: stream.events.get(it, ()) for it in scholars}
    happened = caption(found, set(stream.weeks["week_start"]))
    return f"{said} {happened}" if happened else said


def show_lines(view: View, decisions: pl.DataFrame, streams: list[str]) -> None:
    """The lines of some streams by stream and name, parked ones too; nothing is ranked.

    `decisions` are rows of `reads.needs_decision` of these streams.
    """
    lines = view.windowed(reads.line_states, streams=streams)
    order = {stream: at for at, stream in enumerate(streams)}
    lines = lines.with_columns(
        place=pl.col("stream").replace_strict(order, default=len(order), return_dtype=pl.Int64)
    ).sort("place", "scholar", "entity", "project")
    waiting = {tuple(row[it] for it in _LINE): row for row in decisions.iter_rows(named=True)}
    heading(
        "Lines by stream and name",
        f"{view.window.words}; {formats.sample(lines.height, 'line')}",
        table=Table(lines.drop("place"), "lines"),
    )
    if lines.is_empty():
        st.markdown("No line has an experiment in these days: choose a longer period.")
        return
    shown = lines.select(
        Stream=pl.col("stream_name").map_elements(_cell, pl.String),
        Scholar=pl.col("scholar").map_elements(_cell, pl.String),
        Line=pl.col("project").map_elements(_cell, pl.String),
        State=pl.Series(
            [
                words.line_state(row, waiting.get(tuple(row[it] for it in _LINE)))
                for row in lines.iter_rows(named=True)
            ],
            dtype=pl.String,
        ),
        Launched=pl.col("experiments_started").cast(pl.String),
        Concluded=pl.col("experiments_concluded").cast(pl.String),
        Failed=pl.col("failure_share").map_elements(formats.share, pl.String, skip_nulls=False),
    )
    st.table(shown, border="horizontal", hide_index=True)


def _cell(text: str) -> str:
    return formats.markdown(formats.label(text, 28))
