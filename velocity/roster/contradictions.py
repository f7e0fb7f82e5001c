"""Mistakes between the entries of a roster: duplicates, unknown ids, overlaps, shadowed rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain, combinations
from typing import TYPE_CHECKING, NamedTuple

from pydantic import BaseModel

from velocity.roster.credits import Grant, price_contradictions, prices_of
from velocity.roster.days_off import holiday_contradictions, overlapping_days_off
from velocity.roster.globs import covers, meet
from velocity.toml import Finding, as_toml, hinted, named, repeats, warning

if TYPE_CHECKING:
    from velocity.roster.models import Note, ResearchManager, Roster, Scholar, Stream

    _Scholars = Sequence[tuple[str, Scholar]]


class Placed(NamedTuple):
    """A text of the roster and its place, such as "scholar ada: usernames"."""

    where: str
    text: str


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
    leads = [Placed("leads", address) for address in roster.leads]
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
    yield from _repeated([Placed("rented", glob) for glob in roster.rented], "each glob once")
    yield from _members(streams, known["scholar"], wrong)
    yield from _managers(managers, roster, known["scholar"])
    for entry in scholars:
        yield from _repeated(texts_of([entry], "workdays"), "each day of the week once")
    for name, scholar in scholars:
        off = ((f"{name}: {away}", it) for away, it in named("away", scholar.away))
        yield from overlapping_days_off(off)
    yield from holiday_contradictions(roster.holidays, wrong)
    yield from _grants(roster, known)
    yield from _notes(roster, known)
    owners: list[tuple[str, Scholar | Stream]] = [*scholars, *streams]
    for name, owner in owners:
        aims = ((aim, it.measure) for aim, it in named("aim", owner.aims))
        for aim, measure, earlier in repeats(aims):
            problem = f"{as_toml(measure)} also appears in {earlier}"
            yield Finding(f"{name}: {aim}: measure", problem, "each measure once")
    for prices in prices_of(roster.credits):
        yield from price_contradictions(prices)


def texts_of(entries: Iterable[tuple[str, BaseModel]], key: str) -> list[Placed]:
    """Returns the texts under a key of some named entries; each may hold one text or several."""
    found = []
    for name, entry in entries:
        value = getattr(entry, key)
        texts = value if isinstance(value, tuple) else (value,)
        found += [Placed(f"{name}: {key}", text) for text in texts if text is not None]
    return found


def unknown_id(where: str, got: str | None, known: Collection[str], kind: str) -> Iterator[Finding]:
    """Yields a finding if there is an id, and it is not one of a kind of entry in the file."""
    if got and got not in known:
        expected = hinted(f"the id of a {kind} in this file", got, known)
        yield Finding(where, f"got {as_toml(got)}", expected)


def _repeated(
    texts: Iterable[Placed], expected: str, fold: Callable[[str], str] = str
) -> Iterator[Finding]:
    """Yields texts that appear twice: harmless in one list, a contradiction in two entries."""
    for where, text, earlier in repeats(texts, fold):
        if earlier == where:
            yield warning(where, f"{as_toml(text)} appears twice", expected)
        else:
            yield Finding(where, f"{as_toml(text)} also appears in {earlier}", expected)


def _differ_in_case(texts: Iterable[Placed]) -> Iterator[Finding]:
    first: dict[str, Placed] = {}
    for where, text in texts:
        earlier, spelled = first.setdefault(text.lower(), Placed(where, text))
        if spelled != text and earlier != where:
            problem = f"{as_toml(text)} differs only in case from {as_toml(spelled)} in {earlier}"
            yield warning(where, problem, "one spelling, or two that are easy to tell apart")


def _ids_of_others(scholars: _Scholars) -> Iterator[Finding]:
    """Yields ids that are another scholar's username: in a command they could mean either."""
    # Of several owners, the first: the others are reported as repeating a username.
    owners = {name: owner for owner in reversed(scholars) for name in owner[1].usernames}
    for name, scholar in scholars:
        owner, other = owners.get(scholar.id, (name, scholar))
        # An id or a username that appears twice is reported as that.
        if other.id != scholar.id and scholar.id not in scholar.usernames:
            problem = f"{as_toml(scholar.id)} is also a username of {owner}"
            yield Finding(f"{name}: id", problem, "an id that is not another person's username")


