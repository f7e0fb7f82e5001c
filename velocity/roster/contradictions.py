"""Mistakes between the entries of a roster: duplicates, unknown ids, overlaps, shadowed rules."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from fnmatch import fnmatchcase
from functools import cache
from itertools import chain, combinations
from typing import TYPE_CHECKING, NamedTuple

from pydantic import BaseModel

from velocity.toml import Finding, as_toml, hinted, named, warning

if TYPE_CHECKING:
    from velocity.roster.models import (
        Aim,
        Away,
        Credits,
        Grant,
        Holiday,
        ResearchManager,
        Roster,
        Scholar,
        Stream,
    )

    _Scholars = Sequence[tuple[str, Scholar]]
    _Streams = Sequence[tuple[str, Stream]]

_WILD = re.compile(r"[*?]")
_LONGEST_LEAVE = timedelta(days=5 * 366)  # a longer one is a typing error
_LONGEST_PAIR = 300  # characters of two globs that are compared, one step of recursion for each


class Text(NamedTuple):
    """A text of the roster and its place, such as "scholar ada: usernames"."""

    where: str
    text: str


class Price(NamedTuple):
    """A rate: its name, the glob over what it prices, and its first day."""

    where: str
    glob: str
    from_date: date


def contradictions(roster: Roster, wrong: Collection[str]) -> Iterator[Finding]:
    """Yields what is wrong between entries.

    Args:
        roster: the valid parts of a file; required values may be None.
        wrong: places of values that are left out of it, such as "scholar ada: usernames".
    """
    scholars, streams = named("scholar", roster.scholars), named("stream", roster.streams)
    managers = named("research_manager", roster.research_manager)
    scholar_ids, stream_ids = texts_of(scholars, "id"), texts_of(streams, "id")
    known = {"stream": {it.text for it in stream_ids}, "scholar": {it.text for it in scholar_ids}}
    usernames, emails = texts_of(scholars, "usernames"), texts_of(scholars, "emails")
    leads = [Text("leads", address) for address in roster.leads]
    mentors = [texts_of([stream], "mentors") for stream in streams]
    yield from _repeated(scholar_ids, "an id that no other scholar has")
    yield from _repeated(stream_ids, "an id that no other stream has")
    yield from _repeated(texts_of(streams, "name"), "a name that no other stream has")
    yield from _repeated(usernames, "each username once, for one scholar")
    yield from _ids_of_others(scholars)
    for texts in (scholar_ids, stream_ids, usernames):
        yield from _differ_in_case(texts)
    yield from _repeated(emails, "each address once, for one scholar", str.lower)
    for texts in (leads, *mentors):
        yield from _repeated(texts, "each address once", str.lower)
    with_role = chain(leads, *mentors, texts_of(managers, "email"))
    yield from _scholars(scholars, with_role, wrong)
    yield from _projects(texts_of(streams, "projects"))
    for address in roster.nudged_leads:
        if address not in roster.leads:
            expected = "addresses that are in leads too"
            yield Finding("nudged_leads", f"{as_toml(address)} is not in leads", expected)
    yield from _repeated([Text("rented", glob) for glob in roster.rented], "each glob once")
    yield from _members(streams, known["scholar"], wrong)
    yield from _managers(managers, roster, known["scholar"])
    for entry in scholars:
        yield from _repeated(texts_of([entry], "workdays"), "each day of the week once")
    for name, scholar in scholars:
        yield from _days_off((f"{name}: {away}", it) for away, it in named("away", scholar.away))
    yield from _holidays(roster, wrong)
    yield from _grants(roster, known)
    yield from _notes(roster, known)
    owners: list[tuple[str, Scholar | Stream]] = [*scholars, *streams]
    for name, owner in owners:
        yield from _aims(name, owner.aims)
    for prices in prices_of(roster.credits):
        yield from _prices(prices)


def texts_of(entries: Iterable[tuple[str, BaseModel]], key: str) -> list[Text]:
    """Returns the texts under a key of some named entries; each may hold one text or several."""
    found = []
    for name, entry in entries:
        value = getattr(entry, key)
        texts = value if isinstance(value, tuple) else (value,)
        found += [Text(f"{name}: {key}", text) for text in texts if text is not None]
    return found


def prices_of(credit: Credits) -> tuple[list[Price], list[Price]]:
    """Returns the rates of GPUs and of tokens that have a glob and a first day, as in the file."""
    gpus = [Price(name, it.gpu, it.from_date) for name, it in named("rate", credit.rates)]
    models = [
        Price(name, it.model, it.from_date) for name, it in named("token rate", credit.token_rates)
    ]
    return list(filter(all, gpus)), list(filter(all, models))


def covers(wide: str, narrow: str) -> bool:
    """Returns whether glob `wide` matches everything that `narrow` does; False if unsure."""
    # A `*` matches any text, wildcards included, so `narrow` can be matched as if it were text,
    # unless other characters in the two globs are special.
    return wide == narrow or (
        not set("?[]") & set(wide) and "[" not in narrow and fnmatchcase(narrow, wide)
    )


def meet(one: str, other: str) -> bool:
    """Returns whether some text matches both globs; False if unsure."""
    begin, other_begin = (_WILD.split(it, maxsplit=1)[0] for it in (one, other))
    alike = begin.startswith(other_begin) or other_begin.startswith(begin)
    # Most pairs already begin differently.
    if not alike or "[" in one or "[" in other or len(one) + len(other) > _LONGEST_PAIR:
        return False

    @cache
    def rest_meets(at: int, other_at: int) -> bool:
        sign, other_sign = one[at : at + 1], other[other_at : other_at + 1]
        if sign == "*":
            goes_on = bool(other_sign) and rest_meets(at, other_at + 1)
            return goes_on or rest_meets(at + 1, other_at)
        if other_sign == "*":
            return rest_meets(at, other_at + 1) or (bool(sign) and rest_meets(at + 1, other_at))
        if not (sign and other_sign):
            return sign == other_sign
        same = sign == other_sign or "?" in {sign, other_sign}
        return same and rest_meets(at + 1, other_at + 1)

    return rest_meets(0, 0)


def _repeated(
    texts: Iterable[Text], expected: str, fold: Callable[[str], str] = str
) -> Iterator[Finding]:
    """Yields texts that appear twice: harmless in one list, a contradiction in two entries."""
    first: dict[str, str] = {}
    for where, text in texts:
        earlier = first.get(fold(text))
        if earlier is None:
            first[fold(text)] = where
        elif earlier == where:
            yield warning(where, f"{as_toml(text)} appears twice", expected)
        else:
            yield Finding(where, f"{as_toml(text)} also appears in {earlier}", expected)


def _differ_in_case(texts: Iterable[Text]) -> Iterator[Finding]:
    first: dict[str, Text] = {}
    for where, text in texts:
        earlier, spelled = first.setdefault(text.lower(), Text(where, text))
        if spelled != text and earlier != where:
            yield warning(
                where,
                f"{as_toml(text)} differs only in case from {as_toml(spelled)} in {earlier}",
                "one spelling, or two that are easy to tell apart",
            )


def _ids_of_others(scholars: _Scholars) -> Iterator[Finding]:
    """Yields ids that are another scholar's username: in a command they could mean either."""
    owners: dict[str, tuple[str, Scholar]] = {}
    for name, scholar in scholars:
        for username in scholar.usernames:
            owners.setdefault(username, (name, scholar))
    for name, scholar in scholars:
        owner, other = owners.get(scholar.id, (name, scholar))
        # An id or a username that appears twice is reported as that.
        if other.id != scholar.id and scholar.id not in scholar.usernames:
            yield Finding(
                f"{name}: id",
                f"{as_toml(scholar.id)} is also a username of {owner}",
                "an id that is not another person's username",
            )


