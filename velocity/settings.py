"""velocity.toml as settings. Every default of the product is in this file."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from velocity.errors import ConfigurationError
from velocity.toml import hinted, like, mistakes_in, must, read_toml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from velocity.state import Where


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str) -> str:
    if name not in _zones():
        expected = 'an IANA time zone such as "Europe/Berlin" or "UTC"'
        raise ValueError(hinted(expected, name, _zones()))
    return name


CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
#: A name that can be shown: not empty, without characters that move the text around it.
Label = Annotated[
    str,
    must(lambda text: text.strip() and not CONTROL_CHARACTERS.search(text), "a name on one line"),
]
#: An IANA time zone name.
ZoneName = Annotated[str, AfterValidator(_zone)]
#: A finite number, not in quotes.
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
_PROJECT = like(
    r"[^/*\s][^/*]*/(\*|[^/*\s][^/*]*)",
    '"ENTITY/PROJECT", or "ENTITY/*" for all projects of an entity',
)
_KEY = like(
    r'[^"*\\\x00-\x1f]+', 'a key of the runs\' configs, such as "num_gpus" or "train.num_gpus"'
)
_KEY_GLOB = like(
    r"(?!\*+$)[^.\x00-\x1f\x7f-\x9f]+",
    'a glob over the last part of a key, such as "*_dir", without a dot',
)
_ADDRESS = like(
    r"https?://[A-Za-z0-9.:/_~%\[\]-]{1,180}", "an address such as https://velocity.example.org"
)
_WEB = like(r"https?://[^\s<>|\"]+", 'an address that begins with "https://" or "http://"')
_BUCKET = like(
    r"s3://[a-z0-9][a-z0-9.-]{1,62}(/[A-Za-z0-9][A-Za-z0-9._-]*)*",
    "an address such as s3://bucket/prefix, without a key",
)
_POSTGRES = like(
    r"postgresql://([\w.-]+@)?[\w.-]*(:\d{1,5})?/[\w.-]+(\?(?!.*password)[\w.=&/%-]+)?",
    "an address such as postgresql://user@host/database, without a password",
)
_SCHEDULER = like(
    r"tls://[\w.\[\]:-]+:\d{1,5}|tcp://(localhost|127\.0\.0\.\d+|\[::1\]):\d{1,5}",
    "an address such as tls://scheduler:8786 (tcp:// is for this machine only, because anybody "
    "who can read it can run code on the workers)",
)
_WHOLE_PATH = must(lambda text: Path(text).is_absolute(), "a path from the root")
_WEEK_MINUTES = 7 * 24 * 60

#: Keys that say where, when and as which of several a run ran, not what it tried.
_SAME_IDEA_IGNORE = """
seed random_seed rank local_rank node_rank global_rank process_rank world_rank machine_rank
group_rank role_rank node_id local_process_index process_index logging_dir output_dir log_dir
save_dir run_dir work_dir checkpoint_dir ckpt_dir run_name run_id wandb_run_id wandb_run_name host
hostname node_name nodelist master_addr master_port port *_port pid job_id *_job_id slurm_*
timestamp *_timestamp start_time launch_time started_at launched_at date datetime resume
resume_from_checkpoint cuda_visible_devices
"""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Programme(_Section):
    """The name of the programme and its time zone."""

    name: Label = "Programme"
    """Name shown on pages and on the digest."""
    timezone: ZoneName = "UTC"
    """IANA zone of days and weeks."""
    address: Annotated[str, _ADDRESS] | None = None
    """Where the dashboard is served, e.g. https://velocity.example.org. The digest links to it."""


class Wandb(_Section):
    """The projects to pull. The base URL and key come from the W&B client's own settings."""

    projects: tuple[Annotated[str, _PROJECT], ...] = ()
    """Projects to pull: "ENTITY/PROJECT", or "ENTITY/*" for all of an entity."""
    utilisation_requests: Annotated[int, Field(strict=True)] = Field(50, ge=0, le=10_000)
    """Most requests of a sync for the GPU utilisation of runs; 0 turns them off."""

    def wanted(self, named: Sequence[str] = ()) -> tuple[str, ...]:
        """Returns the projects to pull: those named, else those in the settings.

        Raises:
            ConfigurationError: there are none.
        """
        wanted = tuple(named) or self.projects
        if not wanted:
            raise ConfigurationError(
                "No W&B project is named.",
                "Run `velocity init`, name one with --project ENTITY/PROJECT, or list them under "
                "[wandb] in velocity.toml.",
            )
        return wanted


class Experiments(_Section):
    """How runs become experiments. Compare figures only at equal settings."""

    stale_after_minutes: Number = Field(15, gt=0, le=_WEEK_MINUTES)
    """A running run with an older heartbeat is presumed dead."""
    together_minutes: Number = Field(2, ge=0, le=_WEEK_MINUTES)
    """Runs that begin at most this long apart are one launch."""
    script_gap_seconds: Number = Field(60, ge=0, le=60 * _WEEK_MINUTES)
    """A run that begins this soon after another ended is part of a script."""
    ready_within_minutes: Number = Field(10, ge=0, le=_WEEK_MINUTES)
    """A launch this soon after a result counts as prepared before it, if the result took at least
    as long."""
    same_idea_ignore: tuple[Annotated[str, _KEY_GLOB], ...] = tuple(_SAME_IDEA_IGNORE.split())
    """Config keys that do not describe the idea, as globs."""


