"""Weeks of groups: published once, as known then, with words for the smallest values."""

from datetime import date, timedelta

import polars as pl
import pytest

from tests.builders import at, run
from tests.stores import built, copied
from tests.test_restatement import sync
from velocity.formats import NBSP
from velocity.reading import reads
from velocity.reading.access import GROUPS_ALONE
from velocity.roster.models import Member, Roster, Scholar, Stream
from velocity.sentences.groups import in_words, last_week
from velocity.settings import Experiments, Settings
from velocity.store import latest_snapshot, open_live
from velocity.sync.forget import forget_person, look_up

pytestmark = pytest.mark.sampled(8)

MONDAY = date(2026, 1, 5)
PUBLISHED_AT = "2026-01-14 00:00"


def people_of(stream: str, count: int = 6) -> list[str]:
    return [f"{stream}-p{number}" for number in range(count)]


def roster_of(*people: str) -> Roster:
    """One stream of these people."""
    return roster_of_streams({"s": (list(people), {})})


def roster_of_streams(streams: dict[str, tuple[list[str], dict[str, date]]]) -> Roster:
    """Streams, each with its people and the dates of the last person's membership."""
    every = [it for people, _ in streams.values() for it in people]
    members = {
        stream: (*(Member(scholar=it) for it in people[:-1]), Member(scholar=people[-1], **days))
        for stream, (people, days) in streams.items()
    }
    return Roster(
        scholars=tuple(Scholar(id=it, name=it, usernames=(it,)) for it in every),
        streams=tuple(Stream(id=it, name=it.upper(), members=of) for it, of in members.items()),
    )


PEOPLE = people_of("s")


def week_of(person: str, runs: int, *, week: int = 0) -> list[dict]:
    """Runs one after another; the second one failed."""
    rows = []
    for number in range(runs):
        start = at("00:00", days=7 * week) + timedelta(hours=2 * number)
        own = {"username": person, "state": "failed" if number == 1 else "finished"}
        rows.append(run(f"{person}-{week}-{number}", start, start + timedelta(hours=1), **own))
    return rows


EVERYBODY = [it for person in PEOPLE for it in week_of(person, 7)]
#: Stream -> dates of a member without whom too few are active, and if they are a member then.
JOINED = {
    "from-sunday": ({"from": date(2026, 1, 11)}, True),
    "from-monday": ({"from": date(2026, 1, 12)}, False),
    "to-monday": ({"to": date(2026, 1, 12)}, True),
    "to-sunday": ({"to": date(2026, 1, 11)}, False),
}
#: The stream of all, one with four active people of six, and those of five with such a member.
STREAMS: dict[str, tuple[list[str], dict[str, date]]] = {
    "s": (PEOPLE, {}),
    "few": (people_of("few"), {}),
    **{stream: (people_of(stream, 5), days) for stream, (days, _) in JOINED.items()},
}


def shown(snapshot, group: str = "s") -> list[dict]:
    return reads.group_weeks(snapshot, scope=GROUPS_ALONE).filter(group_id=group).to_dicts()


def too_early(folder):
    people = {it for people, _ in STREAMS.values() for it in people} - {"few-p4", "few-p5"}
    rows = [it for person in sorted(people) for it in week_of(person, 7)]
    sync(folder, rows, "2026-01-13 23:59", roster=roster_of_streams(STREAMS))


def published(folder):
    sync(copied(too_early, folder), [], PUBLISHED_AT, roster=roster_of_streams(STREAMS))


def test_a_week_is_published_by_the_first_sync_48_hours_after_it():
    assert shown(latest_snapshot(built(too_early))) == []
    (week,) = shown(latest_snapshot(built(published)))
    assert week["week_start"] == MONDAY


def test_figures_of_a_week_are_rounded_to_the_nearest_5():
    """Figures of people with 5 or more are not random: each of these is 42."""
    (week,) = shown(latest_snapshot(built(published)))
    assert [week[it] for it in ("runs_ended", "experiments_started", "busy_hours")] == [40] * 3
    assert week["failure_share"] is None  # fewer than 100 runs


@pytest.mark.thorough
def test_small_figures_are_right_on_average(tmp_path):
    people = [f"q{it}" for it in range(1600)]
    rows = [it for person in people for it in week_of(person, 2)]
    (week,) = shown(sync(tmp_path, rows, PUBLISHED_AT, roster=roster_of(*people)))
    for measure in ("runs_ended", "experiments_started", "busy_hours"):
        # Five standard deviations of 1,600 draws of 0 or 5; below, of the share of two such sums.
        assert abs(week[measure] - 3200) < 5 * 98, measure
    assert week["failure_share"] == pytest.approx(0.5, abs=0.15)


