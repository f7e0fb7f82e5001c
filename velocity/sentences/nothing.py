"""The page of somebody without runs, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from velocity import formats
from velocity.sentences.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from velocity.roster.models import Roster

#: The page before anybody is chosen.
WHOSE = Answer("Whose page?", "Names are in alphabetical order. The address keeps the choice.")
WILL_BE_HERE = """
- **After the first run**: Today (what finished, what runs, what waits) and the timeline.
- **After 6 loops**: how long a loop takes and which part of it. A loop runs from a launch, over its
  result, to the next launch.
- **After 8 full weeks**: the usual range and what changed. Weeks are only ever compared with the
  same person's earlier weeks.
"""


class Cause(NamedTuple):
    """Why no run may have arrived, and what to copy."""

    title: str
    text: str
    copy: str
    note: str


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


def causes(names: Sequence[str], projects: Sequence[str]) -> list[Cause]:
    """The three usual causes."""
    entity, _, project = next(iter(projects), "ENTITY/PROJECT").partition("/")
    project = project if project and "*" not in project else "PROJECT"
    return [
        Cause(
            "Nothing was launched yet",
            "The first run appears here at the next sync. This is enough:",
            f'import wandb\nwandb.init(entity="{entity}",\n'
            f'  project="{project}",\n  group="first-idea")',
            "A group holds the runs of one idea together, so five seeds count as one experiment.",
        ),
        Cause(
            "It was launched under another name",
            "If the W&B user is another one, send this to the lead of the programme:",
            f'usernames = ["{names[0]}", "YOUR-W&B-USERNAME"]',
            "It is a line of the roster entry. Earlier runs then appear too.",
        ),
        Cause(
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
