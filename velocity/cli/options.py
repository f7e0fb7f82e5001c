"""Options that several commands share, and the places that two of them name."""

# No `from __future__ import annotations`: Typer reads these types when the commands are made.

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from velocity.formats import label
from velocity.paths import config_file, data_folder

Period = Literal["all", "month", "week", "day"]
Format = Literal["table", "csv", "json", "parquet"]

DEFAULT_PORT = 8501


def parse_day(text: str) -> date:
    """The day of an option's text."""
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


DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Folder of the data. Default: $VELOCITY_DATA, else ./data.",
        show_default=False,
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Settings, which need not exist. Default: $VELOCITY_CONFIG, else velocity.toml.",
        show_default=False,
    ),
]
FromOption = Annotated[
    date | None,
    typer.Option(
        "--from",
        metavar="D",
        parser=parse_day,
        help="First day, such as 2026-01-05.",
        show_default=False,
    ),
]
ToOption = Annotated[
    date | None,
    typer.Option(
        "--to",
        metavar="D",
        parser=parse_day,
        help="Day after the last: that day itself is not included.",
        show_default=False,
    ),
]
ScholarOption = Annotated[
    str | None,
    typer.Option("--scholar", metavar="ID", help="Only this scholar.", show_default=False),
]
FormatOption = Annotated[
    Format | None,
    typer.Option(
        "--format",
        help="table is for people; the others hold every column, unrounded. "
        "Default: what the name of --out ends in, else table.",
        show_default=False,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="Write to this file instead of standard output.",
        show_default=False,
    ),
]
PortOption = Annotated[
    int, typer.Option("--port", metavar="N", min=1, max=65535, help="Port to serve on.")
]
AsOfOption = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        metavar="TS",
        parser=_instant,
        help="The instant to which the tables are complete, in UTC unless it says otherwise. "
        "Default: the largest time in them.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class Places:
    """Where the data and the settings are."""

    data: Path
    config: Path

    @classmethod
    def of(cls, ctx: typer.Context, data: Path | None, config: Path | None) -> "Places":
        """What the command says, else what stands before it, else the environment."""
        before: tuple[Path | None, Path | None] = ctx.obj
        return cls(
            data or before[0] or data_folder(),
            config or before[1] or config_file(),
        )


def check_window(from_day: date | None, to_day: date | None) -> None:
    """Refuses a window without a day in it."""
    if from_day is not None and to_day is not None and from_day >= to_day:
        raise typer.BadParameter(
            f"no day lies between {from_day} and {to_day} (which is not included)"
        )
