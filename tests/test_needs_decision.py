"""Working hours over many weeks, and the lines that wait for a decision, match the oracle."""

import random
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest

from tests.batches import Batch, moment
from tests.builders import at, run, store_of
from tests.comparison import agree, rows_by
from tests.oracle_rows import expected_loops
from tests.oracles.decisions import decisions
from tests.oracles.model import DAY, HOUR, MINUTE, Person, Rules, Run, hours, micros
from tests.oracles.strategies import Case
from tests.roster_texts import ADA, BEN, parsed, stream
from velocity.reading import reads
from velocity.reading.access import EVERYTHING, Scope, Viewer
from velocity.roster.models import Roster
from velocity.settings import Settings
from velocity.state import ReadMark, mark_read, read_marks
from velocity.store import Snapshot
from velocity.ui.view import View

pytestmark = pytest.mark.sampled(10)

#: 13 weeks before the clocks change, in Europe and elsewhere, so that the last loops cross it.
TERMS = (datetime(2024, 1, 8, tzinfo=UTC), datetime(2024, 8, 5, tzinfo=UTC))
WEEKS = 13
ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"),
    *("Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Santiago"),
)
WINDOWS = ((540, 1260), (840, 120), (1320, 360), (0, 1440), (0, 0), (150, 180), (180, 150))


@cache
def long_batch(zone: str, count: int = 36) -> Batch:
    """People who launched for one of `TERMS`: some on weekends, some away for weeks."""
    chance = random.Random(zone)  # noqa: S311 - nothing secret
    cases = tuple(_case(chance, number, TERMS[number % 2]) for number in range(count))
    return Batch(cases, Rules(timezone=zone), has_roster=True, first_day=TERMS[0].date())


def _case(chance: random.Random, number: int, term: datetime) -> Case:
    start, end = micros(term), micros(term) + WEEKS * 7 * DAY
    person = Person(
        f"ada{number}",
        chance.choice(ZONES),
        *chance.choice(WINDOWS),
        workdays=chance.choice((None, None, (1, 2, 3, 4), (7, 1, 2, 3, 4))),
        days_off=_days_off(chance, term.date()),
    )
    weekends = chance.choice((0.0, 0.5, 1.0))
    runs: list[Run] = []
    # Some have too few loops for a usual wait.
    at_us = start + chance.randrange(24) * HOUR + (11 * 7 * DAY if number % 6 == 0 else 0)
    while at_us < end:
        length = chance.choice((20 * MINUTE, HOUR, 5 * HOUR, 30 * HOUR))
        gap = chance.choice((0, MINUTE, 3 * HOUR, 9 * HOUR, 14 * HOUR, 2 * DAY))
        day = (term + timedelta(microseconds=at_us - start)).weekday()
        if day < 5 or chance.random() < weekends:
            runs.append(_run(chance, number, len(runs), at_us, at_us + length))
        at_us += length + gap + chance.randrange(HOUR)
    last = runs[-1].created_at
    as_of = last + chance.choice((HOUR, 30 * HOUR, 2 * DAY, 4 * DAY, 5 * DAY, 8 * DAY))
    projects = {(f"e{number}", project): as_of for project in "pq"}
    return Case(tuple(it for it in runs if it.created_at < as_of), projects, (person,))


def _run(chance: random.Random, person: int, number: int, start: int, end: int) -> Run:
    state = chance.choice((*("finished",) * 8, "failed", "killed"))
    return Run(
        f"e{person}",
        chance.choice("pppppq"),
        f"r{number}.{person}",
        f"ada{person}",
        state,
        created_at=start,
        started_at=start,
        heartbeat_at=end,
        runtime_us=end - start,
        group_name=f"g{number}",
    )