class Compute(_Section):
    """How GPU-hours are counted."""

    gpu_count_key: Annotated[str, _KEY] | None = None
    """Config key whose value replaces the machine's GPU count, e.g. num_gpus."""
    rented_gap_hours: Number = Field(12, gt=0, le=_WEEK_MINUTES / 60)
    """A longer gap between runs on a rented host counts as this long."""


class Access(_Section):
    """Who may see what."""

    mode: Literal["open", "oidc"] = "open"
    """"open": no sign-in, loopback only. "oidc": sign-in required."""
    session_hours: Number = Field(12, gt=0, le=30 * 24)
    """Age at which a sign-in ends, regardless of its cookie."""
    leads_see_individuals: Annotated[bool, Field(strict=True)] = True
    """false: leads see published weeks of groups of streams, and no live data."""
    views_kept_days: Number = Field(90, ge=1, le=3650)
    """How long the record of who looked at whose page is kept."""


#: What a message can be about, besides the lists of a day.
Rule = Literal["result_waiting", "run_died", "older_than_usual", "host_idle", "runway"]


class Messages(_Section):
    """Messages to people who asked for them in the roster."""

    rules: tuple[Rule, ...] = ("result_waiting", "host_idle", "runway")
    """What messages are about. docs/nudges.md says why the others are off."""
    fresh_minutes: Number = Field(60, gt=0, le=_WEEK_MINUTES)
    """Nothing is said about a project whose data is older: it may be resolved."""
    no_sync_hours: Number = Field(24, gt=0, le=_WEEK_MINUTES / 60)
    """The operator gets a message when no sync has succeeded for this long."""
    dashboard: Annotated[str, _WEB] | None = None
    """Address of the app, which messages link to, such as https://v.example."""


class Store(_Section):
    """How long runs are kept, and where data is beyond one machine.

    Keys and passwords come from the environment.
    """

    keep_weeks: Annotated[int, Field(strict=True, ge=12, le=5200)] | None = None
    """Each sync archives what is older than this many whole weeks."""

    record: Annotated[str, _POSTGRES] | None = None
    """Postgres database for the record, which several workers can pull into, such as
    postgresql://velocity@host/runs."""
    snapshots: Annotated[str, _BUCKET] | None = None
    """Bucket that snapshots are published to and pulled from, such as s3://bucket/prefix."""
    state: Annotated[str, _POSTGRES] | None = None
    """Postgres database for sign-outs, looks and sent messages, such as
    postgresql://velocity@host/velocity."""


class Derive(_Section):
    """Where everybody is derived, if one machine is not enough.

    Certificates come from the environment.
    """

    scheduler: Annotated[str, _SCHEDULER] | None = None
    """Dask scheduler whose workers derive everybody, such as tls://scheduler:8786."""
    folder: Annotated[str, _WHOLE_PATH] | None = None
    """Folder that the workers share, with the same path everywhere; by default, the data folder."""
    runs_per_shard: Annotated[int, Field(strict=True, ge=1)] = 125_000
    """Runs that a worker derives at a time."""
    worker_memory_mib: Annotated[int, Field(strict=True, ge=64)] = 256
    """Memory in MiB for the data of a shard; what is more goes to the folder."""


class Settings(_Section):
    """All settings; `load_settings` reads them from a file."""

    roster: Path = Path("roster.toml")
    """Roster file, beside velocity.toml."""
    programme: Programme = Programme()
    wandb: Wandb = Wandb()
    experiments: Experiments = Experiments()
    compute: Compute = Compute()
    access: Access = Access()
    messages: Messages = Messages()
    store: Store = Store()
    derive: Derive = Derive()

    def state_of(self, data: Path) -> Where:
        """Where the state beside the store is: in Postgres, or in the data folder."""
        return self.store.state or data

    @property
    def named_keys(self) -> tuple[str, ...]:
        """Config keys whose values are stored as they are."""
        key = self.compute.gpu_count_key
        return () if key is None else (key,)


def load_settings(path: Path) -> Settings:
    """Returns the settings in the file at `path`; the defaults if there is no such file.

    A relative `roster` is relative to the file's own folder.

    Raises:
        ConfigurationError: the file is not readable, not TOML, or has wrong values; the message
            names every mistake.
    """
    if not path.exists():
        return Settings(roster=path.parent / "roster.toml")
    checked = read_toml(path, Settings)
    if checked.model is None:
        raise ConfigurationError(
            mistakes_in(path, checked.findings),
            "Correct it. docs/configuration.md lists every key.",
        )
    return checked.model.model_copy(update={"roster": path.parent / checked.model.roster})
