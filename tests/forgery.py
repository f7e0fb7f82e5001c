"""A tab that sends widget values that no page offers, and keeps every response."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from benchmarks.browser_session import Answer, BrowserSession
from tests.identity import App
from tests.people import canary, scholar

#: A person who is invisible to scholars and mentors of other streams.
OTHER = 5
NAME = f"Name {canary(OTHER)}"
EXPERIMENT = f"e/language-{canary(OTHER)}/rlanguage-{OTHER}-9-0"
#: For every widget with a choice: values of other people, unknown values, and "Custom".
CHOICES = (
    *(scholar(OTHER), NAME, "language", f"language-{canary(OTHER)}", EXPERIMENT),
    *("reaction_off_share", "Custom", "2026-01-05", ""),
)
_POINT = {"curve_number": 0, "point_index": 0, "point_number": 0, "x": 1, "y": scholar(OTHER)}
#: Forged clicks on a chart: ids of other people, points that do not exist, and values that no
#: chart sends.
POINTS = (
    [_POINT | {"customdata": [scholar(OTHER), EXPERIMENT, EXPERIMENT, 0]}],
    [_POINT | {"customdata": [EXPERIMENT] * 9, "point_index": 10**9, "curve_number": 99}],
    [_POINT | {"customdata": {"0": scholar(OTHER), "1": EXPERIMENT}}],
    [_POINT | {"customdata": [[EXPERIMENT], [EXPERIMENT]]}],
    [_POINT | {"customdata": [NAME, NAME, NAME]}],
    [_POINT, None],
    [EXPERIMENT],
    EXPERIMENT,
    None,
)
#: Forged selections in a table.
ROWS = ([0], [10**9], [-1], [scholar(OTHER)], [[0]], {"0": EXPERIMENT}, None, [True, 0.5], [NAME])


@dataclass(frozen=True)
class Drawn:
    """An element that can be clicked."""

    id: str
    kind: str  # of `streamlit.proto.Element`
    fragment: str  # the part of the page that runs when it is clicked; "": all of it
    file: str  # the file it offers; "": none

    @property
    def key(self) -> str:
        """The page's key of the element."""
        return self.id.split("-", 2)[2]


#: The choices of the menu "Share".
_SHARED = ("Copy for Slack", "Markdown", "One page, HTML", "CSV", "Link")


class Tab(BrowserSession):
    """A tab of the person with the cookies."""

    def __init__(self, app: App, cookies: Mapping[str, str]) -> None:
        super().__init__(app.address, cookies=cookies, hear=self._keep)
        self._browser = requests.Session()
        self._browser.cookies.update(cookies)
        self._received: list[bytes] = []
        self._taken: set[str] = set()
        self.drawn: dict[str, Drawn] = {}
        self.pages: dict[str, str] = {}  # path -> hash

    def received(self) -> str:
        """Everything received since the last look, as text; other bytes are dropped."""
        text = "\n".join(it.decode("utf-8", "ignore") for it in self._received)
        self._received.clear()
        return text

    def named(self, key: str) -> Drawn:
        """The element with the key; if there are several, the last one drawn."""
        return next(it for it in reversed(self.drawn.values()) if it.key == key)

    async def show(self, page: str, query: Mapping[str, str | list[str]] | None = None) -> Answer:
        """Open a page; its elements replace the previous ones."""
        self.drawn.clear()
        return await self.open(page, **(query or {}))

    async def take_tables(self) -> tuple[list[Answer], dict[str, bytes]]:
        """Open every table of the page and every form of the digest, and download their files.

        Return the answer to each of them, and path -> body of the files (counted as received).
        """
        answers, bodies = [], await self.take_files()
        for menu in [it for it in self.drawn.values() if it.kind == "menu_button"]:
            for what in _SHARED if menu.key == "share" else ("Show as table",):
                answers.append(await self.rerun(said(menu, what), fragment=menu.fragment))
                # Before the next table is opened, which removes these files.
                bodies |= await self.take_files()
        return answers, bodies

    async def take_files(self) -> dict[str, bytes]:
        """Return the offered files that were not downloaded yet."""
        bodies = {}
        for offer in [it for it in self.drawn.values() if it.file and it.file not in self._taken]:
            self._taken.add(offer.file)
            path = await self.file(offer.file)
            bodies[path] = (await self.get(path)).content
        self._received.extend(bodies.values())
        return bodies

    async def ask_for_part(self, fragment: str, states: Iterable[WidgetState]) -> None:
        """Request part of a page without waiting: unknown parts get no response.

        The result arrives with the next answer.
        """
        ask = BackMsg()
        ask.rerun_script.fragment_id = fragment
        ask.rerun_script.page_script_hash = self._hash
        ask.rerun_script.widget_states.widgets.extend(states)
        await self._socket.send(ask.SerializeToString())

    async def get(self, path: str) -> requests.Response:
        """Request a path with the cookies of the tab."""
        return await asyncio.to_thread(self._browser.get, f"{self._address}{path}")

    def _keep(self, message: ForwardMsg, raw: bytes) -> None:
        self._received.append(raw)
        for page in message.navigation.app_pages:
            self.pages[page.url_pathname] = page.page_script_hash
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        shown = kind and getattr(element, kind)
        if getattr(shown, "id", ""):
            file = getattr(shown, "deferred_file_id", "")
            self.drawn[shown.id] = Drawn(shown.id, kind, message.delta.fragment_id, file)


def said(widget: Drawn, what: object) -> WidgetState:
    """The state that a browser sends when the widget's value becomes `what`."""
    state = WidgetState(id=widget.id)
    match widget.kind:
        case "button":
            state.trigger_value = True
        case "checkbox":
            state.bool_value = bool(what)
        case "selectbox" | "text_input":
            state.string_value = str(what)
        case "menu_button":
            state.string_trigger_value.data = str(what)
        case "multiselect" | "button_group" | "date_input":
            state.string_array_value.data[:] = [str(what)]
        case "slider":
            state.double_array_value.data[:] = [float(len(str(what)))]
        case "number_input":
            state.double_value = float(len(str(what)))
        case "plotly_chart":
            state.string_value = _selected(points=what, point_indices=[0], box=[], lasso=[])
        case "dataframe":
            state.string_value = _selected(rows=what, columns=[scholar(OTHER)], cells=[])
        case _:
            raise ValueError(f"what does a {widget.kind} say?")
    return state


def _selected(**selection: object) -> str:
    return json.dumps({"selection": selection})


def lies(widgets: Iterable[Drawn]) -> Iterable[list[WidgetState]]:
    """All forged states of some widgets: each round has another value per widget."""
    stories = {"plotly_chart": POINTS, "dataframe": ROWS}
    # One button ends the sign-in, and the others offer files.
    quiet = {"button", "download_button"}
    for place, choice in enumerate(CHOICES):
        yield [
            said(it, stories[it.kind][place] if it.kind in stories else choice)
            for it in widgets
            if it.kind not in quiet
        ]
