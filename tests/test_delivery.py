"""Messages reach webhooks, mail and ntfy, in as many attempts as are safe, and addresses no log."""

import io
import logging
import socket

import pytest

from tests.hostile_server import dripping, served
from tests.receivers import SECRET, http_receiver, mail_receiver
from velocity import delivery
from velocity.delivery import Address, LostResponseError
from velocity.errors import ConfigurationError, RetryLaterError, SourceError

pytestmark = pytest.mark.sampled(5)

TEXT = "*Week* of `sweep-7`: <https://x.example/a?b=c|look>\n\n- 5 \\n % &amp; done"


def deliver(url):
    waits = []
    Address(url, "PLACE").deliver(TEXT, title="Title", form="slack", sleep=waits.append)
    return waits


@pytest.fixture(autouse=True)
def no_secret_in_logs(capfd, monkeypatch):
    # Its own look-up of this machine's name may take long.
    monkeypatch.setattr(socket, "getfqdn", lambda *_: "here.example")
    root, lines = logging.getLogger(), io.StringIO()
    handler, level = logging.StreamHandler(lines), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield
    root.removeHandler(handler)
    root.setLevel(level)
    told = "".join([lines.getvalue(), *capfd.readouterr()])
    assert SECRET.lower() not in told.lower()


def refused(url, kind):
    with pytest.raises(kind) as caught:
        deliver(url)
    told = f"{caught.value.message} {caught.value.hint}"
    assert SECRET.lower() not in told.lower()
    assert "PLACE" in told
    return told


def test_a_webhook_gets_the_text_alone_unchanged_or_escaped_if_it_is_plain():
    with http_receiver() as server:
        assert deliver(server.url) == []
        Address(server.url, "PLACE").deliver("<!channel> & co")
        assert server.got == [{"text": TEXT}, {"text": "&lt;!channel&gt; &amp; co"}]


def test_mail_and_ntfy_get_a_title_too():
    with mail_receiver() as server:
        deliver(server.url)
        (message,) = server.got
        assert message["Subject"] == "Title"
        assert "done" in message.get_body(("plain", "html")).get_content()
    with http_receiver() as server:
        deliver(server.ntfy)
        assert (server.got[0]["title"], server.got[0]["message"]) == ("Title", TEXT)


def test_a_busy_server_is_asked_again_after_longer_and_longer_waits():
    with http_receiver(429, 503, 429) as server:
        assert deliver(server.url) == [2, 8, 30]
        assert len(server.got) == 4


@pytest.mark.parametrize(("status", "attempts"), [(302, 1), (404, 1), (500, 5), (429, 5)])
def test_a_message_that_is_not_accepted_is_an_error_that_hides_the_address(status, attempts):
    with http_receiver(*[status] * 5) as server:
        told = refused(server.url, SourceError)
        assert f"HTTP {status}" in told
        assert "does not count as sent" in told
        assert len(server.got) == attempts


def test_an_unreachable_server_is_asked_again():
    with http_receiver() as server:
        url, ntfy = server.url, server.ntfy
    with mail_receiver() as server:
        mail = server.url
    for it in (url, ntfy, mail):
        assert "cannot be reached" in refused(it, RetryLaterError)


@pytest.mark.parametrize(
    ("refusal", "kind"), [("550 nobody", SourceError), ("451 later", RetryLaterError)]
)
def test_a_mail_server_that_refuses_is_an_error(refusal, kind):
    with mail_receiver(refusal=refusal) as server:
        refused(server.url, kind)
        assert server.got == []


def test_a_message_whose_response_is_lost_is_sent_once():
    with http_receiver(hangs_up=True) as server:
        refused(server.url, LostResponseError)
        assert len(server.got) == 1
    with mail_receiver(hangs_up=True) as server:
        refused(server.url, LostResponseError)


def test_a_response_without_end_is_given_up(monkeypatch):
    monkeypatch.setattr(delivery, "_PATIENCE_S", 0.5)
    begun = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"
    for start in (begun, b"HTTP/1.1 200 OK\r\nX-Long: "):
        with served(dripping(start)) as (url, asked):
            refused(f"{url}/{SECRET}", LostResponseError)
        assert len(asked) == 1


@pytest.mark.parametrize("url", ["", "S3CRET", "http://", "http://[S3CRET", "s3cret://x"])
def test_something_else_is_not_an_address(url):
    refused(url, ConfigurationError)
    assert "S3CRET" not in repr(Address(url, "PLACE"))
