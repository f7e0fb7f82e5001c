"""velocity demo, app, mcp: serve the pages, or assistants."""

import os
from datetime import UTC, datetime
from pathlib import Path

import typer

from velocity.cli.options import (
    CONFIG,
    DATA,
    QUIET,
    Places,
    argument,
    flag,
    option,
    port_option,
    takes_places,
)
from velocity.cli.progress import say, show_progress
from velocity.demo.launch import prepare_demo
from velocity.errors import import_extra
from velocity.mcp.tokens import make_token, viewer_at_start
from velocity.paths import config_file, data_folder
from velocity.serve.checks import HOST, check_address, check_port
from velocity.settings import load_settings

_PORT = port_option(8501)


def demo(
    places: Places,
    port: int = _PORT,
    no_browser: bool = flag("--no-browser", "Do not open a browser window."),
    quiet: bool = QUIET,
) -> None:
    """Open the dashboard on an invented cohort; needs no key.

    A server on this machine stands in for Weights & Biases, and a real sync pulls the cohort from
    it. The data is stored in the folder "demo" of the data folder, with its own settings and roster
    (--config is ignored). No network is needed.
    """
    check_port(port)
    folder = places.data / "demo"
    if not quiet:
        say(f"The demo stores its data in {folder}.")
    with show_progress(quiet=quiet) as on_progress:
        data, config = prepare_demo(folder, datetime.now(UTC), on_progress=on_progress)
    settings = load_settings(config)
    from velocity.serve.server import serve  # noqa: PLC0415 - takes a second

    serve(data, config, settings=settings, port=port, open_browser=not no_browser, say=say)


def app(
    places: Places,
    port: int = _PORT,
    address: str = option(
        "A", "Address to serve on; any other than 127.0.0.1 needs sign-in.", default=HOST
    ),
    published: bool = flag(
        "--published-on-loopback",
        "In a container whose port is published to 127.0.0.1 only: allow any --address without "
        "sign-in. Pages still need the token.",
    ),
) -> None:
    """Open the dashboard on your own runs."""
    settings = load_settings(places.config)  # a mistake is reported here, not on every page
    check_address(settings, address, published_on_loopback=published)
    check_port(port, address)
    from velocity.serve.server import serve  # noqa: PLC0415 - takes a second

    serve(
        places.data,
        places.config,
        settings=settings,
        port=port,
        open_browser=False,
        say=say,
        address=address,
    )


mcp = typer.Typer(
    help="Answer questions of assistants over the Model Context Protocol.",
    invoke_without_command=True,
    add_completion=False,
)


@mcp.callback()
def serve_mcp(
    ctx: typer.Context,
    *,
    data: Path | None = DATA,
    config: Path | None = CONFIG,
    http: bool = flag(
        "--http", f"Serve http://{HOST}:PORT/mcp instead of standard input and output."
    ),
    port: int = port_option(8502),
) -> None:
    """Answer questions of assistants over the Model Context Protocol."""
    data_before, config_before = ctx.obj
    ctx.obj = data or data_before, config or config_before
    if ctx.invoked_subcommand is not None:
        return
    data, config = ctx.obj
    places = Places(data or data_folder(), config or config_file())
    settings = load_settings(places.config)
    server = import_extra("mcp", "velocity.mcp.server", asker="The MCP server")
    if not http:
        email = viewer_at_start(places.data, settings, os.environ.get("VELOCITY_MCP_TOKEN"))
        server.Tools(places.data, places.config, email).server().run("stdio")
        return
    check_port(port)
    import uvicorn  # noqa: PLC0415 - only to serve

    say(f"Serving http://{HOST}:{port}/mcp. Ctrl-C stops it.")
    served = server.http_app(places.data, places.config, port)
    uvicorn.run(served, host=HOST, port=port, log_level="warning", access_log=False)


@mcp.command()
@takes_places
def token(
    places: Places, *, email: str = argument("EMAIL", "Their e-mail address in the roster.")
) -> None:
    """Make a token for a person in the roster; an earlier one stops working."""
    typer.echo(make_token(places.data, load_settings(places.config), email))
    say("Only a hash of it is stored: it cannot be shown again.")
