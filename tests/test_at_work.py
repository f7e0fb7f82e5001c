"""Who is at work: in the latest window of working hours that has begun, in their own zone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.builders import DAY, at, run, store_of
from tests.roster_texts import ADA, parsed
from velocity.reading import reads
from velocity.reading.access import EVERYTHING, Scope

#: Friday of the ninth week; its Monday is a holiday.
FRIDAY = DAY + timedelta(days=60)
ZONES = {"ada": "UTC", "kiwi": "Pacific/Auckland", "sat": "UTC", "sun": "UTC"}
ROSTER = "".join(ADA.replace("ada", it) + f'timezone = "{zone}"\n' for it, zone in ZONES.items())
HOLIDAY = f'[[holidays]]\nname = "H"\ndate = {FRIDAY - timedelta(days=4)}\n'


@pytest.fixture(scope="module")
def snapshot():
    """Everybody launches on Mondays; two also on eight Saturdays, or Sundays."""
    rows = []
    for who, weekend in (("ada", None), ("kiwi", None), ("sat", 5), ("sun", 6)):
        for week in range(8):
            for day in {0, weekend} - {None}:
                noon, later = (at(it, days=7 * week + day) for it in ("12:00", "13:00"))
                rows.append(run(f"{who}{week}-{day}", noon, later, username=who))
    return store_of(rows, at("00:00", days=70), roster=parsed(ROSTER + HOLIDAY))


def found(snapshot, day: date, hour: int, *, scope=EVERYTHING):
    instant = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    rows = reads.at_work(snapshot, at=instant, scope=scope).select("scholar", "workday", "at_work")
    return {who: (workday, working) for who, workday, working in rows.rows()}


@pytest.mark.parametrize(
    ("who", "day", "hour", "expected"),
    [
        # The window is the latest that has begun.
        ("ada", 0, 8, (-1, False)),
        ("ada", 0, 9, (0, True)),
        ("ada", 0, 20, (0, True)),
        ("ada", 0, 21, (0, False)),
        # The day is that of their own zone: 09:00 in Auckland is 20:00 on the day before in UTC.
        ("kiwi", -1, 21, (0, True)),
        # A Saturday or Sunday counts if it is usual.
        ("ada", 1, 12, (0, False)),
        ("sat", 1, 12, (1, True)),
        ("sun", 1, 12, (0, False)),
        ("ada", 2, 12, (0, False)),
        ("sat", 2, 12, (1, False)),
        ("sun", 2, 12, (2, True)),
        # A holiday has no window.
        ("ada", -4, 12, (-7, False)),
    ],
)
def test_somebody_is_at_work_in_working_hours(snapshot, who, day, hour, expected):
    """Days, also those of the expected window, are counted from Friday on."""
    workday, at_work = found(snapshot, FRIDAY + timedelta(days=day), hour)[who]
    assert ((workday - FRIDAY).days, at_work) == expected


def test_only_those_whose_hours_the_viewer_may_see_have_a_row(snapshot):
    mentor = Scope(scholars=("ada", "sat"), hours=("ada",))
    assert found(snapshot, FRIDAY, 12, scope=mentor).keys() == {"ada"}
    stranger = Scope(hours=("ada",))
    assert found(snapshot, FRIDAY, 12, scope=stranger) == {}
