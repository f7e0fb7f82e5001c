"""The server: headers, closed addresses, readiness, and logs without names."""

import http.client
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from scripts import browsing
from scripts.waiting import PATIENCE_S
from tests import people
from tests.commands import environment, velocity
from tests.conftest import ROOT
from tests.sampling import one_in
from tests.stores import copied
from tests.test_access import WORDS
from velocity.cleaning import redacted
from velocity.errors import ConfigurationError
from velocity.serve.checks import AUTH, check_auth

pytestmark = pytest.mark.sampled(4)

OIDC = '[access]\nmode = "oidc"\n'


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    data = copied(people.populate, tmp_path_factory.mktemp("served") / "store")
    log = data.parent / "app.log"
    settings = data / "velocity.toml"
    with browsing.served(data, settings, log=log, env=environment(data.parent)) as printed:
        yield App(printed, log)


@dataclass(frozen=True)
class App:
    """The app without sign-in, requested with its token."""

    printed: str
    log: Path

    @property
    def address(self):
        return browsing.origin(self.printed)

    def ask(self, path, method="GET", **headers):
        cookie = "; ".join(map("=".join, browsing.cookies(self.printed).items()))
        return ask(self.address, path, method, **{"Cookie": cookie, **headers})


def ask(address, path, method="GET", **headers):
    """The response and its body."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE_S)
    connection.request(method, path, headers={it.replace("_", "-"): headers[it] for it in headers})
    response = connection.getresponse()
    return response, response.read()


@pytest.mark.parametrize("path", ["/", "/runs", "/healthz", "/readyz", "/_stcore/health"])
def test_every_response_has_the_headers(app, path):
    response, _ = app.ask(path)
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "path",
    [
        *("metrics", "host-config", "agent/openapi.json", "agent/interact"),
        *("upload_file/session/file", "script-health-check"),
    ],
)
def test_addresses_that_pages_do_not_need_are_closed(app, path):
    methods = ("GET", "POST", "PUT")
    assert {app.ask(f"/_stcore/{path}", it)[0].status for it in methods} == {404}


def test_our_own_page_may_request_its_configuration(app):
    response, _ = app.ask("/_stcore/host-config", Referer=f"{app.address}/runs")
    assert response.status == 200


HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def test_a_socket_of_another_site_or_without_an_origin_is_refused(app):
    def handshake(**headers):
        return app.ask("/_stcore/stream", **HANDSHAKE, **headers)[0].status

    own = [f"http://localhost:{port}" for port in (1, 3000, 8501)]
    own += [it.replace("localhost", "127.0.0.1") for it in own]
    assert handshake() == 403
    assert {handshake(Origin=it) for it in (*own, "http://evil.example")} == {403}
    assert handshake(Origin=app.address, X_Forwarded_Proto="http") == 403
    assert handshake(Origin=app.address) == 101


def test_without_the_token_only_the_health_check_works(app):
    for path in ("/", "/runs", "/media/x.csv", "/_stcore/health", "/static/js/index.js"):
        response, body = ask(app.address, path)
        assert (path, response.status) == (path, 403)
        assert b"requires a token" in body
        assert b"Streamlit" not in body
    assert ask(app.address, "/?token=zq-wrong")[0].status == 403
    socket = ask(app.address, "/_stcore/stream", **HANDSHAKE, Origin=app.address)
    assert socket[0].status == 403
    assert {ask(app.address, path)[0].status for path in ("/healthz", "/readyz")} == {200}


def test_the_printed_address_opens_the_app_and_its_token_is_not_passed_on(app):
    token = app.printed.partition("?token=")[2]
    assert len(token) >= 32
    response, _ = ask(app.address, f"/runs?period=4+weeks&token={token}")
    assert response.status == 303
    assert response.headers["Location"] == "/runs?period=4+weeks"
    cookie = response.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    response, body = ask(app.address, "/runs", Cookie=cookie.partition(";")[0])
    assert response.status == 200
    assert token.encode() not in body
    assert app.log.read_text(encoding="utf-8").count(token) == 1  # where it was printed


@pytest.mark.thorough
def test_the_demo_needs_no_token_and_is_not_ready_without_data(tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo/DEMO").touch()
    with browsing.served(
        tmp_path / "demo", tmp_path / "no", log=tmp_path / "log", env=environment(tmp_path)
    ) as printed:
        assert printed == browsing.origin(printed)
        statuses = [ask(printed, path)[0].status for path in ("/", "/healthz", "/readyz")]
        assert statuses == [200, 200, 503]
        # It is still only for this machine.
        for headers in ({"Origin": "http://evil.example"}, {"Via": "1.1 x"}):
            assert ask(printed, "/", **headers)[0].status == 403


def test_readiness_is_the_age_of_the_snapshot_and_requests_are_logged_without_queries(app):
    response, body = app.ask("/readyz")
    assert response.status == 200
    assert b'"as_of":"2026-03-16T06:00:00+00:00"' in body
    assert not WORDS.search(body.decode())
    app.ask("/runs?scholar=zq05kx&token=zq06kx")
    log = app.log.read_text(encoding="utf-8")
    assert "GET /runs 200" in log
    assert WORDS.findall(log) == []


def test_text_of_exceptions_addresses_and_queries_stay_out_of_every_log():
    told = redacted("ada@people.example asked for http://x/y?token=abc")
    assert told == "(address) asked for http://x/y?..."
    said = logged_by(
        "try: raise ValueError('zq05kx')\n"
        "except ValueError: logging.getLogger('any').exception('went wrong for %s', 'a@b.example')"
    )
    assert "zq05kx" not in said
    assert "a@b.example" not in said
    assert "went wrong for (text)" in said
    assert "ValueError" in said


def logged_by(code):
    """What a process logs when it runs a program."""
    script = f"import logging; from velocity.serve.logs import keep_logs_quiet as q; q()\n{code}"
    command = [sys.executable, "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stderr


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("'any').error('%s failed: %r', 'zq05kx', b'zq06kx')", "(text) failed"),
        ("'any').error('%(who)s is %(n)d', {'who': 'zq05kx', 'n': 3})", "is 3"),
        ("'any').error('took %d ms of %s', 7, ['zq05kx'])", "took 7 ms of"),
        ("'any').error('%d done', 'zq05kx')", "%d done"),
        ("'any').error('plain 100%')", "plain 100%"),
        ("'velocity.x').error('made %s', 'three\\x1b[2J\\u202e\\n')", "three"),
    ],
)
def test_a_log_line_has_no_text_of_users_and_no_control_characters(call, told):
    said = logged_by(f"logging.getLogger({call}")
    assert told in said
    assert [it for it in ("Traceback", "zq", "\x1b", "\u202e") if it in said] == []
    assert said.count("\n") == 1


def test_without_sign_in_no_other_address_is_served(tmp_path):
    done = velocity("app", "--address", "0.0.0.0", "--data", "d", cwd=tmp_path)  # noqa: S104
    assert done.returncode == 1
    assert b"Without sign-in, pages are served on this machine only, not on 0.0.0.0" in done.stderr


@pytest.mark.thorough
def test_in_a_container_without_sign_in_pages_need_the_token(tmp_path):
    data = copied(people.populate, tmp_path / "store")
    options = ("--address", "0.0.0.0", "--published-on-loopback")  # noqa: S104 - as in compose.yaml
    log, env = tmp_path / "app.log", environment(tmp_path)
    with browsing.served(data, tmp_path / "none.toml", *options, log=log, env=env) as printed:
        address = browsing.origin(printed)
        assert ask(address, "/healthz")[0].status == 200
        assert ask(address, "/")[0].status == 403
        assert ask(address, urlsplit(printed).path + "?" + urlsplit(printed).query)[0].status == 303
        assert ask(address, "/", Host="192.0.2.1:8501")[0].status == 403


def refused(folder, secrets=None, roster=None, **variables):
    """The errors and the other output of the app, which does not start with sign-in."""
    (folder / ".streamlit").mkdir()
    texts = {"velocity.toml": OIDC, ".streamlit/secrets.toml": secrets, "roster.toml": roster}
    for name, text in texts.items():
        if text is not None:
            (folder / name).write_text(text, encoding="utf-8")
    env = environment(folder, **variables)
    done = velocity("app", "--port", str(browsing.free_port()), cwd=folder, env=env)
    assert done.returncode == 1
    return done.stderr.decode(), done.stdout.decode()


@pytest.mark.parametrize(
    "secrets",
    one_in(4, [None, "auth = 3", "[auth", '[auth]\nclient_id = "zq-id"\nclient_secret = "zq-x"']),
)
def test_incomplete_secrets_are_refused_at_the_start_and_not_shown(secrets, tmp_path):
    said, other = refused(tmp_path, secrets)
    assert "Sign-in is required, but redirect_uri" in said
    assert "zq-" not in said + other


@pytest.mark.parametrize(
    ("roster", "expected"),
    one_in(
        3,
        [
            (None, "there is no roster"),
            ("leads = [", "The roster has errors"),
            ('leads = ["zq05kx"]', "The roster has errors"),
        ],
    ),
)
def test_a_roster_that_lets_nobody_in_is_refused_without_names(roster, expected, tmp_path):
    secrets = dict.fromkeys(AUTH.values(), "x" * 40)
    secrets["VELOCITY_OIDC_REDIRECT_URI"] = "http://localhost/oauth2callback"
    said, other = refused(tmp_path, roster=roster, **secrets)
    assert expected in said
    assert not WORDS.search(said + other)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"client_id": ""}, "client_id of the identity provider is missing"),
        ({"cookie_secret": "zq-short"}, "shorter than 32"),
        ({"redirect_uri": "https://x.example/"}, "does not end in /oauth2callback"),
    ],
)
def test_wrong_secrets_are_refused_and_no_value_is_shown(wrong, said):
    right = {name: f"zq-{name}-{'x' * 40}" for name in AUTH}
    right["redirect_uri"] = "https://x.example/oauth2callback"
    check_auth(right)
    with pytest.raises(ConfigurationError, match=said) as error:
        check_auth(right | wrong)
    assert "zq-" not in f"{error.value.message} {error.value.hint}"
