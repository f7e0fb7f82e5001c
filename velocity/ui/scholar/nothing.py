"""The page of somebody without runs: no tile, no axis and no zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from velocity import formats
from velocity.reading import reads
from velocity.sentences import seen as words
from velocity.ui.drill import show_way
from velocity.ui.parts import empty_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from velocity.ui.view import View


def show_whose(view: View) -> None:
    """The names of all scholars whom the viewer may see; each opens its page."""
    people = view.read(reads.scholars).sort("name")
    known = [row for row in people.iter_rows(named=True) if view.scope.sees_whole(row["scholar"])]
    if not known:
        empty_state("There are no scholars yet.", "velocity init")
        return
    view.say(formats.plural(len(known), "scholar"), words.WHOSE)
    with st.grid(4, min_column_width=196):
        for row in known:
            with st.container():
                # A link to this page would not change the choice above it.
                st.button(
                    formats.markdown(formats.label(row["name"])),
                    key=f"whose-{row['scholar']}",
                    type="tertiary",
                    on_click=_choose,
                    args=(row["scholar"],),
                )


def _choose(scholar: str) -> None:
    st.query_params["scholar"] = scholar


def show_nothing(view: View, who: Mapping[str, Any]) -> None:
    """What was looked for, three causes with a line to copy each, and what will be here."""
    own = view.is_own(who["scholar"])
    usernames = words.usernames(view.roster, who["scholar"])
    projects = [*view.settings.wandb.projects]
    view.say(
        formats.markdown(formats.label(who["name"])),
        words.no_runs(formats.label(who["name"]), own=own),
    )
    st.caption(words.looked_for(usernames, projects, view.trust["first_day"]))
    with st.grid(3, min_column_width=300, border=True):
        for title, text, copied, note in words.causes(usernames, projects):
            with st.container(gap="xsmall"):
                st.header(title, anchor=False)
                st.markdown(text)
                st.code(copied, language=None, wrap_lines=True)
                st.caption(note)
    st.header("What will be here", anchor=False)
    st.markdown(words.WILL_BE_HERE)
    st.header("What others see meanwhile", anchor=False)
    st.markdown(words.seen_meanwhile(own=own))
    show_way("definitions", "Definitions")
