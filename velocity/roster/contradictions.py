"""What a roster's entries say of each other: repetitions, unknown ids, overlaps, shadowed rules.

These checks read the values as they stand rather than the models, so that a mistake in one entry
hides none in another; a value of the wrong type is passed over here, for the models report it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from fnmatch import fnmatchcase
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from velocity.toml.problems import Finding, as_toml, nearest
from velocity.toml.values import tables_at, texts_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from velocity.toml.lines import TomlPath
    from velocity.toml.problems import TomlDocument

_WILD = re.compile(r"[*?]")


def contradictions(document: TomlDocument) -> list[Finding]:
    """Findings about entries that are each well-formed but do not go together."""
    return [
        *_repeated(document, "scholars.*.id", "an id that no other scholar has"),
        *_repeated(document, "streams.*.id", "an id that no other stream has"),
        *_repeated(document, "streams.*.name", "a name that no other stream has"),
        *_repeated(document, "scholars.*.usernames.*", "each username once, at one scholar"),
        *_ids_of_others(document),
        *_alike(document, "scholars.*.id"),
        *_alike(document, "streams.*.id"),
        *_alike(document, "scholars.*.usernames.*"),
        *_repeated(document, "scholars.*.emails.*", "each address once, at one scholar", str.lower),
        *_repeated(document, "leads.*", "each address once", str.lower),
        *_repeated(document, "streams.*.mentors.*", "each address once", str.lower, per_list=True),
        *_scholars(document),
        *_overlapping_projects(document),
        *_members(document),
        *_grants(document),
        *_rates(document),
    ]


def covers(wide: str, narrow: str) -> bool:
    """Whether glob `wide` surely matches whatever glob `narrow` does (False where unsure)."""
    # A `*` takes in any text, wildcards included, so `narrow` can be matched as if it were text,
    # as long as nothing else in either glob has a meaning of its own.
    return wide == narrow or (
        not set("?[]") & set(wide) and "[" not in narrow and fnmatchcase(narrow, wide)
    )


def meet(one: str, other: str) -> bool:
    """Whether some text surely matches both globs (False where unsure)."""
    begin, other_begin = (_WILD.split(it, maxsplit=1)[0] for it in (one, other))
    alike = begin.startswith(other_begin) or other_begin.startswith(begin)
    if not alike or "[" in one or "[" in other:  # most pairs already begin differently
        return False
    # How far into `other` one text can have come that has matched so much of `one`, step by step.
    reached = _past_stars(other, {0})
    for sign in one:
        if not reached:
            return False
        if sign == "*":
            reached = set(range(min(reached), len(other) + 1))
            continue
        stayed = {at for at in reached if other[at : at + 1] == "*"}
        moved = {at + 1 for at in reached if _same_sign(sign, other[at : at + 1])}
        reached = _past_stars(other, stayed | moved)
    return len(other) in reached


def _same_sign(one: str, other: str) -> bool:
    return bool(other) and other != "*" and (one == other or "?" in {one, other})


def _past_stars(glob: str, places: set[int]) -> set[int]:
    """These places, and those that follow where a `*` takes in nothing."""
    found = set(places)
    for place in places:
        at = place
        while glob[at : at + 1] == "*":
            at += 1
            found.add(at)
    return found


def _repeated(
    document: TomlDocument,
    where: str,
    right: str,
    fold: Callable[[str], str] = str,
    *,
    per_list: bool = False,
) -> Iterator[Finding]:
    """Texts that stand twice: harmless inside one list, a contradiction in two entries.

    With `per_list`, two lists may well share a text.
    """
    first: dict[tuple[TomlPath, str], TomlPath] = {}
    for path, text in texts_at(document.values, where):
        earlier = first.setdefault((path[:-1] if per_list else (), fold(text)), path)
        if earlier != path:
            yield Finding(
                document.where(path),
                f"{as_toml(text)}, which stands at {document.where(earlier)} too",
                right,
                "warning" if earlier[:-1] == path[:-1] else "error",
            )


def _alike(document: TomlDocument, where: str) -> Iterator[Finding]:
    """Texts of two entries that only their case tells apart."""
    first: dict[str, tuple[TomlPath, str]] = {}
    for path, text in texts_at(document.values, where):
        earlier, spelled = first.setdefault(text.lower(), (path, text))
        if spelled != text and earlier[:2] != path[:2]:
            yield Finding(
                document.where(path),
                f"{as_toml(text)}, which only its case tells from {as_toml(spelled)} at "
                f"{document.where(earlier)}",
                "one spelling, or two that nobody takes for each other",
                "warning",
            )


def _ids_of_others(document: TomlDocument) -> Iterator[Finding]:
    """Ids that are another scholar's username: a command that is given one could mean either."""
    scholars = list(tables_at(document.values, "scholars.*"))
    owners: dict[str, tuple[TomlPath, Any]] = {}
    for path, scholar in scholars:
        for inner, username in texts_at(scholar, "usernames.*"):
            owners.setdefault(username, ((*path, *inner), scholar.get("id")))
    for path, scholar in scholars:
        called = scholar.get("id")
        owner = owners.get(called) if isinstance(called, str) else None
        own = [username for _, username in texts_at(scholar, "usernames.*")]
        # An id or a username that stands twice is reported as that.
        if owner is None or owner[1] == called or called in own:
            continue
        yield Finding(
            document.where((*path, "id")),
            f"{as_toml(called)}, which is another scholar's username at {document.where(owner[0])}",
            "an id that is nobody else's username",
        )


