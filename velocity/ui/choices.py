"""Choices above and beside what a page shows. The address has them, so a link never moves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from velocity import formats
from velocity.reading.periods import (
    PERIODS,
    Chosen,
    Period,
    Window,
    asked_for,
    limited,
    opening,
    presets,
)
from velocity.ui.page import ALL_STREAMS, YOUR_SCHOLARS

if TYPE_CHECKING:
    from velocity.ui.view import View

_Default = TypeVar("_Default", str, None)
_ADDRESS = "period"
#: What was chosen, on whatever page: a period, and the days of "Custom". Absent until then.
_PERIOD, _DAYS = "chosen-period", "chosen-days"
_CONTROL = "period-control"
_FIRST, _LAST = "period-from", "period-to"


def keep_choices(page: str, about: Collection[str] = ()) -> bool:
    """Keeps choices on pages that do not show them: Streamlit drops the value of undrawn widgets.

    Returns whether this is the first run of the page with that title: its address then comes first
    for the choices that it is `about`.
    """
    turned = st.session_state.get("page") != page
    st.session_state.update(page=page, turned=turned)
    for key in ("scholar", "streams"):
        if turned and key in about and key in st.query_params:
            st.session_state.pop(key, None)
        elif key in st.session_state:
            st.session_state[key] = st.session_state[key]
    return turned


def asked_of(key: str, offered: Collection[str]) -> str | None:
    """What the address asks for by `key`, if it is offered; else a line says that it is not."""
    asked = st.query_params.get(key)
    if asked is None or asked in offered:
        return asked
    _say_above(f'This page does not have what its address asks for by "{key}".')
    return None


def _say_above(text: str) -> None:
    """Says above the headline, on the first run of a page, what its address asks for in vain.

    Never in the words of the address, which anybody may have written.
    """
    if st.session_state.get("turned", True):
        st.session_state.get("unheard", st).caption(text)


def choose_titled(
    label: str, titles: Mapping[str, str], *, key: str, default: _Default, **look: Any
) -> str | _Default:
    """A selectbox of titles (of ids); returns the chosen id, which the address carries as `key`.

    If the widget were bound to the address, the address would hold titles. So only the address
    stores the choice, and the box writes it there. Equal titles get a number. `default` is chosen
    if the address has no known id; `look` is how `st.selectbox` draws it.
    """

    def write() -> None:
        chosen = st.session_state[key]
        if chosen is None:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = chosen

    asked = asked_of(key, titles)
    if asked is None:
        st.query_params.pop(key, None)
    st.session_state[key] = default if asked is None else asked
    shown: dict[str, str] = {}
    for place, (name, title) in enumerate(titles.items(), start=1):
        shown[name] = f"{title} ({place})" if title in shown.values() else title
    chosen: str | None = st.selectbox(
        label, [*shown], format_func=shown.__getitem__, key=key, on_change=write, **look
    )
    return chosen or default


def choose_scholar(view: View) -> str | None:
    """The chosen scholar, else the viewer; nobody is assumed for viewers who are not scholars."""
    known = {it: formats.label(name) for it, name in view.seen_whole.items()}
    if len(known) < 2:  # noqa: PLR2004 - no choice
        asked_of("scholar", known)
        return next(iter(known), None)
    own = view.viewer.scholar if view.viewer.scholar in known else None
    kept: str | None = st.session_state.get("scholar")
    if kept is not None and kept in known and "scholar" not in st.query_params:
        # A link always names the chosen scholar.
        st.query_params["scholar"] = kept
    look: dict[str, Any] = {"index": None, "label_visibility": "collapsed", "width": 200}
    whose = known[own] if own else "Whose page?"
    chosen = choose_titled("Scholar", known, key="scholar", default=None, placeholder=whose, **look)
    return chosen or own


def choose_streams(view: View) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The chosen streams, or else the scholars whom the viewer sees as their research manager.

    The address has the id of the choice, which a bound widget would replace by its title.
    """
    names, managed = view.stream_names, view.viewer.managed
    known = [it for it in names if view.scope.sees_stream(it)]
    offered = [*known, *([YOUR_SCHOLARS] if managed else [])]
    chosen: str | None = next(iter(offered), None)
    options = [*([ALL_STREAMS] if len(known) > 1 else []), *offered]
    asked = asked_of("streams", options)
    if len(offered) > 1:
        if asked is not None:
            st.session_state["streams"] = asked
        elif "streams" not in st.session_state:
            # The first one with a line that needs a decision; the page makes the same read.
            waiting = view.without_hours.needs_decision().filter("needs_decision")["stream"]
            st.session_state["streams"] = next((it for it in known if it in waiting), offered[0])
        chosen = st.segmented_control(
            "Streams",
            options,
            format_func=lambda it: formats.label(names.get(it, it.capitalize()), 24),
            key="streams",
            on_change=_write_streams,
            label_visibility="collapsed",
        )
        if asked is None:
            _write_streams()
    if chosen == YOUR_SCHOLARS:
        return (), managed
    return tuple(it for it in known if chosen in {it, ALL_STREAMS, None}), ()


