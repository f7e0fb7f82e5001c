"""Entry script: page frame, sign-in, navigation by role, error boundary.

Which pages are listed is a courtesy: what a page can show is decided in its queries.
"""

from __future__ import annotations

import atexit
import gc
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

import velocity
from velocity import ui
from velocity.errors import VelocityError

if TYPE_CHECKING:
    from velocity.reading.access import Viewer

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
#: For leads who may not see people.
_GROUPS = {"groups": ("Groups", _ALONE)}
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


def _home(page: st.Page) -> st.Page:
    """The page without a path, which goes on to `page`."""
    return st.Page(lambda: ui.go_on_to(page), title="Home", default=True, visibility="hidden")


def _listed(viewer: Viewer) -> tuple[dict[str, tuple[str, frozenset[str] | None]], ...]:
    """The pages that make sense for the viewer: the main ones, the first opened, and evidence."""
    if viewer.scope.everything:
        return {**_MAIN}, _EVIDENCE
    names = [
        *(["groups"] if viewer.scope.fixed_groups else []),
        *(["streams"] if "mentor" in viewer.roles else []),
        *(["my_velocity"] if "scholar" in viewer.roles else []),
        *(["runs"] if viewer.roles - {"lead"} else []),
    ]
    evidence = [*(["why"] if viewer.roles - {"lead"} else []), "definitions"]
    main: dict[str, tuple[str, frozenset[str] | None]] = {**_MAIN, **_GROUPS}
    return {name: main[name] for name in names}, {name: _EVIDENCE[name] for name in evidence}


def _run() -> None:
    st.set_page_config(page_title="Research velocity", layout="wide")
    # The theme has no option for the padding at the sides, nor for the colour of a button whose
    # menu is open: a darker accent, too dark on a dark page. A script takes no room.
    st.html(
        '<style>[data-testid="stMainBlockContainer"]'
        "{padding-left:1.5rem;padding-right:1.5rem}"
        'button[kind="tertiary"]:is(:active,[aria-expanded="true"]){color:inherit}'
        '[data-testid="stElementContainer"]:has(>[data-testid="stHtml"]>script){display:none}</style>'
    )
    ui.keep_history()
    ui.fit_to_paper()
    _freeze()
    ui.show_development()
    try:
        viewer = ui.admit().viewer
    except (ui.NotAdmitted, VelocityError) as why:
        _refuse(why)
        return
    main, evidence = _listed(viewer)
    pages = {name: _page(name, title) for name, (title, _) in (main | evidence).items()}
    ui.know_pages(pages)
    # An address is the same page for everybody; who opens none gets the first of their own.
    first = [] if "stand_up" in main else [_home(pages[next(iter(main))])]
    chosen = st.navigation(
        {
            "": [*(pages[name] for name in main), *first],
            "Evidence": [pages[name] for name in evidence],
        },
        position="top",
    )
    if chosen in first:
        chosen.run()
    ui.show_who(viewer)
    about = next(about for title, about in (main | evidence).values() if title == chosen.title)
    if about is None:
        ui.keep_choices(chosen.title)
        chosen.run()
        return
    try:
        if ui.open_view(chosen.title, about=about, viewer=viewer) is None:
            ui.empty_state("The store holds no runs yet.", "velocity sync --project ENTITY/PROJECT")
        else:
            chosen.run()
    except VelocityError as error:
        ui.show_error(error)


def _refuse(why: ui.NotAdmitted | VelocityError) -> None:
    """A page without data, at whatever address, which stays as it is for after the sign-in."""
    everything = _MAIN | _GROUPS | _EVIDENCE
    pages = [_page(name, title) for name, (title, _) in everything.items()]
    st.navigation(pages, position="hidden")
    ui.keep_choices("")
    if isinstance(why, ui.NotAdmitted):
        ui.show_not_admitted(why)
    else:
        ui.show_error(why)


_run()
