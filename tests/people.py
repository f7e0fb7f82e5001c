"""A roster in which everybody has a canary: a word in all their texts, and nowhere else."""

from datetime import timedelta
from pathlib import Path

from tests.builders import at, run, store_of
from tests.roster_texts import rate
from velocity.roster.models import load_roster
from velocity.store import Snapshot

#: Stream -> numbers of its members; 3 is in two, and the stream of 12 and 13 is too small to show.
STREAMS = {"vision": (0, 1, 2, 3, 4), "language": (3, 5, 6, 7, 8, 9), "probes": (10, 11, 12, 13)}
PEOPLE = range(14)
DISABLED = 13
WEEKS, QUIET_WEEK = 10, 4
AS_OF = "2026-03-16 06:00"
LEAD, MENTOR = "lead@people.example", "mentor@people.example"
#: A research manager, and the people whom they see.
MANAGER, MANAGED = "manager@people.example", (3, 6)


def canary(person: int) -> str:
    """The word that is in every name of that person."""
    return f"zq{person:02d}kx"


def scholar(person: int) -> str:
    """The person's id, which is a canary too."""
    return f"id-{canary(person)}"


def email(person: int) -> str:
    """The address that the person signs in with."""
    return f"{canary(person)}@people.example"


def elsewhere() -> str:
    """Project of person 3 in "language", which the mentor of "vision" may not see."""
    return "zz03elsewhere"


def roster_text() -> str:
    """roster.toml: the mentor has "vision"."""
    people = "".join(
        f'[[scholars]]\nid = "{scholar(it)}"\nname = "Name {canary(it)}"\n'
        f'emails = ["{email(it)}"]\nusernames = ["user-{canary(it)}"]\n'
        f"disabled = {str(it == DISABLED).lower()}\n\n"
        for it in PEOPLE
    )
    streams = "".join(
        f'[[streams]]\nid = "{name}"\nname = "{name.title()}"\n'
        f"mentors = [{f'{MENTOR!r}' if name == 'vision' else ''}]\n"
        f'projects = ["e/{name}-*"]\n'
        f"members = [{', '.join(f'{{ scholar = {scholar(it)!r} }}' for it in members)}]\n\n"
        for name, members in STREAMS.items()
    )
    manager = (
        f'[[research_manager]]\nemail = "{MANAGER}"\n'
        f"scholars = [{', '.join(f'{scholar(it)!r}' for it in MANAGED)}]\n\n"
    )
    compute = (
        rate("*", "2026-01-01")
        + '[[credits.grants]]\ndate = 2026-01-05\nstream = "vision"\namount = 500\n\n'
        f'[[credits.grants]]\ndate = 2026-01-05\nscholar = "{scholar(5)}"\namount = 77\n'
    )
    return f'leads = ["{LEAD}"]\n\n{people}{streams}{manager}{compute}'


def populate(data: Path) -> Snapshot:
    """Ten weeks of everybody's runs, some failed, waiting or running; one user is unknown."""
    rows = []
    for name, members in STREAMS.items():
        for person in members:
            word = elsewhere() if (name, person) == ("language", 3) else canary(person)
            for week in range(WEEKS):
                # In one week only three people of "language" work, too few to be shown.
                if name == "language" and week == QUIET_WEEK and person > 6:
                    continue
                for day in range(4):
                    start = at("09:00", days=7 * week + day) + timedelta(minutes=7 * person)
                    rows.append(_run(name, person, word, (week, day), start))
        last = _run(name, members[0], canary(members[0]), (99, 0), at("2026-03-16 05:30"))
        rows.append(last | {"state": "running", "runtime_s": None})
    stranger = {"username": f"user-{canary(99)}", "project": f"vision-{canary(99)}"}
    rows.append(run("r-stranger", "09:00", "10:00", **stranger))
    (data / "roster.toml").write_text(roster_text(), encoding="utf-8")
    return store_of(rows, AS_OF, roster=load_roster(data / "roster.toml"), data=data)


def _run(stream: str, person: int, word: str, when: tuple[int, int], start) -> dict[str, object]:
    week, day = when
    return run(
        f"r{stream}-{person}-{week}-{day}",
        start,
        start + timedelta(hours=1 + (day + person) % 3),
        state="failed" if (day + week) % 5 == 0 else "finished",
        username=f"user-{canary(person)}",
        project=f"{stream}-{word}",
        display_name=f"run {word}",
        group_name=f"group {word} {week} {day}",
        tags=[f"tag-{word}"],
        notes=f"notes {word}",
        host=f"host-{word}",
        gpu_type=f"GPU {word}",
        gpu_count=1,
    )
