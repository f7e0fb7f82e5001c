"""Serves app.py on 127.0.0.1 with the theme and limits of .streamlit/config.toml."""

from __future__ import annotations

import os
import socket
import sys
import threading
import webbrowser
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from velocity.errors import VelocityError
from velocity.places import project_root

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

HOST = "127.0.0.1"


def check_port(port: int) -> None:
    """Makes sure that the port can be served.

    Raises:
        VelocityError: it is taken, or not for us.
    """
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise VelocityError(
            f"Port {port} cannot be served: {error.strerror}.",
            "Choose another with --port, or stop the program that has it.",
        ) from error


def serve(
    data: Path, config: Path, *, port: int, open_browser: bool, say: Callable[[str], None]
) -> None:
    """Serves until Ctrl-C or SIGTERM.

    Args:
        data: data folder, which the pages find in VELOCITY_DATA.
        config: settings file, likewise in VELOCITY_CONFIG.
        port: of 127.0.0.1.
        open_browser: whether to show the first page once it can be had.
        say: told where the pages are, once they can be had, and when the end has come.
    """
    import streamlit as st  # noqa: PLC0415 - takes a second that other commands need not wait for

    os.environ["VELOCITY_DATA"] = str(data.resolve())
    os.environ["VELOCITY_CONFIG"] = str(config.resolve())
    url = f"http://localhost:{port}"

    @asynccontextmanager
    async def lifespan(_app: st.App) -> AsyncIterator[None]:
        say(f"Serving {url} (Ctrl-C stops it)")
        if open_browser and _has_display():
            # Some browsers keep their starter waiting.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        yield

    script = project_root() / "app.py"
    # Streamlit looks for .streamlit/config.toml beside the program of sys.argv, which for a console
    # script is the wrong folder.
    sys.argv[:] = [str(script)]
    with suppress(KeyboardInterrupt):  # the way to stop it
        st.App(script, lifespan=lifespan).run(
            config={
                "server.address": HOST,
                "server.port": port,
                "logger.hideWelcomeMessage": True,
            }
        )
    say("Stopped.")


def _has_display() -> bool:
    """Whether a browser would be a window: without one, Python may start it in the terminal."""
    return sys.platform == "darwin" or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
