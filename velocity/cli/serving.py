"""velocity demo, app: serve the pages."""

from datetime import UTC, datetime
from typing import Annotated

from velocity.cli.options import DEFAULT_PORT, Places, PortOption, QuietOption, option
from velocity.cli.progress import say, show_progress
from velocity.demo.launch import prepare_demo
from velocity.serve.checks import check_address, check_port
from velocity.settings import load_settings


def demo(
    places: Places,
    port: PortOption = DEFAULT_PORT,
    no_browser: Annotated[
        bool, option("--no-browser", None, "Do not open a browser window.")
    ] = False,
    quiet: QuietOption = False,
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
    port: PortOption = DEFAULT_PORT,
    address: Annotated[
        str,
        option("--address", "A", "Address to serve on; any other than 127.0.0.1 needs sign-in."),
    ] = "127.0.0.1",
    published: Annotated[
        bool,
        option(
            "--published-on-loopback",
            None,
            "In a container whose port is published to 127.0.0.1 only: allow any --address without "
            "sign-in. Pages still need the token.",
        ),
    ] = False,
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
