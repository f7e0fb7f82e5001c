"""Streams: whom to ask about which line, and the sheet of one scholar for the mentor's hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from velocity import formats, ui
from velocity.sentences import streams as words
from velocity.sentences.answer import Answer
from velocity.ui import stream_parts as parts
from velocity.ui.scholar import show_mentor_sheet
from velocity.ui.stream import Stream, without_hours
from velocity.ui.view import ALL_STREAMS
from velocity.ui.why import show_why

if TYPE_CHECKING:
    import polars as pl

#: Figures of the supporting line.
_WHY = {
    "experiments_concluded": "Why concluded",
    "failure_share": "Why failed",
    "reaction_working_hours_median": "Why result to next launch",
}


def _draw() -> None:
    opened = ui.view()
    view = without_hours(opened)
    names = {it: name for it, name in view.stream_names.items() if it in view.streams}
    if not names:
        ui.empty_state("There are no streams: add them to the roster.", "velocity roster suggest")
        return
    every = [Stream(view, it) for it in names]
    if len(every) > 1:
        _draw_all(view, every)
        return
    stream = every[0]
    answer = Answer(
        words.headline(
            stream.queue,
            stream.known_on,
            stream=stream.name,
            good=words.good(*stream.whole, stream.days),
        ),
        words.support(*stream.whole, stream.days),
    )
    name = formats.markdown(formats.label(stream.name))
    people = formats.plural(len(stream.people), "scholar")
    view.say(f"{name}, {people}", answer, window=stream.days.kicker)
    with view.answer, st.container(horizontal=True, gap="small"):
        for measure, label in _WHY.items():
            show_why(view, measure, stream=stream.id, label=label)
    chosen = _chosen(stream)
    left, right = st.columns([1, 2.6], gap="medium")
    with left:
        parts.show_queue(view, stream.decisions, chosen, choice=stream.id)
        parts.show_quiet(stream, chosen)
    if chosen is not None:
        opened.record_look(chosen)
        with right:
            show_mentor_sheet(stream, chosen, order=stream.order, choice=stream.id)
        parts.show_people(stream)
    parts.show_lines(view, stream.decisions, [stream.id])


def _draw_all(view: ui.View, every: list[Stream]) -> None:
    """The queue of all streams, and their lines by name; a card leads to the sheet."""
    first, ids = every[0], [it.id for it in every]
    decisions = view.needs_decision(streams=ids)
    queue = decisions.filter("needs_decision")
    view.say(
        f"all {len(every)} streams",
        Answer(words.headline(queue, first.known_on)),
        window=first.days.kicker,
    )
    found = _of_all(every, queue)
    chosen = found[1] if found else None
    left, right = st.columns([1, 2.6], gap="medium")
    with left:
        parts.show_queue(view, decisions, chosen, choice=ALL_STREAMS)
    with right:
        if found:
            view.record_look(found[1])
            asked = dict(queue.filter("named").select("scholar", "name").iter_rows())
            show_mentor_sheet(*found, order=asked, choice=ALL_STREAMS)
        parts.show_lines(view, decisions, ids)


def _of_all(every: list[Stream], queue: pl.DataFrame) -> tuple[Stream, str] | None:
    """The scholar of the address, in the stream of their line in the queue, or their first one."""
    asked = st.query_params.get("scholar", "")
    waiting = queue.filter(scholar=asked)["stream"]
    theirs = [it for it in every if asked in it.people]
    theirs.sort(key=lambda it: it.id not in waiting)
    return (theirs[0], asked) if theirs else None


def _chosen(stream: Stream) -> str | None:
    """The scholar of the address, or the first in the order of the queue."""
    asked = st.query_params.get("scholar")
    if asked in stream.people:
        return asked
    return next(iter(stream.order), None)


PAGE = ui.Page("streams", "Streams", ("period", "streams"), ("lead", "mentor"), _draw, 30)