def _scholars(document: TomlDocument) -> Iterator[Finding]:
    roles = {
        address.lower(): path
        for where in ("leads.*", "streams.*.mentors.*")
        for path, address in texts_at(document.values, where)
    }
    for path, scholar in tables_at(document.values, "scholars.*"):
        if not scholar.get("usernames"):
            yield Finding(
                document.where((*path, "usernames")),
                "no username",
                "the W&B usernames of this person, without which no run is theirs",
                "warning",
            )
        for inner, username in texts_at(scholar, "usernames.*"):
            if username != username.strip():
                yield Finding(
                    document.where((*path, *inner)),
                    as_toml(username),
                    f"{as_toml(username.strip())}, for spaces count",
                    "warning",
                )
        if scholar.get("disabled") is True:
            for inner, address in texts_at(scholar, "emails.*"):
                if role := roles.get(address.lower()):
                    yield Finding(
                        document.where((*path, *inner)),
                        f"{as_toml(address)} of somebody disabled, with a role at "
                        f"{document.where(role)}",
                        "no role for somebody disabled",
                        "warning",
                    )


def _overlapping_projects(document: TomlDocument) -> Iterator[Finding]:
    globs = list(texts_at(document.values, "streams.*.projects.*"))
    for number, (path, glob) in enumerate(globs):
        above = globs[:number]
        if covering := next((it for it in above if covers(it[1], glob)), None):
            earlier, wide = covering
            yield Finding(
                document.where(path),
                f"{as_toml(glob)}, which never decides, for {as_toml(wide)} at "
                f"{document.where(earlier)} comes first and covers it",
                "the narrower glob first, and none twice",
                "warning",
            )
            continue
        for earlier, other in above:
            # A narrower glob above a wider one is an exception, and meant.
            if path[1] != earlier[1] and meet(other, glob) and not covers(glob, other):
                yield Finding(
                    document.where(path),
                    f"{as_toml(glob)}, which can match the same project as {as_toml(other)} of "
                    f"another stream at {document.where(earlier)}, which comes first and decides",
                    "globs that share no project, or a narrower one first",
                    "warning",
                )


class _Span(NamedTuple):
    path: TomlPath
    stream: int
    first: date  # included
    end: date  # not included


