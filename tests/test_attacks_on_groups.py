"""What a lead who may not see individuals can find out about them from a term of answers.

Three attacks succeeded while the groups were sums of live figures. A lead who is also a mentor
subtracted the stream that they see by name (exact in 9 of 9 weeks). A person added to the roster
changed every past week by exactly their figures. A late run did the same to its week.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.attacker import Attacker, cell, share_cell
from tests.builders import at, run
from tests.roster_texts import stream
from tests.test_restatement import sync
from velocity.reading import reads
from velocity.reading.access import viewer_of
from velocity.roster.models import Roster, load_roster
from velocity.settings import Settings
from velocity.store import Snapshot, latest_snapshot
from velocity.sync.forget import forget_person, look_up

pytestmark = pytest.mark.thorough

LEAD, BOTH = "lead@x.example", "both@x.example"
WEEKS = 6
WEEK = timedelta(weeks=1)
SIZES = {"big": 6, "mentored": 3, "rest": 4}
#: Measure -> whether it is a count.
AMOUNTS = {
    **dict.fromkeys(("experiments_started", "experiments_concluded", "runs_ended"), True),
    **dict.fromkeys(("busy_hours", "gpu_hours"), False),
}
#: Share -> its part and its whole.
SHARES = {
    "failure_share": ("runs_failed", "runs_ended"),
    "serial_share": ("serial_hours", "busy_hours"),
}
ENDED = ("runs_finished", "runs_failed", "runs_killed", "runs_preempted")


def begin() -> dict[str, list[str]]:
    """Stream -> its members, before anybody joins, moves or leaves."""
    return {name: [f"{name}{it}" for it in range(size)] for name, size in SIZES.items()}


#: Week -> edits of the roster in it: person -> new stream (None: removed from the roster).
EDITS = {
    2: {"rest0": "mentored"},
    3: {"late": "big"},
    4: {"big0": "mentored", "big2": None},
    5: {"rest1": "big"},
}
#: Week -> (person, earlier week) whose runs arrive only then.
LATE = {4: ("rest2", 2), 5: ("big4", 0)}
FORGOTTEN_IN, FORGOTTEN = 4, "big3"
#: In this week people whom the mentor does not see do almost nothing.
IDLE = 1


def write_roster(file: Path, streams: dict[str, list[str]]) -> Roster:
    people = [it for members in streams.values() for it in members]
    scholars = "".join(
        f'[[scholars]]\nid = "{it}"\nname = "{it}"\nusernames = ["user-{it}"]\n' for it in people
    )
    groups = "".join(
        stream(name, members=f"[{', '.join(f'{{ scholar = {it!r} }}' for it in members)}]")
        + f"mentors = {[BOTH] if name == 'mentored' else []}\n"
        for name, members in streams.items()
    )
    file.write_text(f"leads = {[LEAD, BOTH]}\n{scholars}{groups}", encoding="utf-8")
    return load_roster(file)


def worked(chance: random.Random, person: str, week: int, name: str = "r") -> list[dict]:
    """The runs of a person's week: none, a few or many."""
    monday = at("00:00") + week * WEEK
    paces = (0, 1, 1) if week == IDLE and person.startswith("rest") else (0, 1, 3, 8, 20, 45)
    return [
        run(
            f"{name}-{person}-{week}-{number}",
            start,
            start + timedelta(minutes=chance.choice((3, 40, 200))),
            username=f"user-{person}",
            state="failed" if chance.random() < 0.2 else "finished",
            host=f"host-{person}",
            gpu_type="A100",
            gpu_count=1,
        )
        for number in range(chance.choice(paces))
        for start in [monday + timedelta(minutes=chance.randint(0, 9_000))]
    ]


