"""velocity explain: one figure, from the raw rows to the headline."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from velocity.cli.options import (
    ConfigOption,
    DataOption,
    OutOption,
    Places,
    parse_day,
)


def add_to(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command("explain", rich_help_panel="Read figures")(explain)


def explain(
    ctx: typer.Context,
    *,
    metric: Annotated[
        str, typer.Option("--metric", metavar="ID", help="As docs/metrics.md names it.")
    ],
    scholar: Annotated[
        str | None,
        typer.Option(
            "--scholar", metavar="ID", help="The figure of this scholar.", show_default=False
        ),
    ] = None,
    stream: Annotated[
        str | None,
        typer.Option(
            "--stream", metavar="ID", help="The figure of this stream.", show_default=False
        ),
    ] = None,
    week: Annotated[
        date | None,
        typer.Option(
            "--week",
            metavar="D",
            parser=parse_day,
            help="Monday of a week, such as 2026-01-05. Default: all the data.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        Literal["table", "json"] | None,
        typer.Option(
            "--format",
            help="table is for people; json holds every row, unrounded. "
            "Default: json if the name of --out ends in .json, else table.",
            show_default=False,
        ),
    ] = None,
    out: OutOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Why a figure is what it is: the rows behind it, and how they add up.

    The figure is a scholar's, a stream's or, without either, the programme's. Shows raw rows and
    their classes, sessions, experiments with the rule that joined each run, loops, rows that are
    excluded, imputed or flagged, and the arithmetic that ends in the figure.
    """
    if scholar is not None and stream is not None:
        raise typer.BadParameter("--scholar and --stream do not go together")
    from velocity.cli.explained import as_json, render_text  # noqa: PLC0415 - not for --help
    from velocity.cli.output import width_of, write_bytes  # noqa: PLC0415 - as above
    from velocity.cli.showing import check_scholar  # noqa: PLC0415 - as above
    from velocity.explain import explain as explained  # noqa: PLC0415 - as above
    from velocity.store import latest_snapshot  # noqa: PLC0415 - as above

    snapshot = latest_snapshot(Places.of(ctx, data, config).data)
    if scholar is not None:
        check_scholar(snapshot, scholar)
    found = explained(snapshot, scholar=scholar, stream=stream, metric=metric, week=week)
    is_json = form == "json" or (form is None and _is_json(out))
    text = as_json(found) if is_json else render_text(found, width_of(out))
    write_bytes(text.encode(), out)


def _is_json(out: Path | None) -> bool:
    return out is not None and out.suffix.lower() == ".json"