def _days_off(chance: random.Random, first: date) -> frozenset[date]:
    """Some single days, and up to four whole weeks; sometimes the last days of the term."""
    days = {first + timedelta(days=chance.randrange(7 * WEEKS)) for _ in range(chance.randrange(6))}
    for _ in range(chance.choice((0, 1, 4))):
        monday = first + timedelta(days=7 * chance.randrange(WEEKS))
        days |= {monday + timedelta(days=n) for n in range(chance.choice((2, 3, 7)))}
    if chance.random() < 0.3:
        days |= {first + timedelta(days=7 * WEEKS + n) for n in range(-3, 6)}
    return frozenset(days)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_working_hours_of_many_weeks_match_the_oracle(zone: str) -> None:
    batch = long_batch(zone)
    agree(expected_loops(batch), rows_by(reads.loops(batch.snapshot), "experiment_id"))
    usual = batch.snapshot.frame("SELECT max(saturdays), min(saturdays) FROM working_week").row(0)
    assert usual == (True, False)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_lines_that_need_a_decision_match_the_oracle(zone: str) -> None:
    batch = long_batch(zone)
    unread = {it.experiment.id: it for it in decisions(batch.whole)}
    read = {
        key: it.experiment.as_of - n * 7 * HOUR
        for n, (key, it) in enumerate(sorted(unread.items()))
        if n % 3
    }
    marks = tuple(
        ReadMark(key, moment(unread[key].experiment.F), moment(instant))  # type: ignore[arg-type]
        for key, instant in read.items()
    )
    expected = {
        (it.experiment.id,): {
            "scholar": it.experiment.scholar,
            "stream": it.experiment.stream,
            "kind": it.kind,
            "waited_hours": hours(it.waited),
            "waited_working_hours": hours(it.working),
            "usual_working_hours": None if it.usual is None else hours(it.usual),
            "usual_median_working_hours": None if it.median is None else hours(it.median),
            "usual_n": it.n,
            "usual_of": it.usual_of,
            "parked": it.parked,
            "away": it.away,
            "marked_read": it.marked,
            "needs_decision": it.needed,
        }
        for it in decisions(batch.whole, read)
    }
    found = reads.needs_decision(batch.snapshot, read=marks)
    agree(expected, rows_by(found, "experiment_id"))
    met = {it.experiment.id: it.met for it in decisions(batch.whole)}
    for experiment, instant in found.select("experiment_id", "met_rule_at").iter_rows():
        # The product interpolates the usual in floating point.
        assert (instant is None) == (met[experiment] is None)
        assert instant is None or abs(micros(instant) - met[experiment]) <= 2
    seen = [{row[it] for row in expected.values()} for it in ("usual_of", "needs_decision", "away")]
    assert seen == [{"line", "scholar", None}, {True, False}, {True, False}]
    assert {"parked", "marked_read"} <= {
        name for row in expected.values() for name, value in row.items() if value is True
    }


#: Ada launches every two hours from 09:00 to 15:00; each result waits for an hour, or from 16:00 on
#: for 5 working hours, which is the usual of the line.
LAUNCHES = [at("09:00", days=day) + timedelta(hours=2 * n) for day in range(5) for n in range(4)]
STREAM = stream("vision", projects="['e/*']")


#: Scholar -> the end of their data, and what else is in their entry of the roster.
ENDS = {
    "ada": ("2026-01-13 12:00", ""),
    "usual": ("2026-01-12 09:00", ""),
    "beyond": ("2026-01-12 09:01", ""),
    "quick": ("14:14", ""),
    "quick_and_due": ("14:15", ""),
    "failed": ("2026-01-12 12:00", ""),
    "parked": ("2026-01-12 12:00", ""),
    "away": ("2026-01-12 15:00", "away = [{ from = 2026-01-12, to = 2026-01-13 }]\n"),
    "tuesdays": ("2026-01-12 15:00", 'workdays = ["Tuesday"]\n'),
    "listed": ("2026-01-14 16:00", ""),
    "unlisted": ("2026-01-14 16:01", ""),
    "back": ("2026-01-19 12:00", "away = [{ from = 2026-01-12, to = 2026-01-19 }]\n"),
    "before": ("2026-01-13 08:59", ""),
    "a_day_after": ("2026-01-13 09:00", ""),
}


