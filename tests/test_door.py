"""Which requests are let in: other sites' pages, proxies, other accounts, other host names."""

import pytest
from starlette.requests import HTTPConnection

from velocity.serve.door import Door

TOKEN = "zq-token"  # noqa: S105 - of a test
OPEN = Door(None, TOKEN, 8501)
SIGNED_IN = Door(lambda: "https://velocity.example.org/oauth2callback", None, 8501)
LOCAL = ("host", "localhost:8501")


def request(*headers, path="/", query="", kind="http"):
    sent = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    asked = {"type": kind, "path": path, "query_string": query.encode(), "headers": sent}
    here = {"scheme": "http", "server": ("127.0.0.1", 8501), "root_path": ""}
    return HTTPConnection(asked | here)


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:3000",  # another program on this machine
        *("http://127.0.0.1:8501", "http://localhost", "http://localhost:8501.evil.example"),
        *("http://evil.example", "http://user@localhost:8501", "http://localhost:8501/"),
        *("file://", "null", ""),
    ],
)
def test_requests_from_pages_of_other_sites_are_refused(origin, kind):
    for door, host in ((OPEN, "localhost:8501"), (SIGNED_IN, "velocity.example.org")):
        asked = request(("host", host), ("origin", origin), kind=kind)
        assert door.refusal(asked) == "The request comes from a page of another site."


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_requests_from_our_own_pages_are_let_in(kind):
    assert OPEN.refusal(request(LOCAL, ("origin", "http://localhost:8501"), kind=kind)) is None
    # A proxy may pass on the requested host name, or its own.
    for host in ("velocity.example.org", "10.0.0.7:8501"):
        asked = request(("host", host), ("origin", "https://velocity.example.org"), kind=kind)
        assert SIGNED_IN.refusal(asked) is None


@pytest.mark.parametrize("door", [OPEN, SIGNED_IN], ids=["open", "signed in"])
def test_a_socket_must_name_its_page(door):
    assert door.refusal(request(LOCAL)) is None
    assert "which page" in door.refusal(request(LOCAL, kind="websocket"))


@pytest.mark.parametrize("door", [OPEN, SIGNED_IN], ids=["open", "signed in"])
@pytest.mark.parametrize(
    "headers",
    [
        (),
        (LOCAL, ("host", "evil.example")),
        (LOCAL, ("origin", "http://localhost:8501"), ("origin", "http://evil.example")),
    ],
)
def test_a_request_with_two_hosts_or_origins_is_refused(headers, door):
    assert "does not say clearly" in door.refusal(request(*headers))


@pytest.mark.parametrize(
    "header",
    [
        *(f"X-Forwarded-{it}" for it in ("For", "Proto", "Host", "Prefix", "Port", "User")),
        *("Forwarded", "Via", "X-Real-Ip", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP"),
        *("CF-Ray", "cf-visitor", "X-Original-Forwarded-For", "X-Envoy-External-Address"),
    ],
)
def test_without_sign_in_requests_through_a_proxy_are_refused(header):
    assert "through a proxy" in OPEN.refusal(request(LOCAL, (header.lower(), "1")))
    assert SIGNED_IN.refusal(request(LOCAL, (header.lower(), "1"))) is None


def test_without_sign_in_only_host_names_of_this_machine_are_let_in():
    for own in ("localhost:8501", "127.0.0.1:8501", "[::1]:8501"):
        assert OPEN.refusal(request(("host", own))) is None
    for other in (
        *("velocity.example.org", "evil.localhost:8501", "127.0.0.1.evil.example"),
        *("192.168.1.2:8501", "[::1", ""),
    ):
        assert "not this machine's own" in OPEN.refusal(request(("host", other)))


@pytest.mark.parametrize("path", ["/", "/runs", "/_stcore/stream", "/media/a.csv", "/healthz/x"])
def test_without_the_token_nothing_opens(path):
    for cookie in ("", f"velocity_token_8502={TOKEN}", "velocity_token_8501=zq", f"x={TOKEN}"):
        assert not OPEN.is_open(request(LOCAL, ("cookie", cookie), path=path))
    assert OPEN.is_open(request(LOCAL, ("cookie", f"velocity_token_8501={TOKEN}"), path=path))


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_token(path):
    assert OPEN.is_open(request(LOCAL, path=path))


@pytest.mark.parametrize(
    ("path", "query", "way_in"),
    [
        ("/", f"token={TOKEN}", "/"),
        ("/runs", f"period=4+weeks&token={TOKEN}&days=", "/runs?period=4+weeks&days="),
        ("//evil.example/", f"token={TOKEN}", "/evil.example/"),
        ("/", f"token={TOKEN}&token=x", None),
        ("/", "token=x", None),
        ("/", "token=", None),
        ("/", "token=\u00e9", None),
        ("/", "", None),
    ],
)
def test_the_token_leads_to_the_same_page_without_it(path, query, way_in):
    assert OPEN.way_in(request(LOCAL, path=path, query=query)) == way_in


def test_a_token_is_ignored_if_none_is_needed():
    demo = Door(None, None, 8501)
    assert demo.is_open(request(LOCAL))
    assert demo.way_in(request(LOCAL, query="token=None")) is None
