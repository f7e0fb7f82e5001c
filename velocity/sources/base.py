"""The contract of a source of runs, and the available sources."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Protocol, cast

from velocity.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    import polars as pl

    from velocity.records import RunBatch

#: Entry points of this group are functions without arguments that return a `Source`.
GROUP = "velocity.sources"

#: Sources that come with velocity; they need no entry point, so an update needs no new install.
_OWN = {
    "table": "velocity.sources.run_table:TableSource",
    "files": "velocity.sources.wandb_files:LocalSource",
    "inspect": "velocity.sources.inspect_logs:InspectSource",
    "mlflow": "velocity.sources.mlflow_runs:MlflowSource",
    "slurm": "velocity.sources.slurm:SlurmSource",
    "trackio": "velocity.sources.trackio_runs:TrackioSource",
}


@dataclass(frozen=True)
class Asked:
    """A user's request to a source."""

    places: Sequence[str]  # paths, addresses or other places that the source reads runs from
    entity: str | None = None  # for runs whose place does not name one
    project: str | None = None  # likewise
    username: str | None = None  # likewise
    user_column: str | None = None  # heading of the usernames, in places that have columns
    timezone: str | None = None  # IANA zone of local times, in places that do not name it
    #: Called with the name of what is being read, how much of it is done, and the total.
    on_progress: Callable[[str, int, int], None] = lambda *_: None


class Source(Protocol):
    """A place that a person imports runs from.

    An entry point of the group "velocity.sources" names a function (or class) without arguments
    that returns a source. `velocity import --from` takes the name of the entry point.
    """

    def read(self, asked: Asked) -> Iterator[RunBatch]:
        """The runs of some places, in batches of at most a few thousand runs.

        Every row has `entity`, `project` and `run_id`, which together identify the run for good;
        `state` and `created_at`; `source`, a short name of this source; and `trust`: if two sources
        have the same run, the larger number wins (W&B's own server has 3, a table 2, local files
        1). A job of a scheduler has `submitted_at`: if runs of other sources lie inside it, these
        count and the job itself does not. `url` is the page of the run, if it has one. Unknown
        values are null. Times are in UTC; `config_hash` and `config` are made as in
        `velocity.records`. A row that cannot become a run is in `rejected` and does not stop the
        others.

        A batch may have in `complete_to` the instant to which it is complete. Reading again returns
        all runs again; merging unchanged runs changes nothing.

        Raises:
            SourceError: a place cannot be read at all; the message says which one, the
                hint what to do.
        """


class Server(Protocol):
    """A server that `velocity sync` pulls runs from repeatedly, project by project.

    Any thread may call any method. Methods that send a request raise RetryLaterError if a retry may
    help, NoProjectError if an entity has no such project, and SourceError or ConfigurationError if
    a retry will not help.
    """

    requests: int
    #: The server's own clock (UTC) at the last `count_runs`; None if it did not say.
    clock: datetime | None

    def counting(self) -> Server:
        """The same server, with a separate count of `requests` that begins at 0."""

    @property
    def at_once(self) -> int:
        """How many requests it accepts at once."""

    @property
    def viewer(self) -> str:
        """The username of the person who is signed in."""

    @property
    def app_url(self) -> str:
        """Address of its web pages, with a slash at the end."""

    def fetch_project_names(self, entity: str) -> list[str]:
        """Names of all projects of an entity that can be seen, sorted."""

    def fetch_clock(self) -> datetime | None:
        """The server's own clock (UTC); None if it does not say."""

    def count_runs(self, entity: str, project: str) -> int:
        """Number of runs in a project, by the server's own count."""

    def fetch_runs(
        self,
        entity: str,
        project: str,
        *,
        since: datetime | None = None,
        run_ids: Sequence[str] | None = None,
    ) -> Iterator[RunBatch]:
        """Runs, one batch per page: all, those with a heartbeat since then, or some ids.

        Rows are like those of a `Source`. Ids that do not exist do not have a row. The last batch
        says in `asked_for` how many runs match, if the server knows.
        """

    def fetch_listing(
        self,
        entity: str,
        project: str,
        *,
        since: datetime | None = None,
        run_ids: Sequence[str] | None = None,
    ) -> Iterator[pl.DataFrame]:
        """The same without config and summary: entity, project, run id and some other columns."""

    def fetch_utilisation(
        self, entity: str, project: str, run_ids: Sequence[str]
    ) -> dict[str, float | None]:
        """Mean GPU utilisation of runs, 0 to 1, in one request; None if it cannot be read.

        Runs that did not measure it are absent.
        """


def find_source(name: str) -> Source:
    """The source with a name: one that comes with velocity, or an installed one.

    Raises:
        SourceError: there is no such source, or it cannot be loaded.
    """
    if name in _OWN:
        module, _, attribute = _OWN[name].partition(":")
        return cast("Source", getattr(import_module(module), attribute)())
    installed = {found.name: found for found in entry_points(group=GROUP)}
    if name not in installed:
        raise SourceError(
            f'There is no source "{name}".',
            f"Use one of {', '.join(sorted({*_OWN, *installed}))}, or install its package.",
        )
    try:
        return cast("Source", installed[name].load()())
    except Exception as error:
        raise SourceError(
            f'The source "{name}" of {installed[name].value} cannot be loaded: {error}',
            "Install the version of its package that works with this version of velocity.",
        ) from error


def connect_server() -> Server:
    """The server that `velocity sync` pulls from, signed in.

    Raises:
        ConfigurationError: there is no key, or the server refuses it.
        SourceError: the server cannot be read, or not now.
    """
    from velocity.sources.wandb_api import connect  # noqa: PLC0415 - importing wandb costs a second

    return connect()
