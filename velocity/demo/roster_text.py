"""The demo's roster.toml and velocity.toml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from velocity.demo.people import PEOPLE
from velocity.demo.roster_entries import array, day_of, days_text, entry, manager_text, rules_text
from velocity.demo.stories import AIM, AMBIGUOUS, AWAY, CHEAPER, ENTITY, SECOND_GRANT, TWO_STREAMS

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    Stream(
        "Aurora", "kestrel", ("sae-*",), (4, 7, 13, 15), ((0, 21_000), (SECOND_GRANT.week, 10_000))
    ),
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
    ("*H100*", CHEAPER.week, 1.7),
)


def roster_text(term: Term, names: Sequence[str]) -> str:
    """roster.toml of the term, with `names` as ids and W&B usernames by seat."""
    parts = [
        f"leads = {array(['lead@example.org'])}\nrented = {array(['spot-*'])}",
        *(_scholar(seat, term, names) for seat in range(len(names))),
        *(_stream(stream, term, names) for stream in STREAMS),
        manager_text(names),
        *rules_text(names),
        *days_text(term, names),
    ]
    for gpu, week, credits_an_hour in _RATES:
        rate = {"gpu": gpu, "from": day_of(term, week), "credits_per_gpu_hour": credits_an_hour}
        parts.append(entry("credits.rates", rate))
    for stream in STREAMS:
        for week, amount in stream.grants:
            grant = {"date": day_of(term, week), "stream": stream.name.lower(), "amount": amount}
            parts.append(entry("credits.grants", grant))
    return "\n\n".join(parts) + "\n"


def settings_text() -> str:
    """velocity.toml of the demo."""
    return (
        'roster = "roster.toml"\n\n[programme]\nname = "Demo programme"\ntimezone = "UTC"\n\n'
        f"[wandb]\nprojects = {array([f'{ENTITY}/*'])}\nutilisation_requests = 20\n"
    )


def _scholar(seat: int, term: Term, names: Sequence[str]) -> str:
    name, person = names[seat], PEOPLE[seat]
    begins, ends = person.awake
    values: dict[str, object] = {
        "id": name,
        "name": name.capitalize(),
        "emails": [f"{name}@example.org"],
        "usernames": [name],
        "timezone": person.zone,
        "awake": f"{begins:02d}:00-{ends:02d}:00",
    }
    if seat == AWAY.seat:
        values["away"] = [{"from": day_of(term, AWAY.week), "to": day_of(term, AWAY.week + 1)}]
    if seat == AIM.seat:
        values["aims"] = [{"measure": "serial_share", "direction": "down"}]
    return entry("scholars", values)


def _stream(stream: Stream, term: Term, names: Sequence[str]) -> str:
    members: list[dict[str, object]] = [{"scholar": names[seat]} for seat in stream.seats]
    mover, moved = names[TWO_STREAMS.seat], day_of(term, TWO_STREAMS.week)
    if stream.name == "Cirrus":
        members.append({"scholar": mover, "to": moved})
    if stream.name == "Aurora":
        members.append({"scholar": mover, "from": moved})
    values: dict[str, object] = {
        "id": stream.name.lower(),
        "name": stream.name,
        "mentors": [f"{stream.mentor}@example.org"],
        "projects": [f"{ENTITY}/{project}" for project in stream.projects],
        "members": members,
    }
    if AIM.seat in stream.seats:
        values["aims"] = [{"measure": "experiments_concluded", "direction": "up"}]
    return entry("streams", values)
