"""Streams: whom to ask about which line, and the sheet of one scholar for the mentor's hour."""

from collections.abc import Callable
from functools import partial

import polars as pl
import streamlit as st

from velocity import formats
from velocity.reading import reads
from velocity.reading.series import Ranges, at_edge
from velocity.report.work import Work
from velocity.sentences import streams as words
from velocity.sentences.answer import LINE, LINE_HELP, Answer
from velocity.sentences.compared import Compared
from velocity.sentences.mentor_facts import MEASURES
from velocity.sentences.queue import BULLET, nothing_near
from velocity.ui.choices import asked_of
from velocity.ui.page import ALL_STREAMS, YOUR_SCHOLARS, Page, show_way, show_why, way_in_text
from velocity.ui.parts import Table, empty_state, heading, show_figure, waits
from velocity.ui.scholar.mentor import show_measure, show_mentor_sheet, weeks_caption
from velocity.ui.view import View, current_view

#: Figures of the supporting line.
_WHY = {
    "experiments_concluded": "Why concluded",
    "failure_share": "Why failed",
    "reaction_working_hours_median": "Why result to next launch",
    "loop_hours_median": "Why loop",
    "serial_share": "Why one at a time",
}


def _draw() -> None:
    view = current_view().without_hours
    streams = [it for it in view.stream_names if it in view.streams]
    if view.managed:
        _show_work(view, Work(view, named=view.managed), choice=YOUR_SCHOLARS)
    elif not streams:
        empty_state("There are no streams: add them to the roster.", "velocity roster suggest")
    elif len(streams) == 1:
        _show_work(view, Work(view, streams[0]), choice=streams[0])
    else:
        _show_all(view, streams)


def _show_work(view: View, work: Work, *, choice: str) -> None:
    """One stream, or the scholars of a research manager with their work in all streams.

    The headline, the queue, the sheet of the chosen scholar, everybody's weeks, and the lines.
    """
    work.begin()
    over, name, good = formats.plural(len(work.people), "scholar"), "", ""
    if work.stream is None:
        lines = _lines(view)
        lines = lines.filter(lines["scholar"].is_in(view.managed))
    else:
        lines = _lines(view, streams=[work.stream])
        name, good = view.stream_names[work.stream], words.good(work.whole)
        over = f"{formats.markdown(formats.label(name))}, {over}"
    headline = words.headline(work.decisions, work.known_on, stream=name, good=good)
    view.say(over, Answer(headline), window=work.days.kicker)
    if work.stream is not None:
        with view.answer, st.container(horizontal=True, gap="small", vertical_alignment="center"):
            said = "  \n".join(filter(None, (words.support(work.whole), words.loop(work.whole))))
            if said:
                st.markdown(said, width="content")
            for measure, label in _WHY.items():
                show_why(view, measure, stream=work.stream, label=label)
    chosen = _chosen(work)
    link = partial(_sheet_link, choice=choice, chosen=chosen)
    left, right = st.columns([1, 2.6], gap="medium")
    with left:
        _show_queue(work.decisions, view.zone, link, stream=work.stream is None)
        _show_quiet(work, lines, link)
    if chosen is not None:
        current_view().record_look(chosen)
        with right:
            show_mentor_sheet(work, chosen, order=work.order, choice=choice)
        _show_people(work)
    _show_lines(view, lines, work.decisions, choice=choice)


def _show_all(view: View, ids: list[str]) -> None:
    """The queue of all streams, and their lines by name; a card leads to the sheet."""
    every = [Work(view, it) for it in ids]
    first = every[0]
    decisions = view.needs_decision(streams=ids)
    queue = decisions.filter("needs_decision")
    answer = Answer(words.headline(decisions, first.known_on))
    view.say(f"all {len(ids)} streams", answer, window=first.days.kicker)
    chosen = asked_of("scholar", {name for it in every for name in it.people}) or ""
    # In the stream of their line in the queue, or else in their first one.
    waiting = queue.filter(scholar=chosen)["stream"]
    # Without a choice, nobody's figures are read.
    theirs = sorted(
        (it for it in every if chosen and chosen in it.people),
        key=lambda it: it.stream not in waiting,
    )
    left, right = st.columns([1, 2.6], gap="medium")
    with left:
        link = partial(_sheet_link, choice=ALL_STREAMS, chosen=chosen if theirs else None)
        _show_queue(decisions, view.zone, link, stream=True)
    with right:
        if theirs:
            current_view().record_look(chosen)
            asked = dict(queue.filter("named").select("scholar", "name").iter_rows())
            show_mentor_sheet(theirs[0], chosen, order=asked, choice=ALL_STREAMS)
        lines = _lines(view, streams=ids)
        _show_lines(view, lines, decisions, choice=ALL_STREAMS)


def _lines(view: View, **of: list[str]) -> pl.DataFrame:
    """The lines of `reads.line_states`, each with how many of its runs are silent."""
    silent = view.silent.select(*LINE, "stream", silent="n")
    lines = view.windowed(reads.line_states, **of)
    lines = lines.join(silent, on=[*LINE, "stream"], how="left", nulls_equal=True)
    return lines.with_columns(pl.col("silent").fill_null(0))


