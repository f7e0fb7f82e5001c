"""Choices above and beside what a page shows. The address has them, so a link never moves."""

from collections.abc import Mapping
from typing import Any, TypeVar

import streamlit as st

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

_Default = TypeVar("_Default", str, None)
_ADDRESS = "period"
#: What was chosen, on whatever page: a period, and the days of "Custom". Absent until then.
_PERIOD, _DAYS = "chosen-period", "chosen-days"
_CONTROL = "period-control"
_FIRST, _LAST = "period-from", "period-to"


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

    asked = st.query_params.get(key)
    if asked is not None and asked not in titles:
        del st.query_params[key]
    st.session_state[key] = asked if asked in titles else default
    shown: dict[str, str] = {}
    for place, (name, title) in enumerate(titles.items(), start=1):
        shown[name] = f"{title} ({place})" if title in shown.values() else title
    chosen: str | None = st.selectbox(
        label, [*shown], format_func=shown.__getitem__, key=key, on_change=write, **look
    )
    return chosen or default


def period_control(data: Window, *, opens: Period, from_address: bool) -> Chosen:
    """The choice of a window within the days with data, from the first to the last whole one.

    A page opens with `opens` until something is chosen on any page. `from_address`: whether the
    address comes before earlier choices, on the first run of a page.
    """
    offered = presets(data.first, data.last)
    asked = asked_for(st.query_params.get(_ADDRESS, ""), offered) if from_address else None
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
