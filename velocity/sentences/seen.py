"""What others see about a scholar, by the rules of `velocity.reading.access`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from velocity import formats
from velocity.reading.access import viewer_of
from velocity.sentences.answer import Answer, name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from velocity.reading.access import Viewer
    from velocity.roster.models import Roster
    from velocity.sentences.headline import Whose

SEEN_BY_OTHERS = (
    "No sign-in: anyone who can open this address sees this page of everybody, hours of the day "
    "included. The cohort's quartiles have no names and need at least 8 other people."
)
_NOT_TRACKED = (
    "Reading, writing, notebooks, API calls and offline runs that were not "
    "synced do not appear: weeks with few runs are not weeks with little work. Splitting a sweep "
    "in ten would raise the count, so read it with the failed share and the cost."
)
AS_LEADS = "As leads see it"
_NO_HOURS = "never your calendar, your awake window or your hours outside it"
_SCHEMA = {"who": pl.String, "role": pl.String, "sees": pl.String}


def sees(runs: int, automated: int, since: date, whose: Whose) -> str:
    """How many runs the page sees since a day, and what it cannot see, as Markdown."""
    of = "of yours" if whose.own else f"of {name(whose.name)}"
    more = (
        f", and {formats.plural(automated, 'experiment')} by automation, not in these figures"
        if automated
        else ""
    )
    seen = f"{formats.count(runs)} {of} since {formats.day(since)}{more}"
    return f"**Sees W&B runs only**: {seen}. {_NOT_TRACKED}"


def seen_by(
    roster: Roster, scholar: str, streams: Mapping[str, str], *, leads_see_individuals: bool
) -> pl.DataFrame:
    """`who`, `role`, `sees`: one row per other person and role that sees anything of the scholar.

    `streams` is id -> name of the streams that the scholar is in or has experiments of.
    """
    rows = []
    for email in _addresses(roster):
        viewer = viewer_of(roster, email, leads_see_individuals=leads_see_individuals)
        if viewer is not None and viewer.scholar != scholar:
            rows += [(viewer.name, *it) for it in _seen(viewer, scholar, streams)]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def mentors(roster: Roster, streams: Iterable[str]) -> dict[str, list[str]]:
    """Stream -> the names of its mentors, or the beginnings of their addresses."""
    found = {it.id: it.mentors for it in roster.streams}
    return {it: [_called(roster, email) for email in found.get(it, ())] for it in streams}


def _called(roster: Roster, email: str) -> str:
    known = (person.name for person in roster.scholars if email in person.emails)
    return next(known, email.partition("@")[0].capitalize())


def switch(*, own: bool, mentored: bool) -> str:
    """The words of the switch to what others see."""
    if not mentored:
        return "As others see it"
    return "As my mentor sees it" if own else "As the mentor sees it"


def as_others(names: Sequence[str]) -> Answer:
    """Whose view follows: "As Kestrel sees it", and what is not in it."""
    who = " and ".join(formats.label(it, 24) for it in names) or "mentors"
    sees = "sees" if len(names) == 1 else "see"
    return Answer(
        f"As {formats.markdown(who)} {sees} it",
        "Figures, runs and dates: no hours of the day, nights or days off, and no Today list.",
    )


def in_stream(names: Sequence[str], stream: str) -> str:
    """A stream and its mentors, as Markdown: "Aurora, seen by Kestrel"."""
    where = formats.markdown(formats.label(stream))
    who = " and ".join(formats.markdown(formats.label(it, 24)) for it in names)
    return f"{where}, seen by {who}" if who else where


def _seen(viewer: Viewer, scholar: str, streams: Mapping[str, str]) -> list[tuple[str, str]]:
    """(role, what it sees), one per role."""
    scope = viewer.scope
    if scope.everything:
        return [("lead", f"all your runs and figures; {_NO_HOURS}")]
    mentored = [name for stream, name in streams.items() if stream in scope.streams]
    seen = []
    if scholar in viewer.managed:
        whole = f"your runs, lines and figures in every stream; {_NO_HOURS}"
        seen.append(("research manager", whole))
    if mentored:
        within = f"your runs, lines and figures within {' and '.join(mentored)}; {_NO_HOURS}"
        seen.append(("mentor", within))
    if scope.fixed_groups:
        seen.append(
            ("lead", "whole weeks of groups of at least 5 people; nothing about you individually")
        )
    return seen


def _addresses(roster: Roster) -> list[str]:
    """Every address that may sign in: those with a role, then each scholar's first one."""
    known = dict.fromkeys(roster.leads)
    known |= dict.fromkeys(it.email for it in roster.research_manager)
    known |= dict.fromkeys(email for stream in roster.streams for email in stream.mentors)
    known |= dict.fromkeys(person.emails[0] for person in roster.scholars if person.emails)
    return list(known)
