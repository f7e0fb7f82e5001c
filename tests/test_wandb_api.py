"""Pulling runs through the real client from the protocol server, and what people are told."""

from __future__ import annotations

import os
import pty
import re
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import polars as pl
import pytest
import wandb
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.worlds import NOON, node, point_client_at
from velocity.demo import faults
from velocity.demo.server import DEMO_API_KEY, ProtocolServer
from velocity.demo.world import World
from velocity.errors import (
    ConfigurationError,
    NoProjectError,
    RetryLaterError,
    SourceError,
    VelocityError,
)
from velocity.records import RUN_SCHEMA
from velocity.sources.wandb_api import connect
from velocity.sources.wandb_nodes import LISTING_SCHEMA

ROOT = Path(__file__).resolve().parent.parent
COUNT = 12
#: Long enough for an answer from this machine, short enough to wait for where none comes.
SHORT_S = 2


@pytest.fixture
def server(monkeypatch):
    with ProtocolServer(World([node(number) for number in range(COUNT)])) as running:
        point_client_at(running, monkeypatch)
        yield running


@pytest.fixture
def wandb_server(server):
    assert os.environ["WANDB_BASE_URL"] == server.url
    return connect(timeout_s=SHORT_S)


def pulled(wandb_server, project="vision", **options):
    """Ids of a pull, page by page."""
    batches = wandb_server.fetch_runs("lab", project, **options)
    return [batch.runs["run_id"].to_list() for batch in batches]


def run_ids(*numbers):
    return [f"r{number:04}" for number in numbers]


# Reading


def test_the_connection_tells_who_we_are_and_where_the_pages_are(server, wandb_server):
    assert wandb_server.viewer == "demo-lead"
    assert wandb_server.app_url == f"{server.url}/"


def test_all_runs_come_page_by_page_in_order_of_creation(wandb_server):
    assert pulled(wandb_server, page_size=5) == [
        run_ids(0, 1, 2, 3, 4),
        run_ids(5, 6, 7, 8, 9),
        run_ids(10, 11),
    ]
    assert wandb_server.count_runs("lab", "vision") == COUNT
    (first, *_) = wandb_server.fetch_runs("lab", "vision")
    assert first.runs.schema == pl.Schema(RUN_SCHEMA)
    assert first.rejected == ()
    assert first.runs["runtime_s"].to_list() == [3540.0] * COUNT
    assert first.runs["config"][3] == '{"lr":0.1,"seed":3}'


def test_it_is_the_real_client_that_pulls_and_heavy_fields_are_not_asked_for(server, wandb_server):
    pulled(wandb_server)
    call = server.calls[-1]
    assert (call.operation, call.variables["perPage"]) == ("Runs", 500)
    assert call.user_agent == f"W&B Public Client {wandb.__version__}"
    server.schema = faults.schema_without("Run", "systemMetrics")
    assert pulled(wandb_server) == [run_ids(*range(COUNT))]
    server.schema = faults.schema_without("Run", "historyKeys")
    assert pulled(wandb_server) == [run_ids(*range(COUNT))]


def test_only_runs_with_a_heartbeat_since_then_come_oldest_first(server, wandb_server):
    since = NOON + timedelta(minutes=69, microseconds=1)
    server.world.change("lab", "vision", "r0000", heartbeat_at=since)
    assert pulled(wandb_server, since=since) == [run_ids(0, 10, 11)]
    assert pulled(wandb_server, since=datetime(2027, 1, 1, tzinfo=UTC)) == [[]]


def test_runs_are_read_again_by_id_in_pages(server, wandb_server):
    wanted = [*run_ids(7, 3, 99, 5, 1)]
    assert pulled(wandb_server, run_ids=wanted, page_size=2) == [
        run_ids(3, 7),
        run_ids(5),
        run_ids(1),
    ]
    assert pulled(wandb_server, run_ids=[]) == []
    assert [call.operation for call in server.calls].count("Runs") == 3


def test_a_project_without_runs_gives_an_empty_batch(server, wandb_server):
    server.world.add_project("lab", "empty")
    assert pulled(wandb_server, "empty") == [[]]
    assert wandb_server.count_runs("lab", "empty") == 0


