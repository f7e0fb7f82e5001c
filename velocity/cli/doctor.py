"""velocity doctor: what is well, what is not, and the cure of each."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

import typer

from velocity.cleaning import escaped
from velocity.cli.options import ConfigOption, DataOption, Places
from velocity.cli.progress import say

_COLOURS = {"ok": typer.colors.GREEN, "note": typer.colors.YELLOW, "broken": typer.colors.RED}


def add_to(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command("doctor", rich_help_panel="Keep in order")(doctor)


def doctor(
    ctx: typer.Context,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Look over settings, roster, key, server, store and versions; each finding with its cure.

    Exits with 1 if something is broken.
    """
    from velocity.cli.checks import examine  # noqa: PLC0415 - not for --help

    places = Places.of(ctx, data, config)
    broken = 0
    for finding in examine(places.data, places.config):
        broken += finding.state == "broken"
        typer.secho(f"{finding.state:7}", fg=_COLOURS[finding.state], nl=False)
        typer.echo(f"{finding.about:10}{escaped(finding.told)}")
        if finding.cure:
            typer.echo(f"{'':17}-> {escaped(finding.cure)}")
        for row in finding.rows:
            typer.echo(f"{'':20}{escaped(row)}")
    if broken:
        say(f"{broken} thing{'s' if broken > 1 else ''} to put right.")
        raise typer.Exit(1)
    say("Nothing is broken.")
