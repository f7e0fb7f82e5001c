"""Compares texts for people by the numbers in them, and JSON key by key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.proof.changes import Changes, Output
    from scripts.proof.frames import Found

#: A number that is not the end of a word or another number; "\u2212" is the minus sign of texts.
_NUMBER = re.compile(r"(?<![\w.])(?:(?<![\d)\-\u2212])[-\u2212])?\d[\d,]*(?:\.\d+)?(?:e[-+]\d+)?")
_SHOWN = 60

_Step = tuple[str | None, str, str]


def compare_texts(base: str, now: str, how: str) -> str | None:
    """Return the difference of the compared parts ("exact", "numbers" or "skip"); None if equal."""
    if base == now or how == "skip":
        return None
    if how == "exact":
        return f"{base[:_SHOWN]!r} -> {now[:_SHOWN]!r}"
    was, became = _numbers(base), _numbers(now)
    if was == became:
        return None
    place = next(
        (n for n, pair in enumerate(zip(was, became, strict=False)) if pair[0] != pair[1]),
        min(len(was), len(became)),
    )
    there = [" ".join(it[max(0, place - 2) : place + 3]) for it in (was, became)]
    return f"number {place + 1} of {len(was)} (now {len(became)}) differs: {' -> '.join(there)}"


def compared_part(text: str, how: str) -> str:
    """Return the compared part of a text: all of it ("exact"), its numbers, or nothing ("skip")."""
    if how == "exact":
        return text
    return " ".join(_numbers(text)) if how == "numbers" else ""


def _numbers(text: str) -> list[str]:
    return [it.replace("\u2212", "-") for it in _NUMBER.findall(text)]


def compare_json(base: Any, now: Any, rules: Changes, changes: Output) -> Iterator[Found]:
    """Yield one difference per key, with its first place."""
    counts: dict[str | None, int] = {}
    first: dict[str | None, str] = {}
    for key, place, difference in _Walk(rules, changes).values(base, now, "", None):
        counts[key] = counts.get(key, 0) + 1
        first.setdefault(key, f"{place}: {difference}")
    for key, difference in first.items():
        others = f" (and {counts[key] - 1:,} others)" if counts[key] > 1 else ""
        yield key, f"{difference}{others}"


@dataclass(frozen=True)
class _Walk:
    """Goes through two JSON values together and yields (innermost key, place, difference)."""

    rules: Changes
    changes: Output

    def values(self, base: Any, now: Any, place: str, key: str | None) -> Iterator[_Step]:
        if isinstance(base, dict) and isinstance(now, dict):
            yield from self._objects(base, now, place)
        elif isinstance(base, list) and isinstance(now, list):
            if len(base) != len(now):
                yield key, place, f"{len(base):,} items became {len(now):,}"
                return
            for number, (was, became) in enumerate(zip(base, now, strict=True)):
                yield from self.values(was, became, f"{place}[{number}]", key)
        elif isinstance(base, str) and isinstance(now, str) and key in self.rules.prose:
            difference = compare_texts(base, now, self.rules.texts)
            if difference is not None:
                yield key, place, difference
        else:
            if isinstance(base, str):
                base = self.changes.values.get(key or "", {}).get(base, base)
            if repr(base) != repr(now):
                yield key, place, f"{str(base)[:_SHOWN]} -> {str(now)[:_SHOWN]}"

    def _objects(self, base: dict[str, Any], now: dict[str, Any], place: str) -> Iterator[_Step]:
        renamed = self.changes.renamed
        base = {renamed.get(name, name): value for name, value in base.items()}
        shared = [name for name in base if name in now]
        known = {*base, *self.changes.added}
        yield from ((it, f"{place}.{it}", "the key is gone") for it in base if it not in now)
        yield from ((it, f"{place}.{it}", "the key is new") for it in now if it not in known)
        if not self.changes.reordered and shared != [name for name in now if name in shared]:
            yield None, place, "the keys are in another order"
        for name in shared:
            yield from self.values(base[name], now[name], f"{place}.{name}", name)
