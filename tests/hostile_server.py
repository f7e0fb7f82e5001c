"""A W&B server on plain sockets that sends any bytes a test wants."""

import json
import re
import socketserver
import threading
import zlib
from contextlib import contextmanager

_MIB = 2**20
_OPERATION = re.compile(rb"query\s+(\w+)")
#: Responses of a harmless server.
_DATA = {
    "Viewer": {"viewer": {"username": "ada"}},
    "Entity": {"entity": {"name": "lab"}},
    "RunCount": {"project": {"runCount": 1}},
}


def response(body, *headers, status="200 OK"):
    """A whole HTTP response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def data(value):
    """A response with the data."""
    return response(json.dumps({"data": value}).encode(), "Content-Type: application/json")


def harmless(operation):
    """The response of a server without runs."""
    return [data(_DATA[operation])]


def dripping(start):
    """The start of a response, then a byte every now and then without end."""

    def answer(_operation):
        pause = threading.Event()
        yield start
        while True:
            pause.wait(0.05)
            yield b" "

    return answer


def bomb(gibibytes):
    """A response with a few MB of gzip that unpack to the given GiB."""
    pack = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    start = pack.compress(b'{"data": "') + pack.flush(zlib.Z_FULL_FLUSH)
    # After a full flush a block is independent, and can be repeated.
    block = pack.compress(bytes(_MIB).replace(b"\0", b"x")) + pack.flush(zlib.Z_FULL_FLUSH)
    return response(start + block * (gibibytes * 1024), "Content-Encoding: gzip")


@contextmanager
def served(answers):
    """The address of a server, and the GraphQL operations requested from it.

    `answers(operation)` has the bytes of the whole response, part by part.
    """
    asked = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            length = 0
            while (line := self.rfile.readline()).strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            found = _OPERATION.search(self.rfile.read(length))
            operation = found[1].decode() if found else ""
            asked.append(operation)
            try:
                for part in answers(operation):
                    self.wfile.write(part)
            except OSError:
                pass  # the client has closed the connection

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()
