"""A choice that people read by titles and that the address carries by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Mapping


def choose_titled(
    label: str, titles: Mapping[str, str], *, key: str, default: str, width: int
) -> str:
    """A selectbox of titles; the id that was chosen, as the address has it.

    The address of a bound widget would carry the titles. So the address alone says what is chosen,
    and whoever chooses writes it there.

    Args:
        label: above the box.
        titles: id -> title; those that are the same are told apart by a number.
        key: of the box, and of the id in the address.
        default: id that is chosen where the address has none that is known.
        width: px.
    """

    def write() -> None:
        st.query_params[key] = st.session_state[key]

    asked = st.query_params.get(key)
    if asked is not None and asked not in titles:
        del st.query_params[key]
    st.session_state[key] = asked if asked in titles else default
    shown: dict[str, str] = {}
    for place, (name, title) in enumerate(titles.items(), start=1):
        shown[name] = f"{title} ({place})" if title in shown.values() else title
    chosen: str = st.selectbox(
        label, [*shown], format_func=shown.__getitem__, key=key, on_change=write, width=width
    )
    return chosen
