"""Real servers of other trackers on loopback, each in a process of its own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from scripts.waiting import wait_until


@contextmanager
def served(code: str, folder: Path, **variables: str) -> Iterator[str]:
    """Run a program in the folder that serves on the port in its first argument; yield its address.

    Its log is `server.log` there.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with (folder / "server.log").open("wb") as log:
        command, env = [sys.executable, "-c", code, str(port)], os.environ | variables
        server = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
        try:
            wait_until(lambda: server.poll() is not None or _answers(address))
            assert server.poll() is None, (folder / "server.log").read_text()
            yield address
        finally:
            server.terminate()
            server.wait()


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).status_code < 500
    except requests.RequestException:
        return False
