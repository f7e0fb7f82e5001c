"""Choices of one thing by its title, while the address has its id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Mapping


def choose_titled(
    label: str, titles: Mapping[str, str], *, key: str, default: str, width: int
) -> str:
    """A selectbox of titles; returns the chosen id, which the address carries.

    If the widget were bound to the address, the address would hold titles. So only the address
    stores the choice, and the box writes it there.

    Args:
        label: above the box.
        titles: id -> title; equal titles get a number.
        key: of the box, and of the id in the address.
        default: the id to choose if the address has no known one.
        width: px.
    """
    return _choose(label, titles, key=key, default=default, width=width) or default


def choose_any_titled(
    label: str, titles: Mapping[str, str], *, key: str, placeholder: str, width: int
) -> str | None:
    """The same without a default: the box shows `placeholder`, and its label is not shown."""
    return _choose(
        label,
        titles,
        key=key,
        default=None,
        width=width,
        index=None,
        placeholder=placeholder,
        label_visibility="collapsed",
    )


def _choose(
    label: str, titles: Mapping[str, str], *, key: str, default: str | None, **look: Any
) -> str | None:
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
    return chosen
