"""Before requests reach the pages: cookies behind TLS, and the page to return to after sign-in."""

from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Route

from tests.coroutines import run
from velocity.serve.door import Door
from velocity.serve.front import Front

HOST = "velocity.example.org"
#: Addresses that lead, or could be read as leading, to another server or into a loop.
ELSEWHERE = (
    *("https://evil.example/", "//evil.example/runs", "///evil.example", "/\\evil.example"),
    *("\\\\evil.example", "javascript:alert(1)", "evil.example", "/\r\nSet-Cookie: a=b"),
    *("/\t/evil.example", " //evil.example", "/auth/login", "/oauth2callback?code=x"),
    *("/media/0123.csv", "/" + "n" * 2000, ""),
)


def _signed_in(_request):
    """Streamlit's answer to a browser back from the provider: two cookies and a redirect."""
    answer = RedirectResponse("/", 302)
    answer.set_cookie("one", "1", httponly=True)
    answer.set_cookie("two", "2")
    return answer


_APP = Starlette(routes=[Route("/oauth2callback", _signed_in), Route("/auth/login", _signed_in)])


def ask(path, *, https=False, **headers):
    """The answer's headers, in order."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    named = {"host": HOST, **headers}
    asked = [(name.encode(), value.encode("latin-1")) for name, value in named.items()]
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "headers": asked,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
    }
    scheme = "https" if https else "http"
    door = Door(lambda: f"{scheme}://{HOST}/oauth2callback", None, 8501)
    front = Front(_APP, door=door, may_have=None)
    run(front(scope, receive, send))
    return [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]


def cookies(headers):
    return [value for name, value in headers if name == "set-cookie"]


@pytest.mark.parametrize("path", ["/auth/login", "/oauth2callback"])
def test_cookies_are_secure_behind_tls_and_only_there(path):
    behind, plain = ask(path, https=True), ask(path)
    assert len(cookies(behind)) == 3  # Streamlit's two and the page to return to
    assert all(cookie.split("; ").count("Secure") == 1 for cookie in cookies(behind))
    assert not any("Secure" in cookie for cookie in cookies(plain))
    assert dict(behind)["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in dict(plain)


def test_a_sign_in_returns_to_the_page_that_requested_it():
    path = "/my-velocity?period=4+weeks"
    kept = cookies(ask("/auth/login", referer=f"https://{HOST}{path}"))[-1]
    assert "HttpOnly" in kept
    came = ask("/oauth2callback", cookie=kept.partition(";")[0])
    assert dict(came)["location"] == path
    # Only once.
    assert cookies(came)[-1].startswith("velocity_return=; ")
    assert "Max-Age=0" in cookies(came)[-1]


@pytest.mark.parametrize(
    "referer",
    [
        *("https://evil.example/runs", f"https://{HOST}.evil.example/runs", "", "nonsense"),
        # The name of a page cannot either.
        *(f"https://{HOST}//evil.example/", f"https://{HOST}/\\evil.example"),
    ],
)
def test_a_sign_in_never_returns_to_a_page_of_another_site(referer):
    kept = cookies(ask("/auth/login", referer=referer))[-1]
    assert kept.startswith("velocity_return=%2F;")


@pytest.mark.parametrize("address", ELSEWHERE)
def test_a_forged_cookie_cannot_redirect_to_another_site_after_a_sign_in(address):
    for written in {quote(address, safe=""), quote(quote(address, safe=""), safe="")}:
        came = ask("/oauth2callback", cookie=f"velocity_return={written}")
        assert dict(came)["location"] == "/"