@dataclass
class Term:
    """A term of weekly syncs, and everything that viewers were shown in it."""

    #: (who, week, group) -> the different answers, in order.
    answers: dict[tuple, list[dict]] = field(default_factory=dict)
    #: (week, group) -> who was in it when it was published.
    inside: dict[tuple, list[str]] = field(default_factory=dict)
    #: (week, person) -> their figures when it was published.
    figures: dict[tuple, dict] = field(default_factory=dict)
    #: People whom the lead who is also a mentor ever saw by name.
    named: set[str] = field(default_factory=set)
    #: (week, members of "big", their conclusions in it): the live sums shown earlier.
    live: list[tuple[date, list[str], int]] = field(default_factory=list)

    def figure(self, week: date, measure: str, person: str) -> float:
        """A person's figure when the week was published."""
        return self.figures.get((week, person), {}).get(measure) or 0

    def known(self, week: date, measure: str, people: Iterable[str]) -> dict[str, float]:
        """The figures of people whom the viewer ever saw by name."""
        return {it: self.figure(week, measure, it) for it in people if it in self.named}

    def look(self, snapshot: Snapshot, roster: Roster, streams: dict[str, list[str]]) -> None:
        """Record what both viewers are shown, and the true figures of newly published weeks."""
        for who in (LEAD, BOTH):
            scope = viewer_of(roster, who, leads_see_individuals=False).scope
            for row in reads.group_weeks(snapshot, scope=scope).to_dicts():
                kept = self.answers.setdefault((who, row["week_start"], row["group_id"]), [])
                if row not in kept:
                    kept.append(row)
            self.named |= set(reads.scholars(snapshot, scope=scope)["scholar"])
        published = set(snapshot.frame("SELECT week_start, group_id FROM group_week").rows())
        new = published - self.inside.keys()
        self._keep_truth(snapshot, {week for week, _ in new})
        for week, group in new:
            alone = {it for of_week, it in published if of_week == week}
            merged = [it for it in streams if it not in alone]
            parts = merged if group == "other streams" else [group]
            self.inside[week, group] = [it for part in parts for it in streams[part]]

    def _keep_truth(self, snapshot: Snapshot, weeks: set[date]) -> None:
        """Record everybody's figures of weeks just published."""
        over = {"from_day": min(weeks), "to_day": max(weeks) + WEEK} if weeks else {}
        for row in reads.metrics(snapshot, by="scholar", period="week", **over).to_dicts():
            if row["period_start"] in weeks:
                ended = sum(row[it] for it in ENDED)
                self.figures[row["period_start"], row["scholar"]] = row | {"runs_ended": ended}


def live_through(data: Path) -> Term:
    """A term of random weeks, with every edit of `EDITS` and `LATE`, and a forgotten person."""
    chance = random.Random(1)  # noqa: S311 - nothing secret
    settings = Settings(roster=data / "roster.toml")
    streams, found = begin(), Term()
    for week in range(WEEKS):
        for person, to in EDITS.get(week, {}).items():
            streams = {it: [who for who in streams[it] if who != person] for it in streams}
            if to is not None:
                streams[to] = [*streams[to], person]
        roster = write_roster(settings.roster, streams)
        people = [*(it for members in streams.values() for it in members), "late", "big2"]
        rows = [it for who in dict.fromkeys(people) for it in worked(chance, who, week)]
        if week in LATE:
            rows += worked(chance, *LATE[week], name="late")
        as_of = at("01:00", days=7 * week + 9).isoformat()
        snapshot = sync(data, rows, as_of, settings, roster)
        found.look(snapshot, roster, streams)
        if "late" in EDITS.get(week, {}) or "late" in EDITS.get(week + 1, {}):
            shown = reads.metrics(snapshot, by="stream", period="week", groups=["big"])
            for monday, concluded in shown.select("period_start", "experiments_concluded").rows():
                found.live.append((monday, streams["big"], concluded))
        if week == FORGOTTEN_IN:
            forget_person(data, settings, look_up(data, settings, FORGOTTEN))
            streams = {it: [who for who in streams[it] if who != FORGOTTEN] for it in streams}
            found.look(latest_snapshot(data), roster, streams)
    return found


@pytest.fixture(scope="module")
def term(tmp_path_factory):
    return live_through(tmp_path_factory.mktemp("term"))


