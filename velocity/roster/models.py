"""roster.toml as models: people, streams, roles, days off, notes, rates and grants.

Every key of the file is a field here; docs/configuration.md lists them.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from velocity.errors import ConfigurationError
from velocity.queries import list_metric_queries
from velocity.roster.against_data import Seen, misfits
from velocity.roster.contradictions import contradictions
from velocity.roster.credits import Credits
from velocity.roster.days_off import Away, Holiday
from velocity.roster.fields import (
    WEEKDAYS,
    Awake,
    Day,
    Email,
    Entry,
    Flag,
    GrantDay,
    Id,
    ProjectGlob,
    Text,
    Weekdays,
)
from velocity.roster.rules import Automation, Excluded, SharedAccount, rule_contradictions
from velocity.settings import Label, ZoneName
from velocity.toml import Checked, Finding, hinted, mistakes_in, read_toml

_DAY_MINUTES = 24 * 60


def _weekly_measure(measure: str) -> str:
    """Returns the id of a metric whose weeks are compared; refuses anything else."""
    known = [
        it.id for query in list_metric_queries() for it in query.metrics if it.weekly or it.lasting
    ]
    if measure not in known:
        raise ValueError(hinted(f"one of {', '.join(known)}", measure, known))
    return measure


class Aim(Entry):
    """A change that a scholar or a stream wants."""

    measure: Annotated[str, AfterValidator(_weekly_measure)] = Field(
        description="Id of a metric with a weekly series, such as serial_share."
    )
    direction: Literal["up", "down"] = Field(description='"up" or "down".')


class Scholar(Entry):
    """A person whose runs are counted."""

    id: Id = Field(description="Short name in lists and choices, in links and on the command line.")
    name: Label = Field(description="Full name, on pages about the scholar.")
    emails: tuple[Email, ...] = Field((), description="Addresses that may sign in as this person.")
    usernames: tuple[Text, ...] = Field((), description="W&B usernames, spelled as in W&B.")
    timezone: ZoneName = Field("UTC", description="IANA zone of `awake`.")
    awake: Awake = Field(
        "09:00-21:00",
        description="Hours of the day in which the scholar can act on a result. "
        "An end at or before the start is on the next day.",
    )
    workdays: Weekdays | None = Field(
        None,
        description="Days of the week on which the scholar works; without it, Monday to Friday and "
        "the weekend days on which they usually launch.",
    )
    away: tuple[Away, ...] = Field(
        (), description="Days on which the scholar does not work; results do not wait on them."
    )
    aims: tuple[Aim, ...] = Field(
        (), description="Changes that the scholar wants: pages may call only these good."
    )
    disabled: Flag = Field(False, description="true: cannot sign in. The runs still count.")
    messages: tuple[Literal["nudges", "morning", "evening"], ...] = Field(
        (),
        description='Messages that the scholar asked for: "nudges" (their work waits), '
        '"morning" (the list of Today) and "evening" (nothing is queued for the night).',
    )

    def workday_digits(self) -> str | None:
        """Returns the workdays as ISO weekdays in order, such as "12345"; None: the usual days."""
        if self.workdays is None:
            return None
        return "".join(str(n) for n, it in enumerate(WEEKDAYS, 1) if it in self.workdays)

    def awake_minutes(self) -> tuple[int, int]:
        """Returns the start and end of the awake window, in minutes after local midnight.

        The end is always after the start, so it is above 1440 if it is on the next day.
        """
        times = [int(it) for it in re.split("[:-]", self.awake)]
        first, last = (60 * hour + minute for hour, minute in (times[:2], times[2:]))
        return first, last if last > first else last + _DAY_MINUTES


class Member(Entry):
    """A scholar's time in a stream: from the day `from` up to but not including `to`."""

    scholar: Id = Field(description="Id of a scholar in this file.")
    from_date: Day | None = Field(
        None, alias="from", description="First day in the stream; without it, always."
    )
    to_date: Day | None = Field(
        None,
        alias="to",
        description="The day after the last in the stream; without it, still a member.",
    )


class Stream(Entry):
    """A line of research that several scholars share."""

    id: Id = Field(description="Short name in choices, in links and on the command line.")
    name: Label = Field(description="Name shown on pages.")
    mentors: tuple[Email, ...] = Field(
        (), description="Addresses that see the scholars and lines of this stream."
    )
    projects: tuple[ProjectGlob, ...] = Field(
        (),
        description="ENTITY/PROJECT globs: experiments in these projects belong to this stream, "
        "regardless of who ran them. The first match in the file decides.",
    )
    members: tuple[Member, ...] = Field(
        (), description="Who is in the stream, and when; decides if no project glob matches."
    )
    aims: tuple[Aim, ...] = Field(
        (), description="Changes that the stream wants: pages may call only these good."
    )


