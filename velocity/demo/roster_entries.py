"""Entries of the demo's roster.toml that tell of runs and days."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from velocity.demo import stories
from velocity.demo.stories import ENTITY
from velocity.demo.workdays import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from velocity.demo.workdays import Term


def rules_text(names: Sequence[str]) -> Iterator[str]:
    """Which runs are an agent's, count nowhere, or are whose in a shared account."""
    scholar = names[stories.AGENT.seat]
    yield entry("automation", {"scholar": scholar, "username": stories.agent_of(scholar)})
    yield entry("excluded", {"project": f"{ENTITY}/{stories.DEBUGGING.project}"})
    ((config, value),) = stories.LATE_SHIFT.items()
    rules = [
        {"scholar": names[stories.SHARED.seat], "tag": stories.EARLY_TAG},
        {"scholar": names[stories.SHARED_TOO.seat], "config": config, "value": value},
    ]
    yield entry("shared_account", {"username": stories.SHARED_ACCOUNT, "rules": rules})


def manager_text(names: Sequence[str]) -> str:
    """A research manager, who sees some scholars of several streams."""
    scholars = [names[seat] for seat in stories.MANAGED]
    return entry("research_manager", {"email": stories.MANAGER, "scholars": scholars})


def days_text(term: Term, names: Sequence[str]) -> Iterator[str]:
    """Holidays, and notes about events."""
    holiday = {"name": "Founders' day", "date": day_of(term, stories.HOLIDAY.week, 2)}
    yield entry("holidays", holiday)
    for week, day, text, about in (
        (3, 1, "Cluster down for a morning", {"programme": True}),
        (8, 4, "Deadline of the workshop", {"stream": "ember"}),
        (
            stories.NEW_PHASE.week,
            0,
            "Began the third judge",
            {"scholar": names[stories.NEW_PHASE.seat], "new_phase": True},
        ),
    ):
        yield entry("notes", {"date": day_of(term, week, day), "text": text, **about})


def day_of(term: Term, week: int, day: int = 0) -> date:
    """A day of a week of the term; 0 is Monday."""
    return datetime.fromtimestamp(term.week(week) + day * DAY, UTC).date()


def entry(table: str, values: Mapping[str, object]) -> str:
    """One `[[table]]` with its keys."""
    return "\n".join([f"[[{table}]]", *(f"{name} = {_toml(it)}" for name, it in values.items())])


def array(texts: Sequence[str]) -> str:
    """A list of texts on one line."""
    return json.dumps(texts)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(it)}" for name, it in value.items()) + " }"
    if isinstance(value, list):
        inside = [_toml(it) for it in value]
        # Tables stand on a line each.
        tables = any(isinstance(it, dict) for it in value)
        return "[\n  " + ",\n  ".join(inside) + ",\n]" if tables else f"[{', '.join(inside)}]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value)
