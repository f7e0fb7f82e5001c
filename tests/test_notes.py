"""Notes and aims of the roster: mistakes, whom they concern, who sees them, and new phases."""

from datetime import date, timedelta
from itertools import pairwise
from statistics import fmean

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.builders import at, run, store_of
from tests.roster_texts import ADA, BEN, FULL, errors, parsed, stream
from velocity.charts.weeks import draw_trend
from velocity.explain import explain
from velocity.reading import reads
from velocity.reading.access import GROUPS_ALONE, Scope
from velocity.reading.periods import whole_week
from velocity.settings import Settings
from velocity.store.derive import derive
from velocity.store.live import open_live
from velocity.store.publish import publish
from velocity.store.snapshot import Snapshot

pytestmark = pytest.mark.sampled(8)

WEEK = timedelta(weeks=1)
FIRST = date(2026, 1, 5)


def note(day, text, *lines):
    return f'[[notes]]\ndate = {day}\ntext = "{text}"\n' + "".join(f"{it}\n" for it in lines)


NOTES = (
    note("2026-01-06", "all")
    + note("2026-01-07", "all too", "programme = true", "new_phase = true")
    + note("2026-01-08", "vision", 'stream = "vision"')
    + note("2026-01-09", "ada", 'scholar = "ada"')
    + note("2025-12-01", "ben before", 'scholar = "ben"')
    + note("2026-03-10", "vision later", 'stream = "vision"')
)
MINE = [run("r1", "09:00", "10:00"), run("r2", "09:00", "10:00", username="Ben")]


@pytest.fixture(scope="module")
def snapshot():
    """Ada is in vision until 2 March, and Ben always."""
    return store_of(MINE, "20:00", roster=parsed(FULL + NOTES))


def texts(snapshot, by, **asked):
    found = reads.notes(snapshot, by=by, **asked).filter(~pl.col("about").is_in(["grant", "move"]))
    return {str(group): part["text"].to_list() for (group,), part in found.group_by("group_id")}


def test_a_note_concerns_the_groups_that_it_names_and_those_inside(snapshot):
    everybody = ["all", "all too"]
    assert texts(snapshot, "programme") == {"programme": everybody}
    assert texts(snapshot, "stream") == {
        "vision": [*everybody, "vision", "vision later"],
        "language": everybody,
    }
    assert texts(snapshot, "scholar") == {
        "ada": [*everybody, "vision", "ada"],
        "ben": ["ben before", *everybody, "vision", "vision later"],
    }
    found = reads.notes(snapshot, by="scholar", groups=["ada"]).filter(text="ada")
    columns = ("group_id", "day", "week_start", "text", "about", "target", "new_phase")
    row = ("ada", date(2026, 1, 9), FIRST, "ada", "scholar", "ada", False)
    assert (tuple(found.columns), found.rows()) == (columns, [row])


def test_notes_of_a_scholar_are_seen_by_those_who_may_see_the_scholar(snapshot):
    ada, mentor = Scope(scholars=("ada",)), Scope(streams=("language",))
    assert texts(snapshot, "scholar", scope=ada) == {"ada": ["all", "all too", "vision", "ada"]}
    # The mentor of another stream of hers does not see what concerns this one.
    assert texts(snapshot, "scholar", scope=mentor) == {"ada": ["all", "all too", "ada"]}
    assert texts(snapshot, "stream", scope=mentor) == {"language": ["all", "all too"]}
    for scope in (ada, mentor):
        assert texts(snapshot, "programme", scope=scope) == {}
    assert texts(snapshot, "programme", scope=GROUPS_ALONE) == {"programme": ["all", "all too"]}
    for by in ("stream", "scholar"):
        assert texts(snapshot, by, scope=GROUPS_ALONE) == {}


def aim(measure, direction):
    return f'{{ measure = "{measure}", direction = "{direction}" }}'


def aiming(*aims):
    scholar = ADA.replace("ada", "c").replace("Ada", "C")
    return f"{scholar}aims = [{', '.join(aims)}]\n"


def first_note(*lines):
    return note("2026-01-05", "x", *lines)


AIMED = f"{ADA}aims = [{aim('serial_share', 'down')}]\n{BEN}"
AIMED += stream("s", members='[{ scholar = "ada" }]')
AIMED += f"aims = [{aim('experiments_concluded', 'up')}]\n"


