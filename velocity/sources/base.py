"""What a source of runs is, and which there are."""

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

#: Entry points of this group are functions without arguments that give a `Source`.
GROUP = "velocity.sources"

#: Sources that come with velocity: a program that was updated and not installed anew has them too.
_OWN = {
    "table": "velocity.sources.run_table:TableSource",
    "files": "velocity.sources.wandb_files:LocalSource",
}


@dataclass(frozen=True)
class Asked:
    """What a person asks of a source.

    Args:
        places: paths, addresses, or whatever else the source calls the places of its runs.
        entity: of the runs for which a place names none.
        project: likewise.
        username: whose runs these are, where a place does not tell.
        user_column: where a place has columns, the heading of the one with the usernames.
        on_progress: may be told what is being read, how much of it is done, and of how much.
    """

    places: Sequence[str]
    entity: str | None = None
    project: str | None = None
    username: str | None = None
    user_column: str | None = None
    on_progress: Callable[[str, int, int], None] = lambda *_: None


class Source(Protocol):
    """Where runs come from that a person brings in.

    An entry point of the group "velocity.sources" names a function (or class) that is called
    without arguments and gives one; its name is what `velocity import --from` takes.
    """

    def read(self, asked: Asked) -> Iterator[RunBatch]:
        """The runs of some places, batch by batch, each of some thousand runs at most.

        Every row has `entity`, `project` and `run_id`, which together are the run for good; `state`
        and `created_at`; `source`, a short name of this source; and `trust`: of two sources that
        tell of one run, the larger counts (W&B's own server has 3, a table 2, local files 1).
        `url` is the page of the run, if it has one. What is not known is null. Times are in UTC,
        `config_hash` and `config` as `velocity.records` makes them. A row that cannot become a run
        is in `rejected`, and stops no other.

        A batch may say in `complete_to` to which instant it is complete. Reading again gives all
        runs again: what has not changed changes nothing.

        Raises:
            SourceError: a place cannot be read at all; the message says which, the hint what to do.
        """


class Server(Protocol):
    """A server that is asked for runs again and again, project by project, by `velocity sync`.

    Any thread may call any method. All that ask it raise RetryLaterError where asking again may
    help, NoProjectError where an entity has no such project, and SourceError or
    ConfigurationError where it will not help.
    """

    requests: int
    #: The server's own clock (UTC) at the last `count_runs`; None where it did not say.
    clock: datetime | None

    def counting(self) -> Server:
        """The same server, with a count of `requests` of its own that begins at 0."""

    @property
    def at_once(self) -> int:
        """How many requests it takes at once."""

    @property
    def viewer(self) -> str:
        """The user name of whoever is signed in."""

    @property
    def app_url(self) -> str:
        """Where its pages for people are, with a slash at the end."""

    def fetch_project_names(self, entity: str) -> list[str]:
        """Names of all projects of an entity that can be seen, sorted."""

    def fetch_clock(self) -> datetime | None:
        """The server's own clock (UTC); None where it does not say."""

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
        """Runs, a batch a page: all, those with a heartbeat since, or those with some ids.

        Rows are as those of a `Source`. Ids that do not exist give none. The last batch says in
        `asked_for` how many runs match, if the server knows.
        """

    def fetch_listing(
        self,
        entity: str,
        project: str,
        *,
        since: datetime | None = None,
        run_ids: Sequence[str] | None = None,
    ) -> Iterator[pl.DataFrame]:
        """The same without what is dear to read: entity, project, run id and some columns more."""


def find_source(name: str) -> Source:
    """The source of that name, of those that come with velocity and those that are installed.

    Raises:
        SourceError: there is none, or it cannot be loaded.
    """
    if name in _OWN:
        module, _, attribute = _OWN[name].partition(":")
        return cast("Source", getattr(import_module(module), attribute)())
    installed = {found.name: found for found in entry_points(group=GROUP)}
    if name not in installed:
        raise SourceError(
            f'There is no source "{name}".',
            f"Take one of {', '.join(sorted({*_OWN, *installed}))}, or install what brings it.",
        )
    try:
        return cast("Source", installed[name].load()())
    except Exception as error:
        raise SourceError(
            f'The source "{name}" of {installed[name].value} cannot be loaded: {error}',
            "Install the version of it that fits this one of velocity.",
        ) from error


def connect_server() -> Server:
    """The server that `velocity sync` asks, signed in.

    Raises:
        ConfigurationError: it has no key or refuses it.
        SourceError: it cannot be read, or not now.
    """
    from velocity.sources.wandb_api import connect  # noqa: PLC0415 - importing wandb costs a second

    return connect()