@pytest.mark.thorough
def test_later_data_does_not_change_a_published_week(tmp_path):
    settings = Settings(roster=tmp_path / "none.toml")
    before = shown(latest_snapshot(copied(published, tmp_path)))
    late = week_of("s-p0", 40)[7:]
    later = [
        (late, roster_of(*PEOPLE), settings),
        ([], roster_of(*PEOPLE[:5], "new"), settings),
        ([], roster_of(*PEOPLE), Settings(experiments=Experiments(together_minutes=300))),
    ]
    for rows, roster, changed in later:
        snapshot = sync(tmp_path, rows, "2026-01-15 00:00", changed, roster)
        assert shown(snapshot) == before
    forget_person(tmp_path, settings, look_up(tmp_path, settings, "s-p1"))
    assert shown(latest_snapshot(tmp_path)) == before
    assert reads.metrics(snapshot, by="stream")["runs_started"].item() == 75


@pytest.mark.thorough
def test_a_full_derivation_publishes_the_same_weeks_as_single_ones(tmp_path):
    roster = roster_of(*PEOPLE)
    for week in range(2):
        rows = [it for person in PEOPLE for it in week_of(person, 2 + week, week=week)]
        snapshot = sync(tmp_path, rows, at("01:00", days=7 * week + 9).isoformat(), roster=roster)
    found = snapshot.frame("FROM group_week ORDER BY week_start")
    assert found.height == 2
    for name in ("derived.duckdb", "derived.duckdb.wal"):
        (tmp_path / name).unlink(missing_ok=True)
    again = sync(tmp_path, [], "2026-01-21 02:00", roster=roster)
    assert again.frame("FROM group_week ORDER BY week_start").equals(found)
    # Without the record's copy of them, the same values are drawn again.
    with open_live(tmp_path) as store:
        store.record.connection.run("DELETE FROM group_week")
    again = sync(tmp_path, [], "2026-01-21 03:00", roster=roster)
    drawn = again.frame("FROM group_week ORDER BY week_start")
    assert drawn.drop("published_at").equals(found.drop("published_at"))


@pytest.mark.thorough
def test_an_earlier_store_publishes_past_weeks_once_with_their_members(tmp_path):
    sync(tmp_path, EVERYBODY, "2026-01-20 00:00")
    first = shown(sync(tmp_path, [], "2026-01-20 01:00", roster=roster_of(*PEOPLE[:5])))
    assert [row["runs_ended"] for row in first] == [35]
    second = shown(sync(tmp_path, [], "2026-01-20 02:00", roster=roster_of(*PEOPLE)))
    assert second == first


@pytest.mark.parametrize("stream", JOINED)
def test_members_are_those_at_the_end_of_the_week(stream):
    assert len(shown(latest_snapshot(built(published)), stream)) == JOINED[stream][1]


@pytest.mark.thorough
def test_a_forgotten_person_is_in_no_published_week_but_still_counts(tmp_path):
    settings = Settings(roster=tmp_path / "none.toml")
    before = latest_snapshot(copied(published, tmp_path))
    assert "few-p1" in str(before.frame("FROM group_week").to_dicts())
    known = shown(before, "few")
    forget_person(tmp_path, settings, look_up(tmp_path, settings, "few-p1"))
    after = latest_snapshot(tmp_path)
    assert "few-p1" not in str(after.frame("FROM group_week").to_dicts())
    assert shown(after, "few") == known != []


def test_extreme_values_are_words_and_nothing_is_shown_as_0():
    row = {"group_id": "all groups", "week_start": MONDAY, "visible": True}
    row |= {"experiments_concluded": 0, "runs_ended": 105}
    row |= {"failure_share": 0.0, "serial_share": 1.0}
    weeks = pl.DataFrame([row, row | {"failure_share": 0.35, "serial_share": None}])
    shown = in_words(weeks)
    assert shown["experiments_concluded"].to_list() == [f"under{NBSP}5"] * 2
    assert shown["runs_ended"].to_list() == ["105"] * 2
    assert shown["failure_share"].to_list() == [f"under{NBSP}5{NBSP}%", f"35{NBSP}%"]
    assert shown["serial_share"].to_list() == [f"over{NBSP}95{NBSP}%", None]
    assert last_week(weeks.head(1)).sentence.replace(NBSP, " ") == (
        "Under 5 experiments concluded in the week of 5 Jan; under 5 % of about 105 runs failed."
    )
