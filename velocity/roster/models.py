"""roster.toml as models: people, streams, roles, days off, rates and grants.

Every key of the file is a field here; docs/configuration.md lists them.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from velocity.errors import ConfigurationError
from velocity.roster.against_data import Seen, misfits
from velocity.roster.contradictions import contradictions
from velocity.settings import Label, Number, ZoneName
from velocity.toml import Checked, Finding, mistakes_in, must, read_toml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

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


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Away(_Entry):
    """Days on which a scholar does not work: from the day `from` up to but not including `to`."""

    from_date: _Day = Field(alias="from", description="First day away.")
    to_date: _Day = Field(alias="to", description="The day after the last day away.")


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
    disabled: Annotated[bool, Field(strict=True)] = Field(
        False, description="true: cannot sign in. The runs still count."
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


class Holiday(_Entry):
    """Days on which nobody works: a `date`, or from the day `from` up to, not including, `to`."""

    name: Label = Field(description="Name shown on charts.")
    date: _Day | None = Field(None, description="The day, if it is only one.")
    from_date: _Day | None = Field(None, alias="from", description="First of several days.")
    to_date: _Day | None = Field(
        None, alias="to", description="The day after the last of several days."
    )


class Rate(_Entry):
    """The price of one GPU hour from a day on."""

    gpu: _Text = Field(description='Glob over W&B\'s GPU type, such as "*H100*".')
    from_date: _RateDay = Field(alias="from", description="First day of the rate.")
    credits_per_gpu_hour: Number = Field(
        ge=0, le=_MOST_CREDITS, description="Credits for one GPU for one hour."
    )


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
    grants: tuple[Grant, ...] = Field((), description="Credits granted, in any order.")


class Roster(_Entry):
    """People, streams, roles and credits, as `load_roster` reads them from a file."""

    leads: tuple[_Email, ...] = Field((), description="Addresses that see the whole programme.")
    scholars: tuple[Scholar, ...] = Field((), description="Everybody whose runs are counted.")
    streams: tuple[Stream, ...] = Field(
        (), description="Streams; their order decides between matching globs."
    )
    holidays: tuple[Holiday, ...] = Field((), description="Days on which nobody works.")
    credits: Credits = Credits()

    def scholar_of(self, username: str) -> str | None:
        """Returns the id of the scholar with a W&B username, or None."""
        return next((it.id for it in self.scholars if username in it.usernames), None)

    def stream_rules(self) -> Iterator[tuple[int, str, str]]:
        """Yields position (from 0), stream id and glob over "entity/project"; the first wins."""
        rules = ((stream.id, glob) for stream in self.streams for glob in stream.projects)
        for position, (stream, glob) in enumerate(rules):
            yield position, stream, glob

    def match_stream_rule(self, entity: str, project: str) -> str | None:
        """Returns the id of the stream whose glob matches first, or None.

        Globs are those of `fnmatch.fnmatchcase` over "entity/project": case matters, `*` matches
        any text (including a slash), `?` one character, `[ab]` one of several.
        """
        path = f"{entity}/{project}"
        return next(
            (stream for _, stream, glob in self.stream_rules() if fnmatchcase(path, glob)), None
        )

    def rate_rows(self) -> Iterator[tuple[int, str, date, float]]:
        """Yields position (from 0), GPU glob, first day and credits per hour, as in the file."""
        for position, rate in enumerate(self.credits.rates):
            yield position, rate.gpu, rate.from_date, rate.credits_per_gpu_hour

    def days_off(self) -> Iterator[tuple[str | None, date, date]]:
        """Yields scholar id (None: everybody), first day off and the day after the last."""
        for scholar in self.scholars:
            for away in scholar.away:
                yield scholar.id, away.from_date, away.to_date
        for holiday in self.holidays:
            yield None, *span_of(holiday)

    def memberships(self) -> Iterator[tuple[str, str, date | None, date | None]]:
        """Yields scholar id, stream id, first day and the day after the last; None: no limit."""
        for stream in self.streams:
            for member in stream.members:
                yield member.scholar, stream.id, member.from_date, member.to_date


def span_of(holiday: Holiday) -> tuple[date, date]:
    """Returns the first day of a holiday and the day after its last."""
    first = holiday.date or holiday.from_date or date.min
    end = holiday.to_date if holiday.date is None else None
    return first, end or first + timedelta(days=1)


class RosterError(ConfigurationError):
    """The roster cannot be used; `findings` holds every mistake in it."""

    def __init__(self, path: Path, findings: Sequence[Finding]) -> None:
        super().__init__(
            mistakes_in(path, findings), "Correct them; docs/configuration.md lists every key."
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
    found = [*checked.findings, *contradictions(checked.valid, wrong)]
    return sorted(found, key=lambda it: it.severity)