def test_aims_are_those_of_the_roster_as_far_as_the_group_is_seen():
    snapshot = store_of(MINE, "20:00", roster=parsed(AIMED))
    mine = {"group_id": "ada", "measure": "serial_share", "direction": "down"}
    ours = {"group_id": "s", "measure": "experiments_concluded", "direction": "up"}
    assert reads.aims(snapshot, by="scholar").to_dicts() == [mine]
    assert reads.aims(snapshot, by="stream").to_dicts() == [ours]
    for scope in (Scope(scholars=("ada",)), Scope(streams=("s",))):
        assert reads.aims(snapshot, by="scholar", scope=scope).to_dicts() == [mine]
    assert reads.aims(snapshot, by="scholar", scope=Scope(scholars=("ben",))).is_empty()
    assert reads.aims(snapshot, by="stream", scope=Scope(scholars=("ada",))).is_empty()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            first_note('scholar = "ada"', 'stream = "s"'),
            "note 2026-01-05: got stream and scholar; expected one of programme, stream and",
        ),
        (
            first_note('scholar = "ada"', "programme = true"),
            "note 2026-01-05: got programme and scholar; expected one of",
        ),
        (
            first_note("programme = false"),
            "note 2026-01-05: programme: got false; expected true, or a stream or a scholar.",
        ),
        (
            first_note('scholar = "adda"'),
            'note 2026-01-05: scholar: got "adda"; expected the id of a scholar in this file. Did',
        ),
        (
            first_note('stream = "t"'),
            'note 2026-01-05: stream: got "t"; expected the id of a stream',
        ),
        (note("1926-01-05", "x"), "note no. 1: date: got 1926-01-05; expected a day from"),
        (note("2026-01-05", " "), 'note 2026-01-05: text: got " "; expected a name on one line.'),
        (aiming(aim("serial_shere", "up")), 'measure: got "serial_shere"; expected one of'),
        (
            aiming(aim("serial_share", "left")),
            "scholar c: aim serial_share: direction: got \"left\"; expected 'up' or 'down'",
        ),
        (
            aiming(aim("serial_share", "up"), aim("serial_share", "down")),
            'scholar c: aim serial_share (no. 2): measure: "serial_share" also appears in aim',
        ),
    ],
)
def test_each_mistake_is_reported(tmp_path, text, told):
    (found,) = errors(tmp_path, ADA + BEN + stream("s") + text)
    assert told in found


def test_all_mistakes_are_reported_in_one_pass(tmp_path):
    text = first_note('scholar = "adda"', "new_phase = 1")
    text += note("2026-01-06", "y", 'stream = "t"', 'scholar = "ada"')
    assert len(errors(tmp_path, ADA + text)) == 4


def weekly(weeks, notes="", *, by):
    """The weeks of two scholars with a different number of runs in each week."""
    rows = [
        run(f"{name}-{week}-{n}", start, start + timedelta(minutes=30), username=name)
        for name in ("ada", "ben")
        for week in range(weeks)
        for n in range((3 + week % 3) if week < 10 else (20 + week % 4))
        for start in (at("09:00") + week * WEEK + timedelta(hours=n),)
    ]
    snapshot = store_of(rows, at("00:00") + weeks * WEEK, roster=parsed(ADA + BEN + notes))
    return snapshot, reads.weekly(snapshot, by=by).sort("week_start")


def test_a_note_with_a_new_phase_starts_the_usual_range_afresh():
    begun = FIRST + 10 * WEEK
    mine = note(str(begun + timedelta(days=3)), "faster", 'scholar = "ada"', "new_phase = true")
    _, plain = weekly(20, by="scholar")
    snapshot, phased = weekly(20, mine, by="scholar")
    assert plain["phase"].unique().to_list() == [0]
    # Another scholar's ranges stay as they are.
    assert_frame_equal(
        *(it.filter(group_id="ben") for it in (phased, plain)),
        check_row_order=False,
        check_exact=True,
    )
    series = phased.filter(group_id="ada", running=False, measure="experiments_started")
    assert series["phase"].to_list() == [0] * 10 + [1] * 10
    for phase in (0, 1):
        part = series.filter(phase=phase)
        values = part["value"].to_list()
        reach = 2.66 * fmean(abs(b - a) for a, b in pairwise(values))
        assert part["centre"].to_list() == pytest.approx([fmean(values)] * 10)
        assert part["limit_high"].to_list() == pytest.approx([fmean(values) + reach] * 10)
    assert not series["signal"].any()
    limits = draw_trend(series, title="", unit="count").spec["layout"]["shapes"][1]
    assert limits["y0"] == limits["y1"] == series["centre"][-1]
    week = explain(snapshot, scholar="ada", metric="signal", window=whole_week(begun))
    (told,) = (it for it in week.results if it.of == "experiments_started")
    assert told.steps[0].startswith("217 experiments (sum of 10 rows)")
    assert told.value is told.headline is False


