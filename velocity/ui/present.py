"""Presentation mode: three slides without names, navigation or choices (`?present=1..3`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from velocity.charts.balances import draw_ends
from velocity.charts.waits import draw_waits
from velocity.sentences import queue as queue_words
from velocity.sentences import week as words
from velocity.ui.parts import show_figure, theme_mode
from velocity.ui.week_parts import tiles, week_chart

if TYPE_CHECKING:
    from velocity.ui.view import View
    from velocity.ui.week import Week

_ADDRESS, _KEY = "present", "slide"
#: Of the tiles on the first slide, which has few words.
_LABELS = ("Concluded", "One at a time", "Loop")
_ENDS_ROW = 48
#: Everything is as many times as large as on the page: text of 12 px is 24 px on a projector.
_LARGER = 2
# The keys are buttons that show only while they have the focus.
_STYLE = f"""<style>
html {{ font-size: {14 * _LARGER}px }}
[data-testid="stHeader"] {{ display: none }}
[data-testid="stMainBlockContainer"] {{ padding: 2.5rem 2.5rem 0 }}
[data-testid="stMainBlockContainer"] > [data-testid="stVerticalBlock"]
  > :not(:has(.st-key-slide)) {{
  display: none
}}
.st-key-slide-keys {{ position: absolute; right: 0; opacity: 0 }}
.st-key-slide-keys:focus-within {{ opacity: 1 }}
</style>"""


def present_button(view: View) -> None:
    """The button "Present", beside the period."""
    with view.choices:
        st.button("Present", on_click=_open, args=(1,), key="present")


def present(week: Week) -> bool:
    """Draws the slide that the address asks for; returns whether it asks for one."""
    asked = st.query_params.get(_ADDRESS, "")
    if asked not in {str(at + 1) for at in range(len(_SLIDES))}:
        return False
    slide = int(asked)
    st.html(_STYLE)
    with st.container(key=_KEY):
        _keys(slide)
        st.caption(f"{slide} of {len(_SLIDES)}")
        _SLIDES[slide - 1](week)
    return True


def _keys(slide: int) -> None:
    with st.container(key=f"{_KEY}-keys", horizontal=True, width="content"):
        last = len(_SLIDES)
        for label, shortcut, to in (
            ("Back", "Left", max(slide - 1, 1)),
            ("Next", "Right", min(slide + 1, last)),
            ("Close", "Esc", 0),
        ):
            st.button(label, shortcut=shortcut, on_click=_open, args=(to,), key=f"go-{label}")


def _open(slide: int) -> None:
    if slide:
        st.query_params[_ADDRESS] = str(slide)
    else:
        st.query_params.pop(_ADDRESS, None)


def _this_week(week: Week) -> None:
    # The charts show the usual range.
    now, before = week.programme, week.programme_before
    st.title(words.headline(now, before, None, week.days), anchor=False)
    with st.grid(3, min_column_width=200, border=True):
        for label, (said, measure) in zip(_LABELS, tiles(week), strict=True):
            with st.container(gap="xsmall"):
                st.metric(label, said.value)
                show_figure(week_chart(week, measure).enlarged(_LARGER), key=f"slide-{measure}")


def _needs_a_decision(week: Week) -> None:
    st.title(queue_words.presented(week.decisions, week.known_on), anchor=False)
    waits = queue_words.by_stream(week.decisions, week.names)
    figure = draw_waits(waits, mode=theme_mode(), title="Results that wait")
    show_figure(figure.enlarged(_LARGER), key="slide-waits")
    st.caption("One dot per line, in working hours since its result.")


def _credits(week: Week) -> None:
    said = words.runs_out(week.ends, week.known_on)
    st.title(f"{said.start} {said.rest}".strip(), anchor=False)
    figure = draw_ends(
        week.ends,
        today=week.known_on,
        mode=theme_mode(),
        title="Credits run out",
        row_height=_ENDS_ROW,
    )
    show_figure(figure.enlarged(_LARGER), key="slide-ends")


#: This week, Needs a decision, Credits.
_SLIDES = (_this_week, _needs_a_decision, _credits)
