"""Styles and scripts that every page sends to the browser, for the screen and for paper."""

import json
from functools import cache
from pathlib import Path

import streamlit as st

from velocity.theme import LIGHT, dark_of_light, tokens
from velocity.ui.parts import theme_mode


def prepare_browser() -> None:
    """Sets the page's frame, makes Back open the previous page, and lets pages print completely."""
    mode = theme_mode()
    ink = tokens(mode)
    colours = f"--velocity-accent: {ink.accent}; --velocity-on-accent: {ink.bg}"
    st.html(f"<style>:root {{ {colours} }}</style>{_text('screen')}")
    st.html(_text("history"), unsafe_allow_javascript=True)
    # A page that was dark before prints as it is.
    light = "<script>window.velocityLight = {}</script>"
    paper = _text("paper") + (light if mode == "light" else _text("paper_dark"))
    st.html(paper, unsafe_allow_javascript=True)


def note_on_paper() -> None:
    """The first line of a printed page that names people; it is not on the screen."""
    with st.container(key="on-paper"):
        st.markdown("**Names scholars; not for passing on.** The digest is for passing on.")


@cache
def _text(name: str) -> str:
    """The text of a file beside this one, with the colours of the light theme."""
    text = Path(__file__).with_name(f"{name}.html").read_text(encoding="utf-8").rstrip()
    # Red, green and blue of each dark colour -> the light one of the same name.
    pairs = {
        ",".join(str(int(dark[at : at + 2], 16)) for at in (1, 3, 5)): light
        for light, dark in dark_of_light().items()
    }
    colours = {it: getattr(LIGHT, it.lower()) for it in ("TEXT", "MUTED", "BORDER", "ACCENT")}
    for word, colour in (colours | {"PAIRS": json.dumps(pairs)}).items():
        text = text.replace(f"LIGHT_{word}", colour)
    return text
