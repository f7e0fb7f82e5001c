"""Serves the app as a person would, over any data folder."""

from __future__ import annotations

import socket
import subprocess
from contextlib import contextmanager, suppress
from time import sleep
from typing import TYPE_CHECKING

from tests.commands import VELOCITY, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_STARTS_WITHIN_S = 60
_POLL_S = 0.1


@contextmanager
def served(data: Path, config: Path | None = None) -> Iterator[str]:
    """The address of `velocity app` over the folder `data`, for as long as the block lasts."""
    port = _free_port()
    log = data.parent / f"{data.name}-app.log"
    command = [*VELOCITY, "app", "--port", str(port), "--data", str(data)]
    command += ["--config", str(config or data / "velocity.toml")]
    with log.open("wb") as output:
        app = subprocess.Popen(
            command,
            cwd=data.parent,
            env=environment(data.parent),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            _wait_for(app, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            app.terminate()
            app.wait(timeout=30)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _wait_for(app: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(int(_STARTS_WITHIN_S / _POLL_S)):
        if app.poll() is not None:
            break
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        sleep(_POLL_S)
    raise AssertionError(f"the app did not start: {log.read_text(encoding='utf-8')}")
