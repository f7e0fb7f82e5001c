"""A roster beside the data: globs that match nothing in it, GPU types with two rates or none."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import combinations
from typing import TYPE_CHECKING

from velocity.roster.contradictions import covers, rates_of
from velocity.toml.problems import Finding, as_toml, nearest
from velocity.toml.values import texts_at

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from velocity.roster.contradictions import Rate
    from velocity.toml.problems import TomlDocument


@dataclass(frozen=True)
class Seen:
    """What the data holds: projects as "entity/project", W&B usernames, GPU types."""

    projects: Collection[str]
    usernames: Collection[str]
    gpu_types: Collection[str]


def misfits(document: TomlDocument, seen: Seen) -> list[Finding]:
    """Warnings of what fits nothing in the data, and of GPU types with two prices or none."""
    rates = rates_of(document)
    return [
        *_idle_globs(document, "streams.*.projects.*", seen.projects, "projects"),
        *_idle_globs(document, "credits.rates.*.gpu", seen.gpu_types, "GPU types"),
        *_priced_twice(document, rates, seen.gpu_types),
        *_unpriced(document, rates, seen.gpu_types),
        *_misspelled(document, seen.usernames),
    ]


def _idle_globs(
    document: TomlDocument, where: str, known: Collection[str], kind: str
) -> Iterator[Finding]:
    for path, glob in texts_at(document.values, where):
        if known and not any(fnmatchcase(name, glob) for name in known):
            yield Finding(
                document.where(path),
                f"{as_toml(glob)}, which matches none of the {len(known)} {kind} in the data",
                f"a glob that does, case counting{nearest(glob, known)}",
                "warning",
            )


def _misspelled(document: TomlDocument, usernames: Collection[str]) -> Iterator[Finding]:
    """Of whom there is no run, while the data has a user much alike whom the roster lacks."""
    named = list(texts_at(document.values, "scholars.*.usernames.*"))
    lacking = set(usernames) - {text for _, text in named}
    for path, text in named:
        if text not in usernames and (near := nearest(text, lacking)):
            yield Finding(
                document.where(path),
                f"{as_toml(text)}, of whom the data has no run",
                f"a username as W&B spells it{near}",
                "warning",
            )


def _priced_twice(
    document: TomlDocument, rates: Sequence[Rate], gpu_types: Collection[str]
) -> Iterator[Finding]:
    """Rates of which neither is the narrower, where the data has a GPU type that both match.

    Without data nearly all globs such as *A100* and *80GB* could meet, so that alone is no finding.
    """
    told: set[frozenset[str]] = set()  # a glob has a row for each time that its rate changed
    for one, other in combinations(rates, 2):
        if covers(one.gpu, other.gpu) or covers(other.gpu, one.gpu):
            continue
        begin = max(one.first, other.first)
        settled = [
            it.gpu
            for it in rates
            if it.first >= begin and covers(one.gpu, it.gpu) and covers(other.gpu, it.gpu)
        ]
        both = [
            it
            for it in gpu_types
            if fnmatchcase(it, one.gpu)
            and fnmatchcase(it, other.gpu)
            and not any(fnmatchcase(it, glob) for glob in settled)
        ]
        pair = frozenset({one.gpu, other.gpu})
        if both and pair not in told:
            told.add(pair)
            wins = one if one.first >= other.first else other
            yield Finding(
                document.where(other.path),
                f"{other}, which matches {as_toml(min(both))} in the data as {one} at "
                f"{document.where(one.path)} does; from {begin} on "
                f"{as_toml(wins.gpu)} decides",
                "globs that share no GPU type, or a row for that type of its own",
                "warning",
            )


def _unpriced(
    document: TomlDocument, rates: Sequence[Rate], gpu_types: Collection[str]
) -> Iterator[Finding]:
    """GPU types that cost nothing, while others have a rate."""
    free = [it for it in gpu_types if it and not any(fnmatchcase(it, rate.gpu) for rate in rates)]
    if rates and free:
        yield Finding(
            document.where(("credits", "rates")),
            f"no rate for {', '.join(map(as_toml, sorted(free)))}, in the data",
            "a rate for each GPU type (without one it costs nothing)",
            "warning",
        )
