"""Who is at work: in the latest window of working hours that has begun, in their own zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.builders import DAY, at, run, store_of
from tests.roster_texts import parsed
from velocity.reading import reads
from velocity.reading.access import EVERYTHING, Scope

#: Friday of the ninth week; its Monday is a holiday.
FRIDAY = DAY + timedelta(days=60)
ZONES = {"ada": "UTC", "kiwi": "Pacific/Auckland", "sat": "UTC", "sun": "UTC"}
ROSTER = "\n".join(
    f'[[scholars]]\nid = "{who}"\nname = "{who}"\nusernames = ["{who}"]\ntimezone = "{zone}"'
    for who, zone in ZONES.items()
)
HOLIDAY = f'\n[[holidays]]\nname = "H"\ndate = {FRIDAY - timedelta(days=4)}\n'


@pytest.fixture(scope="module")
def snapshot():
    """Everybody launches on Mondays; two also on eight Saturdays, or Sundays."""
    rows = []
    for who, weekend in (("ada", None), ("kiwi", None), ("sat", 5), ("sun", 6)):
        for week in range(8):
            for day in {0, weekend} - {None}:
                start = at("12:00", days=7 * week + day)
                rows.append(
                    run(f"{who}{week}-{day}", start, start + timedelta(hours=1), username=who)
                )
    return store_of(rows, at("00:00", days=70), roster=parsed(ROSTER + HOLIDAY))


def found(snapshot, day: date, hour: int, *, scope=EVERYTHING):
    instant = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    rows = reads.at_work(snapshot, at=instant, scope=scope).select("scholar", "workday", "at_work")
    return {who: (workday, working) for who, workday, working in rows.rows()}


def test_the_window_is_the_latest_that_has_begun(snapshot):
    before = FRIDAY - timedelta(days=1)
    assert found(snapshot, FRIDAY, 8)["ada"] == (before, False)
    assert found(snapshot, FRIDAY, 9)["ada"] == (FRIDAY, True)
    assert found(snapshot, FRIDAY, 20)["ada"] == (FRIDAY, True)
    assert found(snapshot, FRIDAY, 21)["ada"] == (FRIDAY, False)


def test_the_day_is_that_of_the_scholars_own_zone(snapshot):
    # 09:00 in Auckland is 20:00 on the day before in UTC.
    assert found(snapshot, FRIDAY - timedelta(days=1), 21)["kiwi"] == (FRIDAY, True)


def test_a_saturday_or_sunday_counts_if_it_is_usual(snapshot):
    saturday, sunday = FRIDAY + timedelta(days=1), FRIDAY + timedelta(days=2)
    on = found(snapshot, saturday, 12)
    assert (on["ada"], on["sat"], on["sun"]) == (
        (FRIDAY, False),
        (saturday, True),
        (FRIDAY, False),
    )
    on = found(snapshot, sunday, 12)
    assert (on["ada"], on["sat"], on["sun"]) == (
        (FRIDAY, False),
        (saturday, False),
        (sunday, True),
    )


def test_a_holiday_has_no_window(snapshot):
    monday = FRIDAY - timedelta(days=4)
    assert found(snapshot, monday, 12)["ada"] == (monday - timedelta(days=3), False)


def test_only_those_whose_hours_the_viewer_may_see_have_a_row(snapshot):
    mentor = Scope(scholars=("ada", "sat"), hours=("ada",))
    assert found(snapshot, FRIDAY, 12, scope=mentor).keys() == {"ada"}
    stranger = Scope(hours=("ada",))
    assert found(snapshot, FRIDAY, 12, scope=stranger) == {}
