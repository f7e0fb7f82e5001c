"""How a page declares itself (one `PAGE` per file of `velocity/pages/`), and links between pages.

The address carries the choices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, get_args
from urllib.parse import urlencode

import streamlit as st
from streamlit.errors import StreamlitAPIException

from velocity import formats
from velocity.reading.access import Viewer
from velocity.reading.definitions import columns
from velocity.reading.periods import Period, Window
from velocity.reading.viewed import ViewedDays

if TYPE_CHECKING:
    from velocity.ui.view import View

Role = Literal["lead", "group lead", "mentor", "research manager", "scholar"]
#: The choice of all streams, and that of the scholars of a research manager. An id has no space.
ALL_STREAMS, YOUR_SCHOLARS = "all", "Your scholars"
EVERYONE: tuple[Role, ...] = get_args(Role)
_PAGES = "listed_pages"
#: The programme as the page Why this number has it in its address.
PROGRAMME = "programme"


@dataclass(frozen=True)
class Page:
    """A page of the app.

    `roles` is a courtesy: queries decide what a page can show. A "lead" sees everybody, a "group
    lead" groups only. The first listed page opens by default.
    """

    name: str  # of its file; its path has dashes for the underscores
    title: str  # in the navigation and on the page
    choices: tuple[str, ...] | None  # above it: "period", "scholar", "streams"; None without data
    roles: tuple[Role, ...]  # whose navigation lists it
    draw: Callable[[], None]  # draws it; `current_view` gives its data
    place: int  # in the navigation, from left to right
    section: Literal["", "Evidence"] = ""  # menu in which it is listed; "" for none
    opens: Period = "This week"  # the period that it covers until one is chosen

    @property
    def path(self) -> str:
        """Of its address."""
        return self.name.replace("_", "-")

    def is_for(self, viewer: Viewer) -> bool:
        """Whether the viewer's navigation lists it."""
        if viewer.scope.everything:
            return "lead" in self.roles
        leads = {"group lead"} if viewer.scope.fixed_groups else set()
        return not (leads | (viewer.roles - {"lead"})).isdisjoint(self.roles)


def know_pages(pages: Mapping[str, st.Page]) -> None:
    """Stores the viewer's pages by name; the entry script calls it on every run."""
    st.session_state[_PAGES] = dict(pages)


def has_page(name: str) -> bool:
    """Whether the viewer has the page `name`, such as "my_velocity"."""
    return name in st.session_state.get(_PAGES, {})


def go_on_to(page: st.Page) -> None:
    """Opens `page` instead of the requested one, or links to it if it cannot be opened.

    Streamlit refuses while a choice in the address belongs to a widget. That happens after a run
    that was interrupted before it drew anything: the earlier widgets are still there.
    """
    try:
        st.switch_page(page)
    except StreamlitAPIException:
        st.page_link(page)


def show_way(name: str, label: str, **choices: str | list[str]) -> None:
    """A link to a page with `choices` made on it; nothing if the viewer does not have the page.

    The link takes the days of this page along. `choices` are keys of widgets of that page, which
    this page does not draw, and their values; `label` is Markdown.
    """
    if has_page(name):
        if "period" in st.query_params:
            choices = {"period": st.query_params["period"], **choices}
        st.page_link(st.session_state[_PAGES][name], label=label, query_params=choices)


def way_in_text(name: str, label: str, **choices: str | list[str]) -> str:
    """The same as Markdown, for a cell of a table; only the label without the page."""
    if not has_page(name):
        return label
    path = st.session_state[_PAGES][name].url_path or "."
    return f"[{label}]({path}?{urlencode(choices, doseq=True)})"


def runs_of(experiments: list[str], launched: date, window: Window) -> dict[str, Any]:
    """The choices of Runs that show the runs of experiments: the window with their first launch."""
    days = Window(min(launched, window.first), max(launched, window.last))
    return {"period": days.written, "runs-experiment": experiments}


def show_step(page: str, name: str, **choices: str | list[str]) -> None:
    """A link up or down between programme and scholar, by the name of its target."""
    show_way(page, f"{formats.markdown(formats.label(name))} \u203a", **choices)


def show_why(
    view: ViewedDays,
    metric: str,
    *,
    scholar: str | None = None,
    stream: str | None = None,
    window: Window | None = None,
    label: str = "why",
) -> None:
    """A link to a figure's rows, for viewers who may see all of them; nothing for others.

    The figure `metric` is that of a scholar or a stream, else the programme's, over `window` if it
    is not over the days of the view.
    """
    scope = view.scope
    if columns()[metric].private and not scope.sees_hours(scholar):
        return
    choices = {"metric": metric, "whose": PROGRAMME}
    if scholar is not None:
        sees = scholar in view.seen_whole
        choices |= {"whose": "scholar", "scholar": scholar}
    elif stream is not None:
        sees = scope.sees_stream(stream)
        choices["whose"] = of_stream(stream)
    else:
        sees = scope.everything
    if sees:
        show_way("why", label, **choices, period=(window or view.window).written)


def of_stream(stream: str) -> str:
    """A stream as the page Why this number has it in its address."""
    return f"stream {stream}"


def show_trail(view: View) -> None:
    """Links to the pages above, from the top down, as far as the viewer has them."""
    names, scholar = view.stream_names, view.scholar
    ways: list[tuple[str, str, dict[str, Any]]] = [("stand_up", "Stand-up", {})]
    if scholar is None:
        ways = ways if 0 < len(view.streams) < len(names) else []
    else:
        who, scope = view.who(scholar), view.scope
        theirs = {it: names[it] for it in who["streams"] if it in names and scope.sees_stream(it)}
        if scholar in view.viewer.managed:
            theirs[YOUR_SCHOLARS] = YOUR_SCHOLARS
        ways += [("streams", label, {"streams": [it]}) for it, label in theirs.items()]
        # Scholars did not come to their own page from another one.
        ways = [] if view.is_own(scholar) else ways
        if view.page.name != "my_velocity":
            ways.append(("my_velocity", who["name"], {"scholar": scholar}))
    ways = [way for way in ways if has_page(way[0])]
    if ways:
        with st.container(horizontal=True, gap="small"):
            for page, label, choices in ways:
                show_step(page, label, **choices)