def _scholars(
    scholars: _Scholars, with_role: Iterable[Text], wrong: Collection[str]
) -> Iterator[Finding]:
    roles = {address.lower(): where for where, address in with_role}
    for name, scholar in scholars:
        if not scholar.usernames and f"{name}: usernames" not in wrong:
            yield warning(
                f"{name}: usernames",
                "empty",
                "the W&B usernames of this person; without them, no run is counted",
            )
        for username in scholar.usernames:
            if username != username.strip():
                yield warning(
                    f"{name}: usernames",
                    f"got {as_toml(username)}",
                    f"{as_toml(username.strip())}, because spaces count",
                )
        for address in scholar.emails if scholar.disabled else ():
            if role := roles.get(address.lower()):
                yield warning(
                    f"{name}: emails",
                    f"{as_toml(address)} is disabled, but has a role in {role}",
                    "no role for a disabled scholar",
                )


def _projects(globs: Sequence[Text]) -> Iterator[Finding]:
    for number, (where, glob) in enumerate(globs):
        above = globs[:number]
        if covering := next((it for it in above if covers(it.text, glob)), None):
            yield warning(
                where,
                f"{as_toml(glob)} never applies: {as_toml(covering.text)} above it in "
                f"{covering.where} already matches everything it would",
                "the narrower glob first, and each glob once",
            )
            continue
        for earlier, other in above:
            # A narrower glob above a wider one is an exception, and intended.
            if where != earlier and meet(other, glob) and not covers(glob, other):
                yield warning(
                    where,
                    f"{as_toml(glob)} can match the same project as {as_toml(other)} in {earlier}, "
                    "which comes first and decides",
                    "globs without a common project, or the narrower one first",
                )


