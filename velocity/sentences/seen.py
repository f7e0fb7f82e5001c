"""What others see of a scholar, and who looked, by the rules of `velocity.reading.access`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity.reading.access import viewer_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from velocity.reading.access import Viewer
    from velocity.roster.models import Roster

#: With no sign-in there is nothing to hide behind.
SEEN_BY_OTHERS = (
    "This dashboard runs without sign-in, on this machine only: whoever can open it sees every "
    "page of every scholar, this one included. The cohort's quartiles name nobody and need 8 "
    "others."
)
_NO_HOURS = "never your calendar, awake window or what lies outside it"
_SCHEMA = {"who": pl.String, "role": pl.String, "sees": pl.String}


def seen_by(
    roster: Roster, scholar: str, streams: Mapping[str, str], *, leads_see_individuals: bool
) -> pl.DataFrame:
    """`who`, `role`, `sees`: a row for everybody else who sees anything of the scholar's own.

    Args:
        roster: as it stands now.
        scholar: id.
        streams: id -> name of the streams that the scholar is in or has experiments of.
        leads_see_individuals: the setting.
    """
    rows = []
    for email in _addresses(roster):
        viewer = viewer_of(roster, email, leads_see_individuals=leads_see_individuals)
        if viewer is not None and viewer.scholar != scholar:
            rows += [(viewer.name, *it) for it in _seen(viewer, scholar, streams)]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _seen(viewer: Viewer, scholar: str, streams: Mapping[str, str]) -> list[tuple[str, str]]:
    """(role, what is seen by it), one a role."""
    scope = viewer.scope
    if scope.sees_whole(scholar):
        return [("lead", f"everything you do, run by run; {_NO_HOURS}")]
    mentored = [name for stream, name in streams.items() if stream in scope.streams]
    seen = []
    if mentored:
        within = f"your runs, lines and figures within {' and '.join(mentored)}; {_NO_HOURS}"
        seen.append(("mentor", within))
    if scope.fixed_groups:
        seen.append(("lead", "whole weeks of groups of at least 5 people; nothing of you alone"))
    return seen


def _addresses(roster: Roster) -> list[str]:
    """Every address that may sign in, each person's first one, leads and mentors first."""
    known = dict.fromkeys(roster.leads)
    known |= dict.fromkeys(email for stream in roster.streams for email in stream.mentors)
    known |= dict.fromkeys(person.emails[0] for person in roster.scholars if person.emails)
    return list(known)
