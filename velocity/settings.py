"""velocity.toml -> frozen Settings. Every default of the product is in this file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from velocity.errors import ConfigurationError


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(
            f'"{name}" is not an IANA time zone; use a name such as "Europe/Berlin" or "UTC"'
        ) from error
    return name


#: An IANA time zone name that this machine knows.
ZoneName = Annotated[str, AfterValidator(_zone)]
_Project = Annotated[str, Field(pattern=r"^[^/\s]+/[^/\s]+$")]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Programme(_Section):
    """What the programme is called and when its days begin."""

    name: str = Field("Programme", description="Name shown on pages and on the digest.")
    timezone: ZoneName = Field("UTC", description="IANA zone in which days and weeks begin.")


class Wandb(_Section):
    """What to pull. Base URL and key come from the W&B client's own places, never from here."""

    projects: tuple[_Project, ...] = Field(
        (), description='Projects to pull: "ENTITY/PROJECT", or "ENTITY/*" for all of an entity.'
    )


class Experiments(_Section):
    """How runs become experiments. Compare figures only at equal settings."""

    stale_after_minutes: float = Field(
        15, gt=0, description="A running run with an older heartbeat is presumed dead."
    )
    together_minutes: float = Field(
        2, ge=0, description="Runs begun at most this long apart are one launch."
    )
    script_gap_seconds: float = Field(
        60, ge=0, description="A run begun this soon after another ended is a script going on."
    )


class Compute(_Section):
    """How GPU-hours are counted."""

    gpu_count_key: str | None = Field(
        None, description="Config key whose value replaces the machine's GPU count, e.g. num_gpus."
    )


class Access(_Section):
    """Who may see what."""

    mode: Literal["open", "oidc"] = Field(
        "open", description='"open": no sign-in, loopback only. "oidc": sign-in required.'
    )


class Settings(_Section):
    """All settings; `load_settings` reads them from a file."""

    roster: Path = Field(Path("roster.toml"), description="Roster file, beside velocity.toml.")
    programme: Programme = Programme()
    wandb: Wandb = Wandb()
    experiments: Experiments = Experiments()
    compute: Compute = Compute()
    access: Access = Access()


def load_settings(path: Path) -> Settings:
    """Settings of the file at `path`; the defaults where there is none.

    A relative `roster` is taken from the file's own folder.

    Raises:
        ConfigurationError: not readable, not TOML, or with values that cannot be used; all
            mistakes are named at once.
    """
    if not path.exists():
        return Settings(roster=path.parent / "roster.toml")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(
            f"{path} cannot be read as TOML: {error}.",
            "Correct the file; see docs/configuration.md.",
        ) from error
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors()
        )
        raise ConfigurationError(
            f"{path} has settings that cannot be used: {wrong}.",
            "Correct them; docs/configuration.md lists every setting.",
        ) from error
    return settings.model_copy(update={"roster": path.parent / settings.roster})
