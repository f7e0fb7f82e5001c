"""Checks a roster against the data: globs that match nothing, GPU types with two rates or none."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import chain
from typing import TYPE_CHECKING

from velocity.formats import did_you_mean
from velocity.roster.contradictions import Placed, texts_of
from velocity.roster.credits import priced_twice, prices_of, unpriced
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
    rules = chain.from_iterable(rules_of(roster))
    projects = texts_of(named("stream", roster.streams), "projects") + texts_of(rules, "project")
    usernames = [
        *texts_of(named("scholar", roster.scholars), "usernames"),
        *texts_of(named("automation", roster.automation), "username"),
        *texts_of(named("shared_account", roster.shared_account), "username"),
    ]
    gpus = texts_of(named("rate", roster.credits.rates), "gpu")
    return [
        *_idle_globs(projects, seen.projects, "projects"),
        *_idle_globs(gpus, seen.gpu_types, "GPU types"),
        *_idle_globs([Placed("rented", it) for it in roster.rented], seen.hosts, "hosts"),
        *priced_twice(rates, seen.gpu_types),
        *unpriced(rates, seen.gpu_types),
        *_misspelled(usernames, seen.usernames),
    ]


def _idle_globs(globs: Sequence[Placed], known: Collection[str], kind: str) -> Iterator[Finding]:
    for where, glob in globs:
        if known and not any(fnmatchcase(name, glob) for name in known):
            problem = f"{as_toml(glob)} matches none of the {len(known)} {kind} in the data"
            yield warning(
                where, problem, hinted("a glob that matches some; case matters", glob, known)
            )


def _misspelled(usernames: Sequence[Placed], known: Collection[str]) -> Iterator[Finding]:
    """Yields usernames without runs if the data has a similar one that the roster does not have."""
    others = set(known) - {it.text for it in usernames}
    for where, username in usernames:
        if username not in known and (near := did_you_mean(username, others)):
            problem = f"the data has no runs of {as_toml(username)}"
            yield warning(where, problem, f"a username as W&B spells it. {near}")
