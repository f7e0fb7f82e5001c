"""Watches the requests of a program to other machines, from any library or language."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.commands import environment
from tests.conftest import ROOT
from velocity.network import is_loopback

#: Python runs it at the start of every process. uvloop would hide connections.
_WATCH = """
import os, sys
sys.modules["uvloop"] = None
_EVENTS = {"socket.getaddrinfo": 0, "socket.gethostbyname": 0, "socket.connect": 1,
           "socket.sendto": 1}
def _write(event, arguments):
    place = _EVENTS.get(event)
    if place is not None:
        told = arguments[place]
        host = told[0] if isinstance(told, tuple) else told
        if isinstance(host, bytes):
            host = host.decode()
        if host and not (event.startswith("socket.c") and isinstance(told, str)):
            line = f"{event} {host}\\n".encode()
            file = os.open(%r, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(file, line)
            os.close(file)
sys.addaudithook(_write)
"""


class Watch:
    """The environment for programs, and the hosts that they requested."""

    def __init__(self, folder: Path, port: int, asked: list[str]) -> None:
        self._asked = asked
        self._log = folder / "hosts"
        (folder / "sitecustomize.py").write_text(_WATCH % str(self._log), encoding="utf-8")
        proxy = f"http://127.0.0.1:{port}"
        here = "localhost,127.0.0.1,::1"
        self.env = environment(folder) | {
            "PYTHONPATH": f"{folder}:{ROOT}",
            **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), proxy),
            **dict.fromkeys(("no_proxy", "NO_PROXY"), here),
        }

    def hosts(self) -> set[str]:
        """Every host passed to Python's sockets."""
        lines = self._log.read_text(encoding="utf-8").splitlines() if self._log.exists() else []
        return {line.partition(" ")[2] for line in lines}

    def elsewhere(self) -> list[str]:
        """Hosts other than this machine, and the first lines of requests to the proxy."""
        return sorted(it for it in self.hosts() if not is_loopback(it)) + self._asked


@contextmanager
def watched(folder: Path) -> Iterator[Watch]:
    """A watch; its proxy, which programs in any language use, never answers."""
    asked: list[str] = []

    class Proxy(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked.append(self.rfile.readline(1000).decode("latin-1").strip())
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Watch(folder, server.server_address[1], asked)
        finally:
            server.shutdown()
            thread.join()