def test_a_new_phase_has_no_range_before_its_eighth_week():
    _, series = weekly(15, note("2026-03-16", "faster", "new_phase = true"), by="programme")
    series = series.filter(running=False, measure="experiments_started")
    assert series["centre"].is_null().to_list() == [False] * 10 + [True] * 5
    assert not draw_trend(series, title="", unit="count").spec["layout"]["shapes"]


def test_a_new_note_derives_nobody_again(tmp_path):
    store_of(MINE, "20:00", roster=parsed(ADA + BEN), data=tmp_path)
    roster = parsed(ADA + BEN + first_note())
    with open_live(tmp_path) as store:
        known = store.run("SELECT fingerprint, roster FROM derived_with")
        derive(store, Settings(), roster)
        assert store.run("SELECT fingerprint, roster FROM derived_with") == known
        name = publish(store)
    found = Snapshot(tmp_path / "snapshots" / f"{name}.duckdb")
    assert texts(found, "programme") == {"programme": ["x"]}


MOVED = ADA.replace("ada", "cy").replace("Ada", "Cy")
EVENTS = (
    ADA
    + MOVED
    + stream("s", members='[{ scholar = "ada" }, { scholar = "cy", to = 2026-01-14 }]')
    + stream("t", members='[{ scholar = "cy", from = 2026-01-14 }]')
    + '[[holidays]]\nname = "Long weekend"\nfrom = 2026-01-16\nto = 2026-01-18\n'
    + '[[credits.grants]]\ndate = 2026-01-01\nstream = "s"\namount = 9\n'
    + '[[credits.grants]]\ndate = 2026-01-12\nstream = "s"\namount = 5\n'
)


def test_holidays_grants_and_moves_are_events_of_those_whom_they_concern():
    snapshot = store_of(MINE, "20:00", roster=parsed(EVENTS))

    def about(by, group, **asked):
        rows = reads.notes(snapshot, by=by, groups=[group], **asked)
        return list(rows.select("about", "day", "text").iter_rows())

    days = [("holiday", date(2026, 1, day), "Long weekend") for day in (16, 17)]
    granted, moved = ("grant", date(2026, 1, 12), "s"), ("move", date(2026, 1, 14), "t")
    assert about("programme", "programme") == days
    assert about("stream", "s") == [granted, *days]
    assert about("stream", "t") == days
    assert about("scholar", "ada") == [granted, *days]
    assert about("scholar", "cy") == [granted, moved, *days]
    # A mentor does not see what concerns another stream of the scholar.
    assert about("scholar", "cy", scope=Scope(streams=("s",))) == [granted, *days]
    assert about("scholar", "cy", scope=Scope(streams=("t",))) == [moved, *days]


def test_days_off_are_for_the_scholar_alone():
    away = ADA + "away = [{ from = 2026-01-07, to = 2026-01-09 }]\n"
    holiday = '[[holidays]]\nname = "Epiphany"\ndate = 2026-01-06\n'
    snapshot = store_of(MINE, "20:00", roster=parsed(away + BEN + holiday))
    own = Scope(scholars=("ada",), hours=("ada",))
    found = reads.days_off(snapshot, scholar="ada", scope=own)
    days = [(date(2026, 1, day), what) for day, what in ((6, "Epiphany"), (7, "away"), (8, "away"))]
    assert found.select("day", "what").rows() == days
    launched = dict(reads.weekdays(snapshot, scope=own).select("weekday", "launches").iter_rows())
    assert launched == {1: 1, 2: 0, 3: 0, 4: 0, 5: 0}
    for read in (reads.days_off, reads.weekdays):
        for scope in (Scope(scholars=("ada",)), Scope(everything=True, hours=()), Scope()):
            assert read(snapshot, scholar="ada", scope=scope).is_empty()
        assert read(snapshot, scholar="ben", scope=own).is_empty()


def test_days_of_the_week_are_those_of_the_scholars_clock_and_roster():
    person = ADA + 'timezone = "Asia/Tokyo"\nworkdays = ["Monday", "Tuesday"]\n'
    late = run("r1", "18:00", "19:00")  # Tuesday in Tokyo
    snapshot = store_of([late], "20:00", roster=parsed(person))
    assert reads.weekdays(snapshot)["launches"].to_list() == [0, 1]