def attackers(term: Term) -> Iterator[tuple[tuple, Attacker]]:
    """One per week and measure: a lead, later also a mentor, who kept everything."""
    for week in sorted({week for week, _ in term.inside}):
        for measure, whole in AMOUNTS.items():
            attacker = Attacker(whole=whole)
            for (_, of_week, group), rows in term.answers.items():
                for row in rows:
                    if of_week == week and group != "all groups" and row["visible"]:
                        attacker.keep(term.inside[week, group], *cell(row[measure]))
            if attacker.sums:
                attacker.known = term.known(week, measure, attacker.unknown)
                yield (week, measure), attacker


def test_no_answer_ever_changes(term):
    """Except that a week becomes blank for a mentor who sees too many of its people by name."""
    assert len({week for week, _ in term.inside}) == WEEKS
    for (who, week, group), rows in term.answers.items():
        figures = [row for row in rows if row["visible"]]
        assert len(figures) <= 1 or (who == BOTH and group == "all groups"), (who, week, group)
        if who == LEAD:
            assert len(rows) == 1, (week, group)


def test_no_count_or_hours_of_a_person_are_narrowed_to_less_than_5(term, tell):
    shortest = checked = 0
    for about, attacker in attackers(term):
        for person in attacker.unknown:
            low, high = attacker.interval(person)
            assert low <= term.figure(*about, person) < high + 1e-3, (about, person)
            assert high - low >= 5 - 1e-3, (about, person, low, high)
            shortest = min(shortest or high - low, high - low)
            checked += 1
    tell(f"groups: {checked:,} figures of others, none narrowed to less than {shortest:.1f}")
    assert checked > 150


def test_no_share_of_a_person_is_narrowed_to_less_than_5_points(term, tell):
    """Even if the attacker knows the exact whole from elsewhere."""
    narrowest, checked = 1.0, 0
    for (who, week, group), rows in term.answers.items():
        if who != LEAD or group == "all groups" or not rows[0]["visible"]:
            continue
        for share, (part, whole) in SHARES.items():
            if rows[0][share] is None:
                continue
            low, high = (it * rows[0][whole] for it in share_cell(rows[0][share]))
            attacker = Attacker(whole=part == "runs_failed")
            # The part is a sum of whole hours.
            attacker.keep(term.inside[week, group], low - 0.5, min(high, 1000) + 0.5)
            attacker.known = term.known(week, part, attacker.unknown)
            for person in attacker.unknown:
                if own := term.figure(week, whole, person):
                    least, most = attacker.interval(person)
                    narrowest = min(narrowest, (min(most, own) - least) / own)
                    checked += 1
    tell(f"groups: {checked:,} shares of others, none narrowed to less than {narrowest:.0%}")
    assert narrowest >= 0.05
    assert checked > 20


def test_the_attacker_wins_against_live_sums(term):
    """With live sums, as shown earlier, figures of a person added to the roster are exact."""
    for week in (at("00:00").date() + it * WEEK for it in range(3)):
        attacker = Attacker(whole=True, small_by_chance=False)
        for of_week, people, concluded in term.live:
            if of_week == week:
                attacker.keep(people, concluded, concluded + 1e-3)
        assert len(attacker.sums) == 2
        low, high = attacker.interval("late")
        assert high - low == pytest.approx(1)


def test_the_attacker_wins_against_sums_that_are_only_rounded(term):
    """If known people are subtracted from rounded sums, others have almost no protection."""
    narrowed = 0
    for (week, measure), attacker in attackers(term):
        plain = Attacker(whole=attacker.whole, small_by_chance=False, known=attacker.known)
        for people, _, _ in attacker.sums:
            total = sum(term.figure(week, measure, it) for it in people)
            plain.keep(people, *cell(5 * round(total / 5) if total >= 5 else 0))
        ranges = map(plain.interval, plain.unknown)
        narrowed += sum(high - low < 5 - 1e-3 for low, high in ranges)
    assert narrowed
