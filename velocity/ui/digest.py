"""The button that offers the digest of the page's week, as the viewer may see it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from velocity.report import as_html, as_markdown, make_digest, week_id
from velocity.ui.parts import made_content
from velocity.ui.sign_in import admission

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from velocity.report import Digest
    from velocity.ui.view import View

_FILES = {
    "md": ("Download Markdown", "text/markdown", as_markdown),
    "html": ("Download HTML", "text/html", as_html),
}


def show_digest(view: View, week: date) -> None:
    """The button "Digest", beside the period: the week as a file, made when it is asked for."""
    with view.choices, st.popover("Digest"):
        st.caption(f"{week_id(week)} on a page. The HTML prints, also to PDF.")
        for ending, (label, mime, write) in _FILES.items():
            st.download_button(
                label,
                data=partial(made_content, admission(), partial(_content, view, week, write)),
                file_name=f"digest-{week_id(week)}.{ending}",
                mime=mime,
                key=f"digest-{ending}",
                on_click="ignore",
            )


def _content(view: View, week: date, write: Callable[[Digest], str]) -> bytes:
    return write(make_digest(view.snapshot, scope=view.scope, week=week)).encode()
