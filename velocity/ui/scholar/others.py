"""The page as others see it: the sheets of mentors, then the figures that leads see."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

import streamlit as st

from velocity.reading.access import Scope
from velocity.report.work import Work
from velocity.sentences import seen as words
from velocity.ui.scholar.mentor import show_mentor_sheet

if TYPE_CHECKING:
    from velocity.ui.scholar.sheet import Sheet
    from velocity.ui.view import View


def as_others_see(view: View, scholar: str) -> View:
    """The view with the scope of a lead: no hours of the day, and no "you".

    Sheets of it are those of mentors: they count only what belongs to their stream.
    """
    scope = Scope(scholars=(scholar,), streams=view.scope.streams, hours=())
    return replace(view, viewer=replace(view.viewer, scope=scope, scholar=None))


def others_switch(view: View, scholar: str) -> View:
    """The view that the page is drawn with: the viewer's own, or that of others by a switch."""
    if not view.scope.sees_hours(scholar):
        return view
    mentored = any(words.mentors(view.roster, view.who(scholar)["streams"]).values())
    with view.choices:
        on = st.toggle(
            words.switch(own=view.is_own(scholar), mentored=mentored),
            key="as-others-see",
            help="Mentors and leads see figures, runs and dates: no hours of the day, nights or "
            "days off, and no Today list.",
        )
    return as_others_see(view, scholar) if on else view


def show_sheets(sheet: Sheet, *, over: str) -> None:
    """What the mentors of each stream of the scholar see, with their names on top.

    `over` is whom the page is about, Markdown.
    """
    theirs = dict.fromkeys([*sheet.who["streams"], *sheet.loops["stream"].drop_nulls()])
    named = words.mentors(sheet.view.roster, theirs)
    sheet.view.say(over, words.as_others([*dict.fromkeys(chain(*named.values()))]))
    names = sheet.view.stream_names
    for stream in theirs:
        st.caption(words.in_stream(named[stream], names[stream]))
        show_mentor_sheet(Work(sheet.view, stream), sheet.scholar, order={})
