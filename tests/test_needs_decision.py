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
from velocity.settings import Settings
from velocity.state import ReadMark, mark_read, read_marks
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
    place = (f"e{person}", chance.choice("pppppq"), f"r{number}.{person}", f"ada{person}")
    times = {"started_at": start, "heartbeat_at": end, "runtime_us": end - start}
    return Run(*place, state, start, group_name=f"g{number}", **times)


def _days_off(chance: random.Random, first: date) -> frozenset[date]:
    """Some single days, and up to four whole weeks; sometimes the last days of the term."""
    days = {first + timedelta(days=chance.randrange(7 * WEEKS)) for _ in range(chance.randrange(6))}
    for _ in range(chance.choice((0, 1, 4))):
        monday = first + timedelta(days=7 * chance.randrange(WEEKS))
        days |= {monday + timedelta(days=n) for n in range(chance.choice((2, 3, 7)))}
    if chance.random() < 0.3:
        days |= {first + timedelta(days=7 * WEEKS + n) for n in range(-3, 6)}
    return frozenset(days)


in_zones = pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])


@in_zones
def test_working_hours_of_many_weeks_match_the_oracle(zone: str) -> None:
    batch = long_batch(zone)
    agree(expected_loops(batch), rows_by(reads.loops(batch.snapshot), "experiment_id"))
    usual = batch.snapshot.frame("SELECT max(saturdays), min(saturdays) FROM working_week").row(0)
    assert usual == (True, False)


@in_zones
def test_lines_that_need_a_decision_match_the_oracle(zone: str) -> None:
    batch = long_batch(zone)
    unread = {it.experiment.id: it for it in decisions(batch.whole)}
    chosen = [(n, key) for n, key in enumerate(sorted(unread)) if n % 3]
    read = {key: unread[key].experiment.as_of - n * 7 * HOUR for n, key in chosen}
    ends = {key: moment(unread[key].experiment.F) for key in read}
    marks = tuple(ReadMark(key, ends[key], moment(instant)) for key, instant in read.items())
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
#: Columns of rows: at the usual, beyond it, on days off, and after them.
FIVE_MINUTES = pytest.approx(5 / 60)
BEFORE = {"waited_working_hours": 5, "usual_working_hours": 5, "usual_n": 19, "usual_of": "line"}
AFTER = {"met_rule_at": at("2026-01-12 09:00"), "kind": "result", "label": "g19"}
AFTER |= {"waited_hours": pytest.approx(65 + 1 / 60)}
OFF = {"waited_working_hours": 5, "away": True, "needs_decision": False}
OFF_ALL_WEEK = {"waited_working_hours": 0, "away": False, "needs_decision": False}
BACK = {"waited_working_hours": 8, "needs_decision": True}


def off_until(day: str) -> str:
    return f"away = [{{ from = 2026-01-12, to = {day} }}]\n"


#: Scholar -> the end of their data, what else is in their entry of the roster, and columns of their
#: row of the queue.
LINES: dict[str, tuple[str, str, dict]] = {
    "ada": ("2026-01-13 12:00", "", {"needs_decision": True}),
    # A line needs a decision when it has waited longer than its usual.
    "usual": ("2026-01-12 09:00", "", BEFORE | {"needs_decision": False}),
    "beyond": ("2026-01-12 09:01", "", AFTER | {"needs_decision": True}),
    # The usual of a line of quick launches is five minutes; it waits for a working hour at least.
    "quick": ("14:14", "", {"usual_working_hours": FIVE_MINUTES, "needs_decision": False}),
    "quick_and_due": ("14:15", "", {"needs_decision": True}),
    # A failure waits too until a run has finished.
    "failed": ("2026-01-12 12:00", "", {"kind": "failure"}),
    # A launch on another line parks a line.
    "parked": ("2026-01-12 12:00", "", {"project": "p", "parked": True, "needs_decision": False}),
    # Days off count zero and take a line out of the queue.
    "away": ("2026-01-12 15:00", off_until("2026-01-13"), OFF),
    "tuesdays": ("2026-01-12 15:00", 'workdays = ["Tuesday"]\n', OFF_ALL_WEEK),
    # A result is listed for five days without the days off.
    "listed": ("2026-01-14 16:00", "", {"scholar": "listed"}),
    "unlisted": ("2026-01-14 16:01", "", {}),
    "back": ("2026-01-19 12:00", off_until("2026-01-19"), BACK),
    "before": ("2026-01-13 08:59", "", {"scholar": "before"}),
    "a_day_after": ("2026-01-13 09:00", "", {"scholar": "a_day_after"}),
}


@cache
def waiting():
    """Everybody has the same week, whose last result came on Friday at 16:00, up to their end."""
    rows = [it for who in LINES for it in _week(who)]
    more = {"username": "parked", "project": "q", "heartbeat_at": "2026-01-12 12:00"}
    rows.append(run("x", "2026-01-10 09:00", state="running", entity="parked", **more))
    roster = "".join(ADA.replace("ada", who) + text for who, (_, text, _) in LINES.items())
    ends = {(it["entity"], it["project"]): at(LINES[it["username"]][0]) for it in rows}
    everybody = parsed(roster + BEN + stream("vision", projects="['*/*']"))
    return store_of(rows, ends, roster=everybody)