class ResearchManager(Entry):
    """A person who sees named scholars, across streams, as a mentor sees those of a stream."""

    email: Email = Field(description="Address that signs in as this research manager.")
    scholars: tuple[Id, ...] = Field(description="Ids of the scholars whom they see.")


class Note(Entry):
    """An event to remember; it concerns the programme unless it names a stream or a scholar."""

    date: GrantDay = Field(description="The day of the event.")
    text: Label = Field(description="What happened, in a few words.")
    programme: Flag | None = Field(
        None, description="true: concerns everybody, as without `stream` and `scholar`."
    )
    stream: Id | None = Field(None, description="Id of the stream that it concerns.")
    scholar: Id | None = Field(None, description="Id of the scholar whom it concerns.")
    new_phase: Flag = Field(
        False, description="true: usual ranges start afresh with the week of the event."
    )


class Roster(Entry):
    """People, streams, roles and credits, as `load_roster` reads them from a file."""

    leads: tuple[Email, ...] = Field((), description="Addresses that see the whole programme.")
    nudged_leads: tuple[Email, ...] = Field(
        (), description="Leads who asked for a message when the credits of a stream run low."
    )
    rented: tuple[Text, ...] = Field(
        (), description='Globs over W&B\'s host names, such as "pod-*": hosts that cost while idle.'
    )
    scholars: tuple[Scholar, ...] = Field((), description="Everybody whose runs are counted.")
    streams: tuple[Stream, ...] = Field(
        (), description="Streams; their order decides between matching globs."
    )
    research_manager: tuple[ResearchManager, ...] = Field(
        (), description="People who see named scholars across streams."
    )
    holidays: tuple[Holiday, ...] = Field((), description="Days on which nobody works.")
    notes: tuple[Note, ...] = Field((), description="Events drawn on the charts they concern.")
    credits: Credits = Credits()
    automation: tuple[Automation, ...] = Field(
        (), description="Runs of agents and schedulers, which count apart from launches by people."
    )
    excluded: tuple[Excluded, ...] = Field((), description="Runs that count in no figure.")
    shared_account: tuple[SharedAccount, ...] = Field(
        (), description="W&B accounts that several scholars use."
    )

    def managed_by(self, address: str) -> tuple[str, ...]:
        """Returns the ids of the scholars whom a research manager with an address sees."""
        entries = (it.scholars for it in self.research_manager if it.email == address)
        return tuple(dict.fromkeys(scholar for scholars in entries for scholar in scholars))


class RosterError(ConfigurationError):
    """The roster cannot be used; `findings` holds every mistake in it."""

    def __init__(self, path: Path, findings: Sequence[Finding]) -> None:
        super().__init__(
            mistakes_in(path, findings), "Correct it. docs/configuration.md lists every key."
        )
        self.findings = tuple(findings)


def check_roster(path: Path, seen: Seen | None = None) -> list[Finding]:
    """Returns every mistake in the file at `path`, errors first; never raises.

    With the contents of the data (`seen`), it also returns what does not fit them.
    """
    checked = read_toml(path, Roster)
    return _findings(checked) + (misfits(checked.valid, seen) if seen else [])


def read_roster(path: Path) -> tuple[Roster | None, list[Finding]]:
    """Returns the roster at `path`, None if it has errors, and the findings of `check_roster`."""
    checked = read_toml(path, Roster)
    findings = _findings(checked)
    return None if any(it.severity == "error" for it in findings) else checked.model, findings


def load_roster(path: Path) -> Roster | None:
    """Returns the roster at `path`, or None if there is no such file. Warnings are ignored.

    Raises:
        RosterError: the file has errors; all of them are named.
    """
    if not path.exists():
        return None
    roster, findings = read_roster(path)
    if roster is None:
        raise RosterError(path, [it for it in findings if it.severity == "error"])
    return roster


def _findings(checked: Checked[Roster]) -> list[Finding]:
    wrong = {it.where for it in checked.findings}
    found = [
        *checked.findings,
        *contradictions(checked.valid, wrong),
        *rule_contradictions(checked.valid, wrong),
    ]
    return sorted(found, key=lambda it: it.severity)
