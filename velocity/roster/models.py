"""roster.toml as models: people, streams, roles, days off, notes, rates and grants.

Every key of the file is a field here; docs/configuration.md lists them.
"""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from velocity.errors import ConfigurationError
from velocity.queries import list_metric_queries
from velocity.roster.against_data import Seen, misfits
from velocity.roster.contradictions import contradictions
from velocity.roster.rules import rule_contradictions
from velocity.settings import Label, Number, ZoneName
from velocity.toml import Checked, Finding, hinted, mistakes_in, must, read_toml

_ADDRESS = re.compile(r"[!-?A-~]+@[!-?A-~]+")  # printable ASCII around one "@"
_AWAKE = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]|24(?=:00)):([0-5][0-9])")
_DAY_MINUTES = 24 * 60
#: An earlier year is a typing error, and the burn-down begins with the first grant.
_FIRST_GRANT = date(2000, 1, 1)
#: A later day is a typing error, and its rate or grant would never count.
_LAST_CREDITS = date(2099, 12, 31)
#: The days of the week, Monday first, as the roster names them.
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
#: A larger amount is a typing error, and sums of it could overflow.
_MOST_CREDITS = 1e12


def folded_address(text: str) -> str | None:
    """Returns an e-mail address in small letters; None if it is not an address in ASCII.

    Beyond ASCII, letters that look or fold alike belong to different addresses: the Kelvin sign
    becomes "k" in small letters.
    """
    return text.lower() if _ADDRESS.fullmatch(text) else None


_Id = Annotated[
    str,
    must(
        re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}").fullmatch,
        "1 to 64 letters, digits, dots, dashes or underscores",
    ),
]
_Email = Annotated[
    str,
    must(folded_address, "an address in plain ASCII, such as name@example.org"),
    AfterValidator(str.lower),
]
_ProjectGlob = Annotated[
    str,
    must(
        re.compile(r"[^/]+/[^/]+").fullmatch,
        'ENTITY/PROJECT, where * matches any text, such as "team/vision-*"',
    ),
]
_Awake = Annotated[str, must(_AWAKE.fullmatch, 'two times of day, such as "09:00-21:00"')]
_Text = Annotated[str, Field(min_length=1)]
_Day = Annotated[date, Field(strict=True)]
_GrantDay = Annotated[
    _Day,
    must(
        lambda day: _FIRST_GRANT <= day <= _LAST_CREDITS,
        f"a day from {_FIRST_GRANT} to {_LAST_CREDITS}",
    ),
]
_Weekday = Annotated[
    str, must(WEEKDAYS.__contains__, f"one of {', '.join(WEEKDAYS[:-1])} or {WEEKDAYS[-1]}")
]
_Weekdays = Annotated[tuple[_Weekday, ...], must(len, "at least one day of the week")]
_RateDay = Annotated[_Day, must(lambda day: day <= _LAST_CREDITS, f"a day up to {_LAST_CREDITS}")]


_Flag = Annotated[bool, Field(strict=True)]


def _weekly_measure(measure: str) -> str:
    """Returns the id of a metric whose weeks are compared; refuses anything else."""
    known = [
        it.id for query in list_metric_queries() for it in query.metrics if it.weekly or it.lasting
    ]
    if measure not in known:
        raise ValueError(hinted(f"one of {', '.join(known)}", measure, known))
    return measure


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Away(_Entry):
    """Days on which a scholar does not work: from the day `from` up to but not including `to`."""

    from_date: _Day = Field(alias="from", description="First day away.")
    to_date: _Day = Field(alias="to", description="The day after the last day away.")


class Aim(_Entry):
    """A change that a scholar or a stream wants."""

    measure: Annotated[str, AfterValidator(_weekly_measure)] = Field(
        description="Id of a metric with a weekly series, such as serial_share."
    )
    direction: Literal["up", "down"] = Field(description='"up" or "down".')


