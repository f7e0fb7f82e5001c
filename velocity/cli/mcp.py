"""velocity mcp: answer assistants over the Model Context Protocol."""

import os
from typing import Annotated, Any

import typer

from velocity.cli.options import ConfigOption, DataOption, Places, PortOption, option, takes_places
from velocity.cli.progress import say
from velocity.extras import import_extra
from velocity.mcp.tokens import make_token, viewer_at_start
from velocity.paths import config_file, data_folder
from velocity.serve.checks import HOST, check_port
from velocity.settings import load_settings

_PORT = 8502

mcp = typer.Typer(
    help="Answer questions of assistants over the Model Context Protocol.",
    invoke_without_command=True,
    add_completion=False,
)


@mcp.callback()
def serve(
    ctx: typer.Context,
    *,
    data: DataOption = None,
    config: ConfigOption = None,
    http: Annotated[
        bool,
        option(
            "--http", None, f"Serve http://{HOST}:PORT/mcp instead of standard input and output."
        ),
    ] = False,
    port: PortOption = _PORT,
) -> None:
    """Answer questions of assistants over the Model Context Protocol."""
    data_before, config_before = ctx.obj
    ctx.obj = data or data_before, config or config_before
    if ctx.invoked_subcommand is not None:
        return
    data, config = ctx.obj
    places = Places(data or data_folder(), config or config_file())
    settings = load_settings(places.config)
    server = _server()
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
    places: Places,
    *,
    email: Annotated[
        str, typer.Argument(metavar="EMAIL", help="Their e-mail address in the roster.")
    ],
) -> None:
    """Make a token for a person in the roster; an earlier one stops working."""
    typer.echo(make_token(places.data, load_settings(places.config), email))
    say("Only a hash of it is stored: it cannot be shown again.")


def _server() -> Any:
    return import_extra("mcp", "velocity.mcp.server", asker="The MCP server")