def _scholars(
    scholars: _Scholars, with_role: Iterable[Placed], wrong: Collection[str]
) -> Iterator[Finding]:
    roles = {address.lower(): where for where, address in with_role}
    for name, scholar in scholars:
        where = f"{name}: usernames"
        if not scholar.usernames and where not in wrong:
            expected = "the W&B usernames of this person; without them, no run is counted"
            yield warning(where, "empty", expected)
        for username in scholar.usernames:
            if username != username.strip():
                expected = f"{as_toml(username.strip())}, because spaces count"
                yield warning(where, f"got {as_toml(username)}", expected)
        for address in scholar.emails if scholar.disabled else ():
            if role := roles.get(address.lower()):
                problem = f"{as_toml(address)} is disabled, but has a role in {role}"
                yield warning(f"{name}: emails", problem, "no role for a disabled scholar")


def _projects(globs: Sequence[Placed]) -> Iterator[Finding]:
    for number, (where, glob) in enumerate(globs):
        above = globs[:number]
        if covering := next((it for it in above if covers(it.text, glob)), None):
            problem = (
                f"{as_toml(glob)} never applies: {as_toml(covering.text)} above it in "
                f"{covering.where} already matches everything it would"
            )
            yield warning(where, problem, "the narrower glob first, and each glob once")
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


def _members(
    streams: Sequence[tuple[str, Stream]], known: Collection[str], wrong: Collection[str]
) -> Iterator[Finding]:
    spans: dict[str, list[tuple[str, Stream, date, date]]] = defaultdict(list)  # end not included
    for stream, entry in streams:
        for member, it in named("member", entry.members):
            where = f"{stream}: {member}"
            yield from unknown_id(f"{where}: scholar", it.scholar, known, "scholar")
            if f"{where}: from" in wrong or f"{where}: to" in wrong:
                continue
            first, end = it.from_date or date.min, it.to_date or date.max
            if end <= first:
                expected = "the first day on which the scholar is no longer in the stream"
                yield Finding(f"{where}: to", f"got {end}, which is not after {first}", expected)
            elif it.scholar:
                spans[it.scholar].append((where, entry, first, end))
    pairs = chain.from_iterable(combinations(own, 2) for own in spans.values())
    for (earlier, one, first, end), (where, other, begin, until) in pairs:
        if first < until and begin < end:
            problem = f"overlaps in time with {earlier}"
            if one is other:
                yield Finding(where, problem, "one entry for each period in the stream")
            elif not (one.projects and other.projects):
                expected = (
                    "projects for both streams, or times that do not overlap: experiments that no "
                    "project glob decides are ambiguous"
                )
                yield warning(where, problem, expected)


def _managers(
    managers: Sequence[tuple[str, ResearchManager]], roster: Roster, known: Collection[str]
) -> Iterator[Finding]:
    leads = {it.lower() for it in roster.leads}
    owners = {email.lower(): it.id for it in roster.scholars for email in it.emails}
    emails = texts_of(managers, "email")
    yield from _repeated(emails, "one entry for each research manager", str.lower)
    for name, manager in managers:
        address, where = (manager.email or "").lower(), f"{name}: scholars"
        if address in leads:
            yield warning(
                f"{name}: email",
                f"{as_toml(manager.email)} is also a lead, who then sees these scholars even if "
                "leads_see_individuals is false",
                "an address that is not in leads",
            )
        if manager.scholars == ():
            yield warning(where, "empty", "the ids of the scholars whom they see")
        for scholar in dict.fromkeys(manager.scholars or ()):
            yield from unknown_id(where, scholar, known, "scholar")
            if owners.get(address) == scholar:
                problem = f"{as_toml(scholar)} is the research manager"
                yield warning(where, problem, "other scholars")
    for entry in managers:
        yield from _repeated(texts_of([entry], "scholars"), "each scholar once")


def _grants(roster: Roster, known: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    grants = named("grant", roster.credits.grants)
    for name, grant in grants:
        receivers = [kind for kind in known if kind in grant.model_fields_set]
        if len(receivers) != 1:
            problem = " and ".join(receivers) or "no receiver"
            yield Finding(name, f"got {problem}", "either a stream or a scholar")
        yield from _unknown_targets(name, grant, known)
    whole = ((name, it) for name, it in grants if it.date and it.amount)
    for name, _, earlier in repeats(whole):
        yield warning(name, f"same as {earlier}", "each grant once")


def _notes(roster: Roster, known: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    for name, note in named("note", roster.notes):
        concerned = [kind for kind in ("programme", *known) if getattr(note, kind)]
        if note.programme is False:
            yield Finding(f"{name}: programme", "got false", "true, or a stream or a scholar")
        if len(concerned) > 1:
            problem = f"got {' and '.join(concerned)}"
            yield Finding(name, problem, "one of programme, stream and scholar")
        yield from _unknown_targets(name, note, known)


def _unknown_targets(
    name: str, entry: Grant | Note, known: Mapping[str, Collection[str]]
) -> Iterator[Finding]:
    for kind, ids in known.items():
        yield from unknown_id(f"{name}: {kind}", getattr(entry, kind), ids, kind)
