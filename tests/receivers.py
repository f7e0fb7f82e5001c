"""Loopback servers that messages are sent to: HTTP (Slack-compatible, ntfy) and mail."""

import email
import json
import socketserver
import threading
from contextlib import contextmanager
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from scripts.waiting import PATIENCE_S

#: In every address.
SECRET = "S3CRET"  # noqa: S105 - a test's


class _Http(BaseHTTPRequestHandler):
    def do_POST(self):
        server = self.server
        server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        server.heard.set()
        server.may_answer.wait(PATIENCE_S)
        if server.hangs_up:
            self.close_connection = True
            return
        self.send_response(server.statuses.pop(0) if server.statuses else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Do not log."""


@contextmanager
def http_receiver(*statuses, hangs_up=False, waits=False):
    """A server with the JSON of requests in `got`; it answers with `statuses`, then 200.

    With `waits`, it answers once `may_answer` is set; `heard` is set by the first request.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Http)
    server.daemon_threads = True
    server.got, server.statuses, server.hangs_up = [], list(statuses), hangs_up
    server.heard, server.may_answer = threading.Event(), threading.Event()
    if not waits:
        server.may_answer.set()
    server.url = f"http://127.0.0.1:{server.server_port}/services/{SECRET}"
    server.ntfy = f"ntfy://127.0.0.1:{server.server_port}/{SECRET}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.may_answer.set()
        server.shutdown()
        server.server_close()


class _Mail(socketserver.StreamRequestHandler):
    def handle(self):
        self._say("220 ready")
        while line := self.rfile.readline():
            word = line.split(maxsplit=1)[0].upper()
            if word == b"RCPT" and self.server.refusal:
                self._say(self.server.refusal)
            elif word == b"DATA":
                self._say("354 go on")
                if self.server.hangs_up:
                    return
                self.server.got.append(self._message())
                self._say("250 done")
            elif word == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _message(self):
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        return email.message_from_bytes(b"".join(lines), policy=default)

    def _say(self, text):
        self.wfile.write(f"{text}\r\n".encode())


class _MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


@contextmanager
def mail_receiver(*, refusal="", hangs_up=False):
    """A mail server with the messages in `got`; it answers recipients with `refusal`."""
    with _MailServer(("127.0.0.1", 0), _Mail) as server:
        server.got, server.refusal, server.hangs_up = [], refusal, hangs_up
        server.url = (
            f"mailto://127.0.0.1:{server.server_address[1]}/"
            f"?from=velocity@x.example&to={SECRET.lower()}@x.example&mode=insecure"
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
