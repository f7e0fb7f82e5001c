"""What others see about a scholar, by `velocity.reading.access`; the page of one without runs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

import polars as pl

from velocity import formats
from velocity.reading.access import Viewer, viewer_of
from velocity.roster.models import Roster
from velocity.sentences.answer import Answer, name
from velocity.sentences.facts import Whose

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
#: The page before anybody is chosen.
WHOSE = Answer("Whose page?", "Names are in alphabetical order. The address keeps the choice.")
WILL_BE_HERE = """
- **After the first run**: Today (what finished, what runs, what waits) and the timeline.
- **After 6 loops**: how long a loop takes and which part of it. A loop runs from a launch, over its
  result, to the next launch.
- **After 8 full weeks**: the usual range and what changed. Weeks are only ever compared with the
  same person's earlier weeks.
"""


def sees(runs: int, automated: int, since: date, whose: Whose) -> str:
    """How many runs the page sees since a day, and what it cannot see, as Markdown."""
    of = "of yours" if whose.own else f"of {name(whose.name)}"
    seen = f"{formats.count(runs)} {of} since {formats.day(since)}"
    if automated:
        count = formats.plural(automated, "experiment")
        seen += f", and {count} by automation, not in these figures"
    return f"**Sees W&B runs only**: {seen}. {_NOT_TRACKED}"


def seen_by(
    roster: Roster, scholar: str, streams: Mapping[str, str], *, leads_see_individuals: bool
) -> pl.DataFrame:
    """`who`, `role`, `sees`: one row per other person and role that sees anything of the scholar.

    `streams` is id -> name of the streams that the scholar is in or has experiments of.
    """
    # Every address that may sign in: those with a role, then each scholar's first one.
    known = [*roster.leads, *(it.email for it in roster.research_manager)]
    known += [email for stream in roster.streams for email in stream.mentors]
    known += [person.emails[0] for person in roster.scholars if person.emails]
    rows = []
    for email in dict.fromkeys(known):
        viewer = viewer_of(roster, email, leads_see_individuals=leads_see_individuals)
        if viewer is not None and viewer.scholar != scholar:
            rows += [(viewer.name, *it) for it in _seen(viewer, scholar, streams)]
    return pl.DataFrame(rows, dict.fromkeys(("who", "role", "sees"), pl.String), orient="row")


def _seen(viewer: Viewer, scholar: str, streams: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(role, what it sees), one per role."""
    scope, every = viewer.scope, "your runs, lines and figures"
    if scope.everything:
        yield "lead", f"all your runs and figures; {_NO_HOURS}"
        return
    if scholar in viewer.managed:
        yield "research manager", f"{every} in every stream; {_NO_HOURS}"
    if mentored := [name for stream, name in streams.items() if stream in scope.streams]:
        yield "mentor", f"{every} within {' and '.join(mentored)}; {_NO_HOURS}"
    if scope.fixed_groups:
        yield "lead", "whole weeks of groups of at least 5 people; nothing about you individually"


def mentors(roster: Roster, streams: Iterable[str]) -> dict[str, list[str]]:
    """Stream -> the names of its mentors, or the beginnings of their addresses."""
    people = {email: it.name for it in reversed(roster.scholars) for email in it.emails}
    emails = {it.id: it.mentors for it in roster.streams}
    return {
        stream: [people.get(it, it.partition("@")[0].capitalize()) for it in emails.get(stream, ())]
        for stream in streams
    }


def switch(*, own: bool, mentored: bool) -> str:
    """The words of the switch to what others see."""
    who = "others see" if not mentored else "my mentor sees" if own else "the mentor sees"
    return f"As {who} it"


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


def no_runs(name: str, *, own: bool) -> Answer:
    """The headline: nothing is missing."""
    whose = "yours" if own else formats.markdown(name)
    return Answer(
        f"No run of {whose} has arrived yet.",
        "This page sees W&B runs only. While reading, writing or setting up, nothing is missing.",
    )


def usernames(roster: Roster, scholar: str) -> list[str]:
    """The W&B users that the roster maps to the scholar; the scholar's id without any."""
    found = [it for person in roster.scholars if person.id == scholar for it in person.usernames]
    return found or [scholar]


def looked_for(names: Sequence[str], projects: Sequence[str], since: date | None) -> str:
    """What was looked for, where and since when."""
    who, where = (
        ", ".join(formats.markdown(formats.label(it)) for it in some) for some in (names, projects)
    )
    begin = "" if since is None else f"; data since {formats.day(since)} {since.year}"
    return f"Looked for: W&B user {who} in {where or 'no project yet'}{begin}."


def causes(names: Sequence[str], projects: Sequence[str]) -> list[tuple[str, str, str, str]]:
    """The usual causes why no run has arrived: title, text, what to copy, and a note."""
    entity, _, project = next(iter(projects), "ENTITY/PROJECT").partition("/")
    project = project if project and "*" not in project else "PROJECT"
    where = f'entity="{entity}",\n  project="{project}",\n  group="first-idea"'
    return [
        (
            "Nothing was launched yet",
            "The first run appears here at the next sync. This is enough:",
            f"import wandb\nwandb.init({where})",
            "A group holds the runs of one idea together, so five seeds count as one experiment.",
        ),
        (
            "It was launched under another name",
            "If the W&B user is another one, send this to the lead of the programme:",
            f'usernames = ["{names[0]}", "YOUR-W&B-USERNAME"]',
            "It is a line of the roster entry. Earlier runs then appear too.",
        ),
        (
            "It was launched somewhere else",
            "Other W&B entities are not read, and offline runs only after they are synced:",
            "wandb sync --include-offline wandb/offline-run-*",
            "Work without W&B (API calls, notebooks, evaluation) will never be here, and need not.",
        ),
    ]


def seen_meanwhile(*, own: bool) -> str:
    """What others see of somebody without runs."""
    who = "You are" if own else "Somebody without runs is"
    return (
        "Mentors, research managers and leads see the name in the roster. "
        f"{who} in no average, band or comparison: left out, never counted as 0."
    )
