"""A programme of six people over twelve weeks, with settings, a roster, credits and viewers."""

from datetime import timedelta
from pathlib import Path

from tests.builders import at, run, store_of
from tests.roster_texts import rate
from velocity import state
from velocity.roster.models import load_roster
from velocity.settings import load_settings

PEOPLE = tuple(f"person{it}" for it in range(6))
WEEKS = 12
AS_OF = at("06:00", days=7 * WEEKS + 3)
_SETTINGS = '[programme]\nname = "Vision"\n[experiments]\ntogether_minutes = 3\n'
_STREAM = """
[[streams]]
id = "{stream}"
name = "Stream {stream}"
projects = ["e/{stream}"]
members = [{members}]

[[credits.grants]]
date = 2026-01-05
stream = "{stream}"
amount = 5000
"""
_RATE = rate("*", "2026-01-01", 2)


def programme(folder: Path, project: str = "vision") -> None:
    """Fill a folder: `velocity.toml`, `roster.toml`, and a store in `data`."""
    (folder / "velocity.toml").write_text(_SETTINGS, encoding="utf-8")
    roster = folder / "roster.toml"
    roster.write_text(roster_text(project), encoding="utf-8")
    data = folder / "data"
    data.mkdir(mode=0o700)
    store_of(
        [it for number, person in enumerate(PEOPLE) for it in _runs(person, number, project)],
        AS_OF,
        settings=load_settings(folder / "velocity.toml"),
        roster=load_roster(roster),
        data=data,
    )
    for day, person in enumerate(PEOPLE):
        who = {"name": PEOPLE[day - 1], "email": f"{PEOPLE[day - 1]}@x.example"}
        when = {"at": AS_OF - timedelta(days=day), "kept_days": 90}
        state.record_look(data, scholar=person, page="Runs", **who, **when)
        state.sign_out(data, f"{person}@x.example", AS_OF)
        sent = state.SentMessage(person, "host_idle", f"host{day}", "2026-01-06", AS_OF)
        state.record_message(data, sent)
    state.keep_token(data, "person1@x.example", "hash-of-a-token", AS_OF)


def other_programme(folder: Path) -> None:
    """The same with runs in another project."""
    programme(folder, "speech")


def roster_text(stream: str, people: tuple[str, ...] = PEOPLE) -> str:
    """The roster with only these people."""
    scholars = "".join(
        f'[[scholars]]\nid = "id-{it}"\nname = "{it.title()}"\n'
        f'emails = ["{it}@x.example"]\nusernames = ["{it}"]\n'
        for it in people
    )
    members = ", ".join(f'{{ scholar = "id-{it}" }}' for it in people)
    return scholars + _STREAM.format(stream=stream, members=members) + _RATE


def _runs(person: str, number: int, project: str) -> list[dict]:
    """Seven runs in each week of a person, one after another; every fifth failed.

    They have whole quarters of hours and a host of their own, so sums are exact in any order.
    """
    return [
        run(
            f"{person}-{week}-{place}",
            start,
            start + timedelta(minutes=15 * (1 + (number + week) % 3)),
            username=person,
            project=project,
            state="failed" if (place + week) % 5 == 0 else "finished",
            host=f"host-{number}",
            gpu_type="H100",
            gpu_count=1 + number % 2,
        )
        for week in range(WEEKS)
        for place in range(7)
        for start in [at("09:00", days=7 * week + place % 5) + timedelta(hours=place)]
    ]
