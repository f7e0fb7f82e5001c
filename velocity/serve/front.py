"""Middleware in front of Streamlit: access, security headers, downloads, return after sign-in."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import quote, unquote, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from velocity.serve.door import Door

MayHave = Callable[[Mapping[str, str], bytes], Awaitable[bool]]

_log = logging.getLogger("velocity.access")

#: Streamlit evaluates its own scripts and styles inline; nothing comes from elsewhere.
_CONTENT = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _CONTENT,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # The sign-in reads it to return to the same page; other sites do not get it.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
#: For one year and this host name only, browsers that came over TLS use nothing else.
_TLS_ONLY = "max-age=31536000"
#: Pages do not need these, and other people could use them.
_CLOSED = (
    "/_stcore/metrics",
    "/_stcore/agent",
    "/_stcore/upload_file",
    "/_stcore/script-health-check",
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_HOST_CONFIG = "/_stcore/host-config"
_LOGIN = "/auth/login"
_CALLBACK = "/oauth2callback"
_MEDIA = "/media/"
_STATIC = "/static/"
_RETURN_COOKIE = "velocity_return"
_RETURN_WITHIN_S = 900
_LONGEST_RETURN = 1500
_OPEN_IT = (
    " Open the address that velocity app printed, or set up sign-in: docs/sign-in.md says how."
)
_SHOW_IT = (
    "Open the address that velocity app printed when it started; it ends in ?token=… and is valid "
    "until the app stops."
)
_SEE_OTHER, _FORBIDDEN, _GONE, _POLICY_VIOLATION = 303, 403, 404, 1008


class Front:
    """ASGI middleware around all of Streamlit.

    `may_have`: whether the holder of some cookies may have a file; None without sign-in.
    """

    def __init__(self, app: ASGIApp, *, door: Door, may_have: MayHave | None) -> None:
        self._app = app
        self._door = door
        self._may_have = may_have

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, refuses it or passes it on."""
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Streamlit accepts a socket without an Origin, and asks the internet about a foreign one.
        request = HTTPConnection(scope)
        if self._door.refusal(request) or not self._door.is_open(request):
            _log.info("WEBSOCKET %s refused", _printable(scope["path"]))
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = HTTPConnection(scope)
        path = str(scope["path"])
        begun = time.monotonic()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._finish(message, request, path)
                if not path.startswith(_STATIC):
                    _log.info(
                        "%s %s %s %d ms",
                        scope["method"] if scope["method"] in _METHODS else "OTHER",
                        _printable(path),
                        message["status"],
                        (time.monotonic() - begun) * 1000,
                    )
            await send(message)

        if why := self._door.refusal(request):
            title = "This request was refused."
            if self._may_have is None:
                title = "Without sign-in, pages are shown on this machine only."
                why += _OPEN_IT
            await page(title, why)(scope, receive, answer)
        elif way_in := self._door.way_in(request):
            response = RedirectResponse(way_in, _SEE_OTHER)
            # Lax: links from other sites may lead to a page; their sockets and forms get no cookie.
            cookie = f"{self._door.cookie}={self._door.token}; Path=/; HttpOnly; SameSite=Lax"
            response.headers.append("Set-Cookie", cookie)
            await response(scope, receive, answer)
        elif not self._door.is_open(request):
            await page("This address requires a token.", _SHOW_IT)(scope, receive, answer)
        elif _is_closed(path, request):
            await PlainTextResponse("Not found", _GONE)(scope, receive, answer)
        elif path.startswith(_MEDIA) and self._may_have is not None:
            await self._file(scope, receive, answer, request)
        else:
            await self._app(scope, receive, answer)

    async def _file(
        self, scope: Scope, receive: Receive, answer: Send, request: HTTPConnection
    ) -> None:
        """Passes a file on only to the viewer it was made for; for others it does not exist."""
        # A part of a file, or a compressed one, cannot be recognised.
        left_out = {b"range", b"accept-encoding"}
        whole = {**scope, "headers": [it for it in scope["headers"] if it[0] not in left_out]}
        kept: list[Message] = []
        content = bytearray()

        async def keep(message: Message) -> None:
            kept.append(message)
            content.extend(message.get("body", b""))

        await self._app(whole, receive, keep)
        if self._may_have is not None and await self._may_have(request.cookies, bytes(content)):
            for message in kept:
                await answer(message)
        else:
            await PlainTextResponse("Not found", _GONE)(scope, receive, answer)

    def _finish(self, message: Message, request: HTTPConnection, path: str) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in _HEADERS.items():
            headers[name] = value
        if path == _LOGIN:
            headers.append("Set-Cookie", self._return_cookie(request))
        elif path == _CALLBACK and "location" in headers:
            back = unquote(request.cookies.get(_RETURN_COOKIE, ""))
            if _is_own(back):
                headers["location"] = back
            headers.append("Set-Cookie", f"{_RETURN_COOKIE}=; Path={_CALLBACK}; Max-Age=0")
        if path.startswith(_MEDIA):
            headers["Cache-Control"] = "no-store"
        if self._door.https:
            headers["Strict-Transport-Security"] = _TLS_ONLY
            message["headers"] = [
                (name, value + b"; Secure" if name == b"set-cookie" else value)
                for name, value in message["headers"]
            ]

    @staticmethod
    def _return_cookie(request: HTTPConnection) -> str:
        page = urlsplit(request.headers.get("referer", ""))
        back = f"{page.path}?{page.query}" if page.query else page.path
        if page.netloc != request.headers.get("host") or not _is_own(back):
            back = "/"
        return (
            f"{_RETURN_COOKIE}={quote(back, safe='')}; Path={_CALLBACK}; "
            f"Max-Age={_RETURN_WITHIN_S}; HttpOnly; SameSite=Lax"
        )


def page(title: str, words: str, status: int = _FORBIDDEN) -> Response:
    """Returns a page without data; both texts are HTML."""
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        '<body style="font:1rem/1.5 sans-serif;margin:3rem;max-width:36rem">'
        f"<h1>{title}</h1><p>{words}</p></body></html>",
        status,
    )


def _is_closed(path: str, request: HTTPConnection) -> bool:
    if any(closed in path for closed in _CLOSED):
        return True
    if not path.endswith(_HOST_CONFIG):
        return False
    # A page requests it before anything else; nobody else has a reason to.
    own_page = urlsplit(request.headers.get("referer", "")).netloc == request.headers.get("host")
    return not (own_page or request.headers.get("sec-fetch-site") == "same-origin")


def _is_own(address: str) -> bool:
    """Returns whether an address is a path of this server and nothing else."""
    return (
        address.startswith("/")
        and not address.startswith(("//", "/\\"))
        and len(address) <= _LONGEST_RETURN
        and address.isascii()
        and address.isprintable()
        and not address.startswith((_LOGIN, _CALLBACK, _MEDIA))
    )


def _printable(path: str) -> str:
    return quote(path[:200], safe="/-_.~")
