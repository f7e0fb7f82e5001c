"""The client side of Streamlit's protocol without a browser: hundreds of sessions in one process.

It opens the socket, asks for reruns, keeps big messages as a browser does, so they are sent only
once, and reruns fragments on time. Widgets can send any value, so tests can lie to the server.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from streamlit.proto.WidgetStates_pb2 import WidgetState

#: A browser drops a message that two runs did not use.
_KEPT_RUNS = 2
_PATIENCE_S = 600
#: The cookie whose value the socket must send too; otherwise nobody is signed in.
_PROOF = "_streamlit_xsrf"


@dataclass
class Answer:
    """The result of one rerun."""

    seconds: float  # from the request to "the script has finished"
    sent: int = 0  # bytes
    packed: int = 0  # bytes, compressed as a proxy does; 0 if not measured
    errors: list[str] = field(default_factory=list)  # exceptions drawn, and missing answers


class BrowserSession:
    """One tab, over `address`, such as "http://127.0.0.1:8501".

    Args:
        address: of the server.
        pack: whether to count what a proxy would send.
        cookies: of the browser: a sign-in, and the token that goes with it.
        hear: called with each message and its bytes.
    """

    def __init__(
        self,
        address: str,
        *,
        pack: bool = False,
        cookies: Mapping[str, str] | None = None,
        hear: Callable[[ForwardMsg, bytes], None] | None = None,
    ) -> None:
        self._address = address
        self._pack = pack
        self._cookies = cookies or {}
        self._hear = hear
        self._session = ""
        self._pages: dict[str, str] = {}  # path -> hash
        self._kept: dict[str, int] = {}  # hash of a message -> run that used it last
        self._runs = 0
        self._busy = asyncio.Lock()
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._page, self._query = "", ""
        self._hash = ""  # of the page as the server knows it
        self.ticks: list[Answer] = []

    async def __aenter__(self) -> Self:
        self._socket = await connect(
            f"{self._address.replace('http', 'ws', 1)}/_stcore/stream",
            origin=self._address,
            additional_headers={"Cookie": "; ".join(map("=".join, self._cookies.items()))},
            subprotocols=["streamlit", *filter(None, [self._cookies.get(_PROOF)])],
            max_size=None,
            ping_interval=None,
            open_timeout=_PATIENCE_S,
        )
        return self

    async def __aexit__(self, *_why: object) -> None:
        for timer in self._timers.values():
            timer.cancel()
        await self._socket.close()

    async def open(self, page: str, **choices: str | list[str]) -> Answer:
        """Go to a page with choices in its address: typed the first time, then by link."""
        began = time.perf_counter()
        async with self._busy:
            self._page, self._query = page, urlencode(choices, doseq=True)
            ask = BackMsg()
            # Like Back and Forward: the address decides, not the widgets.
            ask.rerun_script.is_history_navigation = True
            if page in self._pages:
                ask.rerun_script.page_script_hash = self._pages[page]
            else:
                ask.rerun_script.page_name = page
            return await self._run(ask, began)

    async def rerun(self, *said: WidgetState, fragment: str = "", page_hash: str = "") -> Answer:
        """Run the same page again, as any click does.

        Args:
            said: states of the widgets that changed.
            fragment: the only part of the page that runs.
            page_hash: of another page, as the server knows it.
        """
        began = time.perf_counter()
        async with self._busy:
            ask = BackMsg()
            ask.rerun_script.page_script_hash = page_hash or self._hash
            ask.rerun_script.fragment_id = fragment
            ask.rerun_script.widget_states.widgets.extend(said)
            return await self._run(ask, began)

    async def file(self, file_id: str) -> str:
        """Request the file of a download button; return its path, "" if it is refused."""
        async with self._busy:
            ask = BackMsg()
            ask.backend_operation_request.request_id = file_id
            ask.backend_operation_request.session_id = self._session
            ask.backend_operation_request.deferred_file.file_id = file_id
            await self._socket.send(ask.SerializeToString())
            async with asyncio.timeout(_PATIENCE_S):
                while True:
                    message = self._read(await self._socket.recv())
                    if message.WhichOneof("type") == "backend_operation_response":
                        return message.backend_operation_response.deferred_file.url

    async def _tick(self, fragment: str, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            began = time.perf_counter()
            async with self._busy:
                ask = BackMsg()
                ask.rerun_script.page_script_hash = self._hash
                ask.rerun_script.fragment_id = fragment
                ask.rerun_script.is_auto_rerun = True
                self.ticks.append(await self._run(ask, began))

    async def _run(self, ask: BackMsg, began: float) -> Answer:
        whole = not ask.rerun_script.fragment_id
        if whole:
            self._stop_timers()
            self._runs += 1
        state = ask.rerun_script
        state.query_string = self._query
        state.cached_message_hashes.extend(self._kept)
        state.context_info.timezone = "UTC"
        state.context_info.locale = "en-GB"
        state.context_info.url = f"{self._address}/{self._page}"
        state.context_info.color_scheme = "light"
        await self._socket.send(ask.SerializeToString())
        answer = Answer(0.0)
        packer = zlib.compressobj(6) if self._pack else None
        timers: dict[str, float] = {}
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while not answer.seconds:
                    raw = await self._socket.recv()
                    answer.sent += len(raw)
                    if packer:
                        answer.packed += len(packer.compress(raw))
                    message = self._read(raw)
                    self._take(message, answer, timers)
                    if _ends_run(message):
                        answer.seconds = time.perf_counter() - began
        except TimeoutError:
            answer.seconds = time.perf_counter() - began
            answer.errors.append("no answer")
        if packer:
            answer.packed += len(packer.flush())
        if whole:
            oldest = self._runs - _KEPT_RUNS
            self._kept = {it: run for it, run in self._kept.items() if run > oldest}
            # One each, even if the page ran twice: a lost timer would never stop.
            for fragment, every_s in timers.items():
                self._timers[fragment] = asyncio.create_task(self._tick(fragment, every_s))
        return answer

    def _read(self, raw: bytes) -> ForwardMsg:
        message = ForwardMsg.FromString(raw)
        if self._hear is not None:
            self._hear(message, raw)
        return message

    def _take(self, message: ForwardMsg, answer: Answer, timers: dict[str, float]) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._session = message.new_session.initialize.session_id
            self._hash = message.new_session.page_script_hash
        elif kind == "navigation":
            self._pages = {
                page.url_pathname: page.page_script_hash for page in message.navigation.app_pages
            }
            self._hash = message.navigation.page_script_hash
        elif kind == "auto_rerun":
            timers[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        if kind == "ref_hash" or message.metadata.cacheable:
            self._kept[message.ref_hash or message.hash] = self._runs
        answer.errors.extend(_errors(message))

    def _stop_timers(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers = {}


def _ends_run(message: ForwardMsg) -> bool:
    """Whether everything is sent: a script that starts again says that it finished early."""
    return (
        message.WhichOneof("type") == "script_finished"
        and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
    )


def _errors(message: ForwardMsg) -> list[str]:
    kind = message.WhichOneof("type")
    if kind == "delta" and message.delta.new_element.WhichOneof("type") == "exception":
        return [message.delta.new_element.exception.type]
    if (
        kind == "script_finished"
        and message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR
    ):
        return ["the script did not compile"]
    return ["page not found"] if kind == "page_not_found" else []