class _Span(NamedTuple):
    where: str
    stream: str
    has_projects: bool
    first: date  # included
    end: date  # not included


def _members(
    streams: _Streams, known: Collection[str], wrong: Collection[str]
) -> Iterator[Finding]:
    spans: dict[str, list[_Span]] = defaultdict(list)
    for stream, entry in streams:
        for member, it in named("member", entry.members):
            where = f"{stream}: {member}"
            if it.scholar:
                yield from unknown_id(f"{where}: scholar", it.scholar, known, "scholar")
            if f"{where}: from" in wrong or f"{where}: to" in wrong:
                continue
            first, end = it.from_date or date.min, it.to_date or date.max
            if end <= first:
                yield Finding(
                    f"{where}: to",
                    f"got {end}, which is not after {first}",
                    "the first day on which the scholar is no longer in the stream",
                )
            elif it.scholar:
                spans[it.scholar].append(_Span(where, stream, bool(entry.projects), first, end))
    for own in spans.values():
        for one, other in combinations(own, 2):
            if one.first < other.end and other.first < one.end:
                yield from _overlap(one, other)


def _overlap(one: _Span, other: _Span) -> Iterator[Finding]:
    problem = f"overlaps in time with {one.where}"
    if one.stream == other.stream:
        yield Finding(other.where, problem, "one entry for each period in the stream")
    elif not (one.has_projects and other.has_projects):
        yield warning(
            other.where,
            problem,
            "projects for both streams, or times that do not overlap: experiments that no project "
            "glob decides are ambiguous",
        )


def _managers(
    managers: Sequence[tuple[str, ResearchManager]], roster: Roster, known: Collection[str]
) -> Iterator[Finding]:
    emails, leads = texts_of(managers, "email"), {it.lower() for it in roster.leads}
    yield from _repeated(emails, "one entry for each research manager", str.lower)
    owners = {email.lower(): it.id for it in roster.scholars for email in it.emails}
    for name, manager in managers:
        address = (manager.email or "").lower()
        if address in leads:
            yield warning(
                f"{name}: email",
                f"{as_toml(manager.email)} is also a lead, who then sees these scholars even if "
                "leads_see_individuals is false",
                "an address that is not in leads",
            )
        if manager.scholars == ():
            yield warning(f"{name}: scholars", "empty", "the ids of the scholars whom they see")
        for scholar in dict.fromkeys(manager.scholars or ()):
            yield from unknown_id(f"{name}: scholars", scholar, known, "scholar")
            if owners.get(address) == scholar:
                problem = f"{as_toml(scholar)} is the research manager"
                yield warning(f"{name}: scholars", problem, "other scholars")
    for entry in managers:
        yield from _repeated(texts_of([entry], "scholars"), "each scholar once")


def _holidays(roster: Roster, wrong: Collection[str]) -> Iterator[Finding]:
    holidays = named("holiday", roster.holidays)
    for name, it in holidays:
        days = {"date": it.date, "from": it.from_date, "to": it.to_date}
        given = [key for key, value in days.items() if value or f"{name}: {key}" in wrong]
        if given not in (["date"], ["from", "to"]):
            got = " and ".join(given) or "no day"
            yield Finding(name, f"got {got}", "either a date, or from and to")
    yield from _days_off(holidays)
    single: dict[date, str] = {}
    for name, it in holidays:
        if it.date and single.setdefault(it.date, name) != name:
            yield warning(f"{name}: date", f"same as {single[it.date]}", "each holiday once")