def _chosen(work: Work) -> str | None:
    """The scholar of the address, the first in the queue, or the first who launched something."""
    asked = asked_of("scholar", work.people)
    if asked is not None:
        return asked
    queue = {*work.queue.filter("named")["scholar"]}
    launched = {it for it, row in work.now.items() if row["experiments_started"]}
    first = [it for it in work.order if it in queue | launched]
    return next(iter([*first, *work.order]), None)


def _sheet_link(label: str, scholar: str, *, choice: str, chosen: str | None) -> None:
    """A link to the sheet of a scholar; their name alone if it is the one shown."""
    label = formats.markdown(label)
    if scholar == chosen:
        st.markdown(f":primary[**{label}**]")
    else:
        show_way("streams", f"{label} \u203a", scholar=scholar, streams=choice)


def _show_queue(
    decisions: pl.DataFrame, zone: str, link: Callable[[str, str], None], *, stream: bool
) -> None:
    """A card per line that needs a decision: its name, the question, its wait against its usual.

    `stream`: whether the cards name their streams.
    """
    queue = decisions.filter("needs_decision")
    shown = queue.filter("named")
    heading(
        words.queue_title(decisions),
        f"Longest against the line's own usual first. {BULLET}" if shown.height else "",
        table=Table(words.shown_waits(decisions), "decisions"),
        about=LINE_HELP,
    )
    for row, called, bullet in waits(shown):
        with st.container(border=True, gap="xsmall"):
            link(called, row["scholar"])
            st.markdown(words.question(row))
            show_figure(bullet, key=f"wait-{row['experiment_id']}")
            st.caption(words.card_caption(row, zone, stream=stream))
    if later := words.hidden(queue):
        st.caption(later)


def _show_quiet(work: Work, lines: pl.DataFrame, link: Callable[[str, str], None]) -> None:
    """Every scholar with nothing that waits, by name, with one fact."""
    asked = set(work.queue.filter("named")["scholar"])
    names = {it: formats.label(name, 24) for it, name in work.people.items() if it not in asked}
    if not names:
        return
    st.header("Everybody else, by name" if asked else "Everybody, by name", anchor=False)
    failed = set(lines.filter(state="failure not recovered")["scholar"])
    nothing, idle = words.quiet_fact(Compared(work.days, None, None), []), []
    for scholar, name in names.items():
        fresh = words.fresh(work.decisions, scholar, work.view.zone)
        fact = words.quiet_fact(
            work.of(scholar),
            fresh,
            failed=scholar in failed,
            silent=int(lines.filter(scholar=scholar)["silent"].sum()),
        )
        if fact == nothing:
            idle.append(scholar)
            continue
        with st.container(gap=None):
            link(name, scholar)
            st.caption(fact)
    if idle:
        st.caption(nothing)
        with st.container(horizontal=True, gap="small"):
            for scholar in idle:
                link(names[scholar], scholar)


def _show_people(work: Work) -> None:
    """The scholars by name, each in their own range.

    By default only those whose latest value is at the edge of its range.
    """
    ranges = Ranges.of(work.weeks, work.people, MEASURES)
    heading(
        words.people_title(len(work.people), ranges),
        f"By name; never compared with each other. {weeks_caption(work, work.people)}",
        table=Table(work.weeks.filter(pl.col("group_id").is_in([*work.people])), "scholar-weeks"),
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
                    show_measure(work, measure, groups, f"people-{measure}")


def _show_lines(view: View, lines: pl.DataFrame, decisions: pl.DataFrame, *, choice: str) -> None:
    """The lines of `reads.line_states` by stream and name, parked ones too; nothing is ranked."""
    order = {stream: at for at, stream in enumerate(view.stream_names)}
    lines = lines.with_columns(
        place=pl.col("stream").replace_strict(order, default=len(order), return_dtype=pl.Int64),
        name=view.with_names(lines)["scholar"],
    ).sort("place", "name", "entity", "project")
    waiting = {
        tuple(row[it] for it in LINE): row
        for row in words.shown_waits(decisions).iter_rows(named=True)
    }
    heading(
        "Lines by stream and name",
        f"{view.window.words}; {formats.sample(lines.height, 'line')}",
        table=Table(lines.drop("place", "name"), "lines"),
    )
    if lines.is_empty():
        st.markdown("No line has an experiment in these days: choose a longer period.")
        return
    choices = {"streams": choice, "period": view.window.written}
    rows = [
        {
            "Stream": row["stream_name"] and _cell(row["stream_name"]),
            "Scholar": way_in_text(
                "streams", _cell(row["name"]), scholar=row["scholar"], **choices
            ),
            "Line": _cell(row["project"]),
            "State": words.line_state(
                row, waiting.get(tuple(row[it] for it in LINE)), view.zone, silent=row["silent"]
            ),
            "Launched": str(row["experiments_started"]),
            "Concluded": str(row["experiments_concluded"]),
            "Failed": formats.share(row["failure_share"]),
        }
        for row in lines.iter_rows(named=True)
    ]
    shown = pl.DataFrame(rows, dict.fromkeys(rows[0], pl.String))
    st.table(shown, border="horizontal", hide_index=True)


def _cell(text: str) -> str:
    return formats.markdown(formats.label(text, 28))


PAGE = Page(
    "streams", "Streams", ("period", "streams"), ("lead", "mentor", "research manager"), _draw, 30
)
