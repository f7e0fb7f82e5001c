"""Checks a roster against the data: globs that match nothing, GPU types with two rates or none."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import chain, combinations
from typing import TYPE_CHECKING

from velocity.formats import did_you_mean
from velocity.roster.contradictions import Price, Text, covers, prices_of, texts_of
from velocity.roster.rules import rules_of
from velocity.toml import Finding, as_toml, hinted, named, warning

if TYPE_CHECKING:
    from velocity.roster.models import Roster


@dataclass(frozen=True)
class Seen:
    """The contents of the data: projects as "entity/project", W&B usernames, GPU types, hosts."""

    projects: Collection[str]
    usernames: Collection[str]
    gpu_types: Collection[str]
    hosts: Collection[str] = ()


def misfits(roster: Roster, seen: Seen) -> list[Finding]:
    """Returns warnings about what does not fit the data, and GPU types with two prices or none.

    The roster has the valid parts of a file; required values may be None.
    """
    rates, _ = prices_of(roster.credits)
    rules = list(chain.from_iterable(rules_of(roster)))
    projects = [
        *texts_of(named("stream", roster.streams), "projects"),
        *texts_of(rules, "project"),
    ]
    usernames = [
        *texts_of(named("scholar", roster.scholars), "usernames"),
        *texts_of(named("automation", roster.automation), "username"),
        *texts_of(named("shared_account", roster.shared_account), "username"),
    ]
    gpus = texts_of(named("rate", roster.credits.rates), "gpu")
    return [
        *_idle_globs(projects, seen.projects, "projects"),
        *_idle_globs(gpus, seen.gpu_types, "GPU types"),
        *_idle_globs([Text("rented", it) for it in roster.rented], seen.hosts, "hosts"),
        *_priced_twice(rates, seen.gpu_types),
        *_unpriced(rates, seen.gpu_types),
        *_misspelled(usernames, seen.usernames),
    ]


def _idle_globs(globs: Sequence[Text], known: Collection[str], kind: str) -> Iterator[Finding]:
    for where, glob in globs:
        if known and not any(fnmatchcase(name, glob) for name in known):
            expected = hinted("a glob that matches some; case matters", glob, known)
            yield warning(
                where,
                f"{as_toml(glob)} matches none of the {len(known)} {kind} in the data",
                expected,
            )


def _misspelled(usernames: Sequence[Text], known: Collection[str]) -> Iterator[Finding]:
    """Yields usernames without runs if the data has a similar one that the roster does not have."""
    others = set(known) - {it.text for it in usernames}
    for where, username in usernames:
        if username not in known and (near := did_you_mean(username, others)):
            yield warning(
                where,
                f"the data has no runs of {as_toml(username)}",
                f"a username as W&B spells it. {near}",
            )


def _priced_twice(rates: Sequence[Price], gpu_types: Collection[str]) -> Iterator[Finding]:
    """Yields pairs of rates that match one GPU type in the data, neither of them narrower.

    Without data, nearly all globs such as *A100* and *80GB* could match one type.
    """
    reported: set[frozenset[str]] = set()  # a glob has one entry for each time its rate changed
    for one, other in combinations(rates, 2):
        if covers(one.glob, other.glob) or covers(other.glob, one.glob):
            continue
        begin = max(one.from_date, other.from_date)
        settled = [
            it.glob
            for it in rates
            if it.from_date >= begin and covers(one.glob, it.glob) and covers(other.glob, it.glob)
        ]
        both = [
            it
            for it in gpu_types
            if fnmatchcase(it, one.glob)
            and fnmatchcase(it, other.glob)
            and not any(fnmatchcase(it, glob) for glob in settled)
        ]
        pair = frozenset({one.glob, other.glob})
        if both and pair not in reported:
            reported.add(pair)
            wins = one if one.from_date >= other.from_date else other
            yield warning(
                other.where,
                f"matches {as_toml(min(both))} in the data, as {one.where} does; from {begin} on "
                f"{as_toml(wins.glob)} decides",
                "globs without a common GPU type, or a separate rate for that type",
            )


def _unpriced(rates: Sequence[Price], gpu_types: Collection[str]) -> Iterator[Finding]:
    """Yields the GPU types that cost nothing, if others have a rate."""
    globs = [rate.glob for rate in rates]
    free = [it for it in gpu_types if it and not any(fnmatchcase(it, glob) for glob in globs)]
    if rates and free:
        yield warning(
            "credits.rates",
            f"no rate for {', '.join(map(as_toml, sorted(free)))} in the data",
            "a rate for each GPU type (without one it costs nothing)",
        )
