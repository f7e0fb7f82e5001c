"""velocity demo, app: serve the pages."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

from datetime import UTC, datetime
from typing import Annotated

import typer

from velocity.cli.options import DEFAULT_PORT, ConfigOption, DataOption, Places, PortOption
from velocity.cli.progress import say, told_progress

_PANEL = "Look at it"


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command("demo", rich_help_panel=_PANEL)(demo)
    app.command("app", rich_help_panel=_PANEL)(serve_app)


def demo(
    ctx: typer.Context,
    port: PortOption = DEFAULT_PORT,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open a browser window.")
    ] = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Open the dashboard on an invented cohort; needs no key and no network.

    A server on this machine plays Weights & Biases, and the cohort comes from it by a real sync.
    The data is kept in the folder "demo" of the data folder, with settings and a roster of its own
    (--config plays no part).
    """
    from velocity.demo.launch import prepare_demo  # noqa: PLC0415 - not for --help
    from velocity.serve.checks import check_port  # noqa: PLC0415 - as above
    from velocity.settings import load_settings  # noqa: PLC0415 - as above

    check_port(port)
    folder = Places.of(ctx, data, config).data / "demo"
    say(f"The demo keeps its data in {folder}.")
    with told_progress() as on_progress:
        demo_data, demo_config = prepare_demo(folder, datetime.now(UTC), on_progress=on_progress)
    from velocity.serve.server import serve  # noqa: PLC0415 - takes a second

    serve(
        demo_data,
        demo_config,
        settings=load_settings(demo_config),
        port=port,
        open_browser=not no_browser,
        say=say,
    )


def serve_app(
    ctx: typer.Context,
    port: PortOption = DEFAULT_PORT,
    address: Annotated[
        str,
        typer.Option(
            "--address",
            metavar="A",
            help="Address of this machine to serve on; others than 127.0.0.1 need sign-in.",
        ),
    ] = "127.0.0.1",
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Open the dashboard on your own runs."""
    from velocity.serve.checks import check_address, check_port  # noqa: PLC0415 - not for --help
    from velocity.settings import load_settings  # noqa: PLC0415 - as above

    places = Places.of(ctx, data, config)
    # A mistake in them is better told here than on every page.
    settings = load_settings(places.config)
    check_address(settings, address)
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
