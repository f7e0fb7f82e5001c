"""The demo's roster.toml and velocity.toml."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from velocity.demo.people import PEOPLE
from velocity.demo.stories import AMBIGUOUS, ENTITY, TWO_STREAMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from velocity.demo.workdays import Term


@dataclass(frozen=True)
class Stream:
    """A stream of the demo."""

    name: str  # its id is the same in lower case
    mentor: str  # local part of an address
    projects: tuple[str, ...]  # globs without the entity
    seats: tuple[int, ...]  # of members during the whole term
    grants: tuple[tuple[int, int], ...]  # (week, credits)


STREAMS: tuple[Stream, ...] = (
    Stream("Aurora", "kestrel", ("sae-*",), (4, 7, 13, 15), ((0, 21_000), (6, 10_000))),
    Stream("Basalt", "merlin", ("probe-*", "steer-*"), (0, 1, 2, 8, 10), ((0, 19_500),)),
    Stream("Cirrus", "osier", ("vision-*",), (6, 17, 19, AMBIGUOUS.seat), ((0, 8_000),)),
    Stream(
        "Dune", "merlin", ("judge-*", "redteam-*", "monitor"), (5, 9, 11, 12, 23), ((0, 9_000),)
    ),
    Stream("Ember", "hobby", ("evals-*",), (3, 16, 18, 20, AMBIGUOUS.seat, 22), ((0, 5_200),)),
)

#: (GPU glob, week from which it holds, credits an hour); the H100 became cheaper mid-term.
_RATES = (
    ("*H100*", 0, 2.0),
    ("*A100*", 0, 1.1),
    ("*L40S*", 0, 0.6),
    ("*", 0, 0.25),
    ("*H100*", 6, 1.7),
)


def roster_text(term: Term, names: Sequence[str]) -> str:
    """roster.toml of the term, with `names` as ids and W&B usernames by seat."""
    parts = [f"leads = {_toml(['lead@example.org'])}\nrented = {_toml(['spot-*'])}"]
    for name, person in zip(names, PEOPLE, strict=True):
        begins, ends = person.awake
        scholar = {
            "id": name,
            "name": name.capitalize(),
            "emails": [f"{name}@example.org"],
            "usernames": [name],
            "timezone": person.zone,
            "awake": f"{begins:02d}:00-{ends:02d}:00",
        }
        parts.append(_entry("scholars", scholar))
    parts += [_stream(stream, term, names) for stream in STREAMS]
    for gpu, week, credits_an_hour in _RATES:
        rate = {"gpu": gpu, "from": _day(term, week), "credits_per_gpu_hour": credits_an_hour}
        parts.append(_entry("credits.rates", rate))
    for stream in STREAMS:
        for week, amount in stream.grants:
            grant = {"date": _day(term, week), "stream": stream.name.lower(), "amount": amount}
            parts.append(_entry("credits.grants", grant))
    return "\n\n".join(parts) + "\n"


def settings_text() -> str:
    """velocity.toml of the demo."""
    return (
        'roster = "roster.toml"\n\n[programme]\nname = "Demo programme"\ntimezone = "UTC"\n\n'
        f"[wandb]\nprojects = {_toml([f'{ENTITY}/*'])}\n"
    )


def _stream(stream: Stream, term: Term, names: Sequence[str]) -> str:
    members = [f"scholar = {_toml(names[seat])}" for seat in stream.seats]
    mover, moved = names[TWO_STREAMS.seat], _day(term, TWO_STREAMS.week)
    if stream.name == "Cirrus":
        members.append(f"scholar = {_toml(mover)}, to = {moved}")
    if stream.name == "Aurora":
        members.append(f"scholar = {_toml(mover)}, from = {moved}")
    values = {
        "id": stream.name.lower(),
        "name": stream.name,
        "mentors": [f"{stream.mentor}@example.org"],
        "projects": [f"{ENTITY}/{project}" for project in stream.projects],
    }
    listed = "".join(f"  {{ {member} }},\n" for member in members)
    return f"{_entry('streams', values)}\nmembers = [\n{listed}]"


def _day(term: Term, week: int) -> date:
    return datetime.fromtimestamp(term.week(week), UTC).date()


def _entry(table: str, values: Mapping[str, object]) -> str:
    return "\n".join([f"[[{table}]]", *(f"{name} = {_toml(it)}" for name, it in values.items())])


def _toml(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else json.dumps(value)