def _days_off(entries: Iterable[tuple[str, Away | Holiday]]) -> Iterator[Finding]:
    """Yields mistakes in days off, each from a day up to but not including another."""
    earlier: list[tuple[str, date, date]] = []
    for where, entry in entries:
        first, end = entry.from_date, entry.to_date
        if first is None or end is None:
            continue
        if end <= first:
            expected = "the day after the last day off"
            yield Finding(f"{where}: to", f"got {end}, which is not after {first}", expected)
        elif end - first > _LONGEST_LEAVE:
            problem = f"got {end}, {(end - first).days} days after {first}"
            yield Finding(f"{where}: to", problem, f"at most {_LONGEST_LEAVE.days} days")
        else:
            for other, begin, until in earlier:
                if first < until and begin < end:
                    expected = "one entry for each time off"
                    yield warning(where, f"overlaps in time with {other}", expected)
            earlier.append((where, first, end))


def _grants(roster: Roster, known: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    seen: dict[Grant, str] = {}
    for name, grant in named("grant", roster.credits.grants):
        receivers = [kind for kind in known if kind in grant.model_fields_set]
        if len(receivers) != 1:
            problem = " and ".join(receivers) or "no receiver"
            yield Finding(name, f"got {problem}", "either a stream or a scholar")
        for kind in receivers:
            if receiver := getattr(grant, kind):
                yield from unknown_id(f"{name}: {kind}", receiver, known[kind], kind)
        earlier = seen.setdefault(grant, name)
        if earlier != name and grant.date and grant.amount:
            yield warning(name, f"same as {earlier}", "each grant once")


def _notes(roster: Roster, known: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    for name, note in named("note", roster.notes):
        concerned = [kind for kind in ("programme", *known) if getattr(note, kind)]
        if note.programme is False:
            yield Finding(f"{name}: programme", "got false", "true, or a stream or a scholar")
        if len(concerned) > 1:
            problem = f"got {' and '.join(concerned)}"
            yield Finding(name, problem, "one of programme, stream and scholar")
        for kind, ids in known.items():
            if target := getattr(note, kind):
                yield from unknown_id(f"{name}: {kind}", target, ids, kind)


def _aims(name: str, aims: Sequence[Aim]) -> Iterator[Finding]:
    measures: dict[str, str] = {}
    for aim, it in named("aim", aims):
        where = measures.setdefault(it.measure, aim) if it.measure else aim
        if where != aim:
            problem = f"{as_toml(it.measure)} also appears in {where}"
            yield Finding(f"{name}: {aim}: measure", problem, "each measure once")


def _prices(rates: Sequence[Price]) -> Iterator[Finding]:
    for number, rate in enumerate(rates):
        above = rates[:number]
        for other in above:
            if other.from_date == rate.from_date and covers(other.glob, rate.glob):
                problem = (
                    f"never applies: {other.where} above it holds from the same day and covers it"
                )
                expected = "the narrower glob first, and each glob once per day"
            elif other.from_date > rate.from_date and other.glob == rate.glob:
                problem = (
                    f"starts on {rate.from_date}, before {other.where} above it ({other.from_date})"
                )
                expected = "the rates of a glob in date order"
            else:
                continue
            yield warning(rate.where, problem, expected)
            break
        restated = [other.glob for other in above if other.from_date == rate.from_date]
        for other in rates:
            if (
                other.from_date < rate.from_date
                and other.glob != rate.glob
                and covers(rate.glob, other.glob)
                and not any(covers(glob, other.glob) for glob in restated)
            ):
                yield warning(
                    rate.where,
                    f"replaces {other.where} from {rate.from_date} on",
                    f"a rate for {as_toml(other.glob)} from {rate.from_date} above it",
                )


def unknown_id(where: str, got: str, known: Collection[str], kind: str) -> Iterator[Finding]:
    """Yields a finding if an id is not one of a kind of entry in the file."""
    if got not in known:
        expected = hinted(f"the id of a {kind} in this file", got, known)
        yield Finding(where, f"got {as_toml(got)}", expected)
