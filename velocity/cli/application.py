"""The commands put together, and what happens when one of them cannot go on."""

# No `from __future__ import annotations`: Typer reads the types of the options at run time.

import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from velocity import __version__
from velocity.cli import bring, doctor, explain, figures, forget, metrics, report, roster, serving
from velocity.cli.options import ConfigOption, DataOption
from velocity.cli.progress import say
from velocity.errors import VelocityError

_ABOUT = """Research velocity from Weights & Biases runs.

How many experiments are in flight, how long a feedback loop takes, and which half of it is waiting.

To look around: `velocity demo`. With runs of your own: `velocity sync`, then `velocity app`."""

app = typer.Typer(
    name="velocity",
    help=_ABOUT,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _module in (serving, bring, metrics, figures, explain, report, roster, doctor, forget):
    _module.add_to(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _places(
    ctx: typer.Context,
    data: DataOption = None,
    config: ConfigOption = None,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    ctx.obj = data, config


def main() -> None:
    """Runs the command of `sys.argv` and exits: 0 done, 1 it could not be done, 2 wrong usage."""
    # Whatever a command writes names people: it is for whoever runs it.
    os.umask(0o077)
    try:
        app(prog_name="velocity")
    except VelocityError as error:
        _give_up(error.message, error.hint)
    except OSError as error:
        _give_up(*_explained(error))
    except Exception as error:  # noqa: BLE001 - a traceback says nothing to the person who meets it
        # Its message may quote a run or a person, and standard error may go to a log.
        last = traceback.extract_tb(error.__traceback__)[-1]
        _give_up(
            f"Unexpected error: {type(error).__name__} in {last.name} "
            f"({Path(last.filename).name}:{last.lineno}).",
            f"Please report it{_kept_details(error)}.",
        )


def _explained(error: OSError) -> tuple[str, str]:
    where = f"{error.filename}: " if error.filename else ""
    return (
        f"The system refused: {where}{error.strerror or error}.",
        "Correct the path, its permissions or the room on the disk, and try again.",
    )


def _kept_details(error: Exception) -> str:
    """Writes the calls that led to an error to a file; returns the end of a sentence about it."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="velocity-", suffix=".log", delete=False, encoding="utf-8"
        ) as file:
            file.write("\n".join([f"velocity {__version__}", *_steps(error), ""]))
    except OSError as refused:
        return f"; its details could not be kept: {refused.strerror or refused}"
    return f" with the details in {file.name}; they name nobody"


def _steps(error: BaseException) -> Iterator[str]:
    """The calls that led to an error, after those of the error that caused it.

    Error messages and file paths are left out: both may name people, and `velocity forget` does
    not search these files.
    """
    earlier = error.__cause__ or error.__context__
    if earlier is not None:
        yield from _steps(earlier)
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = frame.f_globals.get("__name__", "?")
        yield f"  {module}:{line} in {frame.f_code.co_name}"
    yield type(error).__name__


def _give_up(message: str, hint: str) -> NoReturn:
    typer.secho("Error: ", fg=typer.colors.RED, bold=True, nl=False, err=True)
    say(f"{message}\n{hint}")
    sys.exit(1)
