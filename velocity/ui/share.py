"""The menu "Share": the digest of a week as text, as a file or as a link."""

from collections.abc import Callable
from datetime import date
from urllib.parse import urlsplit

import streamlit as st

from velocity.report.digest import make_digest
from velocity.report.html import as_html
from velocity.report.parts import Digest, week_id
from velocity.report.text import as_csv, as_markdown, as_message
from velocity.ui.files import download_button
from velocity.ui.parts import menu
from velocity.ui.view import View

#: Choice -> its words, and of a file its type and what writes it.
_CHOICES = {
    "slack": "Copy for Slack",
    "md": "Markdown",
    "html": "One page, HTML",
    "csv": "CSV",
    "link": "Link",
}
_FILES: dict[str, tuple[str, Callable[[Digest], str]]] = {
    "md": ("text/markdown", as_markdown),
    "html": ("text/html", as_html),
    "csv": ("text/csv", as_csv),
}


def show_share(view: View, week: date) -> None:
    """The menu "Share", beside the period: the week as the viewer may see it.

    The text for Slack is for posting: it names only streams with at least 4 active people.
    """

    def digest(*, posted: bool = False) -> Digest:
        scope, address = view.scope, view.settings.programme.address
        return make_digest(view.snapshot, scope=scope, week=week, posted=posted, address=address)

    def offer(choice: str) -> None:
        if choice == "slack":
            st.caption("Names streams with at least 4 active people, and nobody.")
            st.code(as_message(digest(posted=True)), language=None, wrap_lines=True)
        elif choice == "link":
            st.code(address_of(view), language=None, wrap_lines=True)
        else:
            mime, write = _FILES[choice]
            if choice == "html":
                st.caption("It can be printed or saved as PDF.")
            download_button(
                f"Download {_CHOICES[choice]}",
                f"digest-{week_id(week)}.{choice}",
                mime,
                lambda: write(digest()).encode(),
                key=f"digest-{choice}",
            )

    with view.choices, st.container(width="content"):
        said = f": {week_id(week)}"
        menu("Share", _CHOICES, offer, key="share", title=lambda it: _CHOICES[it] + said)


def address_of(view: View) -> str:
    """The address of the page with its days."""
    here = urlsplit(st.context.url or "")
    base = view.settings.programme.address or f"{here.scheme}://{here.netloc}"
    path = "" if view.page.name == "stand_up" else view.page.path
    query = f"?period={view.window.written}" if "period" in (view.page.choices or ()) else ""
    return f"{base.rstrip('/')}/{path}{query}"
