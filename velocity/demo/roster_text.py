"""The demo's roster.toml and velocity.toml."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from velocity.demo.people import PEOPLE
from velocity.demo.stories import AMBIGUOUS, ENTITY, TWO_STREAMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from velocity.demo.term import Term


@dataclass(frozen=True)
class Stream:
    """A stream of the demo.

    Args:
        name: its id is the same in small letters.
        mentor: local part of an address.
        projects: globs, without the entity.
        seats: members all along.
        grants: (week, credits).
    """

    name: str
    mentor: str
    projects: tuple[str, ...]
    seats: tuple[int, ...]
    grants: tuple[tuple[int, int], ...]


STREAMS: tuple[Stream, ...] = (
    Stream("Aurora", "kestrel", ("sae-*",), (4, 7, 13, 15), ((0, 21_000), (6, 10_000))),
    Stream("Basalt", "merlin", ("probe-*", "steer-*"), (0, 1, 2, 8, 10), ((0, 19_500),)),
    Stream("Cirrus", "osier", ("vision-*",), (6, 17, 19, AMBIGUOUS.seat), ((0, 8_000),)),
    Stream(
        "Dune", "merlin", ("judge-*", "redteam-*", "monitor"), (5, 9, 11, 12, 23), ((0, 9_000),)
    ),
    Stream("Ember", "hobby", ("evals-*",), (3, 16, 18, 20, AMBIGUOUS.seat, 22), ((0, 5_200),)),
)

#: (GPU glob, week from which it holds, credits an hour); the H100 became cheaper in mid-term.
_RATES = (
    ("*H100*", 0, 2.0),
    ("*A100*", 0, 1.1),
    ("*L40S*", 0, 0.6),
    ("*", 0, 0.25),
    ("*H100*", 6, 1.7),
)


def roster_text(term: Term, names: Sequence[str]) -> str:
    """roster.toml of the term, with `names` as ids and W&B usernames by seat."""
    parts = [f"leads = {_list(['lead@example.org'])}"]
    parts += [_scholar(seat, name) for seat, name in enumerate(names)]
    parts += [_stream(stream, term, names) for stream in STREAMS]
    for gpu, week, credits_an_hour in _RATES:
        parts.append(
            f"[[credits.rates]]\ngpu = {json.dumps(gpu)}\nfrom = {_day(term.week(week))}\n"
            f"credits_per_gpu_hour = {credits_an_hour}"
        )
    parts += [
        f"[[credits.grants]]\ndate = {_day(term.week(week))}\n"
        f"stream = {json.dumps(stream.name.lower())}\namount = {amount}"
        for stream in STREAMS
        for week, amount in stream.grants
    ]
    return "\n\n".join(parts) + "\n"


def settings_text() -> str:
    """velocity.toml of the demo."""
    return (
        'roster = "roster.toml"\n\n[programme]\nname = "Demo programme"\ntimezone = "UTC"\n\n'
        f"[wandb]\nprojects = {_list([f'{ENTITY}/*'])}\n"
    )


def _scholar(seat: int, name: str) -> str:
    person = PEOPLE[seat]
    begins, ends = person.awake
    return (
        f"[[scholars]]\nid = {json.dumps(name)}\nname = {json.dumps(name.capitalize())}\n"
        f"emails = {_list([f'{name}@example.org'])}\nusernames = {_list([name])}\n"
        f'timezone = "{person.zone}"\nawake = "{begins:02d}:00-{ends:02d}:00"'
    )


def _stream(stream: Stream, term: Term, names: Sequence[str]) -> str:
    members = [f"{{ scholar = {json.dumps(names[seat])} }}" for seat in stream.seats]
    mover = json.dumps(names[TWO_STREAMS.seat])
    moved = _day(term.week(TWO_STREAMS.week or 0))
    if stream.name == "Cirrus":
        members.append(f"{{ scholar = {mover}, to = {moved} }}")
    if stream.name == "Aurora":
        members.append(f"{{ scholar = {mover}, from = {moved} }}")
    listed = "".join(f"  {member},\n" for member in members)
    globs = _list([f"{ENTITY}/{project}" for project in stream.projects])
    return (
        f"[[streams]]\nid = {json.dumps(stream.name.lower())}\nname = {json.dumps(stream.name)}\n"
        f"mentors = {_list([f'{stream.mentor}@example.org'])}\nprojects = {globs}\n"
        f"members = [\n{listed}]"
    )


def _day(instant: int) -> date:
    return datetime.fromtimestamp(instant, UTC).date()


def _list(texts: Sequence[str]) -> str:
    return json.dumps(list(texts))
