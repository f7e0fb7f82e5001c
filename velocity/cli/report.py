"""velocity report: the stand-up digest of a week, to a file, the terminal or a webhook."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from velocity.cli.options import ConfigOption, DataOption, OutOption, Places
from velocity.cli.progress import say


def add_to(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command("report", rich_help_panel="Read figures")(report)


def report(
    ctx: typer.Context,
    *,
    week: Annotated[
        str | None,
        typer.Option(
            "--week",
            metavar="W",
            help="ISO week, such as 2026-W20. Default: the latest that is complete.",
            show_default=False,
        ),
    ] = None,
    stream: Annotated[
        str | None,
        typer.Option("--stream", metavar="ID", help="Only this stream.", show_default=False),
    ] = None,
    form: Annotated[
        Literal["md", "html"] | None,
        typer.Option(
            "--format",
            help="Markdown, or one HTML file that prints on a page. "
            "Default: what the name of --out ends in, else md.",
            show_default=False,
        ),
    ] = None,
    out: OutOption = None,
    post: Annotated[
        bool,
        typer.Option("--post", help="Send it to the webhook of VELOCITY_WEBHOOK_URL, once a week."),
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="With --post: even if it was posted before.")
    ] = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """The stand-up digest of a week on one page.

    What changed, what is stuck, the week in figures, what was restated, and how far to trust it;
    only groups' whole weeks where the settings say that leads may not see people.
    """
    from velocity.cli.output import write_bytes  # noqa: PLC0415 - as above
    from velocity.reading.access import EVERYTHING, GROUPS_ALONE  # noqa: PLC0415 - not for --help
    from velocity.report import (  # noqa: PLC0415 - as above
        as_html,
        as_markdown,
        as_slack,
        make_digest,
        parse_week,
    )
    from velocity.report.post import WEBHOOK, post_once  # noqa: PLC0415 - as above
    from velocity.settings import load_settings  # noqa: PLC0415 - as above
    from velocity.store import latest_snapshot  # noqa: PLC0415 - as above

    if again and not post:
        raise typer.BadParameter("--again goes with --post")
    try:
        monday = None if week is None else parse_week(week)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    places = Places.of(ctx, data, config)
    folder = places.data
    individuals = load_settings(places.config).access.leads_see_individuals
    made = make_digest(
        latest_snapshot(folder),
        scope=EVERYTHING if individuals else GROUPS_ALONE,
        week=monday,
        stream=stream,
        posted=post,
    )
    if out is not None or not post:
        as_page = form == "html" or (form is None and _is_page(out))
        content = (as_html(made) if as_page else as_markdown(made)).encode()
        write_bytes(content, out)
    if post:
        posted = post_once(
            folder,
            os.environ.get(WEBHOOK),
            as_slack(made),
            week=made.week,
            stream=stream,
            again=again,
        )
        say(
            f"The digest of {made.week} was posted."
            if posted
            else f"The digest of {made.week} was posted before, or a post of it was stopped before "
            "it was done: nothing was sent. --again posts it once more."
        )


def _is_page(out: Path | None) -> bool:
    return out is not None and out.suffix.lower() in {".html", ".htm"}