@cache
def waiting() -> Snapshot:
    """Everybody has the same week, whose last result came on Friday at 16:00, up to their end."""
    rows = [it for who in ENDS for it in _week(who)]
    more = {"username": "parked", "project": "q", "heartbeat_at": "2026-01-12 12:00"}
    rows.append(run("x", "2026-01-10 09:00", state="running", entity="parked", **more))
    roster = "".join(ADA.replace("ada", who) + text for who, (_, text) in ENDS.items())
    return store_of(
        rows,
        {(it["entity"], it["project"]): at(ENDS[it["username"]][0]) for it in rows},
        roster=parsed(roster + BEN + stream("vision", projects="['*/*']")),
    )


def _week(who: str) -> list[dict]:
    """The launches of one of `ENDS`; or 20, each five minutes after a result."""
    starts, length = LAUNCHES, timedelta(hours=1)
    if who.startswith("quick"):
        starts = [at("10:00") + timedelta(minutes=10 * n) for n in range(20)]
        length = timedelta(minutes=5)
    rows = [
        run(f"{who}{n}", start, start + length, entity=who, username=who, group_name=f"g{n}")
        for n, start in enumerate(starts)
    ]
    rows[-1] |= {"state": "failed" if who == "failed" else "finished"}
    return rows


def queue(as_of: str, *, roster: Roster | None = None) -> Snapshot:
    """Ada's week in a store of its own, as it stands at `as_of`."""
    rows = [
        run(f"r{n}", start, start + timedelta(hours=1), group_name=f"g{n}")
        for n, start in enumerate(LAUNCHES)
    ]
    return store_of(rows, as_of, roster=roster or parsed(ADA + STREAM))


def row(who: str, **arguments: object) -> dict:
    """The row of one of `ENDS`."""
    found = reads.needs_decision(waiting(), scholars=[who], **arguments)  # type: ignore[arg-type]
    return found.row(0, named=True)


def test_a_line_needs_a_decision_when_it_has_waited_longer_than_its_usual():
    found = row("usual")
    assert found["waited_working_hours"] == 5
    assert (found["usual_working_hours"], found["usual_n"], found["usual_of"]) == (5, 19, "line")
    assert not found["needs_decision"]
    later = row("beyond")
    assert later["needs_decision"]
    assert later["met_rule_at"] == at("2026-01-12 09:00")
    assert later["waited_hours"] == pytest.approx(65 + 1 / 60)
    assert (later["kind"], later["label"]) == ("result", "g19")


def test_a_line_of_quick_launches_waits_for_a_working_hour_at_least():
    """The usual of the line is five minutes."""
    assert row("quick")["usual_working_hours"] == pytest.approx(5 / 60)
    assert not row("quick")["needs_decision"]
    assert row("quick_and_due")["needs_decision"]


def test_a_failure_waits_too_until_a_run_has_finished():
    assert row("failed")["kind"] == "failure"


def test_a_launch_on_another_line_parks_a_line():
    found = reads.needs_decision(waiting(), scholars=["parked"])
    assert found.select("project", "parked", "needs_decision").rows() == [("p", True, False)]


@pytest.mark.parametrize("who", ["away", "tuesdays"])
def test_days_off_count_zero_and_take_a_line_out_of_the_queue(who):
    found = row(who)
    assert found["waited_working_hours"] == (0 if who == "tuesdays" else 5)
    assert found["away"] == (who == "away")
    assert not found["needs_decision"]


def test_a_holiday_is_a_day_off_of_everybody():
    holiday = '[[holidays]]\nname = "H"\nfrom = 2026-01-12\nto = 2026-01-13\n'
    found = reads.needs_decision(
        queue("2026-01-12 15:00", roster=parsed(ADA + STREAM + holiday))
    ).row(0, named=True)
    assert found["waited_working_hours"] == 5
    assert found["away"]
    assert not found["needs_decision"]


