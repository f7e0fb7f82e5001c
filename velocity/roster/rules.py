"""Rules about runs: automation, exclusions and shared accounts; and mistakes in them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

from velocity.roster.contradictions import unknown_id
from velocity.roster.fields import Entry, Id, ProjectGlob, Text
from velocity.roster.globs import covers
from velocity.toml import Finding, as_toml, named, repeats, warning

if TYPE_CHECKING:
    from velocity.roster.models import Roster

#: The keys of a rule, of which it has exactly one.
_CRITERIA = ("username", "tag", "project", "job_type", "config")
_LONGEST_NUMBER = 64  # bits of a whole number, as in TOML and in configs


def _plain_value(value: object) -> object:
    # Before the union is tried: it would report one mistake for each of its types.
    is_long = isinstance(value, int) and value.bit_length() > _LONGEST_NUMBER
    if is_long or not isinstance(value, str | int | float):
        raise ValueError("text, a number, true or false")
    return value


_Tag = Annotated[Text | None, Field(description="Tag of the runs.")]
_RunProject = Annotated[ProjectGlob | None, Field(description="ENTITY/PROJECT glob of the runs.")]
_JobType = Annotated[Text | None, Field(description="W&B job type of the runs.")]
_ConfigKey = Annotated[
    Text | None,
    Field(description='Config key of the runs; "train.launcher" is also launcher in train.'),
]
_ConfigValue = Annotated[
    str | bool | int | float | None,  # TOML tells true from 1, and so does a config
    BeforeValidator(_plain_value),
    Field(description="Value of that key: text, a number, true or false."),
]


class Automation(Entry):
    """Runs that a person's agent or scheduler launches, not the person."""

    scholar: Id | None = Field(
        None,
        description="Id of the scholar whose automation it is. Without it, the owner of the "
        "run's username is the owner.",
    )
    username: Text | None = Field(None, description="W&B username of the runs.")
    tag: _Tag = None
    project: _RunProject = None
    job_type: _JobType = None
    config: _ConfigKey = None
    value: _ConfigValue = None


class Excluded(Entry):
    """Runs that count in no figure, such as debug runs."""

    tag: _Tag = None
    project: _RunProject = None
    job_type: _JobType = None


class AccountRule(Entry):
    """Which runs of a shared account are a scholar's."""

    scholar: Id = Field(description="Id of a scholar in this file.")
    tag: _Tag = None
    project: _RunProject = None
    config: _ConfigKey = None
    value: _ConfigValue = None


class SharedAccount(Entry):
    """A W&B account that several scholars use."""

    username: Text = Field(description="W&B username of the account.")
    rules: tuple[AccountRule, ...] = Field(
        (), description="Whose its runs are; the first rule that matches decides."
    )


Rule: TypeAlias = Automation | Excluded | AccountRule
_Rules: TypeAlias = Sequence[tuple[str, Rule]]


def criteria(entry: Rule) -> list[str]:
    """Returns the keys by which a rule chooses runs; a valid rule has one."""
    return [key for key in _CRITERIA if _value(entry, key) is not None]


def rules_of(roster: Roster) -> list[_Rules]:
    """Returns the named rules about runs, list by list, each in the order of the file."""
    return [
        named("automation", roster.automation),
        named("excluded", roster.excluded),
        *(
            [(f"{name}: {rule}", it) for rule, it in named("rule", account.rules)]
            for name, account in named("shared_account", roster.shared_account)
        ),
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
        yield from unknown_id(f"{name}: scholar", _value(rule, "scholar"), ids, "scholar")
    for rules in lists:
        yield from _shadowed(rules)
    for name, automated in named("automation", roster.automation):
        owner, other = owners.get(automated.username or "", (None, None))
        if other is not None and automated.scholar not in {None, other.id}:
            problem = f"{as_toml(automated.username)} is a username of {owner}"
            expected = "a username of the same scholar, or of nobody"
            yield Finding(f"{name}: username", problem, expected)
    accounts = named("shared_account", roster.shared_account)
    for name, _, earlier in repeats((name, it.username) for name, it in accounts):
        expected = "one entry for each account"
        yield Finding(f"{name}: username", f"also appears in {earlier}", expected)
    for name, account in accounts:
        if not account.rules:
            yield warning(f"{name}: rules", "empty", "rules that say whose its runs are")


def _criterion(name: str, rule: Rule, wrong: Collection[str]) -> Iterator[Finding]:
    keys = [key for key in _CRITERIA if key in type(rule).model_fields]
    held = criteria(rule)
    if len(held) != 1 and not any(f"{name}: {key}" in wrong for key in keys):
        yield Finding(name, f"got {' and '.join(held) or 'none'}", f"one of {', '.join(keys)}")
    if "config" not in keys or f"{name}: value" in wrong or f"{name}: config" in wrong:
        return
    missing = [key for key in ("config", "value") if _value(rule, key) is None]
    if len(missing) == 1:
        yield Finding(name, f"got no {missing[0]}", "a config key and its value")


def _shadowed(rules: _Rules) -> Iterator[Finding]:
    """Yields rules that an earlier one of the same list always precedes."""
    earlier: list[tuple[str, Rule]] = []
    for name, rule in rules:
        if len(criteria(rule)) == 1:
            before = next((other for other, it in earlier if _precedes(it, rule)), None)
            if before is not None:
                problem = f"never applies: {before} above it already matches its runs"
                yield warning(name, problem, "each rule once")
            earlier.append((name, rule))


def _precedes(one: Rule, other: Rule) -> bool:
    (by,), (of,) = criteria(one), criteria(other)
    # An automation rule concerns runs of its own scholar only.
    of_others = hasattr(one, "username") and _value(one, "scholar") != _value(other, "scholar")
    if by != of or of_others:
        return False
    if by == "project":
        return covers(_value(one, by), _value(other, by))
    return all(as_toml(_value(one, it)) == as_toml(_value(other, it)) for it in (by, "value"))


def _value(rule: Rule, key: str) -> Any:
    return getattr(rule, key, None)
