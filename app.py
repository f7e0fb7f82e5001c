"""Entry script: page frame, sign-in, navigation by role, error boundary."""

from __future__ import annotations

import atexit
import gc

import streamlit as st

from velocity.errors import VelocityError
from velocity.pages import PAGES
from velocity.ui.browser import prepare_browser
from velocity.ui.choices import keep_choices
from velocity.ui.page import Page, go_on_to, know_pages
from velocity.ui.parts import empty_state, show_error
from velocity.ui.sign_in import NotAdmitted, admit, show_development, show_not_admitted, show_who
from velocity.ui.view import open_view


@st.cache_resource
def _freeze() -> None:
    """Excludes the imported modules from later garbage collections."""
    gc.collect()
    gc.freeze()
    # Frozen objects are never released, and DuckDB complains about that at the end.
    atexit.register(gc.unfreeze)


def _registered(page: Page) -> st.Page:
    # The first page of all has no path.
    return st.Page(
        page.draw, title=page.title, url_path=page.path, default=page.place == PAGES[0].place
    )


def _home(page: st.Page) -> st.Page:
    """The page without a path, which goes on to `page`."""
    return st.Page(lambda: go_on_to(page), title="Home", default=True, visibility="hidden")


def _run() -> None:
    st.set_page_config(page_title="Research velocity", layout="wide")
    prepare_browser()
    _freeze()
    show_development()
    try:
        viewer = admit().viewer
    except (NotAdmitted, VelocityError) as why:
        # At any address, which stays the same for after the sign-in.
        st.navigation([_registered(page) for page in PAGES], position="hidden")
        keep_choices("")
        if isinstance(why, NotAdmitted):
            show_not_admitted(why)
        else:
            show_error(why)
        return
    listed = [page for page in PAGES if page.is_for(viewer)]
    shown = {page.name: _registered(page) for page in listed}
    know_pages(shown)
    sections: dict[str, list[st.Page]] = {"": [], "Evidence": []}
    for page in listed:
        sections[page.section].append(shown[page.name])
    # Each address is the same page for everyone; without an address the first listed page opens.
    if PAGES[0] not in listed:
        sections[""].append(_home(shown[listed[0].name]))
    chosen = st.navigation(sections, position="top")
    show_who(viewer)
    opened = next((it for it in listed if it.title == chosen.title), None)
    try:
        if opened is None or open_view(opened, viewer):
            chosen.run()
        else:
            empty_state("The store holds no runs yet.", "velocity init")
    except VelocityError as error:
        show_error(error)


_run()