def test_a_result_is_listed_for_five_days_without_the_days_off():
    assert row("listed")
    assert reads.needs_decision(waiting(), scholars=["unlisted"]).is_empty()
    back = row("back")
    assert (back["waited_working_hours"], back["needs_decision"]) == (8, True)


def test_a_result_that_was_read_returns_after_one_more_usual():
    result_at = at("2026-01-09 16:00")
    for read_at, holds in (("2026-01-12 19:00", True), ("2026-01-12 18:59", False)):
        mark = ReadMark("ada/p/ada19", result_at, at(read_at))
        found = row("ada", read=[mark])
        assert (found["marked_read"], found["needs_decision"]) == (holds, not holds)
    mark = ReadMark("ada/p/ada19", result_at - timedelta(hours=1), at("2026-01-13 11:00"))
    assert row("ada", read=[mark])["needs_decision"], "a mark of an earlier result"


@pytest.mark.parametrize(
    ("scope", "named"),
    [
        (EVERYTHING, (True, True)),
        (Scope(everything=True), (False, True)),
        (Scope(everything=True, scholars=("ben",), hours=("ben",)), (False, True)),
        (Scope(everything=True, streams=("vision",)), (True, True)),
        (Scope(everything=True, scholars=("before",), hours=("before",)), (True, True)),
        (Scope(streams=("vision",)), (True, True)),
    ],
)
def test_a_lead_sees_the_name_a_day_after_the_line_met_the_rule(scope, named):
    early, late = row("before", scope=scope), row("a_day_after", scope=scope)
    assert (early["named"], late["named"]) == named
    assert late["scholar"] == "a_day_after"
    who = ("scholar", "name", "entity", "project", "experiment_id", "label", "result_at")
    assert {early[it] is not None for it in who} == {named[0]}
    assert early["needs_decision"]
    assert early["stream"] == "vision"
    assert (early["met_rule_at"] is not None) == (scope.hours is None or "before" in scope.hours)


def test_a_line_is_shown_to_those_who_may_see_it():
    snapshot = waiting()
    for scope in (Scope(), Scope(scholars=("ben",)), Scope(streams=("language",))):
        assert reads.needs_decision(snapshot, scope=scope).is_empty()
    assert reads.needs_decision(snapshot, streams=["vision"], scholars=["ada"]).height == 1
    assert reads.needs_decision(snapshot, streams=["language"]).is_empty()
    assert reads.needs_decision(snapshot, scholars=["ben"]).is_empty()


def view_of(scope: Scope) -> View:
    """What a page has of a viewer, without a page."""
    viewer = Viewer("x@x.example", "X", frozenset(), scope)
    given = {"snapshot": waiting(), "scope": scope, "settings": Settings(), "viewer": viewer}
    return View(**{field.name: given.get(field.name) for field in fields(View)})  # type: ignore[arg-type]


def test_only_the_scholar_marks_a_result(tmp_path, monkeypatch):
    monkeypatch.setenv("VELOCITY_DATA", str(tmp_path))
    result_at = at("2026-01-09 16:00")
    with pytest.raises(ValueError, match="results of ada are not for X to mark"):
        view_of(Scope(streams=("vision",))).mark_read("ada", "ada/p/ada19", result_at)
    assert read_marks(tmp_path) == ()
    own = view_of(Scope(scholars=("ada",), hours=("ada",)))
    own.mark_read("ada", "ada/p/ada19", result_at)
    assert [it[:2] for it in read_marks(tmp_path)] == [("ada/p/ada19", result_at)]


def test_a_marked_result_leaves_the_queue_of_every_viewer(tmp_path, monkeypatch):
    monkeypatch.setenv("VELOCITY_DATA", str(tmp_path))
    read = ReadMark("ada/p/ada19", at("2026-01-09 16:00"), at("2026-01-13 11:00"))
    mark_read(tmp_path, "ada", read)
    for scope in (Scope(scholars=("ada",)), Scope(streams=("vision",)), EVERYTHING):
        found = view_of(scope).needs_decision(streams=["vision"]).filter(experiment_id=read[0])
        assert found["needs_decision"].to_list() == [False]