def test_every_project_of_an_entity_is_found_over_pages(server, wandb_server):
    for number in range(201):
        server.world.add_project("lab", f"p{number:03}")
    names = wandb_server.fetch_project_names("lab")
    assert names == [*(f"p{number:03}" for number in range(201)), "vision"]


def test_a_pull_sees_changes_since_the_last_one(server, wandb_server):
    server.world.put(node(0, state="running"))
    assert pulled(wandb_server)[0][0] == "r0000"
    server.world.change("lab", "vision", "r0000", state="crashed")
    server.world.delete("lab", "vision", "r0001")
    (batch,) = wandb_server.fetch_runs("lab", "vision")
    assert batch.runs["state"][0] == "crashed"
    assert batch.runs["run_id"].to_list()[:2] == run_ids(0, 2)


def test_a_listing_has_every_id_without_config_and_summary(server, wandb_server):
    frames = list(wandb_server.fetch_listing("lab", "vision", page_size=8))
    assert [len(frame) for frame in frames] == [8, 4]
    assert frames[0].schema == pl.Schema(LISTING_SCHEMA)
    assert pl.concat(frames)["run_id"].to_list() == run_ids(*range(COUNT))
    heavy = ("config", "summaryMetrics", "systemMetrics", "historyKeys")
    for field in heavy:
        server.schema = faults.schema_without("Run", field)
        assert len(list(wandb_server.fetch_listing("lab", "vision"))) == 1


def test_one_bad_row_is_set_aside_and_stops_nothing(server, wandb_server):
    server.world.put(
        faults.cut_config(node(1)),
        faults.encode_config_twice(node(2)),
        faults.swell_summary(node(3), 1_000_000),
        node(4, username=None),
    )
    (batch,) = wandb_server.fetch_runs("lab", "vision")
    assert batch.runs["run_id"].to_list() == run_ids(0, *range(3, COUNT))
    assert [rejected.run_id for rejected in batch.rejected] == run_ids(1, 2)
    assert batch.runs["username"].to_list()[:3] == ["ada", "ada", None]


def test_hidden_rows_and_empty_pages_do_not_end_a_pull(server, wandb_server):
    server.faults.append(faults.hidden_rows().at(after=1))
    server.faults.append(faults.hidden_rows(keep=1).at(after=0))
    assert pulled(wandb_server, page_size=5) == [run_ids(0), [], run_ids(10, 11)]


def test_a_cursor_that_does_not_advance_ends_a_pull(server, wandb_server):
    server.faults.append(faults.stuck_cursor().at(times=None))
    assert pulled(wandb_server, page_size=5) == [run_ids(0, 1, 2, 3, 4)]
    server.faults[:] = [faults.stuck_cursor().at(after=1, times=None)]
    assert [len(page) for page in pulled(wandb_server, page_size=5)] == [5, 5]


def test_a_row_that_comes_twice_on_a_page_counts_once(server, wandb_server):
    server.faults.append(faults.repeated_rows(3))
    assert pulled(wandb_server) == [run_ids(*range(COUNT))]


def test_at_most_one_page_is_fetched_ahead(server, wandb_server):
    batches = wandb_server.fetch_runs("lab", "vision", page_size=1)
    next(batches)
    batches.close()
    before = [call.operation for call in server.calls].count("Runs")
    assert before <= 2
    assert pulled(wandb_server, page_size=6) == [run_ids(*range(6)), run_ids(*range(6, COUNT))]
    assert [call.operation for call in server.calls].count("Runs") <= before + 1 + 2


def test_one_connection_serves_several_threads(wandb_server):
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(pulled(wandb_server, page_size=3)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[run_ids(*range(n, n + 3)) for n in range(0, COUNT, 3)]] * 4


# What people are told


def told(kind, what):
    """The error's words, after checking that it is of the kind and says what to do."""
    with pytest.raises(VelocityError) as caught:
        what()
    assert type(caught.value) is kind
    assert caught.value.message.endswith(".")
    assert caught.value.hint.endswith(".")
    assert DEMO_API_KEY not in caught.value.message + caught.value.hint
    return caught.value.message


