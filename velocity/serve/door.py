"""Decides about each request before Streamlit sees it: its page, its origin and its token."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import HTTPConnection

from velocity.network import host_name, is_forwarded, is_loopback, is_origin_of

#: Addresses for monitoring: they show the app's state and no data, so they need no token.
HEALTH = ("/healthz", "/readyz")
TOKEN = "token"  # noqa: S105 - the name of the parameter


@dataclass(frozen=True)
class Door:
    """The conditions under which a request is let in.

    Without sign-in, only requests from this machine are. Browsers send cookies to every port of a
    host, so the cookie's name has the port, which tells apps on one machine apart.
    """

    redirect_uri: Callable[[], str] | None  # where sign-ins come back to; None without sign-in
    token: str | None  # that the browser must have presented; None if it needs none
    port: int

    @property
    def https(self) -> bool:
        """Whether browsers connect over TLS, usually a proxy's."""
        return self.redirect_uri is not None and self.redirect_uri().startswith("https:")

    @property
    def cookie(self) -> str:
        """Name of the cookie that holds the token."""
        return f"velocity_token_{self.port}"

    def refusal(self, request: HTTPConnection) -> str | None:
        """Returns a sentence that says why the request is refused; None if it is let in."""
        hosts, origins = request.headers.getlist("host"), request.headers.getlist("origin")
        if len(hosts) != 1 or len(origins) > 1:
            return "The request does not say clearly where it comes from."
        own = hosts if self.redirect_uri is None else [*hosts, urlsplit(self.redirect_uri()).netloc]
        if origins and not is_origin_of(origins[0], own):
            return "The request comes from a page of another site."
        if origins == [] and request.scope["type"] == "websocket":
            # Browsers always name the page that opens a socket.
            return "The request does not say which page it comes from."
        if self.redirect_uri is None and is_forwarded(request.headers.keys()):
            return "The request came through a proxy, which others may reach."
        if self.redirect_uri is None and not is_loopback(host_name(hosts[0])):
            return "The request uses a host name that is not this machine's own."
        return None

    def is_open(self, request: HTTPConnection) -> bool:
        """Returns whether no token is needed, or the browser has presented it before."""
        if self.token is None or request.scope["path"] in HEALTH:
            return True
        return _equal(request.cookies.get(self.cookie, ""), self.token)

    def way_in(self, request: HTTPConnection) -> str | None:
        """Returns the address for a browser that presents the token: the same page without it."""
        query = parse_qsl(str(request.url.query), keep_blank_values=True)
        shown = [value for name, value in query if name == TOKEN]
        if self.token is None or len(shown) != 1 or not _equal(shown[0], self.token):
            return None
        rest = urlencode([(name, value) for name, value in query if name != TOKEN])
        path = f"/{request.url.path.lstrip('/')}"
        return f"{path}?{rest}" if rest else path


def _equal(shown: str, token: str) -> bool:
    return hmac.compare_digest(shown.encode("utf-8", "replace"), token.encode())
