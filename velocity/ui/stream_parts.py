"""The blocks of Streams: the queue, who waits for nothing, and the scholars' weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import streamlit as st

from velocity import formats
from velocity.charts.bullet import draw_bullet
from velocity.charts.panels import ROW, draw_panels
from velocity.reading.frames import worded
from velocity.reading.series import Ranges, at_edge
from velocity.sentences import streams as words
from velocity.sentences.answer import LINE, LINE_HELP
from velocity.sentences.mentor_facts import MEASURES
from velocity.sentences.queue import BULLET, nothing_near
from velocity.sentences.weeks import caption
from velocity.ui.drill import show_way, way_in_text
from velocity.ui.page import ALL_STREAMS, YOUR_SCHOLARS
from velocity.ui.parts import Table, heading, show_figure, theme_mode
from velocity.ui.why import show_why

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from velocity.report.work import Work
    from velocity.ui.view import View

#: The sheet of a scholar has to fit a screen of 900 px.
_SHEET_ROW = 52


def show_queue(view: View, decisions: pl.DataFrame, chosen: str | None, *, choice: str) -> None:
    """A card per line that needs a decision: its name, the question, its wait against its usual.

    Args:
        view: of a mentor.
        decisions: rows of `reads.needs_decision` of the streams shown.
        chosen: the scholar whose sheet is shown.
        choice: the choice on the page Streams; links keep it.
    """
    queue = decisions.filter("needs_decision")
    shown = queue.filter("named")
    heading(
        words.queue_title(decisions),
        f"Longest against the line's own usual first. {BULLET}" if shown.height else "",
        table=Table(decisions, "decisions"),
        about=LINE_HELP,
    )
    several = choice in {ALL_STREAMS, YOUR_SCHOLARS}
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
            st.caption(words.card_caption(row, view.zone, stream=several))
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


def show_quiet(work: Work, lines: pl.DataFrame, chosen: str | None, *, choice: str) -> None:
    """Every scholar with nothing that waits, by name, with one fact.

    Args:
        work: of the scholars.
        lines: rows of `reads.line_states`.
        chosen: the scholar whose sheet is shown.
        choice: the choice on the page Streams; links keep it.
    """
    asked = set(work.queue.filter("named")["scholar"])
    others = [it for it in work.people if it not in asked]
    if not others:
        return
    st.header("Everybody else, by name" if asked else "Everybody, by name", anchor=False)
    failed = set(lines.filter(state="failure not recovered")["scholar"])
    by_fact = {it: _quiet_fact(work, it, failed=it in failed) for it in others}
    nothing = words.quiet_fact(None, None, work.days, [])
    for scholar in others:
        if by_fact[scholar] != nothing:
            with st.container(gap=None):
                _sheet_link(_name(work, scholar), scholar, choice, chosen)
                st.caption(by_fact[scholar])
    if idle := [it for it in others if by_fact[it] == nothing]:
        st.caption(nothing)
        with st.container(horizontal=True, gap="small"):
            for scholar in idle:
                _sheet_link(_name(work, scholar), scholar, choice, chosen)


def _name(work: Work, scholar: str) -> str:
    return formats.label(work.people[scholar], 24)


def _quiet_fact(work: Work, scholar: str, *, failed: bool) -> str:
    fresh = words.fresh(work.decisions, scholar, work.view.zone)
    now, before = work.now.get(scholar), work.before.get(scholar)
    return words.quiet_fact(now, before, work.days, fresh, failed=failed)


def show_people(work: Work) -> None:
    """The scholars by name, each in their own range over thirteen weeks.

    By default only those whose latest value is at the edge of its range.
    """
    ranges = Ranges.of(work.weeks, work.people, MEASURES)
    heading(
        words.people_title(len(work.people), ranges),
        f"By name; never compared with each other. {weeks_caption(work, work.people)}",
        table=Table(work.weeks, "scholar-weeks"),
    )
    edge = at_edge(work.weeks, work.people, MEASURES)
    label = "Show all, not only what is near the edge of its usual range"
    every = st.toggle(label, key="all-people")
    if not every and not any(edge.values()):
        st.markdown(nothing_near(ranges))
        return
    with st.grid(4, min_column_width=300, gap="medium", key="stacked-people"):
        for measure, (title, _) in MEASURES.items():
            if groups := work.people if every else edge[measure]:
                with st.container(gap=None):
                    st.markdown(f"**{title}**")
                    _panels(work, measure, groups, f"people-{measure}")


def show_panels(work: Work, scholar: str) -> None:
    """The same of one scholar, side by side."""
    with st.grid(4, min_column_width=190, gap="small"):
        for measure, (title, _) in MEASURES.items():
            with st.container(gap=None):
                with st.container(horizontal=True, gap="xsmall"):
                    st.caption(title, width="content")
                    if work.is_all_of(scholar, measure):
                        show_why(work.view, measure, scholar=scholar)
                key = f"sheet-{work.stream}-{measure}"
                _panels(work, measure, {scholar: ""}, key, row_height=_SHEET_ROW)


def _panels(
    work: Work, measure: str, groups: Mapping[str, str], key: str, *, row_height: int = ROW
) -> None:
    title, unit = MEASURES[measure]
    chart = draw_panels(
        work.weeks.filter(measure=measure),
        groups=groups,
        unit=unit,
        mode=theme_mode(),
        title=title,
        events={it: found for it, found in work.events.items() if it in groups},
        row_height=row_height,
    )
    show_figure(chart, key=key)


def weeks_caption(work: Work, scholars: Iterable[str]) -> str:
    """Which days of thirteen weeks the panels show, and what happened in them."""
    ids = [*scholars]
    shown = work.weeks.filter(pl.col("group_id").is_in(ids))
    found = {work.people[it]: work.events.get(it, ()) for it in ids}
    happened = caption(found, set(work.weeks["week_start"]))
    return f"{words.weeks_caption(shown, work.days)} {happened}".rstrip()


def show_lines(view: View, lines: pl.DataFrame, decisions: pl.DataFrame, *, choice: str) -> None:
    """Some lines by stream and name, parked ones too; nothing is ranked.

    Args:
        view: of the page.
        lines: rows of `reads.line_states`.
        decisions: rows of `reads.needs_decision` of the same streams or scholars.
        choice: the choice on the page Streams; links keep it.
    """
    streams = [*view.stream_names]
    order = {stream: at for at, stream in enumerate(streams)}
    lines = lines.with_columns(
        place=pl.col("stream").replace_strict(order, default=len(order), return_dtype=pl.Int64),
        name=view.with_names(lines)["scholar"],
    ).sort("place", "name", "entity", "project")
    shown_waits = words.shown_waits(decisions).iter_rows(named=True)
    waiting = {tuple(row[it] for it in LINE): row for row in shown_waits}
    heading(
        "Lines by stream and name",
        f"{view.window.words}; {formats.sample(lines.height, 'line')}",
        table=Table(lines.drop("place", "name"), "lines"),
    )
    if lines.is_empty():
        st.markdown("No line has an experiment in these days: choose a longer period.")
        return
    period = view.window.written
    shown = lines.select(
        Stream=worded(lines["stream_name"], _cell),
        Scholar=pl.Series(
            [
                way_in_text("streams", _cell(name), scholar=scholar, streams=choice, period=period)
                for scholar, name in lines.select("scholar", "name").iter_rows()
            ],
            dtype=pl.String,
        ),
        Line=worded(lines["project"], _cell),
        State=pl.Series(
            [
                words.line_state(row, waiting.get(tuple(row[it] for it in LINE)), view.zone)
                for row in lines.iter_rows(named=True)
            ],
            dtype=pl.String,
        ),
        Launched=pl.col("experiments_started").cast(pl.String),
        Concluded=pl.col("experiments_concluded").cast(pl.String),
        Failed=pl.Series(map(formats.share, lines["failure_share"]), dtype=pl.String),
    )
    st.table(shown, border="horizontal", hide_index=True)


def _cell(text: str) -> str:
    return formats.markdown(formats.label(text, 28))
