"""Options that several commands share, each with its text, and the places every command takes."""

import inspect
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import typer

from velocity.errors import ConfigurationError
from velocity.formats import label
from velocity.paths import config_file, data_folder

Period = Literal["all", "month", "week", "day"]
Actor = Literal["person", "automation", "all"]
Format = Literal["table", "csv", "json", "parquet"]


def option(metavar: str | None, text: str, *names: str, default: Any = None, **more: Any) -> Any:
    """Declare an option, called as its parameter unless it has names; more as `typer.Option`."""
    return typer.Option(default, *names, metavar=metavar, help=text, **more)


def argument(metavar: str, text: str) -> Any:
    """Declare an argument, which is required."""
    return typer.Argument(..., metavar=metavar, help=text)


def flag(name: str, text: str, **more: Any) -> Any:
    """Declare an option without a value; more as `typer.Option`."""
    return typer.Option(False, name, help=text, **more)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"'{label(text)}' is not a day such as 2026-01-05") from error


def _project(text: str) -> str:
    entity, _, project = text.partition("/")
    if not entity or not project or "/" in project:
        raise typer.BadParameter(f"'{text}' is not ENTITY/PROJECT or ENTITY/*")
    return text


def day_option(text: str, *names: str, **more: Any) -> Any:
    """Declare an option that takes a day."""
    return option("D", text, *names, parser=_day, **more)


DATA = option("DIR", "Data folder. Default: $VELOCITY_DATA, else ./data.")
CONFIG = option(
    "FILE", "Settings file; it may be missing. Default: $VELOCITY_CONFIG, else velocity.toml."
)
FROM = day_option("First day, such as 2026-01-05.", "--from")
TO = day_option("Day after the last one, which is not included.", "--to")
SCHOLAR = option("ID", "Only this scholar.")
STREAM = option("ID", "Only this stream.")
FORMAT = option(
    None,
    "table is for people; the others hold every column, unrounded. "
    "Default: the extension of --out, else table.",
    "--format",
)
OUT = option("FILE", "Write to this file instead of standard output.")
QUIET = flag("--quiet", "Say nothing unless something fails or needs a look.")
ENTITY = option("E", "W&B entity of runs without one, such as offline runs or exports.")
USERNAME = option("U", "W&B username of runs without one.")


def actor_option(default: Actor) -> Any:
    """Declare the option of whose launches count."""
    text = (
        "Whose launches: the scholars' own, those of their automation, or both. Figures of "
        "GPU-hours and credits always count both."
    )
    return option(None, text, default=default)


def port_option(default: int) -> Any:
    """Declare the option of the port to serve on."""
    return option("N", "Port to serve on.", default=default, min=1, max=65535)


def projects_option(verb: str, otherwise: str) -> Any:
    """Declare an option that takes projects, and says where they come from otherwise."""
    text = f"{verb} this project, or ENTITY/* for every project of an entity; can be repeated."
    words = f"{text} Default: {otherwise}."
    return option("ENTITY/PROJECT", words, "--project", parser=_project)


@dataclass(frozen=True)
class Places:
    """The data folder and the settings file."""

    data: Path
    config: Path

    def __post_init__(self) -> None:
        """Check that the data folder is a folder, unless it is not there yet.

        Raises:
            ConfigurationError: it is a file.
        """
        if self.data.exists() and not self.data.is_dir():
            raise ConfigurationError(
                f"The data folder {self.data} is a file.", "Name a folder with --data."
            )


def takes_places(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --data and --config, from which its parameter `places` is made.

    The same options before the command's name come second, and the environment last.
    """

    def run(
        ctx: typer.Context, data: Path | None = DATA, config: Path | None = CONFIG, **given: Any
    ) -> None:
        # Polars sets a handler that restarts a wait instead of ending it: Ctrl-C would only be
        # noticed when a server has answered.
        signal.siginterrupt(signal.SIGINT, True)
        data_before, config_before = ctx.obj
        data, config = data or data_before, config or config_before
        command(places=Places(data or data_folder(), config or config_file()), **given)

    own, added = (inspect.signature(it).parameters.values() for it in (command, run))
    taken = [it for it in (*own, *added) if it.name not in {"places", "given"}]
    keyword = inspect.Parameter.KEYWORD_ONLY
    run.__signature__ = inspect.Signature([it.replace(kind=keyword) for it in taken])  # type: ignore[attr-defined]
    run.__annotations__ = {it.name: it.annotation for it in taken}
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    return run


def check_window(from_day: date | None, to_day: date | None) -> None:
    """Refuse a window without a day in it.

    Raises:
        typer.BadParameter: --to is not after --from.
    """
    if from_day is not None and to_day is not None and from_day >= to_day:
        raise typer.BadParameter(f"--to {to_day} must be later than --from {from_day}")