def _write_streams() -> None:
    st.query_params["streams"] = st.session_state["streams"] or ALL_STREAMS


def period_control(data: Window, *, opens: Period, from_address: bool) -> Chosen:
    """The choice of a window within the days with data, from the first to the last whole one.

    A page opens with `opens` until something is chosen on any page. `from_address`: whether the
    address comes before earlier choices, on the first run of a page.
    """
    offered = presets(data.first, data.last)
    text = st.query_params.get(_ADDRESS, "") if from_address else ""
    asked = asked_for(text, offered)
    if text and (asked is None or asked.cut):
        _say_above(f"The days of the address are not all here: data is from {data.words}.")
    if asked is not None:
        st.session_state[_PERIOD], st.session_state[_DAYS] = asked.period, asked.window
    otherwise = opening(opens, offered)
    period: Period = st.session_state.get(_PERIOD, otherwise)
    if period == "Custom":
        window = limited(st.session_state[_DAYS], data.first, data.last)
    else:
        # What was chosen has the days that it has now: a running week gets longer.
        period = period if period in offered else otherwise
        window = offered[period]
    chosen = Chosen(period, window)
    st.session_state[_CONTROL] = chosen.period
    st.segmented_control(
        "Period",
        [period for period in PERIODS if period in offered or period == "Custom"],
        required=True,
        key=_CONTROL,
        on_change=_take_control,
        args=(chosen.window,),
        label_visibility="collapsed",
    )
    if chosen.period == "Custom":
        _custom_days(chosen.window, data)
    # A run that writes the address tells the browser, even if it stays the same.
    if st.query_params.get(_ADDRESS) != chosen.window.written:
        st.query_params[_ADDRESS] = chosen.window.written
    return chosen


def _take_control(shown: Window) -> None:
    """Takes over a click. "Custom" begins with the days that were shown."""
    st.session_state[_PERIOD], st.session_state[_DAYS] = st.session_state[_CONTROL], shown


def _custom_days(shown: Window, data: Window) -> None:
    with st.form("custom-days", border=False, width="content"):
        row = st.container(horizontal=True, gap="small", vertical_alignment="bottom")
        for key, label, value in ((_FIRST, "From", shown.first), (_LAST, "To", shown.last)):
            row.date_input(
                label,
                value=value,
                min_value=data.first,
                max_value=data.last,
                format="YYYY-MM-DD",
                key=f"{key} {shown.written}",
                width=130,
            )
        row.form_submit_button("Apply", on_click=_take_days, args=(shown,))


def _take_days(shown: Window) -> None:
    first, last = (st.session_state[f"{key} {shown.written}"] for key in (_FIRST, _LAST))
    st.session_state[_DAYS] = Window(min(first, last), max(first, last))