def _members(document: TomlDocument) -> Iterator[Finding]:
    known = {text for _, text in texts_at(document.values, "scholars.*.id")}
    spans: dict[str, list[_Span]] = defaultdict(list)
    for path, member in tables_at(document.values, "streams.*.members.*"):
        scholar = member.get("scholar")
        first, end = member.get("from", date.min), member.get("to", date.max)
        if isinstance(scholar, str) and scholar not in known:
            yield _unknown(document, (*path, "scholar"), scholar, known, "scholar")
        if type(first) is not date or type(end) is not date:
            continue
        if end <= first:
            yield Finding(
                document.where((*path, "to")),
                f"{end}, not after {first}",
                "the first day on which the scholar is no longer in the stream",
            )
        elif isinstance(scholar, str):
            spans[scholar].append(_Span(path, int(path[1]), first, end))
    with_projects = {path[1] for path, _ in texts_at(document.values, "streams.*.projects.*")}
    for scholar, own in spans.items():
        for one, other in combinations(own, 2):
            if one.first < other.end and other.first < one.end:
                yield from _overlap(document, scholar, one, other, with_projects)


def _overlap(
    document: TomlDocument, scholar: str, one: _Span, other: _Span, with_projects: set[int | str]
) -> Iterator[Finding]:
    read = f"{as_toml(scholar)} at the same time as at {document.where(one.path)}"
    if one.stream == other.stream:
        yield Finding(document.where(other.path), read, "one entry for each time in the stream")
    elif not {one.stream, other.stream} <= with_projects:
        yield Finding(
            document.where(other.path),
            read,
            "projects for both streams, or times that do not overlap; as it is, "
            "experiments that no project glob decides are ambiguous",
            "warning",
        )


def _grants(document: TomlDocument) -> Iterator[Finding]:
    seen: dict[tuple[Any, ...], TomlPath] = {}
    for path, grant in tables_at(document.values, "credits.grants.*"):
        named = [kind for kind in ("stream", "scholar") if kind in grant]
        if len(named) != 1:
            yield Finding(
                document.where(path), " and ".join(named) or "no receiver", "a stream or a scholar"
            )
        for kind in named:
            known = {text for _, text in texts_at(document.values, f"{kind}s.*.id")}
            if isinstance(grant[kind], str) and grant[kind] not in known:
                yield _unknown(document, (*path, kind), grant[kind], known, kind)
        key = tuple(str(grant.get(part)) for part in ("date", "stream", "scholar", "amount"))
        earlier = seen.setdefault(key, path)
        if earlier != path:
            yield Finding(
                document.where(path),
                f"the same grant as at {document.where(earlier)}",
                "each grant once",
                "warning",
            )


class Rate(NamedTuple):
    """A rate of the file: its path, glob and first day."""

    path: TomlPath
    gpu: str
    first: date

    def __str__(self) -> str:
        return f"{as_toml(self.gpu)} from {self.first}"


def rates_of(document: TomlDocument) -> list[Rate]:
    """The rates that can be compared, in order."""
    return [
        Rate(path, rate["gpu"], rate["from"])
        for path, rate in tables_at(document.values, "credits.rates.*")
        if isinstance(rate.get("gpu"), str) and type(rate.get("from")) is date
    ]


def _rates(document: TomlDocument) -> Iterator[Finding]:
    rates = rates_of(document)
    for number, rate in enumerate(rates):
        above = rates[:number]
        for other in above:
            if other.first == rate.first and covers(other.gpu, rate.gpu):
                says = f"{rate}, which never holds, for {other} at {document.where(other.path)}"
                right = "the narrower glob first, and none twice for a day"
            elif other.first > rate.first and other.gpu == rate.gpu:
                says = f"{rate}, after {other} at {document.where(other.path)}"
                right = "the rates of a glob in order of date"
            else:
                continue
            yield Finding(document.where(rate.path), says, right, "warning")
            break
        restated = [other.gpu for other in above if other.first == rate.first]
        for other in rates:
            if (
                other.first < rate.first
                and other.gpu != rate.gpu
                and covers(rate.gpu, other.gpu)
                and not any(covers(glob, other.gpu) for glob in restated)
            ):
                yield Finding(
                    document.where(rate.path),
                    f"{rate}, which ends {other} at {document.where(other.path)}",
                    f"a row for {as_toml(other.gpu)} from {rate.first} above it",
                    "warning",
                )


def _unknown(
    document: TomlDocument, path: TomlPath, read: str, known: Iterable[str], kind: str
) -> Finding:
    right = f"the id of a {kind} of this file{nearest(read, known)}"
    return Finding(document.where(path), as_toml(read), right)
