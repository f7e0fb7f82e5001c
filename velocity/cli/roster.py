"""velocity roster check, suggest."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from velocity.cleaning import escaped
from velocity.cli.options import ConfigOption, DataOption, Places
from velocity.cli.progress import say

if TYPE_CHECKING:
    from velocity.roster.against_data import Seen


def add_to(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    group = typer.Typer(help="Check the roster, or write entries for it.", no_args_is_help=True)
    group.command("check")(check)
    group.command("suggest")(suggest)
    app.add_typer(group, name="roster", rich_help_panel="Keep in order")


def check(
    ctx: typer.Context,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Find every mistake in the roster in one pass; exit with 1 if there is an error.

    Where there is data, what of the roster does not fit it is told too.
    """
    from velocity.roster.models import check_roster  # noqa: PLC0415 - not for --help
    from velocity.settings import load_settings  # noqa: PLC0415 - as above

    places = Places.of(ctx, data, config)
    path = load_settings(places.config).roster
    findings = check_roster(path, _seen(places.data))
    for finding in findings:
        typer.echo(escaped(f"{finding.severity}: {finding}"))
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    say(f"{path}: {errors or 'no'} error(s), {warnings or 'no'} warning(s).")
    if errors:
        raise typer.Exit(1)


def _seen(data: Path) -> "Seen | None":
    """What the latest snapshot holds; None where there is none that can be read."""
    from velocity.errors import StoreError  # noqa: PLC0415 - as above
    from velocity.reading import reads  # noqa: PLC0415 - not for --help
    from velocity.roster.against_data import Seen  # noqa: PLC0415 - as above
    from velocity.store import latest_snapshot  # noqa: PLC0415 - as above

    try:
        snapshot = latest_snapshot(data)
    except StoreError:
        return None
    projects = reads.projects(snapshot).select("entity", "project").iter_rows()
    found = reads.usernames(snapshot)
    return Seen(
        projects=["/".join(it) for it in projects],
        usernames=set(found["username"].drop_nulls()),
        gpu_types=set(found["gpu_type"].drop_nulls()),
    )


def suggest(
    ctx: typer.Context,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Write entries for the W&B usernames in the data that the roster lacks.

    They go to standard output: `velocity roster suggest >> roster.toml`
    """
    from velocity.reading import reads  # noqa: PLC0415 - not for --help
    from velocity.roster.models import load_roster  # noqa: PLC0415 - as above
    from velocity.roster.suggest import suggest_entries  # noqa: PLC0415 - as above
    from velocity.settings import load_settings  # noqa: PLC0415 - as above
    from velocity.store import latest_snapshot  # noqa: PLC0415 - as above

    places = Places.of(ctx, data, config)
    roster = load_roster(load_settings(places.config).roster)
    found = reads.usernames(latest_snapshot(places.data)).drop("gpu_type").drop_nulls()
    runs_of = dict(found.group_by("username").sum().iter_rows())
    text = suggest_entries(runs_of, roster)
    if text:
        typer.echo(text, nl=False)
    else:
        say("Every username in the data is in the roster.")