def _week(who: str) -> list[dict]:
    """The launches of one of `LINES`; or 20, each five minutes after a result."""
    starts, length = LAUNCHES, timedelta(hours=1)
    if who.startswith("quick"):
        starts = [at("10:00") + timedelta(minutes=10 * n) for n in range(20)]
        length = timedelta(minutes=5)
    rows = [
        run(f"{who}{n}", start, start + length, entity=who, username=who, group_name=f"g{n}")
        for n, start in enumerate(starts)
    ]
    rows[-1] |= {"state": "failed"} if who == "failed" else {}
    return rows


def row(who, **arguments):
    """The row of one of `LINES`."""
    (found,) = reads.needs_decision(waiting(), scholars=[who], **arguments).to_dicts()
    return found


@pytest.mark.parametrize("who", LINES)
def test_lines_wait_for_a_decision_by_the_rules(who: str):
    expected = LINES[who][-1]
    rows = reads.needs_decision(waiting(), scholars=[who]).to_dicts()
    assert [{name: it[name] for name in expected} for it in rows] == (
        [expected] if expected else []
    )


def test_only_lines_that_need_a_decision_are_in_the_order_of_their_waits():
    rows = reads.needs_decision(waiting())
    queue, others = (rows.filter(needs_decision=it) for it in (True, False))
    of_usual = queue["waited_working_hours"] / queue["usual_working_hours"]
    assert of_usual.is_sorted(descending=True)
    assert rows["needs_decision"].is_sorted(descending=True)
    assert others["name"].str.to_lowercase().is_sorted()
    assert others.height > 1


def test_a_holiday_is_a_day_off_of_everybody():
    holiday = '[[holidays]]\nname = "H"\nfrom = 2026-01-12\nto = 2026-01-13\n'
    rows = [it | {"username": "ada", "entity": "e"} for it in _week("usual")]
    snapshot = store_of(rows, "2026-01-12 15:00", roster=parsed(ADA + STREAM + holiday))
    found = reads.needs_decision(snapshot).row(0, named=True)
    assert {name: found[name] for name in OFF} == OFF


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
    waits = ("waited_hours", "waited_working_hours", "usual_working_hours", "usual_n", "usual_of")
    assert {early[it] is not None for it in (*who, *waits)} == {named[0]}
    assert early["needs_decision"]
    assert early["stream"] == "vision"
    assert (early["met_rule_at"] is not None) == (scope.hours is None or "before" in scope.hours)


def test_a_line_is_shown_to_those_who_may_see_it():
    assert reads.needs_decision(waiting(), streams=["vision"], scholars=["ada"]).height == 1
    scopes = (Scope(), Scope(scholars=("ben",)), Scope(streams=("language",)))
    filters = ({"streams": ["language"]}, {"scholars": ["ben"]})
    for asked in (*({"scope": it} for it in scopes), *filters):
        assert reads.needs_decision(waiting(), **asked).is_empty(), asked


def view_of(scope: Scope) -> View:
    """What a page has of a viewer, without a page."""
    viewer = Viewer("x@x.example", "X", frozenset(), scope)
    given = {"snapshot": waiting(), "scope": scope, "settings": Settings(), "viewer": viewer}
    return View(**{field.name: given.get(field.name) for field in fields(View)})


def test_only_the_scholar_marks_a_result_and_takes_the_mark_back(tmp_path, monkeypatch):
    monkeypatch.setenv("VELOCITY_DATA", str(tmp_path))
    result_at = at("2026-01-09 16:00")
    with pytest.raises(ValueError, match="results of ada are not for X to mark"):
        view_of(Scope(streams=("vision",))).mark_read("ada", "ada/p/ada19", result_at)
    assert read_marks(tmp_path) == ()
    own = view_of(Scope(scholars=("ada",), hours=("ada",)))
    own.mark_read("ada", "ada/p/ada19", result_at)
    assert [it[:2] for it in read_marks(tmp_path)] == [("ada/p/ada19", result_at)]
    with pytest.raises(ValueError, match="are not for X"):
        view_of(Scope(streams=("vision",))).mark_read("ada", "ada/p/ada19", result_at, read=False)
    own.mark_read("ada", "ada/p/ada19", result_at, read=False)
    assert read_marks(tmp_path) == ()


def test_a_marked_result_leaves_the_queue_of_every_viewer(tmp_path, monkeypatch):
    monkeypatch.setenv("VELOCITY_DATA", str(tmp_path))
    read = ReadMark("ada/p/ada19", at("2026-01-09 16:00"), at("2026-01-13 11:00"))
    mark_read(tmp_path, "ada", read)
    for scope in (Scope(scholars=("ada",)), Scope(streams=("vision",)), EVERYTHING):
        found = view_of(scope).needs_decision(streams=["vision"]).filter(experiment_id=read[0])
        assert found["needs_decision"].to_list() == [False]
