"""Options that several commands share, each with its text, and the places every command takes."""

import inspect
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import typer

from velocity.errors import ConfigurationError
from velocity.formats import label
from velocity.paths import config_file, data_folder

Period = Literal["all", "month", "week", "day"]
Actor = Literal["person", "automation", "all"]
Format = Literal["table", "csv", "json", "parquet"]

DEFAULT_PORT = 8501


def option(name: str, metavar: str | None, text: str, **more: Any) -> Any:
    """Declare an option; `more` as for `typer.Option`."""
    return typer.Option(name, metavar=metavar, help=text, **more)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"'{label(text)}' is not a day such as 2026-01-05") from error


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"'{label(text)}' is not a time such as 2026-01-05T18:00Z"
        ) from error
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


def _zone(text: str) -> str:
    if text not in available_timezones():
        raise typer.BadParameter(f"'{label(text)}' is not a time zone such as Europe/Zurich")
    return text


def project_name(text: str) -> str:
    """Return the text if it has the form ENTITY/PROJECT or ENTITY/*.

    Raises:
        typer.BadParameter: it does not.
    """
    entity, _, project = text.partition("/")
    if not entity or not project or "/" in project:
        raise typer.BadParameter(f"'{text}' is not ENTITY/PROJECT or ENTITY/*")
    return text


def day_option(name: str, text: str) -> Any:
    """Declare an option that takes a day."""
    return option(name, "D", text, parser=_day)


DataOption = Annotated[
    Path | None, option("--data", "DIR", "Data folder. Default: $VELOCITY_DATA, else ./data.")
]
ConfigOption = Annotated[
    Path | None,
    option(
        "--config",
        "FILE",
        "Settings file; it may be missing. Default: $VELOCITY_CONFIG, else velocity.toml.",
    ),
]
FromOption = Annotated[date | None, day_option("--from", "First day, such as 2026-01-05.")]
ToOption = Annotated[
    date | None, day_option("--to", "Day after the last one, which is not included.")
]
ScholarOption = Annotated[str | None, option("--scholar", "ID", "Only this scholar.")]
StreamOption = Annotated[str | None, option("--stream", "ID", "Only this stream.")]
ActorOption = Annotated[
    Actor,
    option(
        "--actor",
        None,
        "Whose launches: the scholars' own, those of their automation, or both. Figures of "
        "GPU-hours and credits always count both.",
    ),
]
FormatOption = Annotated[
    Format | None,
    option(
        "--format",
        None,
        "table is for people; the others hold every column, unrounded. "
        "Default: the extension of --out, else table.",
    ),
]
OutOption = Annotated[
    Path | None, option("--out", "FILE", "Write to this file instead of standard output.")
]
QuietOption = Annotated[
    bool, option("--quiet", None, "Say nothing unless something fails or needs a look.")
]
PortOption = Annotated[int, option("--port", "N", "Port to serve on.", min=1, max=65535)]
EntityOption = Annotated[
    str | None,
    option("--entity", "E", "W&B entity of runs without one, such as offline runs or exports."),
]
UsernameOption = Annotated[
    str | None, option("--username", "U", "W&B username of runs without one.")
]
TimezoneOption = Annotated[
    str | None,
    option(
        "--timezone",
        "ZONE",
        "Time zone of local times in the input, such as Europe/Zurich; sacct writes such times.",
        parser=_zone,
    ),
]
AsOfOption = Annotated[
    datetime | None,
    option(
        "--as-of",
        "TS",
        "When the tables were complete; UTC unless the time has an offset. "
        "Default: the latest time in them.",
        parser=_instant,
    ),
]


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
        ctx: typer.Context, data: DataOption = None, config: ConfigOption = None, **given: Any
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
