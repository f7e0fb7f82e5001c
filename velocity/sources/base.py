"""The contract of a source of runs, and the available sources."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Protocol, TypeAlias, cast

from velocity.errors import SourceError
from velocity.records import RunBatch
from velocity.sources.wandb_api import WandbServer, connect

#: The server that `velocity sync` pulls runs from repeatedly, and how to sign in there.
Server: TypeAlias = WandbServer
connect_server = connect

#: Entry points of this group are functions without arguments that return a `Source`.
GROUP = "velocity.sources"

#: Sources that come with velocity; they are not in its metadata, so an update needs no new install.
_OWN = {
    name: EntryPoint(name, f"velocity.sources.{value}", GROUP)
    for name, value in {
        "table": "run_table:TableSource",
        "files": "wandb_files:LocalSource",
        "inspect": "inspect_logs:InspectSource",
        "mlflow": "mlflow_runs:MlflowSource",
        "slurm": "slurm:SlurmSource",
        "trackio": "trackio_runs:TrackioSource",
    }.items()
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


def find_source(name: str) -> Source:
    """The source with a name: one that comes with velocity, or an installed one.

    Raises:
        SourceError: there is no such source, or it cannot be loaded.
    """
    known = {found.name: found for found in entry_points(group=GROUP)} | _OWN
    if name not in known:
        raise SourceError(
            f'There is no source "{name}".',
            f"Use one of {', '.join(sorted(known))}, or install its package.",
        )
    try:
        return cast("Source", known[name].load()())
    except Exception as error:
        raise SourceError(
            f'The source "{name}" of {known[name].value} cannot be loaded: {error}',
            "Install the version of its package that works with this version of velocity.",
        ) from error
