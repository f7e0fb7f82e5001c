"""The forms of the page Streams: one stream, all of them, and a research manager's scholars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from velocity import formats
from velocity.reading import reads
from velocity.report.work import Work
from velocity.sentences import streams as words
from velocity.sentences.answer import Answer
from velocity.ui import stream_parts as parts
from velocity.ui.page import ALL_STREAMS, YOUR_SCHOLARS
from velocity.ui.scholar import show_mentor_sheet
from velocity.ui.view import view as current
from velocity.ui.why import show_why

if TYPE_CHECKING:
    import polars as pl

    from velocity.ui.view import View

#: Figures of the supporting line.
_WHY = {
    "experiments_concluded": "Why concluded",
    "failure_share": "Why failed",
    "reaction_working_hours_median": "Why result to next launch",
}


def show_one(view: View, stream: str) -> None:
    """One stream: the headline with links to its figures, and its scholars."""
    work, name = Work(view, stream), view.stream_names[stream]
    good = words.good(*work.whole, work.days)
    people = formats.plural(len(work.people), "scholar")
    label = formats.markdown(formats.label(name))
    answer = Answer(words.headline(work.decisions, work.known_on, stream=name, good=good))
    view.say(f"{label}, {people}", answer, window=work.days.kicker)
    with view.answer, st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if said := words.support(*work.whole, work.days):
            st.markdown(said, width="content")
        for measure, words_for in _WHY.items():
            show_why(view, measure, stream=stream, label=words_for)
    lines = view.windowed(reads.line_states, streams=[stream])
    _show_work(view, work, lines, choice=stream)


def show_managed(view: View) -> None:
    """The scholars of a research manager, with their work in all streams."""
    work = Work(view, named=view.managed)
    view.say(
        formats.plural(len(work.people), "scholar"),
        Answer(words.headline(work.decisions, work.known_on)),
        window=work.days.kicker,
    )
    lines = view.windowed(reads.line_states)
    lines = lines.filter(lines["scholar"].is_in(view.managed))
    _show_work(view, work, lines, choice=YOUR_SCHOLARS)


def _show_work(view: View, work: Work, lines: pl.DataFrame, *, choice: str) -> None:
    """The queue, the sheet of the chosen scholar, everybody's weeks, and the lines."""
    chosen = _chosen(work)
    left, right = st.columns([1, 2.6], gap="medium")
    with left:
        parts.show_queue(view, work.decisions, chosen, choice=choice)
        parts.show_quiet(work, lines, chosen, choice=choice)
    if chosen is not None:
        current().record_look(chosen)
        with right:
            show_mentor_sheet(work, chosen, order=work.order, choice=choice)
        parts.show_people(work)
    parts.show_lines(view, lines, work.decisions, choice=choice)


def show_all(view: View, ids: list[str]) -> None:
    """The queue of all streams, and their lines by name; a card leads to the sheet."""
    every = [Work(view, it) for it in ids]
    first = every[0]
    decisions = view.needs_decision(streams=ids)
    queue = decisions.filter("needs_decision")
    view.say(
        f"all {len(ids)} streams",
        Answer(words.headline(decisions, first.known_on)),
        window=first.days.kicker,
    )
    found = _of_all(every, queue)
    chosen = found[1] if found else None
    left, right = st.columns([1, 2.6], gap="medium")
    with left:
        parts.show_queue(view, decisions, chosen, choice=ALL_STREAMS)
    with right:
        if found:
            current().record_look(found[1])
            asked = dict(queue.filter("named").select("scholar", "name").iter_rows())
            show_mentor_sheet(*found, order=asked, choice=ALL_STREAMS)
        lines = view.windowed(reads.line_states, streams=ids)
        parts.show_lines(view, lines, decisions, choice=ALL_STREAMS)


def _of_all(every: list[Work], queue: pl.DataFrame) -> tuple[Work, str] | None:
    """The scholar of the address, in the stream of their line in the queue, or their first one."""
    asked = st.query_params.get("scholar", "")
    waiting = queue.filter(scholar=asked)["stream"]
    theirs = [it for it in every if asked in it.people]
    theirs.sort(key=lambda it: it.stream not in waiting)
    return (theirs[0], asked) if theirs else None


def _chosen(work: Work) -> str | None:
    """The scholar of the address, the first in the queue, or the first who launched something."""
    asked = st.query_params.get("scholar")
    if asked in work.people:
        return asked
    queue = {*work.queue.filter("named")["scholar"]}
    launched = {it for it, row in work.now.items() if row["experiments_started"]}
    first = [it for it in work.order if it in queue | launched]
    return next(iter([*first, *work.order]), None)
