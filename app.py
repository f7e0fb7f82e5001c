"""Entry script: page frame, navigation, the choices that hold from page to page, error boundary."""

from __future__ import annotations

import atexit
import gc
from pathlib import Path

import streamlit as st

import velocity
from velocity import ui
from velocity.errors import VelocityError

PAGES = Path(velocity.__file__).parent / "pages"
_PERIOD = frozenset({"period"})
_ALONE = frozenset[str]()
#: File -> title and the choices it has; None: it is about no data at all.
_MAIN = {
    "stand_up": ("Stand-up", _PERIOD),
    "my_velocity": ("My velocity", _PERIOD | {"scholar"}),
    "streams": ("Streams", _PERIOD | {"streams"}),
    "compute": ("Compute", _PERIOD),
    "runs": ("Runs", _PERIOD),
}
_EVIDENCE = {
    "why": ("Why this number", frozenset({"scholar"})),
    "data_health": ("Data health", _ALONE),
    "definitions": ("Definitions", None),
}


@st.cache_resource
def _freeze() -> None:
    """Keeps the imports out of every later collection of garbage."""
    gc.collect()
    gc.freeze()
    # What is frozen is never let go, and DuckDB complains of that at the end.
    atexit.register(gc.unfreeze)


def _page(name: str, title: str) -> st.Page:
    return st.Page(
        PAGES / f"{name}.py",
        title=title,
        url_path=name.replace("_", "-"),
        default=name == "stand_up",
    )


def _run() -> None:
    st.set_page_config(page_title="Research velocity", layout="wide")
    # The theme has no option for the padding at the sides.
    st.html(
        '<style>[data-testid="stMainBlockContainer"]'
        "{padding-left:1.5rem;padding-right:1.5rem}</style>"
    )
    _freeze()
    listed = _MAIN | _EVIDENCE
    pages = {name: _page(name, title) for name, (title, _) in listed.items()}
    chosen = st.navigation(
        {
            "": [pages[name] for name in _MAIN],
            "Evidence": [pages[name] for name in _EVIDENCE],
        },
        position="top",
    )
    about = next(about for title, about in listed.values() if title == chosen.title)
    if about is None:
        ui.keep_choices()
        chosen.run()
        return
    try:
        if ui.open_view(chosen.title, about=about) is None:
            ui.empty_state("The store holds no runs yet.", "velocity sync --project ENTITY/PROJECT")
        else:
            chosen.run()
    except VelocityError as error:
        ui.show_error(error)


_run()
