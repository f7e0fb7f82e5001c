"""Mistakes in rules about runs: automation, exclusions and shared accounts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from velocity.roster.contradictions import covers, unknown_id
from velocity.toml import Finding, as_toml, named, warning

if TYPE_CHECKING:
    from velocity.roster.models import AccountRule, Automation, Excluded, Roster, SharedAccount

    _Rule: TypeAlias = Automation | Excluded | AccountRule
    _Rules: TypeAlias = Sequence[tuple[str, _Rule]]

#: The keys of a rule, of which it has exactly one.
_CRITERIA = ("username", "tag", "project", "job_type", "config")


def criteria(entry: _Rule) -> list[str]:
    """Returns the keys by which a rule chooses runs; a valid rule has one."""
    return [key for key in _CRITERIA if getattr(entry, key, None) is not None]


def rules_of(roster: Roster) -> list[_Rules]:
    """Returns the named rules about runs, list by list, each in the order of the file."""
    return [
        named("automation", roster.automation),
        named("excluded", roster.excluded),
        *(rules for _, _, rules in _accounts(roster)),
    ]


def rule_contradictions(roster: Roster, wrong: Collection[str]) -> Iterator[Finding]:
    """Yields what is wrong with rules about runs, and between them and the scholars.

    Args:
        roster: the valid parts of a file; required values may be None.
        wrong: places of values that are left out of it, such as "automation ada: tag".
    """
    scholars = named("scholar", roster.scholars)
    ids = {it.id for it in roster.scholars if it.id}
    owners = {username: (name, it) for name, it in scholars for username in it.usernames}
    lists = rules_of(roster)
    for name, rule in chain.from_iterable(lists):
        yield from _criterion(name, rule, wrong)
    for name, rule in chain.from_iterable(lists):
        if scholar := _value(rule, "scholar"):
            yield from unknown_id(f"{name}: scholar", scholar, ids, "scholar")
    for rules in lists:
        yield from _repeated(rules)
    for name, automated in named("automation", roster.automation):
        owner, other = owners.get(automated.username or "", (None, None))
        if other is not None and automated.scholar not in {None, other.id}:
            yield Finding(
                f"{name}: username",
                f"{as_toml(automated.username)} is a username of {owner}",
                "a username of the same scholar, or of nobody",
            )
    yield from _shared(roster)


def _accounts(roster: Roster) -> Iterator[tuple[str, SharedAccount, _Rules]]:
    for name, account in named("shared_account", roster.shared_account):
        yield name, account, [(f"{name}: {rule}", it) for rule, it in named("rule", account.rules)]


def _criterion(name: str, rule: _Rule, wrong: Collection[str]) -> Iterator[Finding]:
    keys = [key for key in _CRITERIA if key in type(rule).model_fields]
    held = criteria(rule)
    if len(held) != 1 and not any(f"{name}: {key}" in wrong for key in keys):
        yield Finding(name, f"got {' and '.join(held) or 'none'}", f"one of {', '.join(keys)}")
    if "config" not in keys or f"{name}: value" in wrong or f"{name}: config" in wrong:
        return
    missing = [key for key in ("config", "value") if getattr(rule, key) is None]
    if len(missing) == 1:
        yield Finding(name, f"got no {missing[0]}", "a config key and its value")


def _repeated(rules: _Rules) -> Iterator[Finding]:
    """Yields rules that an earlier one of the same list always precedes."""
    earlier: list[tuple[str, _Rule]] = []
    for name, rule in rules:
        if len(criteria(rule)) != 1:
            continue
        before = next((other for other, it in earlier if _precedes(it, rule)), None)
        if before is not None:
            yield warning(
                name, f"never applies: {before} above it already matches its runs", "each rule once"
            )
        earlier.append((name, rule))


def _precedes(one: _Rule, other: _Rule) -> bool:
    (by,), (of,) = criteria(one), criteria(other)
    # An automation rule concerns runs of its own scholar only.
    of_others = hasattr(one, "username") and _value(one, "scholar") != _value(other, "scholar")
    if by != of or of_others:
        return False
    if by == "project":
        return covers(_value(one, by), _value(other, by))
    return all(as_toml(_value(one, it)) == as_toml(_value(other, it)) for it in (by, "value"))


def _value(rule: _Rule, key: str) -> Any:
    return getattr(rule, key, None)


def _shared(roster: Roster) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for name, account, rules in _accounts(roster):
        if account.username:
            earlier = first.setdefault(account.username, name)
            if earlier != name:
                yield Finding(
                    f"{name}: username", f"also appears in {earlier}", "one entry for each account"
                )
        if not rules:
            yield warning(f"{name}: rules", "empty", "rules that say whose its runs are")