def test_no_such_project_and_no_such_entity_are_told_apart(wandb_server):
    for what in (
        lambda: pulled(wandb_server, "nope"),
        lambda: wandb_server.count_runs("lab", "nope"),
        lambda: list(wandb_server.fetch_listing("lab", "nope")),
    ):
        assert told(NoProjectError, what) == (
            'The W&B entity "lab" has no project "nope" that this API key may see.'
        )
    for what in (
        lambda: list(wandb_server.fetch_runs("lib", "vision")),
        lambda: wandb_server.count_runs("lib", "vision"),
        lambda: wandb_server.fetch_project_names("lib"),
    ):
        assert told(SourceError, what) == 'W&B knows no entity "lib".'


@pytest.mark.fault
@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (faults.status(503), RetryLaterError, "did not send lab/vision within 2 s"),
        (faults.dropped(), RetryLaterError, "broke off"),
        (faults.status(403, "permission denied"), SourceError, "no permission to read lab/vision"),
        (faults.refused("permission denied"), SourceError, "no permission to read lab/vision"),
        (faults.status(400, "too many keys"), SourceError, "refuses to send lab/vision: too many"),
        (faults.html_page(), RetryLaterError, "sent a web page in place of lab/vision"),
        (faults.status(413, "no"), RetryLaterError, "could not send so much of lab/vision"),
    ],
)
def test_a_page_that_fails_names_its_cause(server, wandb_server, fault, kind, words):
    server.faults.append(fault.at(times=None))
    assert words in told(kind, lambda: pulled(wandb_server))


@pytest.mark.fault
@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (faults.status(503), RetryLaterError, "has a failure of its own (HTTP 503)"),
        (faults.status(429), RetryLaterError, "asks for fewer requests (HTTP 429)"),
        (faults.slow(30), RetryLaterError, "does not answer within 2 s"),
        (faults.dropped(), RetryLaterError, "breaks off its answers"),
        (faults.html_page(), ConfigurationError, "answers with text/html"),
        (faults.nobody(), ConfigurationError, "knows nobody by the API key"),
        (faults.status(403, "no"), SourceError, "refuses access (HTTP 403)"),
    ],
)
def test_a_server_that_cannot_be_signed_in_to_names_its_cause(server, fault, kind, words):
    server.faults.append(fault.at(operation=None, times=None))
    assert words in told(kind, lambda: connect(timeout_s=SHORT_S))


@pytest.mark.fault
def test_what_befalls_a_server_during_a_pull_is_told_apart(server):
    asked = connect(timeout_s=1)
    troubles = {
        "asks for fewer requests (HTTP 429)": faults.status(429),
        "has a failure of its own (HTTP 500)": faults.status(500),
        "does not answer within 1 s": faults.slow(30),
        "breaks off its answers": faults.dropped(),
        "answers with text/html": faults.html_page(),
        "refuses access (HTTP 403)": faults.status(403, "no"),
        "refuses the API key (HTTP 401)": faults.status(401, "no"),
    }
    for words, fault in troubles.items():
        server.faults[:] = [fault.at(operation=None, times=None)]
        with pytest.raises(VelocityError, match=re.escape(words)) as caught:
            pulled(asked)
        assert caught.value.hint.endswith(".")


def test_a_key_that_is_refused_is_told(server, wandb_server, monkeypatch):
    server.api_key = "y" * 40
    assert "refuses the API key" in told(ConfigurationError, lambda: pulled(wandb_server))
    monkeypatch.setenv("WANDB_API_KEY", "x" * 40)
    assert "refuses the API key" in told(ConfigurationError, connect)


def test_a_key_that_cannot_be_one_is_told_without_asking_the_server(server, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "short")
    assert "API key must have 40+ characters" in told(ConfigurationError, connect)
    assert not server.calls


def test_a_field_gone_from_the_schema_is_named(server, wandb_server):
    server.schema = faults.schema_without("Run", "heartbeatAt")
    assert "Cannot query field 'heartbeatAt'" in told(SourceError, lambda: pulled(wandb_server))