class Scholar(_Entry):
    """A person whose runs are counted."""

    id: _Id = Field(
        description="Short name in lists and choices, in links and on the command line."
    )
    name: Label = Field(description="Full name, on pages about the scholar.")
    emails: tuple[_Email, ...] = Field((), description="Addresses that may sign in as this person.")
    usernames: tuple[_Text, ...] = Field((), description="W&B usernames, spelled as in W&B.")
    timezone: ZoneName = Field("UTC", description="IANA zone of `awake`.")
    awake: _Awake = Field(
        "09:00-21:00",
        description="Hours of the day in which the scholar can act on a result. "
        "An end at or before the start is on the next day.",
    )
    workdays: _Weekdays | None = Field(
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
    disabled: _Flag = Field(False, description="true: cannot sign in. The runs still count.")
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
        times = _AWAKE.fullmatch(self.awake)
        if times is None:
            raise ValueError(f'"{self.awake}" was never validated')
        first, last = (60 * int(times[n]) + int(times[n + 1]) for n in (1, 3))
        return first, last if last > first else last + _DAY_MINUTES


class Member(_Entry):
    """A scholar's time in a stream: from the day `from` up to but not including `to`."""

    scholar: _Id = Field(description="Id of a scholar in this file.")
    from_date: _Day | None = Field(
        None, alias="from", description="First day in the stream; without it, always."
    )
    to_date: _Day | None = Field(
        None,
        alias="to",
        description="The day after the last in the stream; without it, still a member.",
    )


class Stream(_Entry):
    """A line of research that several scholars share."""

    id: _Id = Field(description="Short name in choices, in links and on the command line.")
    name: Label = Field(description="Name shown on pages.")
    mentors: tuple[_Email, ...] = Field(
        (), description="Addresses that see the scholars and lines of this stream."
    )
    projects: tuple[_ProjectGlob, ...] = Field(
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


class ResearchManager(_Entry):
    """A person who sees named scholars, across streams, as a mentor sees those of a stream."""

    email: _Email = Field(description="Address that signs in as this research manager.")
    scholars: tuple[_Id, ...] = Field(description="Ids of the scholars whom they see.")


class Note(_Entry):
    """An event to remember; it concerns the programme unless it names a stream or a scholar."""

    date: _GrantDay = Field(description="The day of the event.")
    text: Label = Field(description="What happened, in a few words.")
    programme: _Flag | None = Field(
        None, description="true: concerns everybody, as without `stream` and `scholar`."
    )
    stream: _Id | None = Field(None, description="Id of the stream that it concerns.")
    scholar: _Id | None = Field(None, description="Id of the scholar whom it concerns.")
    new_phase: _Flag = Field(
        False, description="true: usual ranges start afresh with the week of the event."
    )


class Holiday(_Entry):
    """Days on which nobody works: a `date`, or from the day `from` up to, not including, `to`."""

    name: Label = Field(description="Name shown on charts.")
    date: _Day | None = Field(None, description="The day, if it is only one.")
    from_date: _Day | None = Field(None, alias="from", description="First of several days.")
    to_date: _Day | None = Field(
        None, alias="to", description="The day after the last of several days."
    )


_Dollars = Annotated[Number, Field(ge=0, le=_MOST_CREDITS)]


class Rate(_Entry):
    """The price of one GPU hour from a day on."""

    gpu: _Text = Field(description='Glob over W&B\'s GPU type, such as "*H100*".')
    from_date: _RateDay = Field(alias="from", description="First day of the rate.")
    credits_per_gpu_hour: Number = Field(
        ge=0, le=_MOST_CREDITS, description="Credits for one GPU for one hour."
    )


class TokenRate(_Entry):
    """The price of a model's tokens from a day on."""

    model: _Text = Field(description='Glob over names as in Inspect, such as "openai/gpt-5*".')
    from_date: _RateDay = Field(alias="from", description="First day of the rate.")
    dollars_per_million_input: _Dollars = Field(description="Dollars for a million tokens read.")
    dollars_per_million_output: _Dollars = Field(
        description="Dollars for a million tokens written, those of reasoning included."
    )
    dollars_per_million_cache_read: _Dollars | None = Field(
        None, description="Those read from the provider's cache; without it, as tokens read."
    )
    dollars_per_million_cache_write: _Dollars | None = Field(
        None, description="Those written into that cache; without it, as tokens read."
    )

    def dollars(self) -> tuple[float, float, float, float]:
        """Returns the dollars per million tokens read, written, and those of the cache."""
        read, written = self.dollars_per_million_input, self.dollars_per_million_output
        cached = self.dollars_per_million_cache_read, self.dollars_per_million_cache_write
        from_cache, into_cache = (read if rate is None else rate for rate in cached)
        return read, written, from_cache, into_cache


class Grant(_Entry):
    """Credits granted to a stream or to a scholar: exactly one of the two is set."""

    date: _GrantDay = Field(description="Day of the grant.")
    stream: _Id | None = Field(None, description="Id of the stream that receives it.")
    scholar: _Id | None = Field(None, description="Id of the scholar who receives it.")
    amount: Number = Field(gt=0, le=_MOST_CREDITS, description="Credits.")


class Credits(_Entry):
    """Rates and grants of compute credits."""

    rates: tuple[Rate, ...] = Field(
        (), description="Of the rates that match, the latest `from` decides, then their order."
    )
    token_rates: tuple[TokenRate, ...] = Field(
        (), description="Dollars for tokens of evaluations; which rate decides is as in `rates`."
    )
    grants: tuple[Grant, ...] = Field((), description="Credits granted, in any order.")


def _plain_value(value: object) -> object:
    # Before the union is tried: it would report one mistake for each of its types.
    if not isinstance(value, str | int | float):
        raise ValueError("text, a number, true or false")  # noqa: TRY004 - pydantic reports it
    return value


_Tag = Annotated[_Text | None, Field(description="Tag of the runs.")]
_RunProject = Annotated[_ProjectGlob | None, Field(description="ENTITY/PROJECT glob of the runs.")]
_JobType = Annotated[_Text | None, Field(description="W&B job type of the runs.")]
_ConfigKey = Annotated[
    _Text | None,
    Field(description='Config key of the runs; "train.launcher" is also launcher in train.'),
]
_ConfigValue = Annotated[
    str | bool | int | float | None,  # TOML tells true from 1, and so does a config
    BeforeValidator(_plain_value),
    Field(description="Value of that key: text, a number, true or false."),
]


class Automation(_Entry):
    """Runs that a person's agent or scheduler launches, not the person."""

    scholar: _Id | None = Field(
        None,
        description="Id of the scholar whose automation it is. Without it, the owner of the "
        "run's username is the owner.",
    )
    username: _Text | None = Field(None, description="W&B username of the runs.")
    tag: _Tag = None
    project: _RunProject = None
    job_type: _JobType = None
    config: _ConfigKey = None
    value: _ConfigValue = None


class Excluded(_Entry):
    """Runs that count in no figure, such as debug runs."""

    tag: _Tag = None
    project: _RunProject = None
    job_type: _JobType = None


class AccountRule(_Entry):
    """Which runs of a shared account are a scholar's."""

    scholar: _Id = Field(description="Id of a scholar in this file.")
    tag: _Tag = None
    project: _RunProject = None
    config: _ConfigKey = None
    value: _ConfigValue = None


class SharedAccount(_Entry):
    """A W&B account that several scholars use."""

    username: _Text = Field(description="W&B username of the account.")
    rules: tuple[AccountRule, ...] = Field(
        (), description="Whose its runs are; the first rule that matches decides."
    )


class Roster(_Entry):
    """People, streams, roles and credits, as `load_roster` reads them from a file."""

    leads: tuple[_Email, ...] = Field((), description="Addresses that see the whole programme.")
    nudged_leads: tuple[_Email, ...] = Field(
        (), description="Leads who asked for a message when the credits of a stream run low."
    )
    rented: tuple[_Text, ...] = Field(
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
