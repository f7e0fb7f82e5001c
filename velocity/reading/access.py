"""Which rows a viewer may see, as a scope that every read applies in its query.

Looks at the rows of one scholar are recorded here.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from velocity import state
from velocity.roster.fields import folded_address
from velocity.roster.models import Roster, load_roster
from velocity.settings import Settings
from velocity.state import Where
from velocity.toml import until_changed

Role = Literal["lead", "mentor", "research manager", "scholar"]


@dataclass(frozen=True)
class Scope:
    """The rows a viewer may see: all, or those of some scholars and those inside some streams.

    Hashable, so that it can be part of a cache key.
    """

    everything: bool = False
    scholars: tuple[str, ...] = ()  # seen whole
    streams: tuple[str, ...] = ()  # whose own rows are seen, and their scholars within them
    fixed_groups: bool = False  # whether the fixed groups of streams are seen, whole weeks only
    hours: tuple[str, ...] | None = ()  # scholars whose hours of the day are seen; None: all

    @property
    def params(self) -> dict[str, Any]:
        """The value of the `$scope` parameter; see queries/macros/as_viewer.sql."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    def sees_whole(self, scholar: str) -> bool:
        """Whether every row of the scholar may be seen, except the hours of the day."""
        return self.everything or scholar in self.scholars

    def sees_stream(self, stream: str) -> bool:
        """Whether every row of the stream may be seen, except the hours of the day."""
        return self.everything or stream in self.streams

    def sees_hours(self, scholar: str | None) -> bool:
        """Whether hours of the day, nights and weekends of the scholar may be seen.

        None: of everybody.
        """
        return self.hours is None or scholar in self.hours


#: The scope of the command line and of `access.mode = "open"`.
EVERYTHING = Scope(everything=True, fixed_groups=True, hours=None)

#: The scope of a lead who may not see individuals.
GROUPS_ALONE = Scope(fixed_groups=True)


@dataclass(frozen=True)
class Viewer:
    """A person who uses the dashboard, and their roles."""

    email: str | None  # address of the sign-in; None without sign-in (`access.mode = "open"`)
    name: str  # in the roster, else the address; shown to scholars whose pages are opened
    roles: frozenset[Role]
    scope: Scope
    scholar: str | None = None  # id of the viewer as a scholar
    managed: tuple[str, ...] = ()  # scholars whom the viewer sees as their research manager


#: The viewer without sign-in.
ANYBODY = Viewer(None, "anyone who opens it", frozenset({"lead"}), EVERYTHING)


def viewer_of(roster: Roster, email: str, *, leads_see_individuals: bool) -> Viewer | None:
    """Returns the viewer with an address; None if the roster does not have it or disables it.

    A person who is disabled as a scholar is not admitted by another role either.
    """
    address = folded_address(email)
    if address is None:
        return None
    selves = [person for person in roster.scholars if address in person.emails]
    if any(person.disabled for person in selves):
        return None
    mentored = tuple(stream.id for stream in roster.streams if address in stream.mentors)
    leads = address in roster.leads
    ids = tuple(person.id for person in selves)
    managed = tuple(it for it in roster.managed_by(address) if it not in ids)
    has: dict[Role, Any] = {
        "lead": leads,
        "mentor": mentored,
        "research manager": managed,
        "scholar": ids,
    }
    roles = frozenset(it for it in has if has[it])
    if not roles:
        return None
    return Viewer(
        email=address,
        name=selves[0].name if selves else address,
        roles=roles,
        scope=Scope(
            everything=leads and leads_see_individuals,
            scholars=(*ids, *managed),
            streams=mentored,
            fixed_groups=leads,
            hours=ids,
        ),
        scholar=ids[0] if ids else None,
        managed=managed,
    )


def record_look(where: Where, viewer: Viewer, scholar: str, page: str, kept_days: float) -> None:
    """Records that a viewer, if not the scholar, looks at rows of only this scholar.

    The scholar can see it. Without sign-in nobody is recorded; older looks than `kept_days` are
    removed.
    """
    if viewer.email is not None and scholar != viewer.scholar:
        who = {"scholar": scholar, "email": viewer.email, "name": viewer.name}
        state.record_look(where, **who, page=page, at=datetime.now(UTC), kept_days=kept_days)


_latest_roster = until_changed(load_roster)


def current_roster(settings: Settings) -> Roster | None:
    """Returns the current roster; the file is read again only after it changed. None: no file.

    Raises:
        RosterError: the file has errors.
    """
    return _latest_roster(settings.roster)
