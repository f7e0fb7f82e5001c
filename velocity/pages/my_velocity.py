"""My velocity: how fast one scholar's experiments conclude, and what waits for them now."""

from collections.abc import Callable
from itertools import chain

import streamlit as st

from velocity import formats
from velocity.errors import VelocityError
from velocity.reading.access import Scope
from velocity.report.work import Work
from velocity.sentences import headline, seen
from velocity.ui.page import Page, show_way
from velocity.ui.parts import empty_state, show_error
from velocity.ui.scholar.below import show_bought, show_cohort, show_seen, show_together
from velocity.ui.scholar.loops import show_loops
from velocity.ui.scholar.mentor import show_mentor_sheet
from velocity.ui.scholar.sheet import Sheet
from velocity.ui.scholar.tiles import show_figures_line, show_tiles
from velocity.ui.view import View, current_view


def _draw() -> None:
    opened = current_view()
    if opened.scholar is None:
        _show_whose(opened)
        return
    own = opened.scope.sees_hours(opened.scholar)
    seen_as = _as_chosen(opened, opened.scholar) if own else opened
    sheet = Sheet.of(seen_as, opened.scholar)
    if sheet is None or not sheet.trend.has_runs:
        _show_nothing(seen_as, opened.scholar)
        return
    name = formats.markdown(formats.label(sheet.whose.name))
    answer = headline.answer(sheet.facts, sheet.whose)
    if seen_as is opened:
        opened.say(name, answer)
    else:
        _show_sheets(sheet, over=name)
        if not opened.settings.access.leads_see_individuals:
            return
        st.header(seen.AS_LEADS, anchor=False)
        st.markdown(f"**{answer.sentence}** {answer.support}")
    show_figures_line(sheet)
    for show in (show_tiles, show_loops):
        _show_block(show, sheet)
    with st.grid(2, min_column_width=560, gap="medium"):
        for show in (show_together, show_bought, show_cohort, show_seen):
            with st.container():
                _show_block(show, sheet)


def _show_block(show: Callable[[Sheet], None], sheet: Sheet) -> None:
    """A block of the page; if it cannot be read, a warning in its place, and the rest stays."""
    try:
        show(sheet)
    except VelocityError as error:
        show_error(error)


def _as_chosen(opened: View, scholar: str) -> View:
    """The viewer's own view or, by a switch, that of a lead: no hours of the day, and no "you".

    Sheets of it are those of mentors: they count only what belongs to their stream.
    """
    mentored = any(seen.mentors(opened.roster, opened.who(scholar)["streams"]).values())
    with opened.choices:
        on = st.toggle(
            seen.switch(own=opened.is_own(scholar), mentored=mentored),
            key="as-others-see",
            help="Mentors and leads see figures, runs and dates: no hours of the day, nights or "
            "days off, and no Today list.",
        )
    if not on:
        return opened
    return opened.seen_in(Scope(scholars=(scholar,), streams=opened.scope.streams, hours=()))


def _show_sheets(sheet: Sheet, *, over: str) -> None:
    """What the mentors of each stream of the scholar see, with their names on top.

    `over` is whom the page is about, Markdown.
    """
    theirs = dict.fromkeys([*sheet.who["streams"], *sheet.loops["stream"].drop_nulls()])
    named = seen.mentors(sheet.view.roster, theirs)
    sheet.view.say(over, seen.as_others([*dict.fromkeys(chain(*named.values()))]))
    names = sheet.view.stream_names
    for stream in theirs:
        if sheet.scholar in (work := Work(sheet.view, stream)).people:
            st.caption(seen.in_stream(named[stream], names[stream]))
            show_mentor_sheet(work, sheet.scholar, order={})


def _show_whose(opened: View) -> None:
    """The names of all scholars whom the viewer may see; each opens its page."""
    known = opened.seen_whole
    if not known:
        empty_state("There are no scholars yet.", "velocity init")
        return
    opened.say(formats.plural(len(known), "scholar"), seen.WHOSE)
    with st.grid(4, min_column_width=196):
        for scholar, name in known.items():
            with st.container():
                # A link to this page would not change the choice above it.
                st.button(
                    formats.markdown(formats.label(name)),
                    key=f"whose-{scholar}",
                    type="tertiary",
                    on_click=st.query_params.update,
                    args=({"scholar": scholar},),
                )


def _show_nothing(seen_as: View, scholar: str) -> None:
    """Somebody without runs: no tile, no axis and no zero.

    It says what was looked for, three causes with a line to copy each, and what will be here.
    """
    name, own = formats.label(seen_as.who(scholar)["name"]), seen_as.is_own(scholar)
    usernames = seen.usernames(seen_as.roster, scholar)
    projects = [*seen_as.settings.wandb.projects]
    seen_as.say(formats.markdown(name), seen.no_runs(name, own=own))
    st.caption(seen.looked_for(usernames, projects, seen_as.trust["first_day"]))
    with st.grid(3, min_column_width=300, border=True):
        for title, text, copied, note in seen.causes(usernames, projects):
            with st.container(gap="xsmall"):
                st.header(title, anchor=False)
                st.markdown(text)
                st.code(copied, language=None, wrap_lines=True)
                st.caption(note)
    st.header("What will be here", anchor=False)
    st.markdown(seen.WILL_BE_HERE)
    st.header("What others see meanwhile", anchor=False)
    st.markdown(seen.seen_meanwhile(own=own))
    show_way("definitions", "Definitions")


PAGE = Page(
    "my_velocity",
    "My velocity",
    ("period", "scholar"),
    ("lead", "scholar"),
    _draw,
    40,
    opens="4 weeks",
)
