"""velocity.toml -> frozen Settings. Every default of the product is in this file."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from velocity.errors import ConfigurationError
from velocity.toml.problems import nearest, read_toml, told, validated

if TYPE_CHECKING:
    from collections.abc import Sequence


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str) -> str:
    if name not in _zones():
        raise ValueError(
            f'an IANA time zone such as "Europe/Berlin" or "UTC"{nearest(name, _zones())}'
        )
    return name


def _project(text: str) -> str:
    if not _PROJECT.fullmatch(text):
        raise ValueError('"ENTITY/PROJECT", or "ENTITY/*" for all projects of an entity')
    return text


def _label(text: str) -> str:
    if not text.strip() or CONTROL_CHARACTERS.search(text):
        raise ValueError("a name on one line")
    return text


CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
#: A name that can be shown: not empty, and nothing in it that moves what is around it.
Label = Annotated[str, AfterValidator(_label)]
#: An IANA time zone name.
ZoneName = Annotated[str, AfterValidator(_zone)]
#: A finite number, written as one.
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


def _config_key(text: str) -> str:
    if not _CONFIG_KEY.fullmatch(text):
        raise ValueError('a key of the runs\' configs, such as "num_gpus" or "train.num_gpus"')
    return text


def _key_glob(text: str) -> str:
    if not text.strip("*") or "." in text or CONTROL_CHARACTERS.search(text):
        raise ValueError('a glob over the last part of a key, such as "*_dir": no dot, not all')
    return text


#: Keys that say where, when and as which of several a run ran, not what was tried.
_SAME_IDEA_IGNORE = """
seed random_seed rank local_rank node_rank global_rank process_rank world_rank machine_rank
group_rank role_rank node_id local_process_index process_index logging_dir output_dir log_dir
save_dir run_dir work_dir checkpoint_dir ckpt_dir run_name run_id wandb_run_id wandb_run_name host
hostname node_name nodelist master_addr master_port port *_port pid job_id *_job_id slurm_*
timestamp *_timestamp start_time launch_time started_at launched_at date datetime resume
resume_from_checkpoint cuda_visible_devices
"""
_CONFIG_KEY = re.compile(r'[^"*\\\x00-\x1f]+')
_PROJECT = re.compile(r"[^/*\s][^/*]*/(\*|[^/*\s][^/*]*)")
_Project = Annotated[str, AfterValidator(_project)]

_WEEK_MINUTES = 7 * 24 * 60


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Programme(_Section):
    """What the programme is called and when its days begin."""

    name: Label = Field("Programme", description="Name shown on pages and on the digest.")
    timezone: ZoneName = Field("UTC", description="IANA zone in which days and weeks begin.")


class Wandb(_Section):
    """What to pull. Base URL and key come from the W&B client's own places, never from here."""

    projects: tuple[_Project, ...] = Field(
        (), description='Projects to pull: "ENTITY/PROJECT", or "ENTITY/*" for all of an entity.'
    )

    def wanted(self, named: Sequence[str] = ()) -> tuple[str, ...]:
        """The projects to pull: those named, else those of the settings.

        Raises:
            ConfigurationError: there are none.
        """
        wanted = tuple(named) or self.projects
        if not wanted:
            raise ConfigurationError(
                "No W&B project is named.",
                "Name one with --project ENTITY/PROJECT, or list them under [wandb] in "
                "velocity.toml.",
            )
        return wanted


class Experiments(_Section):
    """How runs become experiments. Compare figures only at equal settings."""

    stale_after_minutes: Number = Field(
        15,
        gt=0,
        le=_WEEK_MINUTES,
        description="A running run with an older heartbeat is presumed dead.",
    )
    together_minutes: Number = Field(
        2, ge=0, le=_WEEK_MINUTES, description="Runs begun at most this long apart are one launch."
    )
    script_gap_seconds: Number = Field(
        60,
        ge=0,
        le=60 * _WEEK_MINUTES,
        description="A run begun this soon after another ended is a script going on.",
    )
    ready_within_minutes: Number = Field(
        10,
        ge=0,
        le=_WEEK_MINUTES,
        description="A launch this soon after a result that took as long was ready.",
    )
    same_idea_ignore: tuple[Annotated[str, AfterValidator(_key_glob)], ...] = Field(
        tuple(_SAME_IDEA_IGNORE.split()),
        description="Config keys that say nothing of the idea, as globs.",
    )


class Compute(_Section):
    """How GPU-hours are counted."""

    gpu_count_key: Annotated[str, AfterValidator(_config_key)] | None = Field(
        None, description="Config key whose value replaces the machine's GPU count, e.g. num_gpus."
    )


class Access(_Section):
    """Who may see what."""

    mode: Literal["open", "oidc"] = Field(
        "open", description='"open": no sign-in, loopback only. "oidc": sign-in required.'
    )
    session_hours: Number = Field(
        12, gt=0, le=30 * 24, description="Age at which a sign-in ends, whatever its cookie says."
    )
    leads_see_individuals: Annotated[bool, Field(strict=True)] = Field(
        True,
        description="false: leads see fixed groups of streams, whole weeks, and nobody by name.",
    )
    views_kept_days: Number = Field(
        90, ge=1, le=3650, description="How long it is kept who looked at whose page."
    )


class Settings(_Section):
    """All settings; `load_settings` reads them from a file."""

    roster: Path = Field(Path("roster.toml"), description="Roster file, beside velocity.toml.")
    programme: Programme = Programme()
    wandb: Wandb = Wandb()
    experiments: Experiments = Experiments()
    compute: Compute = Compute()
    access: Access = Access()

    @property
    def named_keys(self) -> tuple[str, ...]:
        """Config keys whose values are kept in clear."""
        key = self.compute.gpu_count_key
        return () if key is None else (key,)


def load_settings(path: Path) -> Settings:
    """Settings of the file at `path`; the defaults where there is none.

    A relative `roster` is taken from the file's own folder.

    Raises:
        ConfigurationError: not readable, not TOML, or with values that cannot be used; all
            mistakes are named at once.
    """
    if not path.exists():
        return Settings(roster=path.parent / "roster.toml")
    settings, findings = validated(read_toml(path), Settings)
    if settings is None:
        raise ConfigurationError(
            told(path, findings), "Correct it; docs/configuration.md lists every setting."
        )
    return settings.model_copy(update={"roster": path.parent / settings.roster})