@pytest.mark.fault
def test_a_server_that_is_gone_is_told(server, wandb_server):
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
def test_an_address_that_leads_nowhere_is_told(monkeypatch, url, kind, words):
    monkeypatch.setenv("WANDB_BASE_URL", url)
    monkeypatch.setenv("WANDB_API_KEY", DEMO_API_KEY)
    assert words in told(kind, lambda: connect(timeout_s=SHORT_S))


@pytest.mark.fault
def test_a_server_without_tls_is_told(server, monkeypatch):
    url = server.url.replace("http:", "https:")
    monkeypatch.setenv("WANDB_BASE_URL", url)
    message = told(SourceError, lambda: connect(timeout_s=SHORT_S))
    assert message == f"No secure connection to {url}: wrong version number."


@pytest.mark.fault
def test_a_certificate_that_cannot_be_trusted_is_told(tmp_path, monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path / "certificate.pem"))
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as secure:
        secure.socket = context.wrap_socket(secure.socket, server_side=True)
        threading.Thread(target=secure.serve_forever, daemon=True).start()
        monkeypatch.setenv("WANDB_BASE_URL", f"https://localhost:{secure.server_port}")
        monkeypatch.setenv("WANDB_API_KEY", DEMO_API_KEY)
        message = told(SourceError, lambda: connect(timeout_s=SHORT_S))
        secure.shutdown()
    assert message.endswith(": self-signed certificate.")


def self_signed(path):
    """A key and a certificate for localhost that nobody vouches for."""
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


def test_a_server_of_another_kind_is_told(monkeypatch):
    class Elsewhere(BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_error(404)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{other.server_port}")
        monkeypatch.setenv("WANDB_API_KEY", DEMO_API_KEY)
        message = told(ConfigurationError, lambda: connect(timeout_s=SHORT_S))
        other.shutdown()
    assert "answers with text/html (HTTP 404)" in message


# In a process of its own: where the key comes from, and what else is sent

SCRIPT = """
from velocity.errors import VelocityError
from velocity.sources.wandb_api import connect
try:
    server = connect(timeout_s=20)
    print(sum(len(batch.runs) for batch in server.fetch_runs("lab", "vision")))
except VelocityError as error:
    print(error.message, error.hint)
"""


def script(home, *, stdin=subprocess.DEVNULL, **variables):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=kept | {"HOME": str(home), "PYTHONPATH": str(ROOT)} | variables,
        cwd=home,
        stdin=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_without_a_key_nobody_is_asked_for_one_even_on_a_terminal(server, tmp_path):
    terminal, keyboard = pty.openpty()
    try:
        said = script(tmp_path, stdin=keyboard, WANDB_BASE_URL=server.url)
    finally:
        os.close(terminal)
        os.close(keyboard)
    assert said.startswith(f"No W&B API key is configured for {server.url}.")
    assert not server.calls


def test_the_key_is_found_in_netrc(server, tmp_path):
    host = server.url.removeprefix("http://")
    netrc = tmp_path / ".netrc"
    netrc.write_text(f"machine {host}\n  login user\n  password {server.api_key}\n")
    netrc.chmod(0o600)
    assert script(tmp_path, WANDB_BASE_URL=server.url) == str(COUNT)


def test_the_address_is_found_in_the_clients_settings_file(server, tmp_path):
    folder = tmp_path / ".config" / "wandb"
    folder.mkdir(parents=True)
    (folder / "settings").write_text(f"[default]\nbase_url = {server.url}\n")
    assert script(tmp_path, WANDB_API_KEY=server.api_key) == str(COUNT)


def test_nothing_is_sent_but_questions_and_nothing_is_written(server, tmp_path):
    assert script(tmp_path, WANDB_BASE_URL=server.url, WANDB_API_KEY=server.api_key) == str(COUNT)
    assert {call.path for call in server.calls} == {"/graphql"}
    assert not (tmp_path / "wandb").exists()


def test_an_address_that_is_none_is_told_in_a_fresh_process_too(tmp_path):
    said = script(tmp_path, WANDB_BASE_URL="rubbish", WANDB_API_KEY=DEMO_API_KEY)
    assert said.startswith('The W&B client cannot use the setting "rubbish": ')
