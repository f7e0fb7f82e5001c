"""Errors if W&B cannot be reached, refuses, or sends an unusable response."""

import re
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests import faults
from tests.wandb_server import Fault, Reply
from tests.worlds import SHORT_S, connected, pulled, runs_served
from velocity import errors
from velocity.demo.wandb_server.server import DEMO_API_KEY
from velocity.errors import ConfigurationError, RetryLaterError, SourceError, VelocityError
from velocity.sources.wandb_api import connect

#: A server of another kind.
ELSEWHERE = Fault(reply=Reply(404, "<p>Not Found</p>", "text/html"))


@pytest.fixture
def server(monkeypatch):
    with runs_served(monkeypatch) as running:
        yield running


@pytest.fixture
def wandb_server(server):
    return connected(server)


def told(kind, what):
    """Return the error's text; check its class and that it says what to do."""
    with pytest.raises(VelocityError) as caught:
        what()
    assert type(caught.value) is kind
    assert caught.value.message.endswith(".")
    assert caught.value.hint.endswith(".")
    assert DEMO_API_KEY not in caught.value.message + caught.value.hint
    return caught.value.message


def told_at(url, kind, monkeypatch):
    """Return the text of the error if the client logs in at an address."""
    monkeypatch.setenv("WANDB_BASE_URL", url)
    monkeypatch.setenv("WANDB_API_KEY", DEMO_API_KEY)
    return told(kind, lambda: connect(timeout_s=SHORT_S))


def test_a_missing_project_and_a_missing_entity_have_different_errors(wandb_server):
    missing = 'The W&B entity "lab" has no project "nope" that this API key may see.'
    for what in (
        lambda: pulled(wandb_server, "nope"),
        lambda: wandb_server.count_runs("lab", "nope"),
        lambda: list(wandb_server.fetch_listing("lab", "nope")),
    ):
        assert told(errors.NoProjectError, what) == missing
    for what in (
        lambda: list(wandb_server.fetch_runs("lib", "vision")),
        lambda: wandb_server.count_runs("lib", "vision"),
        lambda: wandb_server.fetch_project_names("lib"),
    ):
        assert told(SourceError, what) == 'W&B does not have an entity "lib".'


PAGE = (
    (faults.status(503), errors.UnansweredError, "did not send lab/vision within 2 s"),
    (faults.dropped(), RetryLaterError, "was cut off"),
    (faults.status(403, "permission denied"), SourceError, "no permission to read lab/vision"),
    (faults.refused("permission denied"), SourceError, "no permission to read lab/vision"),
    (faults.status(400, "too many keys"), SourceError, "refused to send lab/vision: too many"),
    (faults.html_page(), RetryLaterError, "sent a web page instead of lab/vision"),
    (faults.status(413, "no"), RetryLaterError, "could not send lab/vision in one response"),
)
LOG_IN = (
    (faults.status(503), RetryLaterError, "failed (HTTP 503)"),
    (faults.status(503, retry_after="9"), RetryLaterError, "failed (HTTP 503)"),
    (faults.status(429, retry_after="9"), RetryLaterError, "received too many requests (HTTP 429)"),
    (faults.slow(30), RetryLaterError, "did not answer within 2 s"),
    (faults.dropped(), RetryLaterError, "sends incomplete responses"),
    (faults.html_page(), ConfigurationError, "sent text/html (HTTP 200)"),
    (ELSEWHERE, ConfigurationError, "sent text/html (HTTP 404)"),
    (faults.nobody(), ConfigurationError, "does not recognise the API key"),
    (faults.status(403, "no"), SourceError, "refused access (HTTP 403)"),
)


@pytest.mark.fault
@pytest.mark.parametrize(
    ("operation", "fault", "kind", "words"),
    [*(("Runs", *it) for it in PAGE), *((None, *it) for it in LOG_IN)],
)
def test_a_page_or_a_log_in_that_fails_names_its_cause(server, operation, fault, kind, words):
    server.faults.append(fault.at(operation=operation, times=None))
    assert words in told(kind, lambda: pulled(connect(timeout_s=SHORT_S)))


@pytest.mark.fault
def test_faults_during_a_pull_have_different_errors(server):
    asked = connect(timeout_s=1)
    troubles = {
        "received too many requests (HTTP 429)": faults.status(429),
        "failed (HTTP 500)": faults.status(500),
        "did not answer within 1 s": faults.slow(30),
        "sends incomplete responses": faults.dropped(),
        "sent text/html": faults.html_page(),
        "refused access (HTTP 403)": faults.status(403, "no"),
        "refused the API key (HTTP 401)": faults.status(401, "no"),
    }
    for words, fault in troubles.items():
        server.faults[:] = [fault.at(operation=None, times=None)]
        with pytest.raises(VelocityError, match=re.escape(words)) as caught:
            pulled(asked)
        assert caught.value.hint.endswith(".")


def test_a_refused_key_is_an_error(server, wandb_server, monkeypatch):
    server.api_key = "y" * 40
    assert "refused the API key" in told(ConfigurationError, lambda: pulled(wandb_server))
    monkeypatch.setenv("WANDB_API_KEY", "x" * 40)
    assert "refused the API key" in told(ConfigurationError, connect)


def test_an_impossible_key_is_an_error_without_a_request(server, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "short")
    assert "API key must have 40+ characters" in told(ConfigurationError, connect)
    assert not server.calls


def test_a_field_missing_from_the_schema_is_named(server, wandb_server):
    server.schema = faults.schema_without("Run", "heartbeatAt")
    assert "Cannot query field 'heartbeatAt'" in told(SourceError, lambda: pulled(wandb_server))


@pytest.mark.fault
def test_an_unreachable_server_is_an_error(server, wandb_server):
    server.stop()
    message = told(RetryLaterError, lambda: pulled(wandb_server))
    assert message.startswith(f"No server answers at {server.url}: ")
    assert "refused" in message


@pytest.mark.fault
@pytest.mark.parametrize(
    ("url", "kind", "words"),
    [
        ("http://wandb.invalid", RetryLaterError, "No server answers at http://wandb.invalid: "),
        ("rubbish", ConfigurationError, 'cannot use the setting "rubbish"'),
        ("ftp://wandb.example", ConfigurationError, "URL scheme should be 'http' or 'https'"),
    ],
)
def test_an_unusable_address_is_an_error(monkeypatch, url, kind, words):
    assert words in told_at(url, kind, monkeypatch)


@pytest.mark.fault
def test_a_server_without_tls_is_an_error(server, monkeypatch):
    url = server.url.replace("http:", "https:")
    message = told_at(url, SourceError, monkeypatch)
    assert message == f"No secure connection to {url}: wrong version number."


@pytest.mark.fault
def test_an_untrusted_certificate_is_an_error(tmp_path, monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path / "certificate.pem"))
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as secure:
        secure.socket = context.wrap_socket(secure.socket, server_side=True)
        threading.Thread(target=secure.serve_forever, daemon=True).start()
        message = told_at(f"https://localhost:{secure.server_port}", SourceError, monkeypatch)
        secure.shutdown()
    assert message.endswith(": self-signed certificate.")


def self_signed(path):
    """A key and a self-signed certificate for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), serial_number=1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(pem, pkcs8, plain) + certificate.public_bytes(pem))
    return path
